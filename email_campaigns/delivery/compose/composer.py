"""From a claimed row of the ledger to a whole message. Pure: compiled template and links are passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from types import MappingProxyType

from email_campaigns.audience.decide import RECORD_MISSING
from email_campaigns.delivery.compose.sent_text import EARLY, SentText
from email_campaigns.delivery.ledger.row import ClaimedMail, MailHeading
from email_campaigns.message.compile import CompiledMessage, Content, RenderError
from email_campaigns.message.mime.assembly import Skeleton
from email_campaigns.message.mime.headers import (
	ADDRESSES,
	HeaderError,
	complaint_headers,
	encode_address,
	header_text,
	unsubscribe_headers,
)
from email_campaigns.text import Sentence, SentenceError
from email_campaigns.tracking.addresses import SignedAddresses
from email_campaigns.tracking.tokens import PREVIEW

Record = Mapping[str, object]
Personal = Callable[[int], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Letter:
	"""A claimed mail to be sent:

	`content` is the whole message with CRLF, or `problem` says why there is none. `receipt` is the id by
	which the server that has accepted it knows it, "" where it names none. `sender` is the envelope's own
	sender, "" for that of all mails.
	"""

	name: int
	email: str
	message_id: str = ""
	content: bytes = b""
	problem: Sentence | str = ""
	attempts: int = 0
	receipt: str = ""
	sender: str = ""


class Composer:
	"""Turns claimed mails into letters, all of one text: the same arguments make the same bytes, at any time.

	`unsubscribe_url`, `message_id` and `personal` take the mail's number in the ledger; the last returns the
	recipient's own values, such as tracked links. `addresses` are those for bounces and opt-outs by mail.
	Raises HeaderError where the sender or Reply-To can't stand in a header.
	"""

	def __init__(  # noqa: PLR0913 -- what makes a mail is passed in, by name
		self,
		text: SentText,
		compiled: CompiledMessage,
		*,
		unsubscribe_url: Callable[[int], str],
		message_id: Callable[[int], str],
		personal: Personal = lambda message: {},
		addresses: SignedAddresses | None = None,
	):
		self.text = text
		self.compiled = compiled
		self.unsubscribe_url = unsubscribe_url
		self.message_id = message_id
		self.personal = personal
		self.addresses = addresses
		early = text.format == EARLY
		name = header_text(text.sender_name, "From Name")
		self.skeleton = Skeleton(
			sender=encode_address(name, text.sender_address, 1 if early else ADDRESSES),
			reply_to=encode_address("", header_text(text.reply_to, "Reply-To")) if text.reply_to else "",
			headers=complaint_headers(text.cfbl_address),
			early=early,
		)
		self._shared: dict[str, object] = {
			"campaign": {"name": text.campaign, "campaign_name": text.campaign},
			"mass_email": {"name": text.mailing, "title": text.title},
			"view_url": "",
			"tracking_url": _unknown_link,
		}

	def letter(
		self, row: ClaimedMail, record: Record, epoch: int, heading: MailHeading | None = None
	) -> Letter:
		"""Return the message for one recipient, or a letter with the problem where it can't be rendered.

		`epoch` is the time in its Date, in Unix seconds; `heading` is its To and Cc where these are not the
		recipient alone.
		"""
		message_id = self.message_id(row.name)
		try:
			content = self._assemble(row, record, message_id, epoch, heading or MailHeading(row.email))
		except (RenderError, HeaderError) as error:
			problem = error.sentence if isinstance(error, SentenceError) else str(error)
			return Letter(row.name, row.email, problem=problem, attempts=row.attempts)
		sender = self.addresses.sender(row.name) if self.addresses else ""
		return Letter(row.name, row.email, message_id, content, attempts=row.attempts, sender=sender)

	def values(self, message: int) -> dict[str, object]:
		"""Return the values of the templates but `doc`, with the links of the mail number `message`."""
		return {**self._shared, **self.personal(message), "unsubscribe_url": self.unsubscribe_url(message)}

	def content(self, record: Record, message: int) -> Content:
		"""Return what the mail number `message` shows. Raises RenderError."""
		return self.compiled.render({**self.values(message), "doc": record})

	def _assemble(
		self, row: ClaimedMail, record: Record, message_id: str, epoch: int, heading: MailHeading
	) -> bytes:
		values = self.values(row.name)
		content = self.compiled.render({**values, "doc": record})
		url = str(values["unsubscribe_url"])
		return self.skeleton.assemble(
			to=encode_address("", heading.to),
			cc=", ".join(encode_address("", address) for address in heading.cc),
			subject=content.subject,
			html=content.html_part,
			text=content.text_part,
			message_id=f"<{message_id}>",
			date=_date(epoch),
			headers={} if self.text.informational else unsubscribe_headers(url, self._mailto(row.name)),
		)

	def _mailto(self, message: int) -> str:
		return self.addresses.opt_out(message) if self.addresses and message != PREVIEW else ""


def compose_letters(
	composers: Mapping[str, Composer],
	rows: Iterable[ClaimedMail],
	records: Mapping[tuple[str, str], Record],
	epoch: int,
	headings: Mapping[int, MailHeading] = MappingProxyType({}),
) -> Iterator[Letter]:
	"""Yield a letter for each row, in the row's edition.

	`composers` is {edition: composer}, with "" among them; `records` is {(doctype, name): fields} of the
	records that still exist; `epoch` is the time in the Date of all, in Unix seconds; `headings` is {number
	of a mail: heading} of the mails with copies.
	"""
	for row in rows:
		record = records.get((row.doctype, row.record))
		if record is None:
			yield Letter(row.name, row.email, problem=RECORD_MISSING, attempts=row.attempts)
		else:
			composer = composers.get(row.edition, composers[""])
			yield composer.letter(row, record, epoch, headings.get(row.mail))


def used_fields(compiled: CompiledMessage, record: Record) -> dict[str, object] | None:
	"""Return the part of a record that a text uses, which makes the same mail as the whole; None for none."""
	if compiled.uses_whole_record:
		return dict(record)
	if not compiled.record_fields:
		return None
	return {field: value for field, value in record.items() if field in compiled.record_fields}


@lru_cache(maxsize=4)
def _date(epoch: int) -> str:
	return formatdate(epoch)


def _unknown_link(name: str) -> str:
	raise KeyError(name)
