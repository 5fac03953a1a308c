"""Sent mails as Communications, which the timelines of the recipient's record and of the mailing's form show.

Written in bulk when a batch is settled, in the same transaction. The stored mail has no links or pixel of the
recipient, since a colleague who opens it there, or follows a link, is not the recipient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import frappe
from frappe.utils import now
from frappe.utils.html_utils import sanitize_html

from email_campaigns.delivery.compose import compose_store, records_store
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.message.compile import Content, RenderError, TemplateError
from email_campaigns.message.headers import HeaderError
from email_campaigns.tracking.tokens import PREVIEW

_FAULTS = (TemplateError, RenderError, HeaderError, frappe.ValidationError)
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
	"email_account",
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
_DATED = "communication_date"  # newer versions order a record's timeline by it


class TimelineWriter:
	"""Stores the mails of one mailing. Raises TemplateError, HeaderError where it can't be composed."""

	def __init__(self, mailing: Mailing):
		self.mailing = mailing
		self.composers = compose_store.make_composers(replace(mailing, track_opens=False, track_links=False))

	def write(self, names: Collection[int]) -> None:
		"""Store the sent mails with these ledger numbers, except those that can't be rendered any more."""
		rows = _rows(names)
		claimed = [_claimed_mail(row) for row in rows]
		records = records_store.load_records(
			claimed, *compose_store.used_fields(self.composers), self.mailing.sender_user
		)
		mails, links = [], []
		for row, mail in zip(rows, claimed, strict=True):
			if content := self._content(mail, records.get((mail.doctype, mail.record))):
				name = frappe.generate_hash(length=10)
				mails.append(_mail(name, row, self.mailing, content))
				links.append(_link(name, row))
		_insert("Communication", _MAIL, mails)
		dated = frappe.db.has_column("Communication Link", _DATED)
		fields = [*_LINK, _DATED] if dated else _LINK
		_insert("Communication Link", fields, [link[: len(fields)] for link in links])

	def _content(self, mail: ClaimedMail, record: Mapping | None) -> Content | None:
		if not record:
			return None
		composer = self.composers.get(mail.edition, self.composers[""])
		own = {**composer.personal(PREVIEW), "unsubscribe_url": composer.unsubscribe_url(PREVIEW)}
		try:
			return composer.compiled.render({**composer.shared, **own, "doc": record})
		except RenderError:
			return None


def _claimed_mail(row: frappe._dict) -> ClaimedMail:
	return ClaimedMail(
		row.name,
		row.email,
		row.recipient_doctype,
		row.recipient_name or "",
		language=row.language,
		version=row.version,
	)


def _rows(names: Collection[int]) -> list[frappe._dict]:
	return frappe.db.sql(
		"""SELECT name, source_doctype, source, email, recipient_doctype, recipient_name,
			COALESCE(language, '') language, COALESCE(version, '') version, message_id, sent_at, owner
		FROM `tabCampaign Message` WHERE name IN %s AND COALESCE(recipient_doctype, '') != ''""",
		(tuple(names) or (0,),),
		as_dict=True,
	)


def _mail(name: str, row, mailing: Mailing, content: Content) -> tuple:
	at = row.sent_at or now()
	return (
		*(name, at, at, row.owner, row.owner, "Communication", "Email", "Sent", "Linked", "Sent", 1),
		# A template may hold code that a browser runs, and a timeline shows it to colleagues.
		*(
			content.subject,
			sanitize_html(content.html),
			content.text,
			mailing.sender_address,
			mailing.sender_name,
		),
		*(row.email, at, row.source_doctype, row.source, row.message_id, mailing.account, row.owner),
	)


def _link(name: str, row) -> tuple:
	at = row.sent_at or now()
	return (
		*(
			frappe.generate_hash(length=10),
			at,
			at,
			row.owner,
			row.owner,
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
				TimelineWriter(mailing).write(own_names)
		except _FAULTS:
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
