"""Whether a raw mail may concern us: a search in its bytes, without parsing it. Pure; never raises."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from itertools import islice

from email_campaigns.inbound.mail.decode import decode_words
from email_campaigns.inbound.mail.ids import PROVIDERS
from email_campaigns.inbound.mail.message import HEADER_BYTES, MAIL_BYTES

BASE64_BYTES = 64_000  # of each body in base64: what counts stands at its start
BASE64_BODIES = 20
LOOKED_UP = 100  # ids of providers: each is a look at the ledger, and a thread has fewer
# Each pattern begins with a literal, so that its search runs at the speed of memchr; "^" does not.
_END_OF_HEAD = re.compile(rb"\n\r?\n")
# Reports, receipts and automatic answers. X-Auto-Response-Suppress is also in what people write.
_MACHINE = re.compile(
	rb"\n(?:auto-submitted[ \t]*:(?!\s*no\b)"
	rb"|x-auto-?(?:reply|respond|generated|response(?!-suppress)|answer)"
	rb"|x-failed-recipients|feedback-type|x-hmxmroriginalrecipient"
	rb"|(?:return-path|x-envelope-from)[ \t]*:[ \t]*<?(?:[ \t]*>|mailer-daemon)"
	rb"|precedence[ \t]*:[ \t]*(?:auto[-_]reply|junk)"
	rb"|content-type[ \t]*:\s*multipart/report"
	rb"|(?:from|sender)[ \t]*:[^\n]{0,200}(?:mailer-daemon|postmaster|mail delivery|bounce)"
	rb"|subject[ \t]*:[^\n]{0,40}(?:undeliver|mail delivery|delivery[ _](?:status|fail|report|notif|delay)"
	rb"|returned mail|failure notice|mail system error|unzustellbar|automati|auto[- ]?reply|out of office))",
	re.IGNORECASE,
)
_FIELDS = re.compile(
	rb"\n(?:(in-reply-to|references)|(?:x-)?(?:delivered|original|envelope)-to|to|cc)[ \t]*:"
	rb"([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
	re.IGNORECASE,
)
_TAG = re.compile(rb"\.(?:[0-9A-Fa-f]{32}|[A-Za-z2-7]{24}(?=@))")
_BEFORE_TAG = re.compile(rb"(?:leave\.)?[A-Za-z0-9]{1,4}\.(?:0|[1-9A-Fa-f][0-9A-Fa-f]{0,15})$", re.IGNORECASE)
_LONGEST_BEFORE_TAG = 27
_PROVIDER = re.compile(
	rb"@(?:[A-Za-z0-9-]{1,63}\.){0,6}(?:" + PROVIDERS.encode() + rb")(?![\w.-])", re.IGNORECASE
)
_PROVIDER_ID = re.compile(rb"[\w.$+=-]{8,150}$")
_BASE64 = re.compile(rb"\ncontent-transfer-encoding[ \t]*:[ \t]*base64", re.IGNORECASE)
_MULTIPART = re.compile(rb"\ncontent-type[ \t]*:\s*multipart/", re.IGNORECASE)
_DIGITS = re.compile(rb"[A-Za-z0-9+/\r\n]+")


def recognise(
	raw: bytes, is_own: Callable[[str], bool], is_known: Callable[[str], bool] = lambda provider_id: True
) -> bool:
	"""Tell whether a mail may concern us: it is a machine's, or it answers or returns a mail of ours.

	`is_own` tells whether a local part bears our signature (TokenRing.is_own). `is_known` tells whether the
	ledger knows the id of a provider, by its part before the @; without it every such id may be ours.
	"""
	source = raw[:MAIL_BYTES]
	if b"\n" not in source[:HEADER_BYTES]:
		source = source.replace(b"\r", b"\n")
	end = _END_OF_HEAD.search(source, 0, HEADER_BYTES)
	head = b"\n" + source[: end.start() if end else HEADER_BYTES]
	if _MACHINE.search(head):
		return True
	answered, sent_to = _fields(head)
	return (
		any(is_own(part) for value in (*answered, *sent_to) for part in _local_parts(value))
		or any(map(is_known, islice(_unique_provider_ids(answered), LOOKED_UP)))
		or any(
			is_own(part)
			for text in _texts(head, source[end.end() :] if end else b"")
			for part in _local_parts(text)
		)
	)


def _fields(head: bytes) -> tuple[list[bytes], list[bytes]]:
	"""Return the values of what a mail answers and of whom it came to.

	A value with blanks is there again without them: a client may have broken an id at the end of a line.
	"""
	answered: list[bytes] = []
	sent_to: list[bytes] = []
	for match in _FIELDS.finditer(head):
		value = match[2]
		if b"=?" in value:
			value = decode_words(value.decode("latin-1")).encode("latin-1", "replace")
		words = value.split()
		(answered if match[1] else sent_to).extend([value, b"".join(words)] if len(words) > 1 else words)
	return answered, sent_to


def _texts(head: bytes, body: bytes) -> Iterator[bytes]:
	if b"=" in body:  # quoted-printable
		yield body.replace(b"=\r\n", b"").replace(b"=\n", b"").replace(b"=2E", b".")
	else:
		yield body
	if _BASE64.search(head):
		yield _decoded(body)
	elif _MULTIPART.search(head):
		yield from _decoded_parts(body)


def _decoded_parts(body: bytes) -> Iterator[bytes]:
	for match in islice(_BASE64.finditer(body), BASE64_BODIES):
		end = _END_OF_HEAD.search(body, match.end(), match.end() + 4000)
		if end:
			yield _decoded(body[end.end() : end.end() + BASE64_BYTES])


def _decoded(digits: bytes) -> bytes:
	match = _DIGITS.match(digits, 0, BASE64_BYTES)
	whole = match[0].translate(None, b"\r\n") if match else b""
	return binascii.a2b_base64(whole[: len(whole) // 4 * 4])


def _local_parts(text: bytes) -> Iterator[str]:
	for match in _TAG.finditer(text):
		before = _BEFORE_TAG.search(text[max(0, match.start() - _LONGEST_BEFORE_TAG) : match.start()])
		if before:
			yield (before[0] + match[0]).decode("ascii")


def _unique_provider_ids(values: list[bytes]) -> Iterator[str]:
	yield from dict.fromkeys(provider_id for value in values for provider_id in _provider_ids(value))


def _provider_ids(text: bytes) -> Iterator[str]:
	for match in _PROVIDER.finditer(text):
		local_part = _PROVIDER_ID.search(text[max(0, match.start() - 150) : match.start()])
		if local_part:
			yield local_part[0].decode("ascii")
