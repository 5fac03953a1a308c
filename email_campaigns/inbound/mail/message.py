"""A raw mail as its parts, read within limits. Pure; raises nothing but MailError.

Each part is a range of the same bytes, so a mail costs its size once however deep it is nested, and a time
that grows with its size. The standard library's parser takes the square of the depth, and raises at 1,000.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from email_campaigns.inbound.mail.decode import decode_charset, decode_transfer, text_of_html
from email_campaigns.inbound.mail.header import Headers, parse_value
from email_campaigns.text import SentenceError, _lt

MAIL_BYTES = 2_000_000  # what counts stands before the attachments: reports return a mail as their last part
HEADER_BYTES = 256_000
TEXT_BYTES = 256_000  # of one part
PARTS = 300
DEPTH = 12
RETURNED_MAILS = ("message/rfc822", "message/global", "message/news", "message/partial")
RETURNED_HEADERS = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
_ENVELOPE_LINE = re.compile(rb"\s*(?:>?From [^\n]*\n)?", re.IGNORECASE)
_SIGN_OF_A_FIELD = re.compile(rb"^[!-9;-~]{1,120}[ \t]*:", re.MULTILINE)


class MailError(SentenceError, ValueError):
	"""Some bytes are no mail, or exceed a limit; the message is a sentence for people."""


@dataclass(slots=True)
class Part:
	"""One part of a mail. `content_type` is lowercase; `parts` are of a multipart or a returned mail."""

	headers: Headers
	content_type: str
	parameters: dict[str, str]
	parts: list[Part] = field(default_factory=list)
	_source: bytes = b""
	_start: int = 0
	_end: int = 0
	_text: str | None = None

	def walk(self) -> Iterator[Part]:
		"""Yield this part and all that are in it, in the order of the mail."""
		yield self
		for part in self.parts:
			yield from part.walk()

	@property
	def content(self) -> bytes:
		"""The first TEXT_BYTES of the body, its transfer encoding undone."""
		body = self._source[self._start : min(self._end, self._start + TEXT_BYTES)]
		return decode_transfer(body, self.headers.get("content-transfer-encoding"))

	@property
	def text(self) -> str:
		"""The decoded body, at most TEXT_BYTES of it, with "\\n" at the ends of lines."""
		if self._text is None:
			text = decode_charset(self.content, self.parameters.get("charset", "utf-8"))
			self._text = text.replace("\r\n", "\n").replace("\x00", "")
		return self._text

	@property
	def plain(self) -> str:
		"""The text as a person sees it: a page without its marks."""
		return text_of_html(self.text) if self.content_type == "text/html" else self.text


@dataclass(slots=True)
class IncomingMail:
	"""A mail: its header, its parts, and what it returns of another mail."""

	root: Part
	_own_parts: list[Part] | None = None

	@property
	def headers(self) -> Headers:
		return self.root.headers

	@property
	def own_parts(self) -> list[Part]:
		"""The leaves of the mail itself: not those of a mail within it."""
		if self._own_parts is None:
			self._own_parts = list(_own_leaves(self.root))
		return self._own_parts

	def find(self, *content_types: str) -> Part | None:
		"""Return the first part of the mail itself that has one of the types."""
		return next((part for part in self.own_parts if part.content_type in content_types), None)

	@property
	def plain(self) -> str:
		"""The first plain text of the mail itself, or else its first page as text, or else ""."""
		part = self.find("text/plain") or self.find("text/html")
		return part.plain if part else ""

	@property
	def returned(self) -> Headers | None:
		"""The header of the mail that this one returns as a part, None where it returns none."""
		for part in self.root.walk():
			if part.content_type in RETURNED_MAILS and part.parts:
				return part.parts[0].headers
			if part.content_type in RETURNED_HEADERS:
				return Headers.parse(part.text.strip())
		return None


def read(raw: bytes) -> IncomingMail:
	"""Return a mail from its bytes, of which MAIL_BYTES count. Raises MailError.

	Parts beyond PARTS are left out, those deeper than DEPTH are not divided. Line ends may be of any kind.
	"""
	source = raw[:MAIL_BYTES]
	if b"\r" in source:
		source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
	start = _ENVELOPE_LINE.match(source).end()  # type: ignore[union-attr]  # it matches the empty text
	head = source[start : start + HEADER_BYTES + 2].partition(b"\n\n")[0]
	if len(head) > HEADER_BYTES:
		raise MailError(_lt("The header of the mail is longer than {0} KB."), HEADER_BYTES // 1000)
	if not _SIGN_OF_A_FIELD.search(head):
		raise MailError(_lt("This is no mail: it has no header."))
	return IncomingMail(_Reader(source).part(start, len(source), 0))


def _own_leaves(part: Part) -> Iterator[Part]:
	if not part.content_type.startswith("multipart/"):
		yield part
		return
	for inner in part.parts:
		yield from _own_leaves(inner)


class _Reader:
	def __init__(self, source: bytes):
		self.source = source
		self.remaining = PARTS

	def part(self, start: int, end: int, depth: int, default: str = "text/plain") -> Part:
		headers, body = self._header(start, end)
		content_type, parameters = parse_value(
			headers.raw("content-type")[0] if "content-type" in headers else default
		)
		part = Part(headers, content_type or default, parameters, [], self.source, body, end)
		if depth < DEPTH:
			part.parts = self._inner(part, body, end, depth + 1)
		if not part.parts and part.content_type.startswith("multipart/"):
			part.content_type = "text/plain"  # a boundary that is missing or lies
		return part

	def _header(self, start: int, end: int) -> tuple[Headers, int]:
		if self.source[start : start + 1] == b"\n":
			return Headers({}), start + 1
		stop = self.source.find(b"\n\n", start, end)
		if stop < 0:
			return Headers.parse(self.source[start : min(end, start + HEADER_BYTES)]), end
		return Headers.parse(self.source[start : min(stop, start + HEADER_BYTES)]), stop + 2

	def _inner(self, part: Part, start: int, end: int, depth: int) -> list[Part]:
		if part.content_type.startswith("multipart/"):
			default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
			return [self.part(*span, depth, default) for span in self._spans(part, start, end)]
		if part.content_type in RETURNED_MAILS:
			return self._returned(part, start, end, depth)
		return []

	def _spans(self, part: Part, start: int, end: int) -> Iterator[tuple[int, int]]:
		boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
		begin = -1
		for line, tail, line_end in self._boundary_lines(boundary, start, end) if boundary else ():
			if begin >= 0:
				yield begin, max(line - 1, begin)
			if tail or not self.remaining:
				return
			self.remaining -= 1
			begin = min(line_end + 1, end)
		if begin >= 0:
			yield begin, end

	def _boundary_lines(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, bytes, int]]:
		"""Yield where a line with the boundary begins, the "--" behind the last, and where the line ends."""
		delimiter = b"--" + boundary
		at = self.source.find(delimiter, start, end)
		while at >= 0:
			line_end = self.source.find(b"\n", at, end)
			line_end = line_end if line_end >= 0 else end
			tail = self.source[at + len(delimiter) : line_end].rstrip(b" \t")
			if tail in (b"", b"--") and (at == 0 or self.source[at - 1 : at] == b"\n"):
				yield at, tail, line_end
			at = self.source.find(delimiter, line_end, end)

	def _returned(self, part: Part, start: int, end: int, depth: int) -> list[Part]:
		encoding = part.headers.get("content-transfer-encoding").lower()
		if "base64" in encoding or "quoted" in encoding:
			inner = _Reader(part.content.replace(b"\r\n", b"\n"))
			inner.remaining = self.remaining
			return [inner.part(0, len(inner.source), depth)]
		while self.source[start : start + 1] == b"\n" and start < end:
			start += 1
		return [self.part(start, end, depth)]
