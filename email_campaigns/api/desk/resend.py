"""Work on a mailing that has been sent: sending mails again, deciding on uncertain ones, explaining.

Each function checks the user's permission on the mailing, and on the recipient's record where one is named.
"""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.desk import mass_email_steps
from email_campaigns.api.desk.records import load_record
from email_campaigns.api.kinds import Flag, Name, Number, Numbers, Text
from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.compat import enqueue_once
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing.explain import recipient_store
from email_campaigns.mass_mailing.explain.explain_store import Explainer
from email_campaigns.mass_mailing.resend import missing_store, resend_store, uncertain_store
from email_campaigns.record_rights_store import refuse
from email_campaigns.translation import translate


@frappe.whitelist()
@checked
def figures(name: Name) -> dict:
	"""Return how many mails each way of sending again concerns.

	{"failed", "uncertain", "joined", "left_out"}: "joined" counts members without a mail, "left_out" those
	who got none for a reason that may no longer hold.
	"""
	doc = mass_email_steps.load_mass_email(name, "read")
	return {
		"failed": frappe.db.count("Campaign Message", {"source": name, "status": "Failed", "cc_of": 0}),
		"uncertain": frappe.db.count("Campaign Message", {"source": name, "status": "Uncertain"}),
		**(missing_store.count_missing(name) if doc.frozen else {"joined": 0, "left_out": 0}),
	}


@frappe.whitelist()
@checked
def refusal(message: Number) -> str | None:
	"""Return why a mail of the ledger can't be sent again now, None where it can."""
	name = _read_mailing(message, "read")
	rows = resend_store.read_rows("name = %(name)s", {"name": message})
	return recipient_store.refusals_of(name, rows)[message]


@frappe.whitelist(methods=["POST"])
@checked
def resend(message: Number) -> None:
	"""Send one mail of the ledger again, to the address that its recipient has today."""
	_read_mailing(message)
	resend_store.resend_mail(message)
	mass_email_steps.tick_soon()


@frappe.whitelist(methods=["POST"])
@checked
def resend_failed(name: Name) -> dict:
	"""Send all failed mails again; return {"queued": number, "left_out": {reason: number}}."""
	doc = mass_email_steps.load_mass_email(name)
	outcome = resend_store.resend_failed(name)
	if outcome["queued"]:
		_note(doc, _("sent {0} failed mails again").format(outcome["queued"]))
		mass_email_steps.tick_soon()
	return outcome


@frappe.whitelist(methods=["POST"])
@checked
def resend_missing(name: Name) -> None:
	"""Send the mailing to members who got nothing and may get it; a job looks for them."""
	doc = mass_email_steps.load_mass_email(name)
	missing_store.start_search(name)
	_note(doc, _("sent the mailing to missing members"))
	enqueue_once(
		sending.resend_missing, f"ec-missing-{name}", queue="long", enqueue_after_commit=True, name=name
	)


@frappe.whitelist(methods=["POST"])
@checked
def decide_uncertain(name: Name, arrived: Flag, messages: Numbers | None = None) -> dict:
	"""Mark Uncertain mails as sent, or send them again: all of a mailing, or those of the numbers `messages`.

	Returns {"decided": number, "left_out": {reason: number}}.
	"""
	doc = mass_email_steps.load_mass_email(name)
	if arrived:
		decided, left_out = uncertain_store.mark_arrived(name, messages), {}
		sentence = _("decided that {0} uncertain mails arrived")
	else:
		outcome = uncertain_store.resend_uncertain(name, messages)
		decided, left_out = outcome["queued"], outcome["left_out"]
		sentence = _("sent {0} uncertain mails again")
	if decided:
		_note(doc, sentence.format(decided))
		mass_email_steps.tick_soon()
	return {"decided": decided, "left_out": left_out}


@frappe.whitelist()
@checked
def why(name: Name, who: Text = "", doctype: Text = "", record: Text = "") -> list[str]:
	"""Return sentences that explain why an address `who`, or a record, got the mailing or did not."""
	mass_email_steps.load_mass_email(name, "read")
	if doctype and record:
		load_record(doctype, record)
		return Explainer(name).explain_record(doctype, record)
	try:
		address = normalise(who)
	except InvalidAddress as error:
		return [_("{0} is no email address: {1}").format(who or "“”", translate(error))]
	return Explainer(name).explain_address(address)


@frappe.whitelist()
@checked
def mails_of(doctype: Name, record: Name) -> list[dict]:
	"""Return the campaign mails of a record and its address, as recipient_store.mails_of does."""
	load_record(doctype, record)
	if not frappe.has_permission("Campaign Message", "read"):
		frappe.throw(_("You have no permission to read campaign mails."), frappe.PermissionError)
	sources = recipient_store.sources_of(doctype, record)
	readable = frappe.get_list("Mass Email", {"name": ("in", sources or [""])}, pluck="name")
	writable = [name for name in readable if frappe.has_permission("Mass Email", "write", doc=name)]
	return recipient_store.mails_of(doctype, record, readable, writable)


def _read_mailing(message: int, ptype: str = "write") -> str:
	"""Return the mailing of a mail. Throws where the user lacks the permission `ptype` on the mailing."""
	mail = load("Campaign Message", str(message))
	is_of_mailing = mail.source_doctype == "Mass Email"
	if not is_of_mailing or not frappe.has_permission("Mass Email", "read", doc=mail.source):
		refuse("Campaign Message", str(message))
	return mass_email_steps.load_mass_email(mail.source, ptype).name


def _note(doc, sentence: str) -> None:
	"""Write into the timeline of a Mass Email what the user did."""
	doc.add_comment("Info", sentence)
