"""For pictures and browser tests: a mailing that was sent, and what came back for it."""

from __future__ import annotations

import frappe
from frappe.utils import now

from email_campaigns.inbound.values import BounceClass, Kind
from email_campaigns.jobs import outcomes
from email_campaigns.results import store as results
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	add_records,
	an_account,
	an_app_document,
	remove_account,
	settings,
	wipe,
)
from email_campaigns.tests.site.kits.came_back import a_report, an_answer, an_event, in_days
from email_campaigns.tests.site.kits.drips import a_sequence, enrol
from email_campaigns.tracking.store import token_ring

PEOPLE = ("ada", "bea", "cleo", "dora", "eve", "fay", "gia", "hope")
REMOVE = "Please take me off this list.\nI have asked for it twice."


def make() -> dict[str, str]:
	"""Make the scene, and return the names of its documents; durable."""
	wipe()
	settings(soft_bounces=5, guard_minimum=20, hold_automatic_days=30)
	an_account(9)
	contacts = {name: a_contact(_address(name), first_name=name.title()) for name in PEOPLE}
	add_records(a_list(title="Sending Readers"), "Contact", *contacts.values())
	mailing = a_mailing("Sending Readers", title="Sending Spring News", subject="Spring news")
	mails = {name: _mail(mailing, name, contact) for name, contact in contacts.items()}
	campaign = a_sequence()
	enrolment = enrol(campaign, contacts["cleo"])
	frappe.db.set_value("Email Campaign", enrolment, "next_epoch", 0)
	frappe.db.set_value("Mass Email", mailing, {"status": "Complete", "started_on": now(), "frozen": 1})
	results.recount_people(mailing)
	for name, finding in _findings():
		outcomes.apply(an_event(), finding, mails[name])
	unproven = a_report("somebody@else.example")
	outcomes.apply(an_event(), unproven, mails["hope"])
	frappe.db.commit()
	event = frappe.db.get_value("Inbound Event", {"mailing": mailing, "asks_to_leave": 1})
	return {
		**{"mailing": mailing, "enrolment": enrolment, "event": str(event), "contact": contacts["ada"]},
		"message_id": frappe.db.get_value("Campaign Message", mails["dora"], "message_id"),
	}


def _address(name: str) -> str:
	return f"{name}@sending.example"


def _mail(mailing: str, name: str, contact: str) -> int:
	message = an_app_document(
		"Campaign Message",
		**{"source_doctype": "Mass Email", "source": mailing, "email": _address(name)},
		**{"domain": "sending.example", "recipient_doctype": "Contact", "recipient_name": contact},
		**{"dedupe_key": f"a:{_address(name)}", "status": "Sent", "sent_at": now(), "claim": ""},
		campaign=frappe.db.get_value("Mass Email", mailing, "campaign"),
	).name
	message_id = f"{token_ring().message_id_local_part(int(message))}@sending.example"
	frappe.db.set_value("Campaign Message", message, "message_id", message_id)
	return int(message)


def _findings():
	yes = "Yes, we would like to see the new models. Could you call me on Thursday?"
	yield "ada", an_answer(text=yes, sender=_address("ada"))
	yield "bea", an_answer(text=REMOVE, sender=_address("bea"), asks_to_leave=True)
	away = "I am away and back on Monday. In urgent cases, please write to the office."
	yield "cleo", an_answer(Kind.AUTOMATIC, away, _address("cleo"), back_on=in_days(12))
	yield "dora", a_report(_address("dora"), reporter="mx.example")
	full = {"enhanced": "4.2.2", "text": "mailbox full"}
	yield "eve", a_report(_address("eve"), bounce_class=BounceClass.SOFT, **full)
	dmarc = {
		"enhanced": "5.7.26",
		"text": "mail that is not authenticated is not accepted, by its DMARC policy",
	}
	yield "fay", a_report(_address("fay"), bounce_class=BounceClass.BLOCKED, **dmarc)
	yield "gia", a_report(_address("gia"), Kind.COMPLAINT, enhanced="", text="abuse", reporter="fbl.example")


def clear() -> None:
	"""Take the scene away."""
	campaigns = frappe.get_all("Campaign", {"name": ["like", "Sending%"]}, pluck="name") or [""]
	frappe.db.delete("Email Campaign", {"campaign_name": ("in", campaigns)})
	frappe.db.commit()
	wipe()
	remove_account()
