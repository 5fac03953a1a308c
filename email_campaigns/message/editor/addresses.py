"""Addresses within a site (/files/picture.png) made absolute, since a mail is read elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from email_campaigns.message.html.tokens import START, Change, Html, Token

ADDRESSES = frozenset(("src", "href", "background", "poster"))
# From the root of the site, or a place that every Frappe site has
RELATIVE = re.compile(r"[\t\n\f\r ]*(?:/|(?P<folder>(?:private/)?files/|assets/))", re.IGNORECASE)
URL = re.compile(
	r"url\([\t\n\f\r ]*(?:[\"']|&quot;|&apos;|&#3[49];)?(?=/|(?:private/)?files/|assets/)", re.IGNORECASE
)
CANDIDATE = re.compile(r"[\t\n\f\r ,]*([^\t\n\f\r ]+)([^,]*)")  # of srcset: an address and its width


def absolute_addresses(document: Html, base: str) -> Iterator[Change]:
	"""Yield the changes that put `base`, the site's address without a slash at its end, before addresses.

	A document that names a base of its own (<base href>) stays as it is.
	"""
	tags = [token for token in document.all_tokens if token.kind == START]
	if any(tag.name == "base" and document.attribute(tag, "href") for tag in tags):
		return
	for _tag, start, end in document.raw_areas("style"):
		yield from _in_styles(document.source, start, end, base)
	for tag in tags:
		yield from _in_tag(document, tag, base)


def _in_tag(document: Html, tag: Token, base: str) -> Iterator[Change]:
	for attribute in document.attributes(tag):
		if not attribute.value:
			continue
		if attribute.name in ADDRESSES:
			yield from _in_address(document.source, *attribute.value, base)
		elif attribute.name == "style":
			yield from _in_styles(document.source, *attribute.value, base)
		elif attribute.name == "srcset":
			for start, end in candidates(document.source, *attribute.value):
				yield from _in_address(document.source, start, end, base)


def _in_address(html: str, start: int, end: int, base: str) -> Iterator[Change]:
	relative = RELATIVE.match(html, start, end)
	if relative:
		place = relative.start("folder") if relative["folder"] else relative.end() - 1
		yield place, place, _prefix(html, place, base) + ("/" if relative["folder"] else "")


def _prefix(html: str, place: int, base: str) -> str:
	"""Return what makes the address at a place absolute; one that begins with // lacks the scheme alone."""
	return base.partition("//")[0] if html.startswith("//", place) else escape(base)


def _in_styles(html: str, start: int, end: int, base: str) -> Iterator[Change]:
	for match in URL.finditer(html, start, end):
		yield from _in_address(html, match.end(), end, base)


def candidates(html: str, start: int, end: int) -> Iterator[tuple[int, int]]:
	"""Yield the places of the addresses in a srcset (https://html.spec.whatwg.org/#parse-a-srcset-attribute)."""
	while candidate := CANDIDATE.match(html, start, end):
		begin, stop = candidate.span(1)
		address = candidate[1].rstrip(",")
		# A comma at the end of an address ends the candidate, one within it does not.
		start = stop if len(address) < stop - begin else candidate.end()
		if address:
			yield begin, begin + len(address)
