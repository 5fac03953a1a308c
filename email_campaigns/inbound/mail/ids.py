"""What in an incoming mail may lead to a mail of ours. Pure; never raises.

Nothing is verified here: `TokenRing` knows our own signatures, the ledger knows the ids of providers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from email_campaigns.inbound.mail.header import Headers, addresses_in
from email_campaigns.inbound.mail.message import IncomingMail, Part
from email_campaigns.inbound.values import Clues

# Whom a mail came to; servers write the first ones, so they tell of a Bcc and an alias too
RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to", "cc")
ANSWERED = ("in-reply-to", "references")
# What a server that replaces Message-ID keeps of it
REPLACED = ("x-microsoft-original-message-id", "x-google-original-message-id")
RETURNED = ("message-id", "original-message-id", *REPLACED)
RETURNED_SENDERS = ("return-path", "errors-to", "list-unsubscribe")

# Domains of the Message-IDs that providers put in the place of ours
PROVIDERS = (
	r"amazonses\.com|outlook\.com|exchangelabs\.com|mtasv\.net|mailgun\.(?:org|net)|sendgrid\.net|[\w-]*ismtpd[\w-]*"
	r"|mailin\.fr|sendinblue\.com|brevo\.com|mailjet\.com|sparkpostmail\.com|mandrillapp\.com|smtp\.com"
)
_HEX = r"(?:0|[1-9a-f][0-9a-f]{0,15})"
_ID = re.compile(
	rf"(?<![a-z0-9])([a-z0-9]{{1,4}}\.{_HEX}\.[0-9a-f]{{32}})(?![0-9a-f])(@[\w.-]{{1,255}})?", re.I
)
_SIGNED = r"[a-z0-9]{1,4}\." + _HEX + r"\.[a-z2-7]{24}"
_SENDER = re.compile(rf"(?<![\w.+-])((?:[\w.-]{{1,40}}\+)?(?:leave\.)?{_SIGNED})@", re.IGNORECASE | re.ASCII)
_LEAVE = re.compile(rf"(?:.*\+)?leave\.{_SIGNED}", re.IGNORECASE | re.ASCII)
_TAG = re.compile(
	r"\.(?:[0-9a-f]{32}|[a-z2-7]{24}@)", re.IGNORECASE
)  # only what has one is searched for the rest
_PROVIDER_ID = re.compile(
	rf"(?<![\w.$+=-])([\w.$+=-]{{8,150}})@((?:[a-z0-9-]{{1,63}}\.){{0,6}}(?:{PROVIDERS}))(?![\w.-])",
	re.IGNORECASE | re.ASCII,
)
_RETURNED_LINE = re.compile(
	rf"^[> \t]{{0,8}}(?:{'|'.join(RETURNED)}):[ \t]{{0,8}}\n?[ \t]{{0,8}}(\S{{1,400}})",
	re.IGNORECASE | re.MULTILINE,
)
_BLANKS = re.compile(r"\s+")


def clues(mail: IncomingMail) -> Clues:
	"""Return what may lead to a mail of ours, the surest first.

	A provider's id is there twice: whole, and as the part before the @, since servers name either when they
	accept a mail.
	"""
	answered = list(_answered(mail.headers))
	returned = [text for part in _inner(mail.root) for text in _values(part.headers, RETURNED)]
	texts = [part.text for part in mail.root.walk() if _is_text(part)]
	return Clues(
		senders=_unique(_senders(mail, texts)),
		message_ids=_unique(_ids([*answered, *returned, *texts])),
		provider_ids=_unique(_provider_ids([*answered, *returned, *_headers_in(texts)])),
	)


def is_opt_out_address(address: str) -> bool:
	"""Tell whether an address has the form of those in our List-Unsubscribe; only its signature is proof."""
	return bool(_LEAVE.fullmatch(address.rpartition("@")[0]))


def recipients(headers: Headers) -> list[str]:
	"""Return the addresses that a mail came to, those that servers wrote first."""
	return [address for value in _values(headers, RECIPIENTS) for address in addresses_in(value)]


def _answered(headers: Headers) -> Iterator[str]:
	"""Yield what a mail answers, the nearest first. A client may have broken an id at the end of a line."""
	for value in _values(headers, ANSWERED):
		ids = value.split("<")
		yield "<".join(reversed(ids))
		if _BLANKS.search(value):
			yield _BLANKS.sub("", value)


def _senders(mail: IncomingMail, texts: list[str]) -> Iterator[str]:
	values = [*_values(mail.headers, RECIPIENTS)]
	values += [text for part in _inner(mail.root) for text in _values(part.headers, RETURNED_SENDERS)]
	for text in (*values, *texts):
		if _TAG.search(text):
			yield from (match[1] for match in _SENDER.finditer(text))


def _ids(texts: Iterable[str]) -> Iterator[str]:
	for text in texts:
		if _TAG.search(text):
			yield from (match[1] + (match[2] or "") for match in _ID.finditer(text))


def _provider_ids(texts: Iterable[str]) -> Iterator[str]:
	for text in texts:
		for match in _PROVIDER_ID.finditer(text):
			yield match[0]
			yield match[1]


def _headers_in(texts: Iterable[str]) -> Iterator[str]:
	"""Yield what follows Message-ID in returned text: elsewhere, addresses of a provider are no ids."""
	for text in texts:
		yield from _RETURNED_LINE.findall(text)


def _inner(root: Part) -> Iterator[Part]:
	"""Yield the parts of a mail but itself: its own Message-ID is no clue."""
	parts = root.walk()
	next(parts)
	return parts


def _values(headers: Headers, names: Iterable[str]) -> Iterator[str]:
	for name in names:
		yield from headers.all(name)


def _is_text(part: Part) -> bool:
	return not part.parts and part.content_type.startswith(("text/", "message/"))


def _unique(values: Iterable[str]) -> tuple[str, ...]:
	first: dict[str, str] = {}
	for value in values:
		first.setdefault(value.lower(), value)
	return tuple(first.values())
