"""What a person sees of regular HTML (markup.regular): its texts and links, without what styles hide.

Newsletters hide a line that only the list of mails shows (a preheader) in several ways at once. Hidden is
what a mail client does not show that reads no style sheets.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from email_campaigns.message.html.tokens import END, RAW, START, VOID, Html, Token

# mso-hide hides from Outlook alone: buttons that Outlook gets in a conditional comment have it.
HIDING = re.compile(
	r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|max-height\s*:\s*0(?:\.0+)?[a-z%]*(?=\s*(?:[;!]|$))"
	r"|opacity\s*:\s*0(?:\.0+)?(?=\s*(?:[;!]|$)))",
	re.IGNORECASE,
)
MAY_HIDE = re.compile(
	r"display\s*:\s*none|\bhidden\b|(?:max-height|opacity|font-size)\s*:\s*0", re.IGNORECASE
)
FONT_SIZE = re.compile(r"(?:^|;)\s*font-size\s*:\s*([^;]*)", re.IGNORECASE)
NOTHING = re.compile(r"0(?:\.0+)?[a-z%]*\s*(?:!.*)?", re.IGNORECASE)
LINKS = ("a", "area")


@dataclass(slots=True)
class _Open:
	"""An open element: whether it is hidden itself, and whether its text has the size 0."""

	name: str
	hides: bool
	sizeless: bool


def hidden_parts(html: str) -> list[tuple[int, int]]:
	"""Return (start, end) of the parts of regular HTML that styles hide, in order."""
	if not may_hide(html):
		return []
	document, parts = Html(html), _Parts()
	for token in document.tokens:
		parts.read(document, token)
	return parts.finish(len(html))


def may_hide(html: str) -> bool:
	"""Tell whether a document may hide a part of itself; false for most, which need no closer look."""
	return bool(MAY_HIDE.search(html))


class _Parts:
	def __init__(self) -> None:
		self.parts: list[tuple[int, int]] = []
		self.elements: list[_Open] = []
		self.hidden_since: int | None = None  # the start of the outermost hidden element
		self.depth = 0  # of the hidden element
		self.text_from = 0

	def read(self, document: Html, token: Token) -> None:
		if self.hidden_since is None:
			self._add_text(token.start)
		if token.kind == START and token.name not in VOID:
			self._open(document, token)
		elif token.kind == START and self.hidden_since is None and _style(document, token)[0]:
			self.parts.append((token.start, token.end))
		elif token.kind == END and self.elements:
			self._close(token)
		self.text_from = token.end

	def finish(self, end: int) -> list[tuple[int, int]]:
		"""Return the parts of a document that ends here."""
		if self.hidden_since is not None:
			self.parts.append((self.hidden_since, end))
		return self.parts

	def _add_text(self, end: int) -> None:
		"""Add the text before a token, where it has no size."""
		if (
			self.elements
			and self.elements[-1].sizeless
			and self.elements[-1].name not in RAW
			and self.text_from < end
		):
			self.parts.append((self.text_from, end))

	def _open(self, document: Html, token: Token) -> None:
		hides, size = _style(document, token)
		sizeless = bool(self.elements and self.elements[-1].sizeless) if size is None else size
		self.elements.append(_Open(token.name, hides, sizeless))
		if hides and self.hidden_since is None:
			self.hidden_since, self.depth = token.start, len(self.elements)

	def _close(self, token: Token) -> None:
		self.elements.pop()
		if self.hidden_since is not None and len(self.elements) < self.depth:
			self.parts.append((self.hidden_since, token.end))
			self.hidden_since = None


def _style(document: Html, token: Token) -> tuple[bool, bool | None]:
	"""Return whether a tag hides its element, and whether it gives its text the size 0, if it gives any."""
	hides, size = False, None
	for attribute in document.attributes(token):
		if attribute.name == "hidden":
			hides = True
		elif attribute.name == "style":
			style = document.value(attribute)
			hides = hides or bool(HIDING.search(style))
			if sizes := FONT_SIZE.findall(style):
				size = bool(NOTHING.fullmatch(sizes[-1].strip()))
	return hides, size


def without_hidden(html: str) -> tuple[str, list[str]]:
	"""Return regular HTML without what nobody sees, and the parts that were taken out."""
	shown: list[str] = []
	hidden: list[str] = []
	position = 0
	for start, end in hidden_parts(html):
		shown.append(html[position:start])
		hidden.append(html[start:end])
		position = end
	return "".join((*shown, html[position:])), hidden


def texts(html: str) -> Iterator[str]:
	"""Yield the texts of HTML in order, without those of elements like <title> and <style>."""
	position, is_raw = 0, False
	for token in Html(html).tokens:
		if not is_raw:
			yield html[position : token.start]
		position, is_raw = token.end, token.kind == START and token.name in RAW
	if not is_raw:
		yield html[position:]


def links(html: str) -> Iterator[str]:
	"""Yield the addresses of the links of HTML in order, "" for an empty one."""
	return _hrefs(html, LINKS)


def base(html: str) -> str:
	"""Return the address that relative addresses of regular HTML are relative to, "" where it names none."""
	return next(_hrefs(html, ("base",)), "") if "<base" in html else ""


def _hrefs(html: str, names: tuple[str, ...]) -> Iterator[str]:
	document = Html(html)
	for token in document.tokens:
		if token.kind == START and token.name in names and (href := document.attribute(token, "href")):
			yield document.value(href).strip()
