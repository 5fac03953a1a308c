"""Members of target lists: their identity, and reading them from a CSV file. Pure."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from email_campaigns.audience.address import InvalidAddress, key, normalise

COLUMNS = {
	"email": ("email", "e-mail", "email address", "e-mail address", "mail", "email id", "email_id"),
	"first_name": ("first name", "first_name", "firstname", "given name", "prénom", "vorname"),
	"last_name": ("last name", "last_name", "lastname", "surname", "family name", "nom", "nachname"),
	"language": ("language", "lang", "langue", "sprache"),
}
NAME_LENGTH = 140


class UnusableFile(Exception):
	"""The file as a whole can't be read; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class NewMember:
	"""A plain address about to join a list; `line` counts from 1 and includes the heading."""

	line: int
	email: str
	first_name: str = ""
	last_name: str = ""
	language: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
	"""A line that was left out, with the sentence that says why."""

	line: int
	value: str
	why: str


def record_key(doctype: str, name: str) -> str:
	"""Return the identity of a record within a list."""
	return f"{doctype}/{name}"


def plain_key(email: str) -> str:
	"""Return the identity of a plain address within a list; `email` is normalised."""
	return f"@{key(email)}"


def decode(content: bytes) -> str:
	"""Return the text of an uploaded file: UTF-8 with or without a mark, UTF-16 with one.

	Raises UnusableFile for any other encoding, for guessing would spoil names silently.
	"""
	encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
	try:
		return content.decode(encoding)
	except UnicodeDecodeError:
		raise UnusableFile(
			"The file is not encoded in UTF-8. Save it as “CSV UTF-8” and import it again."
		) from None


def read_csv(text: str, languages: frozenset[str] = frozenset()):
	"""Yield a NewMember or a Rejection for every line after the heading.

	Comma, semicolon and tab are recognised. A language outside `languages` rejects its line, where any are
	given. Raises UnusableFile where the heading names no email column.
	"""
	rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
	heading = next(rows, [])
	places = _places(heading)
	seen: dict[str, int] = {}
	while True:
		try:
			row = next(rows, None)
		except csv.Error as error:
			yield Rejection(rows.line_num, "", f"The line can't be read: {error}.")
			continue
		if row is None:
			return
		if any(cell.strip() for cell in row):
			yield _read_row(rows.line_num, row, places, seen, languages)


def _delimiter(text: str) -> str:
	heading = text.lstrip().split("\n", 1)[0]
	return max(",;\t", key=heading.count)


def _places(heading: list[str]) -> dict[str, int]:
	cells = [cell.strip().lower() for cell in heading]
	places = {
		field: next(cells.index(name) for name in names if name in cells)
		for field, names in COLUMNS.items()
		if any(name in cells for name in names)
	}
	if "email" not in places:
		raise UnusableFile(
			"The first line names no column “Email”. Its columns are: " + (", ".join(heading) or "none") + "."
		)
	return places


def _read_row(line, row, places, seen, languages) -> NewMember | Rejection:
	values = {field: row[place].strip() for field, place in places.items() if place < len(row)}
	raw = values.get("email", "")
	try:
		email = normalise(raw)
	except InvalidAddress as error:
		return Rejection(line, raw, str(error))
	why = _complaint(email, values, seen, languages)
	if why:
		return Rejection(line, raw, why)
	seen[key(email)] = line
	return NewMember(
		line, email, values.get("first_name", ""), values.get("last_name", ""), values.get("language", "")
	)


def _complaint(email, values, seen, languages) -> str:
	if key(email) in seen:
		return f"The address stands already in line {seen[key(email)]}."
	if languages and values.get("language") and values["language"] not in languages:
		return f"The language “{values['language']}” is not known to this site."
	for field in ("first_name", "last_name"):
		if len(values.get(field, "")) > NAME_LENGTH:
			return f"The {field.replace('_', ' ')} is longer than {NAME_LENGTH} characters."
	return ""
