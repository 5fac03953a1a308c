"""Cells of imported files: text on one line, and addresses as people and programs write them. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.characters import without_controls
from email_campaigns.text import _lt

# Marks of order, hyphenation and nothing at all, which come along when text is copied from a web page.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_NAMED = re.compile(r"([^<>]*)<([^<>]*)>[\s.,;]*")  # RFC 5322, section 3.4: name-addr
_BETWEEN_ADDRESSES = re.compile(r"[\s,;|/]+")
_EDGES = " .,;:"
LOST = "\ufffd"  # what a character becomes that its encoding does not have


class PersonAddress(NamedTuple):
	"""A normalised address, and the name that stood before it."""

	email: str
	first_name: str = ""
	last_name: str = ""


def plain_text(cell: str) -> str:
	"""Return the text of a cell on one line: a line break, a control or a run of blanks is one blank."""
	if cell.isascii() and cell.isprintable() and "  " not in cell:
		return cell.strip()
	return " ".join(without_controls(_UNSEEN.sub("", cell)).split())


def read_address(cell: str) -> PersonAddress:
	"""Return the address in a cell. Raises InvalidAddress, also where there are two.

	Around it may stand what spreadsheets and mail programs add: a name, as in `John Smith <j@example.com>`,
	`mailto:`, the apostrophe that marks a text, dots and commas at its end.
	"""
	try:
		return PersonAddress(normalise(cell) if not cell.startswith("'") else _bare(cell))
	except InvalidAddress as first:
		text = plain_text(cell)
		_check_single(text)
		if match := _NAMED.fullmatch(text):
			return PersonAddress(_bare(match[2]), *split_name(match[1]))
		if address := _bare_or_empty(text):
			return PersonAddress(address)
		raise first


def has_address(cell: str) -> bool:
	"""Tell whether a cell has an address, or more than one."""
	if "@" not in cell:
		return False
	try:
		return bool(read_address(cell))
	except InvalidAddress:
		return len(addresses_in(plain_text(cell))) > 1


def _check_single(text: str) -> None:
	# A name before an address may look like one: jo@example.com <jo@example.com>.
	addresses = set(addresses_in(text))
	if len(addresses) > 1:
		raise InvalidAddress(_lt("The cell has more than one address."))


def addresses_in(text: str) -> list[str]:
	"""Return the normalised addresses in a text, which may have other words."""
	parts = [part for part in _BETWEEN_ADDRESSES.split(text) if "@" in part]
	return [address for part in parts if (address := _bare_or_empty(part.strip("<>()\"'")))]


def _bare(text: str) -> str:
	"""Return the address in a text without what stands around it. Raises InvalidAddress."""
	bare = text.strip().strip("'\"").strip(_EDGES)
	if bare[:7].lower() == "mailto:":
		bare = bare[7:].partition("?")[0].strip(_EDGES)
	return normalise(bare)


def _bare_or_empty(text: str) -> str:
	try:
		return _bare(text)
	except InvalidAddress:
		return ""


def split_name(text: str) -> tuple[str, str]:
	"""Return the first and the last name in a name that stood before an address, "" for an address."""
	name = plain_text(text).strip("'\" ")
	if "@" in name or "=?" in name:
		return "", ""
	last, comma, first = name.partition(",")
	if comma:
		return first.strip(), last.strip()
	first, _blank, last = name.rpartition(" ")
	return (first, last) if first else (last, "")
