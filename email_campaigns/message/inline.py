"""Inlining of style sheets into style attributes, once for a template: many mail clients read nothing else.

The template changes only where a comparison proves that it stays the same document: the same tags,
attributes, texts and Jinja in the same order, except for styles. Otherwise it keeps its style sheets.
"""

import re
from functools import partial
from html.parser import HTMLParser

import css_inline

from email_campaigns.message.errors import Refused
from email_campaigns.message.markup import problem_with_html, regular
from email_campaigns.message.protect import Unprotectable, protect
from email_campaigns.message.shape import VOID, shape_of
from email_campaigns.message.sheets import problem_with_sheets, problem_with_style_attributes

INLINER = css_inline.CSSInliner(
	# It reads nothing from the network or from files
	load_remote_stylesheets=False,
	# Rules that no attribute can express (:hover, @media) stay in the head
	keep_style_tags=True,
	remove_inlined_selectors=True,
)
STYLE = re.compile(r"<style\b([^<>]*)>(.*?)</style\s*>", re.IGNORECASE | re.DOTALL)
SHEET = re.compile(
	r"<style\b([^>]*)>(.*?)(?:</style|\Z)", re.IGNORECASE | re.DOTALL
)  # also one without an end
IGNORE = 'data-css-inline="ignore"'
TBODY = re.compile(r"</?tbody\b[^<>]*>", re.IGNORECASE)
MOST_SHEETS = 50  # in one template: the search for the end of one that is never closed takes long
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
	lower = html.lower()
	if not 0 < lower.count("<style") <= MOST_SHEETS or ("<link" in lower and "stylesheet" in lower):
		return html
	try:
		protected = protect(html)
		if problem_with_html(protected.html):
			return html
		before = STYLE.sub(partial(_ignore_jinja, protected.mark), protected.html)
		_check_styles(before)
		after = _without_implied(before, INLINER.inline(before))
	except (Unprotectable, css_inline.InlineError):
		return html
	same = _is_same(before, after) and protected.words(before) == protected.words(after)
	# Python's parser reads Outlook's <![if …]> as a comment since 3.14, and in some later releases of older
	# versions
	same = same and before.count("<![") == after.count("<![")
	return protected.restore(after) if same else html


def _check_styles(html: str) -> None:
	"""Raise Refused where to inline the styles would take too long."""
	problem = problem_with_style_attributes(html)
	css = "\n".join(css for attributes, css in SHEET.findall(html) if IGNORE not in attributes)
	problem = problem or problem_with_sheets(css, shape_of(regular(html)))
	if problem:
		raise Refused(problem)


def _is_same(before: str, after: str) -> bool:
	try:
		return outline(before) == outline(after)
	except (AssertionError, ValueError):  # for odd declarations, and references to characters of huge numbers
		return False


def _without_implied(before: str, after: str) -> str:
	"""Remove the <tbody> that a parser has added: it would open within a loop over rows and end after it."""
	return after if TBODY.search(before) else TBODY.sub("", after)


def _ignore_jinja(mark: str, match: re.Match[str]) -> str:
	"""Let the inliner ignore a style sheet that holds Jinja (hidden as words): a rendering completes it."""
	if mark not in match[0]:
		return match[0]
	return f"<style {IGNORE}{match[1]}>{match[2]}</style>"


def outline(html: str) -> list[tuple[object, ...]]:
	"""Return a document's contents without its styles: tags with attributes, texts and comments, in order."""
	parser = _Outline()
	parser.feed(html)
	parser.close()
	parser.end_text()
	return parser.events


class _Outline(HTMLParser):
	def __init__(self) -> None:
		super().__init__(convert_charrefs=True)
		self.events: list[tuple[object, ...]] = []
		self.texts: list[str] = []
		self.in_style = False

	def end_text(self) -> None:
		words = "".join(self.texts).split()
		if words:
			self.events.append(("text", " ".join(words)))
		self.texts.clear()

	def add(self, *event: object) -> None:
		self.end_text()
		self.events.append(event)

	def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
		self.in_style = tag == "style"
		if not self.in_style and tag not in IMPLIED:
			self.add("start", tag, sorted((name, value or "") for name, value in attrs if name != "style"))

	def handle_endtag(self, tag: str) -> None:
		self.in_style = False
		if tag != "style" and tag not in IMPLIED | IMPLIED_ENDS | VOID:
			self.add("end", tag)

	def handle_data(self, data: str) -> None:
		if not self.in_style:
			self.texts.append(data)

	def handle_comment(self, data: str) -> None:
		self.add("comment", data)

	def unknown_decl(self, data: str) -> None:
		self.add("declaration", data)
