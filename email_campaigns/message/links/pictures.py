"""The pictures of a rendered mail: from where mail programs load them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from email_campaigns.message.editor.addresses import candidates
from email_campaigns.message.html.tokens import START, Html, Token

SHOWN_BY = frozenset(("img", "input", "source", "video", "v:image", "v:fill", "v:imagedata"))
URL = re.compile(r"url\([\t\n\f\r ]*(\"[^\"]*\"|'[^']*'|[^\"')]*)", re.IGNORECASE)
PRIVATE = "/private/files/"


def pictures(html: str) -> list[str]:
	"""Return the addresses of all pictures of a document, backgrounds too, each once, in order."""
	document = Html(html)
	sheets = {tag.start: html[start:end] for tag, start, end in document.raw_areas("style")}
	found: list[str] = []
	for token in document.all_tokens:
		if token.kind == START:
			found += _of_styles(sheets.get(token.start, ""))
			found += _of_tag(document, token)
	return list(dict.fromkeys(address.strip() for address in found if address.strip()))


def _of_tag(document: Html, tag: Token) -> Iterator[str]:
	for attribute in document.attributes(tag):
		value = document.value(attribute)
		if attribute.name == "background" or (attribute.name == "src" and tag.name in SHOWN_BY):
			yield value
		elif attribute.name == "srcset":
			for start, end in candidates(value, 0, len(value)):
				yield value[start:end]
		elif attribute.name == "style":
			yield from _of_styles(value)


def _of_styles(css: str) -> Iterator[str]:
	for match in URL.finditer(css):
		yield match[1].strip("\"'")


def private_file(address: str, own: str) -> str:
	"""Return the name of the private file that an address leads to, "" where it leads to none.

	`own` is the address of the site without a slash at its end. Frappe gives such a file to signed-in users
	alone, and only to those who may read it.
	"""
	path = address.removeprefix(own)
	if not path.lower().startswith(PRIVATE):
		return ""
	return unquote(path[len(PRIVATE) :].partition("?")[0].partition("#")[0])


def is_loadable(address: str) -> bool:
	"""Tell whether a mail program can load a picture from an address, whatever is there."""
	try:
		parts = urlsplit(address)
	except ValueError:
		return False
	return parts.scheme == "data" or (parts.scheme in ("http", "https") and bool(parts.netloc))
