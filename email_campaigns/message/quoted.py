"""Bodies in quoted-printable (RFC 2045 6.7), their unchanging pieces encoded once for all mails.

binascii needs 15 ns for a byte, which for whole bodies is more than all the rest of making a mail. A rendered
template is mostly the same few strings again and again: each is encoded once, and a soft line break ("=" at the
end of a line, which decodes to nothing) joins it to what comes before where the line would grow too long.
"""

from binascii import b2a_qp
from collections.abc import Iterable
from functools import lru_cache

LINE = 75  # characters before the "=" of a soft line break; RFC 2045 6.7 (5) allows 76 with it
LONGEST_KEPT = 50_000  # characters of a piece that is remembered


class Pieced(str):
	"""A text that remembers the pieces it was joined from. Equal to the same text without that memory."""

	__slots__ = ("pieces",)

	def __new__(cls, pieces: Iterable[str]) -> "Pieced":
		pieces = tuple(pieces)
		text = super().__new__(cls, "".join(pieces))
		text.pieces = pieces
		return text


def quoted_printable(body: str) -> bytes:
	"""The body in lines of at most 76 characters with CRLF. Each of its line ends (CR, LF, CRLF) becomes CRLF."""
	if "\r" in body:
		body = body.replace("\r\n", "\n").replace("\r", "\n")
	column, encoded = 0, []
	for piece in getattr(body, "pieces", (body,)):
		data, first, last = _known(piece) if len(piece) <= LONGEST_KEPT else _encode(piece)
		if column + first > LINE:
			encoded.append(b"=\r\n")
			column = 0
		encoded.append(data)
		column = column + last if first == len(data) else last
	return b"".join(encoded)


def _encode(piece: str) -> tuple[bytes, int, int]:
	"""(the encoded piece, length of its first line, length of its last line), without a line end of its own.

	A space at its end is encoded, for the next piece may start with a line end.
	"""
	if len(piece) <= 2 * LINE and piece.isascii() and piece.isprintable() and not piece.endswith(" "):
		data = piece.replace("=", "=3D").encode()
		if len(data) <= LINE:
			return data, len(data), len(data)
		if len(data) == len(piece):  # a tracked link, of which a mail has dozens, and each its own
			return data[:LINE] + b"=\r\n" + data[LINE:], LINE, len(data) - LINE
	data = piece.encode("utf-8", "replace")
	# A final space has to be seen at the end, and no line may be 76 long, for "=" may have to follow
	data = b2a_qp(data + b"\n").replace(b"\n", b"\r\n")[:-2]
	start = data.rfind(b"\n") + 1
	if len(data) - start > LINE:
		data = _shortened(data)
		start = data.rfind(b"\n") + 1
	first = data.find(b"\r\n")
	return data, (len(data) if first < 0 else first), len(data) - start


def _shortened(data: bytes) -> bytes:
	"""Its last line, of 76 characters, broken before the last encoded byte."""
	cut = len(data) - (3 if data[-3:-2] == b"=" else 1)
	return data[:cut] + b"=\r\n" + data[cut:]


_known = lru_cache(maxsize=512)(_encode)
