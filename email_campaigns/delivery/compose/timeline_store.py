"""Sent mails as Communications, which the timelines of the recipient's record and of the mailing's form show.

Written in bulk when a page is settled, in the same transaction. What is stored is the mail without what was the
recipient's own: a colleague who opens it there, or follows a link, is not the recipient.
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
	"""Stores the mails of one mailing."""

	def __init__(self, mailing: Mailing):
		self.mailing = mailing
		self.composers = compose_store.make_composers(replace(mailing, track_opens=False, track_links=False))

	def write(self, names: Collection[int]) -> None:
		"""Store the mails of these ledger rows, which have been sent. One that can't be rendered any more is left out."""
		rows = _rows(names)
		claimed = [
			ClaimedMail(
				row.name,
				row.email,
				row.recipient_doctype,
				row.recipient_name or "",
				language=row.language,
				version=row.version,
			)
			for row in rows
		]
		records = records_store.load_records(
			claimed, *compose_store.used_fields(self.composers), self.mailing.sender_user
		)
		mails, links = [], []
		for row, who in zip(rows, claimed, strict=True):
			if content := self._content(who, records.get((who.doctype, who.record))):
				name = frappe.generate_hash(length=10)
				mails.append(_mail(name, row, self.mailing, content))
				links.append(_link(name, row))
		_insert("Communication", _MAIL, mails)
		dated = frappe.db.has_column("Communication Link", _DATED)
		fields = [*_LINK, _DATED] if dated else _LINK
		_insert("Communication Link", fields, [link[: len(fields)] for link in links])

	def _content(self, who: ClaimedMail, record: Mapping | None) -> Content | None:
		composer = self.composers.get(who.edition, self.composers[""])
		own = {**composer.personal(PREVIEW), "unsubscribe_url": composer.unsubscribe_url(PREVIEW)}
		try:
			return record and composer.compiled.render({**composer.shared, **own, "doc": record})
		except RenderError:
			return None


def _rows(names: Collection[int]) -> list:
	return frappe.db.sql(
		"""SELECT name, source_doctype, source, email, recipient_doctype, recipient_name, COALESCE(language, '') language,
			COALESCE(version, '') version, message_id, sent_at, owner
		FROM `tabCampaign Message` WHERE name IN %s AND COALESCE(recipient_doctype, '') != ''""",
		(tuple(names) or (0,),),
		as_dict=True,
	)


def _mail(name: str, row, mailing: Mailing, content: Content) -> tuple:
	at = row.sent_at or now()
	return (
		*(name, at, at, row.owner, row.owner, "Communication", "Email", "Sent", "Linked", "Sent", 1),
		# A template may hold what a browser would run, and a timeline shows it to colleagues.
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
	"""Store the mails that a dead page had sent and not settled, as far as their mailings are to be stored."""
	for of, found in _by_mailing(names).items():
		try:
			mailing = mailing_store.load_source(*of)
			if mailing.store_emails:
				TimelineWriter(mailing).write(found)
		except _FAULTS:
			frappe.clear_last_message()
			frappe.log_error(f"Email Campaigns: sent mails of {of[1] or of[2]} are not in the timeline")


def _by_mailing(names: Collection[int]) -> dict[tuple, list[int]]:
	found = defaultdict(list)
	for name, source_doctype, source, campaign, step, owner in frappe.db.sql(
		"""SELECT name, source_doctype, source, campaign, step, owner FROM `tabCampaign Message` WHERE name IN %s""",
		(tuple(names) or (0,),),
	):
		drips = source_doctype != MASS_EMAIL
		found[(source_doctype, "" if drips else source, campaign, step, owner)].append(name)
	return found
