"""Bodies in quoted-printable (RFC 2045 6.7), their unchanging pieces encoded once for all mails.

binascii needs 15 ns for a byte, which for whole bodies is more than all other work on a mail. A rendered
template consists mostly of the same few strings: each is encoded once. Where a line would grow too long, a
soft line break ("=" at the end of a line, which decodes to nothing) separates a piece from what comes before.
"""

import re
from binascii import b2a_qp
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

LINE = 75  # characters before the "=" of a soft line break; RFC 2045 6.7 (5) allows 76 with it
LONGEST_CACHED = 50_000  # characters of a piece that is remembered
SOFT_BREAK = b"=\r\n"
# binascii encodes a space or tab at the end of a line without regard to the length of that line
OVERLONG = re.compile(rb"^([^\r\n]{74,})(=20|=09)(?=\r\n)", re.MULTILINE)

# A tracked link's name, or the path of a field: ("doc", "first_name") for {{ doc.first_name }}
SlotName = str | tuple[str, ...]


class FixedText(NamedTuple):
	"""A text that a template writes unchanged into every mail, in quoted-printable.

	`first` and `last` are the lengths of those lines. With `names`, `data` is a layout: it has %b for each of
	these slots, between soft line breaks, so that its lines are the same whatever fills them. `texts` are
	what stands around the slots.
	"""

	data: bytes
	first: int
	last: int
	names: tuple[SlotName, ...]
	texts: tuple[str, ...]


def _encode_name(name: SlotName) -> bytes:
	return str(name).encode()


class PiecedText:
	"""A text as the pieces that it is made of.

	`fixed` has the pieces that are encoded already. `fill_text` returns what fills a slot in them as
	characters, `fill_data` the same in quoted-printable.
	"""

	__slots__ = ("fill_data", "fill_text", "fixed", "pieces")

	def __init__(
		self,
		pieces: Sequence[str],
		fixed: Mapping[str, FixedText] = MappingProxyType({}),
		fill_text: Callable[[SlotName], str] = str,
		fill_data: Callable[[SlotName], bytes] = _encode_name,
	):
		self.pieces, self.fixed = pieces, fixed
		self.fill_text, self.fill_data = fill_text, fill_data

	def __str__(self) -> str:
		return "".join([self._text(piece) for piece in self.pieces])

	def _text(self, piece: str) -> str:
		fixed = self.fixed.get(piece)
		if not fixed or not fixed.names:
			return piece
		fillings = [self.fill_text(name) for name in fixed.names]
		return "".join([part for pair in zip(fixed.texts, [*fillings, ""], strict=True) for part in pair])


def quoted_printable(body: str | PiecedText) -> bytes:
	"""Return the body in lines of at most 76 characters.

	Each of its line ends (CR, LF, CRLF) becomes CRLF.
	"""
	if isinstance(body, str):
		return encode_piece(body)[0]
	fixed_texts, fill = body.fixed, body.fill_data
	column = 0
	output: list[bytes] = []
	for piece in body.pieces:
		if fixed := fixed_texts.get(piece):
			data, first, last, names, _texts = fixed
			if names:
				data %= tuple(map(fill, names))
		else:
			data, first, last = _encode_cached(piece) if len(piece) <= LONGEST_CACHED else encode_piece(piece)
		if column + first > LINE:
			output.append(SOFT_BREAK)
			column = 0
		output.append(data)
		column = column + last if first == len(data) else last
	return b"".join(output)


def encode_fixed(texts: tuple[str, ...], names: tuple[SlotName, ...]) -> FixedText:
	"""Return the encoded form of texts[0], the slot names[0], texts[1] …"""
	pieces = [encode_piece(text) for text in texts]
	data = pieces[0][0]
	if names:
		data = (SOFT_BREAK + b"%b" + SOFT_BREAK).join(data.replace(b"%", b"%%") for data, _, _ in pieces)
	return FixedText(data, pieces[0][1], pieces[-1][2], names, texts)


def encode_piece(piece: str) -> tuple[bytes, int, int]:
	"""Return (the encoded piece, length of its first line, length of its last line).

	No line end is added. A space at its end is encoded, for the next piece may start with a line end. A dot
	at the start of a line is encoded too, so that SMTP has nothing to double (RFC 5321 4.5.2).
	"""
	piece = str(piece)  # Markup does even the plainest things to a text in Python
	if "\r" in piece:
		piece = piece.replace("\r\n", "\n").replace("\r", "\n")
	if (
		len(piece) <= LINE
		and piece.isascii()
		and piece.isprintable()
		and piece[-1:] != " "
		and piece[:1] != "."
	):
		data = piece.replace("=", "=3D").encode()
		if len(data) <= LINE:
			return data, len(data), len(data)
	return _encode_lines(piece.encode("utf-8", "replace"))


def _encode_lines(data: bytes) -> tuple[bytes, int, int]:
	# The line end makes binascii encode a final space. No line may be 76 long, for "=" may have to follow.
	data = b2a_qp(data + b"\n").replace(b"\n", b"\r\n")[:-2]
	start = data.rfind(b"\n") + 1
	if len(data) - start > LINE:
		data = _break_last_line(data)
	data = _encode_dots(OVERLONG.sub(rb"\1=\r\n\2", data))
	start = data.rfind(b"\n") + 1
	first = data.find(b"\r\n")
	return data, (len(data) if first < 0 else first), len(data) - start


def encode_plain(text: str) -> bytes:
	"""Return the data that encode_piece() returns, faster, for a text in which nothing needs encoding."""
	data = text.encode()
	if LINE < len(data) <= 2 * LINE:  # as a tracked link is
		data = data[:LINE] + SOFT_BREAK + data[LINE:]
	elif len(data) > LINE:
		data = SOFT_BREAK.join([data[start : start + LINE] for start in range(0, len(data), LINE)])
	return encode_piece(text)[0] if data[:1] == b"." or b"\n." in data else data


def _break_last_line(data: bytes) -> bytes:
	"""Break the last line, of 76 characters, before its last encoded byte."""
	cut = len(data) - (3 if data[-3:-2] == b"=" else 1)
	return data[:cut] + SOFT_BREAK + data[cut:]


def _encode_dots(data: bytes) -> bytes:
	"""Encode each dot at the start of a line, and break the line after it, for the line may be full."""
	if data.startswith(b"."):
		data = b"=2E" + SOFT_BREAK + data[1:]
	while b"\n." in data:
		data = data.replace(b"\n.", b"\n=2E" + SOFT_BREAK)
	return data


_encode_cached = lru_cache(maxsize=512)(encode_piece)
