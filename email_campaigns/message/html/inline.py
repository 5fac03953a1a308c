"""Inlining of style sheets into style attributes, once for a template: many mail clients read nothing else.

The inliner works on a copy whose tags are labelled. Only the styles that it gives to each tag, and what
remains of each sheet, go into the template, so every other character stays. A template whose Jinja opens and
closes tags in another order than browsers would keeps its style sheets.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import css_inline

from email_campaigns.message.errors import Refused
from email_campaigns.message.html.kept_rules import let_win, properties
from email_campaigns.message.html.markup import FORMAT, problem_with_html, regular
from email_campaigns.message.html.protect import OPENS, ProtectedHtml, Unprotectable, protect
from email_campaigns.message.html.shape import shape_of
from email_campaigns.message.html.sheets import problem_with_sheets, problem_with_style_attributes
from email_campaigns.message.html.tokens import END, START, TAG_NAME, VOID, Change, Html, Token, with_changes

INLINER = css_inline.CSSInliner(
	# It reads nothing from the network or from files: a link to a web font's sheet stays for those who do
	load_remote_stylesheets=False,
	keep_link_tags=True,
	# Rules that no attribute can express (:hover, @media) stay in the head
	keep_style_tags=True,
	remove_inlined_selectors=True,
)
IGNORE = "data-css-inline"
MOST_SHEETS = 50  # in one template
# Tags that a writer of HTML may omit and that a parser adds (https://html.spec.whatwg.org/#optional-tags)
IMPLIED = frozenset(["html", "head", "body", "tbody", "colgroup"])
IMPLIED_ENDS = IMPLIED | VOID
IMPLIED_ENDS |= {"p", "li", "dt", "dd", "td", "th", "tr", "thead", "tfoot", "option", "optgroup", "caption"}
IMPLIED_ENDS |= {"rp", "rt"}


def inline_styles(html: str) -> str:
	"""Return the document with its styles in attributes, or unchanged where that is not safe.

	Raises Refused for styles that would take too long.
	"""
	if "<style" not in html.lower():
		return html
	try:
		protected = protect(html)
	except Unprotectable:
		return html
	document = Html(protected.html)
	if not _has_sheets(document):
		return html
	_check_styles(document, protected.mark)
	labels, name = _labels(document), f"{protected.mark}n"
	try:
		inlined = Html(INLINER.inline(_labelled(document, labels, name, protected.mark)))
	except css_inline.InlineError:
		return html
	pairs = _pairs(inlined, labels, name)
	if pairs is None or not _is_sure(document, inlined, protected):
		return html
	changed = with_changes(document.source, sorted(_changes(document, inlined, pairs)))
	same = protected.words(changed) == protected.words(document.source)
	return protected.restore(changed) if same else html


def _has_sheets(document: Html) -> bool:
	"""Tell whether a document has style sheets to inline, and a parser may read it."""
	if problem_with_html(document.source):
		return False
	sheets = [tag for tag, _start, _end in document.raw_areas("style") if not tag.conditional]
	return 0 < len(sheets) <= MOST_SHEETS


def _labelled(document: Html, labels: Mapping[int, str], name: str, mark: str) -> str:
	"""Return the document with each tag's label in an attribute `name`.

	A style sheet that holds Jinja (hidden as words) is ignored: a rendering completes it.
	"""
	kept = {tag.start for tag in _kept_sheets(document, mark)}
	changes: list[Change] = []
	for place, label in labels.items():
		start = document.tokens[place].start
		end = TAG_NAME.match(document.source, start).end()  # type: ignore[union-attr]  # it is a tag
		ignore = f' {IGNORE}="ignore"' if start in kept else ""
		changes.append((end, end, f' {name}="{label}"{ignore}'))
	return with_changes(document.source, changes)


def _labels(document: Html) -> dict[int, str]:
	"""Return {place of a start tag among the tokens: its label}.

	Equal tags for bold and the like have the same: a parser opens each different one again in each paragraph
	(HTML, “active formatting elements”).
	"""
	labels: dict[int, str] = {}
	known: dict[str, str] = {}
	for place, token in enumerate(document.tokens):
		if token.kind == START:
			is_format = FORMAT.match(document.source, token.start)
			text = document.source[token.start : token.end] if is_format else str(place)
			labels[place] = known.setdefault(text, str(place))
	return labels


def _kept_sheets(document: Html, mark: str) -> list[Token]:
	return [
		tag for tag, start, end in document.raw_areas("style") if mark in document.source[tag.start : end]
	]


def _changes(document: Html, inlined: Html, pairs: Iterable[tuple[int, Token]]) -> Iterator[Change]:
	"""Yield what changes in the document: styles of tags, and the sheets without what is in tags now."""
	tokens, own = document.tokens, _own_properties(document)
	for place, token in pairs:
		if token.name == "style":
			if not inlined.attribute(token, IGNORE):
				kept = inlined.source[token.end : _next_start(inlined, token)]
				yield tokens[place].end, tokens[place + 1].start, let_win(kept, own)
		elif style := inlined.written(token, "style"):
			yield from _with_style(document, tokens[place], style)


def _pairs(inlined: Html, labels: Mapping[int, str], name: str) -> list[tuple[int, Token]] | None:
	"""Return (place of a tag in the template, the tag as it is inlined), or None where it is not certain."""
	places: dict[str, list[int]] = defaultdict(list)
	tags: dict[str, list[Token]] = defaultdict(list)
	for place, label in labels.items():
		places[label].append(place)
	for token in inlined.tokens:
		for attribute in inlined.attributes(token) if token.kind == START else ():
			if attribute.name == name:
				tags[inlined.value(attribute)].append(token)
	if any(len(places[label]) not in (1, len(copies)) for label, copies in tags.items()):
		return None
	return [pair for label, copies in tags.items() for pair in zip(places[label], copies, strict=False)]


def _own_properties(document: Html) -> set[str]:
	"""Return the properties that the style attributes of a document set."""
	styles = (document.written(token, "style") for token in document.tokens if token.kind == START)
	return set().union(*(properties(style) for style in styles if style))


def _next_start(document: Html, token: Token) -> int:
	return next(start for start in document.starts if start >= token.end)


def _with_style(document: Html, token: Token, style: str) -> Iterator[Change]:
	own = document.attribute(token, "style")
	if not own:
		attributes = document.attributes(token)
		end = attributes[-1].end if attributes else TAG_NAME.match(document.source, token.start).end()  # type: ignore[union-attr]
		yield end, end, f' style="{style}"'
	elif document.written(token, "style") != style:
		yield own.start, own.end, f'style="{style}"'


def _is_sure(document: Html, inlined: Html, protected: ProtectedHtml) -> bool:
	"""Tell whether the inlined document has the elements that each rendering of the template has."""
	written = {token.name for token in document.tokens if token.kind == START}
	implied = {"html", "body"} - written
	if any(token.name in implied and inlined.written(token, "style") for token in inlined.tokens):
		return False  # its style would have no place
	has_blocks = any(OPENS.match(protected.pieces[number]) for number in protected.flow)
	return not has_blocks or _structure(document) == _structure(inlined)


def _structure(document: Html) -> list[tuple[str, str]]:
	"""Return the tags of a document in order, without those that may be omitted."""
	return [
		(token.kind, token.name)
		for token in document.tokens
		if (token.kind == START and token.name not in IMPLIED)
		or (token.kind == END and token.name not in IMPLIED_ENDS)
	]


def _check_styles(document: Html, mark: str) -> None:
	"""Raise Refused where to inline the styles would take too long."""
	kept = {tag.start for tag in _kept_sheets(document, mark)}
	problem = problem_with_style_attributes(document)
	css = "\n".join(
		document.source[start:end] for tag, start, end in document.raw_areas("style") if tag.start not in kept
	)
	problem = problem or problem_with_sheets(css, shape_of(regular(document.source)))
	if problem:
		raise Refused(problem)
