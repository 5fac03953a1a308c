"""Sent mails as Communications, which the timeline of the recipient's record shows.

A Communication is read by whoever may read the document that it refers to. So it refers to the record and
not to the mailing, and has only those fields of it that everybody may read who may read the record. It names
no Email Account, whose users would see it in their inbox, and it belongs to nobody.

Written in bulk when a batch is settled, in the same transaction, from the texts and fields of which the mails
were made. The stored mail has no links or pixel of the recipient, since a colleague who opens it there, or
follows a link, is not the recipient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import frappe
from bs4 import ParserRejectedMarkup
from frappe.utils import now
from frappe.utils.html_utils import sanitize_html

from email_campaigns.delivery.compose import compose_store, sent_store
from email_campaigns.delivery.compose.composer import Composer, Record
from email_campaigns.delivery.compose.records_store import readable_part
from email_campaigns.delivery.compose.rights_store import EveryReader
from email_campaigns.delivery.compose.sent_text import SentText
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.message.compile import Content, RenderError, TemplateError
from email_campaigns.message.html.markup import problem_with_html
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.tracking.tokens import PREVIEW

FAULTS = (TemplateError, RenderError, HeaderError, frappe.ValidationError)
_MAIL = [
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"communication_type",
	"communication_medium",
	"sent_or_received",
	"status",
	"delivery_status",
	"seen",
	"subject",
	"content",
	"text_content",
	"sender",
	"sender_full_name",
	"recipients",
	"communication_date",
	"reference_doctype",
	"reference_name",
	"message_id",
	"user",
]
_LINK = [
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"parent",
	"parenttype",
	"parentfield",
	"idx",
	"link_doctype",
	"link_name",
]
_OWNER = "Administrator"  # whoever owns a Communication may read it
_DATED = "communication_date"  # newer versions order a record's timeline by it


class TimelineWriter:
	"""Stores the mails of a job; each text and each doctype is looked up once."""

	def __init__(self) -> None:
		self.rights = EveryReader()
		self._composers: dict[str, Composer | None] = {}

	def write(self, names: Collection[int]) -> None:
		"""Store the sent mails with these ledger numbers, except those that can't be rendered any more."""
		rows = _rows(names)
		values = sent_store.load_values([row.name for row in rows])
		mails, links = [], []
		for row in rows:
			composer = self._composer(row.sent_text)
			if composer and (content := self._content(composer, values, row)):
				name = frappe.generate_hash(length=10)
				mails.append(_mail(name, row, composer.text, content))
				links.append(_link(name, row))
		_insert("Communication", _MAIL, mails)
		dated = frappe.db.has_column("Communication Link", _DATED)
		fields = [*_LINK, _DATED] if dated else _LINK
		_insert("Communication Link", fields, [link[: len(fields)] for link in links])

	def write_anew(self, names: Collection[int]) -> None:
		"""Write stored mails anew that show more than everybody may read who may read the record."""
		values = sent_store.load_values(names)
		for row in _rows(names):
			composer = self._composer(row.sent_text)
			record = sent_store.values_of(composer, values, row.name) if composer else None
			if not composer or not record:
				continue
			if readable_part(row.recipient_doctype, record, self.rights) == record:
				continue
			if content := self._content(composer, values, row):
				_replace(row.message_id, content)

	def _content(self, composer: Composer, values: Mapping[int, Record], row) -> Content | None:
		record = sent_store.values_of(composer, values, row.name)
		if record is None:
			return None
		try:
			return composer.content(readable_part(row.recipient_doctype, record, self.rights), PREVIEW)
		except RenderError:
			return None

	def _composer(self, name: str) -> Composer | None:
		if name not in self._composers:
			self._composers[name] = _remake(name)
		return self._composers[name]


def _remake(name: str) -> Composer | None:
	text = sent_store.load_text(name)
	try:
		return compose_store.remake_composer(text, untracked=True) if text else None
	except TemplateError:  # of an earlier version, which let more through
		return None


def _rows(names: Collection[int]) -> list[frappe._dict]:
	return frappe.db.sql(
		"""SELECT name, email, recipient_doctype, recipient_name,
			COALESCE(sent_text, '') sent_text, message_id, sent_at, owner
		FROM `tabCampaign Message` WHERE name IN %s AND COALESCE(recipient_doctype, '') != ''""",
		(tuple(names) or (0,),),
		as_dict=True,
	)


def _mail(name: str, row, text: SentText, content: Content) -> tuple:
	at = row.sent_at or now()
	return (
		*(name, at, at, _OWNER, _OWNER, "Communication", "Email", "Sent", "Linked", "Sent", 1),
		# A template may hold code that a browser runs, and a timeline shows it to colleagues.
		*(
			content.subject,
			harmless(content.html),
			content.text,
			text.sender_address,
			text.sender_name,
		),
		*(row.email, at, *_reference(row), row.message_id, row.owner),
	)


def _replace(message_id: str, content: Content) -> None:
	frappe.db.sql(
		"""UPDATE tabCommunication SET subject = %s, content = %s, text_content = %s
		WHERE message_id = %s AND sent_or_received = 'Sent'""",
		(content.subject, harmless(content.html), content.text, message_id),
	)


def _reference(row) -> tuple[str, str]:
	"""Return what a Communication refers to: nothing for a User, whose timeline would leave it out."""
	return ("", "") if row.recipient_doctype == "User" else (row.recipient_doctype, row.recipient_name)


def harmless(html: str) -> str:
	"""Return the HTML without code that a browser runs, or "" where no parser may read it or reads it."""
	if problem_with_html(html):
		return ""
	try:
		return sanitize_html(html)
	except (ParserRejectedMarkup, ValueError, RecursionError):
		return ""


def _link(name: str, row) -> tuple:
	at = row.sent_at or now()
	return (
		*(
			frappe.generate_hash(length=10),
			at,
			at,
			_OWNER,
			_OWNER,
			name,
			"Communication",
			"timeline_links",
			1,
		),
		*(row.recipient_doctype, row.recipient_name, at),
	)


def _insert(doctype: str, fields: Sequence[str], rows: Sequence[Sequence]) -> None:
	if rows:
		frappe.db.bulk_insert(doctype, list(fields), rows)


def write_unsettled(names: Collection[int]) -> None:
	"""Store the sent mails that a dead job has not settled, if their mailings are to be stored."""
	for source, own_names in _group_by_source(names).items():
		try:
			mailing = mailing_store.load_source(*source)
			if mailing.store_emails:
				TimelineWriter().write(own_names)
		except FAULTS:
			_source_doctype, mass_email, campaign, *_stream = source
			frappe.clear_last_message()
			frappe.log_error(
				f"Email Campaigns: sent mails of {mass_email or campaign} are not in the timeline"
			)


def _group_by_source(names: Collection[int]) -> dict[tuple, list[int]]:
	"""Return {arguments of `load_source`: numbers of its mails}."""
	groups = defaultdict(list)
	for name, source_doctype, source, campaign, step, owner in frappe.db.sql(
		"""SELECT name, source_doctype, source, campaign, step, owner FROM `tabCampaign Message`
		WHERE name IN %s""",
		(tuple(names) or (0,),),
	):
		is_drip = source_doctype != MASS_EMAIL
		groups[(source_doctype, "" if is_drip else source, campaign, step, owner)].append(name)
	return groups
