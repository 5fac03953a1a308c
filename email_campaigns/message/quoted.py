"""Bodies in quoted-printable (RFC 2045 6.7), their unchanging pieces encoded once for all mails.

binascii needs 15 ns for a byte, which for whole bodies is more than all the rest of making a mail. A rendered
template is mostly the same few strings again and again: each is encoded once, and a soft line break ("=" at the
end of a line, which decodes to nothing) joins it to what comes before where the line would grow too long.
"""

from binascii import b2a_qp
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Protocol

LINE = 75  # characters before the "=" of a soft line break; RFC 2045 6.7 (5) allows 76 with it
LONGEST_KEPT = 50_000  # characters of a piece that is remembered
SOFT_BREAK = b"=\r\n"


class Slot(Protocol):
	"""A piece that is filled for each mail: slots.Slotted. `first` and `last` are the lengths of those lines."""

	first: int
	last: int

	def text(self, links: Any) -> str: ...
	def encoded(self, links: Any) -> bytes: ...


class Pieced:
	"""A text as the pieces that it is made of; those among them that `slots` has stand for what they say with `links`."""

	__slots__ = ("links", "pieces", "slots")

	def __init__(
		self, pieces: Sequence[str], slots: Mapping[str, Slot] = MappingProxyType({}), links: Any = None
	):
		self.pieces, self.slots, self.links = pieces, slots, links

	def __str__(self) -> str:
		slots = self.slots
		if not slots:
			return "".join(self.pieces)
		return "".join([slots[one].text(self.links) if one in slots else one for one in self.pieces])


def quoted_printable(body: str | Pieced) -> bytes:
	"""The body in lines of at most 76 characters with CRLF. Each of its line ends (CR, LF, CRLF) becomes CRLF."""
	if isinstance(body, str):
		return encoded(body)[0]
	slots, links = body.slots, body.links
	column, written = 0, []
	for piece in body.pieces:
		if slot := slots.get(piece):
			data, first, last = slot.encoded(links), slot.first, slot.last
		else:
			data, first, last = _known(piece) if len(piece) <= LONGEST_KEPT else encoded(piece)
		if column + first > LINE:
			written.append(SOFT_BREAK)
			column = 0
		written.append(data)
		column = column + last if first == len(data) else last
	return b"".join(written)


def encoded(piece: str) -> tuple[bytes, int, int]:
	"""(the encoded piece, length of its first line, length of its last line), without a line end of its own.

	A space at its end is encoded, for the next piece may start with a line end.
	"""
	piece = str(piece)  # Markup does even the plainest things to a text in Python
	if "\r" in piece:
		piece = piece.replace("\r\n", "\n").replace("\r", "\n")
	if len(piece) <= LINE and piece.isascii() and piece.isprintable() and not piece.endswith(" "):
		data = piece.replace("=", "=3D").encode()
		if len(data) <= LINE:
			return data, len(data), len(data)
	data = piece.encode("utf-8", "replace")
	# A final space has to be seen at the end, and no line may be 76 long, for "=" may have to follow
	data = b2a_qp(data + b"\n").replace(b"\n", b"\r\n")[:-2]
	start = data.rfind(b"\n") + 1
	if len(data) - start > LINE:
		data = _shortened(data)
		start = data.rfind(b"\n") + 1
	first = data.find(b"\r\n")
	return data, (len(data) if first < 0 else first), len(data) - start


def in_lines(data: bytes) -> bytes:
	"""What needs no encoding, in lines of at most 75 characters and soft line breaks between them."""
	if len(data) <= LINE:
		return data
	return SOFT_BREAK.join([data[at : at + LINE] for at in range(0, len(data), LINE)])


def _shortened(data: bytes) -> bytes:
	"""Its last line, of 76 characters, broken before the last encoded byte."""
	cut = len(data) - (3 if data[-3:-2] == b"=" else 1)
	return data[:cut] + SOFT_BREAK + data[cut:]


_known = lru_cache(maxsize=512)(encoded)
