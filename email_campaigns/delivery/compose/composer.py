"""From a claimed row of the ledger to a whole message. Pure: the template was compiled once, links are passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from types import MappingProxyType

from email_campaigns.delivery.ledger.row import ClaimedMail, MailHeading
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.message.compile import CompiledMessage, RenderError
from email_campaigns.message.headers import HeaderError, encode_address, header_text, unsubscribe_headers
from email_campaigns.message.mime import Skeleton

RECORD_MISSING = "The record no longer exists"


@dataclass(frozen=True, slots=True)
class Letter:
	"""A claimed mail made ready: `content` is the whole message with CRLF, or `problem` says why there is none."""

	name: int
	email: str
	message_id: str = ""
	content: bytes = b""
	problem: str = ""
	attempts: int = 0


class Composer:
	"""Turns claimed mails into letters for one mailing in one language.

	`unsubscribe_url(message)` and `message_id(message)` take the ledger's number; `clock` returns Unix time in
	seconds; `personal(message)` are values that are the recipient's own, such as its tracked links. Raises
	HeaderError at once where the sender or Reply-To can't stand in a header.
	"""

	def __init__(
		self,
		mailing: Mailing,
		compiled: CompiledMessage,
		*,
		unsubscribe_url: Callable[[int], str],
		message_id: Callable[[int], str],
		clock: Callable[[], float],
		personal: Callable[[int], Mapping] = lambda message: {},
	):
		self.mailing = mailing
		self.compiled = compiled
		self.unsubscribe_url = unsubscribe_url
		self.message_id = message_id
		self.clock = clock
		self.personal = personal
		self.skeleton = Skeleton(
			sender=encode_address(header_text(mailing.sender_name, "From Name"), mailing.sender_address),
			reply_to=encode_address("", header_text(mailing.reply_to, "Reply-To"))
			if mailing.reply_to
			else "",
		)
		self.shared = {
			"campaign": {"name": mailing.campaign, "campaign_name": mailing.campaign},
			"mass_email": {"name": mailing.name, "title": mailing.title},
			"view_url": "",
			"tracking_url": _unknown_link,
		}

	def letter(self, row: ClaimedMail, record: Mapping, heading: MailHeading | None = None) -> Letter:
		"""Return the message for one recipient; one that can't be rendered carries its problem instead.

		`heading` is whom its To and Cc name where that is not the recipient alone.
		"""
		message_id = self.message_id(row.name)
		try:
			content = self._assemble(row, record, message_id, heading or MailHeading(row.email))
		except (RenderError, HeaderError) as error:
			return Letter(row.name, row.email, problem=str(error), attempts=row.attempts)
		return Letter(row.name, row.email, message_id, content, attempts=row.attempts)

	def _assemble(self, row: ClaimedMail, record: Mapping, message_id: str, heading: MailHeading) -> bytes:
		url = self.unsubscribe_url(row.name)
		own = self.personal(row.name)
		content = self.compiled.render({**self.shared, **own, "doc": record, "unsubscribe_url": url})
		return self.skeleton.assemble(
			to=encode_address("", heading.to),
			cc=", ".join(encode_address("", address) for address in heading.cc),
			subject=content.subject,
			html=content.html_part,
			text=content.text_part,
			message_id=f"<{message_id}>",
			date=_date(int(self.clock())),
			headers={} if self.mailing.informational else unsubscribe_headers(url),
		)


def compose_letters(
	composers: Mapping[str, Composer],
	rows: Iterable[ClaimedMail],
	records: Mapping[tuple[str, str], Mapping],
	headings: Mapping[int, MailHeading] = MappingProxyType({}),
) -> Iterator[Letter]:
	"""Yield a letter for each row, of the row's edition; `records` has the fields of each (doctype, name) that
	still exists, `composers` one for each edition, "" among them, `headings` those of mails with copies."""
	for row in rows:
		record = records.get((row.doctype, row.record))
		if record is None:
			yield Letter(row.name, row.email, problem=RECORD_MISSING, attempts=row.attempts)
		else:
			composer = composers.get(row.edition, composers[""])
			yield composer.letter(row, record, headings.get(row.mail))


@lru_cache(maxsize=4)
def _date(epoch: int) -> str:
	return formatdate(epoch)


def _unknown_link(name: str) -> str:
	raise KeyError(name)
