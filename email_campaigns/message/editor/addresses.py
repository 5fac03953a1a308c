"""Addresses within a site (/files/picture.png) made absolute, since a mail is read elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from email_campaigns.message.editor.tags import Edit, Token

ADDRESSES = frozenset(("src", "href", "background", "poster"))
# From the root of the site, or a place that every Frappe site has
RELATIVE = re.compile(r"[\t\n\f\r ]*(?:/|(?P<folder>(?:private/)?files/|assets/))", re.IGNORECASE)
URL = re.compile(
	r"url\([\t\n\f\r ]*(?:[\"']|&quot;|&apos;|&#3[49];)?(?=/|(?:private/)?files/|assets/)", re.IGNORECASE
)
CANDIDATE = re.compile(r"[\t\n\f\r ,]*([^\t\n\f\r ]+)([^,]*)")  # of srcset: an address and its width


def absolute_addresses(html: str, tokens: Iterable[Token], base: str) -> Iterator[Edit]:
	"""Yield the edits that put `base`, the address of the site without a slash at its end, before addresses.

	A document that names a base of its own (<base href>) stays as it is.
	"""
	edits: list[Edit] = []
	for token in tokens:
		if token.name == "base" and token.attribute("href"):
			return
		edits += _edits(html, token, base)
	yield from edits


def _edits(html: str, token: Token, base: str) -> Iterator[Edit]:
	if token.name == "css":
		yield from _sheet_edits(html, token.start, token.end, base)
	for attribute in token.attributes:
		place = attribute.start, attribute.end
		if attribute.name in ADDRESSES:
			yield from _edit(html, *place, base)
		elif attribute.name == "style":
			yield from _sheet_edits(html, *place, base)
		elif attribute.name == "srcset":
			for start, end in candidates(html, *place):
				yield from _edit(html, start, end, base)


def _edit(html: str, start: int, end: int, base: str) -> Iterator[Edit]:
	relative = RELATIVE.match(html, start, end)
	if relative:
		place = relative.start("folder") if relative["folder"] else relative.end() - 1
		yield place, place, _prefix(html, place, base) + ("/" if relative["folder"] else "")


def _prefix(html: str, place: int, base: str) -> str:
	"""Return what makes the address at a place absolute; one that begins with // lacks the scheme alone."""
	return base.partition("//")[0] if html.startswith("//", place) else escape(base)


def _sheet_edits(html: str, start: int, end: int, base: str) -> Iterator[Edit]:
	for match in URL.finditer(html, start, end):
		yield from _edit(html, match.end(), end, base)


def candidates(html: str, start: int, end: int) -> Iterator[tuple[int, int]]:
	"""Yield the places of the addresses in a srcset (https://html.spec.whatwg.org/#parse-a-srcset-attribute)."""
	while candidate := CANDIDATE.match(html, start, end):
		begin, stop = candidate.span(1)
		address = candidate[1].rstrip(",")
		# A comma at the end of an address ends the candidate, one within it does not.
		start = stop if len(address) < stop - begin else candidate.end()
		if address:
			yield begin, begin + len(address)
