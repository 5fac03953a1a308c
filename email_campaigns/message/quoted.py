"""Bodies in quoted-printable (RFC 2045 6.7), their unchanging pieces encoded once for all mails.

binascii needs 15 ns for a byte, which for whole bodies is more than all the rest of making a mail. A rendered
template is mostly the same few strings again and again: each is encoded once, and a soft line break ("=" at the
end of a line, which decodes to nothing) joins it to what comes before where the line would grow too long.
"""

import re
from binascii import b2a_qp
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

LINE = 75  # characters before the "=" of a soft line break; RFC 2045 6.7 (5) allows 76 with it
LONGEST_KEPT = 50_000  # characters of a piece that is remembered
SOFT_BREAK = b"=\r\n"
# binascii encodes a space or tab at the end of a line without looking how long that line is by then
OVERLONG = re.compile(rb"^([^\r\n]{74,})(=20|=09)(?=\r\n)", re.MULTILINE)


class Fixed(NamedTuple):
	"""A text that a template puts out as it is, in quoted-printable; `first` and `last` are the lengths of those lines.

	One with `names` is a layout: it has %b for each of these slots, between soft line breaks, so that its lines are the
	same whatever fills them. `texts` are what stands around them.
	"""

	data: bytes
	first: int
	last: int
	names: tuple[Hashable, ...]
	texts: tuple[str, ...]


class Pieced:
	"""A text as the pieces that it is made of. `fixed` has those that are known already; what fills the slots in them,
	`said` tells in characters and `written` in quoted-printable."""

	__slots__ = ("fixed", "pieces", "said", "written")

	def __init__(
		self,
		pieces: Sequence[str],
		fixed: Mapping[str, Fixed] = MappingProxyType({}),
		said: Callable[[Hashable], str] = str,
		written: Callable[[Hashable], bytes] = str.encode,
	):
		self.pieces, self.fixed, self.said, self.written = pieces, fixed, said, written

	def __str__(self) -> str:
		return "".join([self._text(piece) for piece in self.pieces])

	def _text(self, piece: str) -> str:
		known = self.fixed.get(piece)
		if not known or not known.names:
			return piece
		filled = [self.said(name) for name in known.names]
		return "".join([part for pair in zip(known.texts, [*filled, ""], strict=True) for part in pair])


def quoted_printable(body: str | Pieced) -> bytes:
	"""The body in lines of at most 76 characters with CRLF. Each of its line ends (CR, LF, CRLF) becomes CRLF."""
	if isinstance(body, str):
		return encode_piece(body)[0]
	fixed, slot = body.fixed, body.written
	column, written = 0, []
	for piece in body.pieces:
		if known := fixed.get(piece):
			data, first, last, names, _texts = known
			if names:
				data %= tuple(map(slot, names))
		else:
			data, first, last = _known(piece) if len(piece) <= LONGEST_KEPT else encode_piece(piece)
		if column + first > LINE:
			written.append(SOFT_BREAK)
			column = 0
		written.append(data)
		column = column + last if first == len(data) else last
	return b"".join(written)


def fixed_text(texts: tuple[str, ...], names: tuple[Hashable, ...]) -> Fixed:
	"""Return what stands for texts[0], the slot names[0], texts[1] …"""
	pieces = [encode_piece(text) for text in texts]
	data = pieces[0][0]
	if names:
		data = (SOFT_BREAK + b"%b" + SOFT_BREAK).join(data.replace(b"%", b"%%") for data, _, _ in pieces)
	return Fixed(data, pieces[0][1], pieces[-1][2], names, texts)


def encode_piece(piece: str) -> tuple[bytes, int, int]:
	"""(the encoded piece, length of its first line, length of its last line), without a line end of its own.

	A space at its end is encoded, for the next piece may start with a line end; a dot at the start of a line too, so
	that SMTP has nothing to double (RFC 5321 4.5.2).
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
	data = piece.encode("utf-8", "replace")
	# A final space has to be seen at the end, and no line may be 76 long, for "=" may have to follow
	data = b2a_qp(data + b"\n").replace(b"\n", b"\r\n")[:-2]
	start = data.rfind(b"\n") + 1
	if len(data) - start > LINE:
		data = _shortened(data)
	data = _without_dots(OVERLONG.sub(rb"\1=\r\n\2", data))
	start = data.rfind(b"\n") + 1
	first = data.find(b"\r\n")
	return data, (len(data) if first < 0 else first), len(data) - start


def encode_plain(text: str) -> bytes:
	"""What encoded() writes for a text of which no character needs to be encoded, made quicker."""
	data = text.encode()
	if len(data) > LINE:
		data = SOFT_BREAK.join([data[at : at + LINE] for at in range(0, len(data), LINE)])
	return encode_piece(text)[0] if data.startswith(b".") or b"\n." in data else data


def _shortened(data: bytes) -> bytes:
	"""Its last line, of 76 characters, broken before the last encoded byte."""
	cut = len(data) - (3 if data[-3:-2] == b"=" else 1)
	return data[:cut] + SOFT_BREAK + data[cut:]


def _without_dots(data: bytes) -> bytes:
	"""Each dot at the start of a line encoded, and the rest of that line put on the next, for it may be full."""
	if data.startswith(b"."):
		data = b"=2E" + SOFT_BREAK + data[1:]
	while b"\n." in data:
		data = data.replace(b"\n.", b"\n=2E" + SOFT_BREAK)
	return data


_known = lru_cache(maxsize=512)(encode_piece)
