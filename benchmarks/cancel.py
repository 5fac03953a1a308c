"""Benchmark of a mailing with a million Queued mails: its cancellation, and the rename of a recipient."""

from __future__ import annotations

import time
from collections.abc import Callable

import frappe
from _results import run_on_site

from email_campaigns.api.desk import mass_email
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.jobs import endings

MAILS, SLICE = 1_000_000, 10_000
NAME = "Benchmark Cancel"
LEDGER = """INSERT INTO `tabCampaign Message` (name, creation, modified, owner, modified_by, source_doctype,
		source, campaign, target_list, recipient_doctype, recipient_name, email, domain, dedupe_key, status,
		reason, send_after, claim)
	SELECT NEXTVAL(`campaign_message_id_seq`), NOW(), NOW(), 'Administrator', 'Administrator', 'Mass Email',
		%(source)s, %(campaign)s, %(campaign)s, 'Contact', CONCAT(%(campaign)s, seq + %(from)s),
		CONCAT('p', seq + %(from)s, '@cancel.example'), 'cancel.example',
		CONCAT('a:p', seq + %(from)s, '@cancel.example'), 'Queued', '', 0, ''
	FROM seq_1_to_{size}"""


def prepare() -> tuple[str, str]:
	"""Make a mailing In Process with MAILS Queued mails and a contact; return the names of both."""
	campaign = frappe.get_doc({"doctype": "Campaign", "campaign_name": NAME}).insert().name
	contact = frappe.get_doc({"doctype": "Contact", "first_name": NAME}).insert().name
	template = {"doctype": "Email Template", "name": NAME, "subject": NAME, "response": NAME}
	frappe.get_doc(template).insert()
	values = {"title": NAME, "campaign": campaign, "email_template": NAME}
	mailing = frappe.get_doc({"doctype": "Mass Email", **values}).insert().name
	for start in range(0, MAILS, SLICE):
		row = {"source": mailing, "campaign": campaign, "from": start}
		frappe.db.sql(LEDGER.format(size=SLICE), row)
		frappe.db.commit()
	state = {"status": "In Process", "frozen": 1, "planned_count": MAILS}
	frappe.db.set_value("Mass Email", mailing, state)
	frappe.db.commit()
	return mailing, contact


def clean() -> None:
	"""Delete what `prepare` has made, slice by slice."""
	frappe.db.rollback()
	for name in frappe.get_all("Mass Email", {"title": NAME}, pluck="name"):
		while frappe.db.sql("SELECT 1 FROM `tabCampaign Message` WHERE source = %s LIMIT 1", name):
			frappe.db.sql("DELETE FROM `tabCampaign Message` WHERE source = %s LIMIT 20000", name)
			frappe.db.commit()
	for doctype, field in (
		("Mass Email", "title"),
		("Campaign", "name"),
		("Email Template", "name"),
		("Contact", "first_name"),
	):
		frappe.db.delete(doctype, {field: NAME})
	frappe.db.commit()


def seconds(action: Callable[[], object]) -> float:
	"""Return how long an action and its commit take."""
	start = time.monotonic()
	action()
	frappe.db.commit()
	return time.monotonic() - start


def measure() -> list[dict]:
	"""Return the rows of the results."""
	mailing, contact = prepare()
	rename = seconds(lambda: frappe.rename_doc("Contact", contact, f"{NAME} Again", force=True))
	request = seconds(lambda: mass_email.cancel(mailing, NAME))
	rest = seconds(lambda: endings.cancel(mailing))
	left = counts_store.count_by_status(mailing)
	counted = frappe.db.get_value("Mass Email", mailing, "cancelled_count")
	right = left == {"Cancelled": MAILS} and counted == MAILS
	return [
		{"name": "rename of a contact", "value": round(rename, 2), "unit": "s", "met": rename <= 2},
		{"name": "cancel: the request", "value": round(request, 2), "unit": "s", "met": request <= 2},
		{"name": "cancel: all mails", "value": round(rest, 1), "unit": "s", "met": right},
	]


if __name__ == "__main__":
	run_on_site(__doc__, lambda _options: measure(), prepare=clean, clean=clean)
