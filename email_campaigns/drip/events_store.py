"""Events that end a drip sequence for a person: a reply, or the wish to leave; and the withdrawal of that
wish.

The wish to leave one sequence is a document Email Unsubscribe of Frappe with the Email Campaign as its
reference, whether it comes from our page or from a link of the framework.
"""

from __future__ import annotations

import frappe
from frappe.utils import cint

from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import PER_ENROLMENT, UNSUBSCRIBED
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.compose import timeline_store
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger import arrivals_store, twins_store
from email_campaigns.drip import decide, enrolment_store
from email_campaigns.drip.enrolment_store import GROUPS
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.results.store import counting
from email_campaigns.tracking import store as tracking


def record_reply(message: int, details: str = "") -> bool:
	"""Record a reply to a mail, and end its drip sequence for the person if the campaign says so.

	Returns whether it was the first reply to that mail. A reply implies that the mail was opened.
	"""
	mail = tracking.read_mail(message)
	if not mail:
		return False
	with counting(message):
		first = tracking.stamp_replied(message)
	if first:
		tracking.log("Replied", mail, details)
	if (
		first
		and mail.source_doctype == EMAIL_CAMPAIGN
		and cint(_campaign_value(mail.source, "stop_on_reply"))
	):
		_end_everywhere(mail.source, mail.email, "Replied", decide.REPLIED)
	return first


def _campaign_value(source: str, field: str):
	return frappe.db.get_value(
		"Campaign", frappe.db.get_value(EMAIL_CAMPAIGN, source, "campaign_name"), field
	)


def _end_everywhere(source: str, email: str, status: str, reason: str) -> None:
	"""End a sequence for one person, and those of the same campaign that the person gets its steps by too."""
	_end_for_person(source, email, status, reason)
	if _campaign_value(source, "duplicate_policy") == PER_ENROLMENT:
		return
	campaign = frappe.db.get_value(EMAIL_CAMPAIGN, source, "campaign_name")
	for twin in twins_store.sources_of(campaign, email):
		_end_for_person(twin, email, status, reason)


def _end_for_person(source: str, email: str, status: str, reason: str) -> None:
	"""End a sequence for one person; it goes on for the others of a group."""
	if _is_group(source):
		enrolment_store.end_open_mails(source, reason, email)
	else:
		enrolment_store.end_enrolment(source, status, reason)


def _is_group(source: str) -> bool:
	return frappe.db.get_value(EMAIL_CAMPAIGN, source, "email_campaign_for") in GROUPS


def sequence_title(source: str) -> str:
	"""Return the title of a sequence that its recipient may see, "" where it has been deleted."""
	return (
		_campaign_value(source, "campaign_name") if frappe.db.exists(EMAIL_CAMPAIGN, source) else ""
	) or ""


def has_left(source: str, email: str) -> bool:
	"""Tell whether an address has left one sequence."""
	return bool(_unsubscribes(source, email))


def leave_sequence(source: str, email: str) -> bool:
	"""Take an address out of one sequence; False where it had left already."""
	if has_left(source, email):
		return False
	values = {
		"doctype": "Email Unsubscribe",
		"email": email,
		"reference_doctype": EMAIL_CAMPAIGN,
		"reference_name": source,
	}
	frappe.get_doc(values).insert(ignore_permissions=True)
	return True


def rejoin_sequence(source: str, email: str) -> bool:
	"""Put an address back into a sequence that it has left; False where it had not left.

	Steps whose day has passed are caught up or skipped.
	"""
	unsubscribes = _unsubscribes(source, email)
	for name in unsubscribes:
		frappe.delete_doc("Email Unsubscribe", name, ignore_permissions=True, force=True)
	return bool(unsubscribes)


def _unsubscribes(source: str, email: str) -> list[str]:
	rows = frappe.get_all(
		"Email Unsubscribe",
		{"reference_doctype": EMAIL_CAMPAIGN, "reference_name": source, "email": email},
		["name", "email"],
	)
	return [row.name for row in rows if address_key(row.email) == address_key(email)]


def end_all_sequences(email: str) -> None:
	"""End all sequences of an address that has unsubscribed from all mail, as far as the ledger knows it."""
	for source in frappe.db.sql(
		"""SELECT DISTINCT m.source
		FROM `tabCampaign Message` m JOIN `tabEmail Campaign` e ON e.name = m.source
		WHERE m.email = %s AND m.source_doctype = 'Email Campaign' AND m.cc_of = 0 AND e.status IN %s""",
		(email, enrolment_store.UNFINISHED),
		pluck=True,
	):
		_end_for_person(source, email, UNSUBSCRIBED, UNSUBSCRIBED)


def follow_unsubscribe(doc, method=None) -> None:
	"""End the sequence of a new Email Unsubscribe (its after_insert) for the person, and not for others of a
	group."""
	if doc.reference_doctype != EMAIL_CAMPAIGN or not frappe.db.exists(EMAIL_CAMPAIGN, doc.reference_name):
		return
	_end_everywhere(doc.reference_name, doc.email, UNSUBSCRIBED, UNSUBSCRIBED)
	if _is_group(doc.reference_name):
		# Another app's hook may have ended the sequence for the whole group.
		enrolment_store.resume_enrolment(doc.reference_name)


def follow_withdrawal(doc, method=None) -> None:
	"""Let the sequence of a deleted Email Unsubscribe (its on_trash) go on."""
	if doc.reference_doctype == EMAIL_CAMPAIGN and frappe.db.exists(EMAIL_CAMPAIGN, doc.reference_name):
		enrolment_store.resume_enrolment(doc.reference_name)


def settle_uncertain(message: int, reason: str) -> bool:
	"""Make an Uncertain mail of a sequence Sent, with its copies and its timeline entry.

	Return whether it was an Uncertain one.
	"""
	change_latest_rows()
	rows = arrivals_store.lock_uncertain([message])
	if rows:
		arrivals_store.mark_sent(rows, reason)
		copies_store.follow_mails([message], again=True)
		timeline_store.write_unsettled([message])
	return bool(rows)
