"""What ends a drip sequence for a person: their reply, their wish, their decision to come back after all.

The wish to leave one sequence is an Email Unsubscribe of Frappe's with the Email Campaign as its reference, whether it
was said on our page or through any link of the framework's.
"""

from __future__ import annotations

import frappe
from frappe.utils import cint, getdate, nowdate

from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import UNSUBSCRIBED
from email_campaigns.drip import decide, enrolment_store
from email_campaigns.drip.enrolment_store import GROUPS
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.results.store import counting
from email_campaigns.schedule.drip import LOOK_NOW, status_on
from email_campaigns.tracking import store as tracking


def record_reply(message: int, details: str = "") -> bool:
	"""Take note of a reply to a mail, and end its drip sequence for the person where the campaign wants that; tell
	whether it was the first. A reply implies that the mail was opened."""
	mail = tracking.read_mail(message)
	if not mail:
		return False
	with counting(message):
		first = tracking.stamp_replied(message)
	if first:
		tracking.log("Replied", mail, details)
	if first and mail.source_doctype == EMAIL_CAMPAIGN and cint(_campaign(mail.source, "stop_on_reply")):
		_stop(mail.source, mail.email, "Replied", decide.REPLIED)
	return first


def _campaign(source: str, field: str):
	return frappe.db.get_value(
		"Campaign", frappe.db.get_value(EMAIL_CAMPAIGN, source, "campaign_name"), field
	)


def _stop(source: str, email: str, status: str, why: str) -> None:
	"""End a sequence for one person: of a group the others go on."""
	if _is_group(source):
		enrolment_store.end_open_mails(source, why, email)
	else:
		enrolment_store.end_enrolment(source, status, why)


def _is_group(source: str) -> bool:
	return frappe.db.get_value(EMAIL_CAMPAIGN, source, "email_campaign_for") in GROUPS


def sequence_title(source: str) -> str:
	"""Return what a recipient may know a sequence by, "" where it is gone."""
	return (_campaign(source, "campaign_name") if frappe.db.exists(EMAIL_CAMPAIGN, source) else "") or ""


def has_left(source: str, email: str) -> bool:
	return bool(_wishes(source, email))


def leave_sequence(source: str, email: str) -> bool:
	"""Take an address out of one sequence; False where it had left already."""
	if has_left(source, email):
		return False
	wish = {
		"doctype": "Email Unsubscribe",
		"email": email,
		"reference_doctype": EMAIL_CAMPAIGN,
		"reference_name": source,
	}
	frappe.get_doc(wish).insert(ignore_permissions=True)
	return True


def rejoin_sequence(source: str, email: str) -> bool:
	"""Take back what `leave` did; False where the address had not left. Steps whose day has passed are caught up or skipped."""
	wishes = _wishes(source, email)
	for name in wishes:
		frappe.delete_doc("Email Unsubscribe", name, ignore_permissions=True, force=True)
	return bool(wishes)


def _wishes(source: str, email: str) -> list[str]:
	rows = frappe.get_all(
		"Email Unsubscribe",
		{"reference_doctype": EMAIL_CAMPAIGN, "reference_name": source, "email": email},
		["name", "email"],
	)
	return [row.name for row in rows if address_key(row.email) == address_key(email)]


def end_all_sequences(email: str) -> None:
	"""End the sequences of whoever has left all mail, as far as the ledger knows the address."""
	for source in frappe.db.sql(
		"""SELECT DISTINCT m.source FROM `tabCampaign Message` m JOIN `tabEmail Campaign` e ON e.name = m.source
		WHERE m.email = %s AND m.source_doctype = 'Email Campaign' AND m.cc_of = 0 AND e.status IN %s""",
		(email, enrolment_store.UNFINISHED),
		pluck=True,
	):
		_stop(source, email, UNSUBSCRIBED, UNSUBSCRIBED)


def follow_unsubscribe(doc, method=None) -> None:
	"""after_insert of Email Unsubscribe: its sequence ends for the person; for the others of a group it goes on."""
	if doc.reference_doctype != EMAIL_CAMPAIGN or not frappe.db.exists(EMAIL_CAMPAIGN, doc.reference_name):
		return
	_stop(doc.reference_name, doc.email, UNSUBSCRIBED, UNSUBSCRIBED)
	if _is_group(doc.reference_name):
		# Another app's hook may have had the wish of one for that of all.
		_go_on(doc.reference_name)


def follow_withdrawal(doc, method=None) -> None:
	"""on_trash of Email Unsubscribe: the sequence goes on."""
	if doc.reference_doctype == EMAIL_CAMPAIGN and frappe.db.exists(EMAIL_CAMPAIGN, doc.reference_name):
		_go_on(doc.reference_name)


def _go_on(source: str) -> None:
	row = frappe.db.get_value(EMAIL_CAMPAIGN, source, ["status", "start_date", "end_date"], as_dict=True)
	if row.status != UNSUBSCRIBED:
		return
	status = status_on(getdate(nowdate()), getdate(row.start_date), getdate(row.end_date))
	values = {"status": status, "ended_because": "", "next_epoch": LOOK_NOW}
	frappe.db.set_value(EMAIL_CAMPAIGN, source, values, update_modified=False)
	enrolment_store.publish_enrolment(source)
