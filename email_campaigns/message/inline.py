"""Inlining of style sheets into style attributes, once for a template: many mail clients read nothing else.

The template changes only where a comparison proves that it stays the same document: the same tags,
attributes, texts and Jinja in the same order, except for styles. Otherwise it keeps its style sheets.
"""

from collections.abc import Iterator
from html import unescape

import css_inline

from email_campaigns.message.errors import Refused
from email_campaigns.message.html_tokens import END, START, VOID, Html, Token, with_changes
from email_campaigns.message.markup import problem_with_html, regular
from email_campaigns.message.protect import ProtectedHtml, Unprotectable, protect
from email_campaigns.message.shape import shape_of
from email_campaigns.message.sheets import problem_with_sheets, problem_with_style_attributes

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
IMPLIED = frozenset(["html", "head", "body"])
IMPLIED_ENDS = frozenset(
	[
		"p",
		"li",
		"dt",
		"dd",
		"td",
		"th",
		"tr",
		"tbody",
		"thead",
		"tfoot",
		"option",
		"optgroup",
		"caption",
		"rp",
		"rt",
	]
)


def inline_styles(html: str) -> str:
	"""Return the document with its styles in attributes, or unchanged where that is not safe.

	Raises Refused for styles that would take too long.
	"""
	if "<style" not in html.lower():
		return html
	try:
		protected = protect(html)
		before = _to_inline(protected)
		if not before:
			return html
		_check_styles(before)
		after = INLINER.inline(before)
	except (Unprotectable, css_inline.InlineError):
		return html
	after = _without_implied(before, after)
	same = outline(before) == outline(after) and protected.words(before) == protected.words(after)
	return protected.restore(after) if same else html


def _to_inline(protected: ProtectedHtml) -> str:
	"""Return the document for the inliner, or "" where it has nothing to inline or no parser may read it.

	A style sheet that holds Jinja (hidden as words) stays as it is: a rendering completes it.
	"""
	if problem_with_html(protected.html):
		return ""
	document = Html(protected.html)
	sheets = [area for area in document.raw_areas("style") if not area[0].conditional]
	if not 0 < len(sheets) <= MOST_SHEETS:
		return ""
	kept = [
		tag.start + len("<style")
		for tag, _start, end in sheets
		if protected.mark in document.source[tag.start : end]
	]
	return with_changes(document.source, [(place, place, f' {IGNORE}="ignore"') for place in kept])


def _check_styles(html: str) -> None:
	"""Raise Refused where to inline the styles would take too long."""
	document = Html(html)
	problem = problem_with_style_attributes(document)
	css = "\n".join(
		html[start:end]
		for tag, start, end in document.raw_areas("style")
		if not any(attribute.name == IGNORE for attribute in document.attributes(tag))
	)
	problem = problem or problem_with_sheets(css, shape_of(regular(html)))
	if problem:
		raise Refused(problem)


def _without_implied(before: str, after: str) -> str:
	"""Remove the <tbody> that a parser has added: it would open within a loop over rows and end after it."""
	if "<tbody" not in after or any(token.name == "tbody" for token in Html(before).tokens):
		return after
	return with_changes(
		after, [(token.start, token.end, "") for token in Html(after).tokens if token.name == "tbody"]
	)


def outline(html: str) -> list[tuple[object, ...]]:
	"""Return a document's contents without its styles: tags with attributes, texts and comments, in order."""
	return list(_outline(Html(html)))


def _outline(document: Html) -> Iterator[tuple[object, ...]]:
	texts: list[str] = []
	position, in_style = 0, False
	for token in document.tokens:
		if not in_style:
			texts.append(document.source[position : token.start])
		event = _event(document, token)
		if event:
			yield from _text_event(texts)
			texts.clear()
			yield event
		position, in_style = token.end, token.kind == START and token.name == "style"
	if not in_style:
		texts.append(document.source[position:])
	yield from _text_event(texts)


def _text_event(texts: list[str]) -> Iterator[tuple[object, ...]]:
	words = unescape("".join(texts)).split()
	if words:
		yield "text", " ".join(words)


def _event(document: Html, token: Token) -> tuple[object, ...] | None:
	if token.kind not in (START, END):
		return token.kind, document.source[token.start : token.end].lower()
	if token.name == "style" or token.name in IMPLIED:
		return None
	if token.kind == START:
		return START, token.name, _outlined_attributes(document, token)
	return None if token.name in IMPLIED_ENDS or token.name in VOID else (END, token.name)


def _outlined_attributes(document: Html, token: Token) -> list[tuple[str, str]]:
	"""Return the attributes as browsers read them, apart from styles: of several of a name, the first."""
	values: dict[str, str] = {}
	for attribute in document.attributes(token):
		if attribute.name != "style":
			values.setdefault(attribute.name, document.value(attribute))
	return sorted(values.items())
