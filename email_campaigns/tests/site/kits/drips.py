"""For tests of drip sequences: builders, and a clock that tests move."""

from __future__ import annotations

from datetime import datetime

import frappe
from frappe.utils import add_days, get_system_timezone, getdate, nowdate

from email_campaigns.jobs import drip
from email_campaigns.schedule.clock import to_epoch
from email_campaigns.tests.site.kits.builders import PREFIX, a_campaign, a_contact, a_template, address
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

JO = address("jo")
BUILT = (
	("Campaign Message", "source"),
	("Campaign Log", "source"),
	("Communication", "reference_name"),
	("Email Unsubscribe", "reference_name"),
	("Email Campaign", "name"),
)


def a_step(days: int, subject: str = "", html: str = "<p>Hello {{ doc.first_name }}</p>", **values) -> dict:
	template = a_template(subject or f"Day {days}", html)
	return {"email_template": template, "send_after_days": days, **values}


def a_sequence(*steps: dict, **values) -> str:
	"""Make a campaign with a schedule, by default of three mails: on day 0, 2 and 4."""
	steps = steps or (a_step(0), a_step(2), a_step(4))
	return a_campaign(campaign_schedules=list(steps), **values)


def enrol(campaign: str, recipient: str, kind: str = "Contact", **values) -> str:
	"""Enrol a record; durable."""
	doc = {
		"doctype": "Email Campaign",
		"campaign_name": campaign,
		"email_campaign_for": kind,
		"recipient": recipient,
		"start_date": nowdate(),
		"sender": "Administrator",
		**values,
	}
	name = frappe.get_doc(doc).insert().name
	frappe.db.commit()
	return name


def clock(day: int, hour: int = 12) -> int:
	"""Return Unix seconds of an hour on the site's clock, so many days from today."""
	local = datetime.combine(getdate(add_days(nowdate(), day)), datetime.min.time()).replace(hour=hour)
	return to_epoch(local, get_system_timezone())


class DripTest(SendingTest):
	"""Sends by the tests' server as the site's default account."""

	def setUp(self):
		super().setUp()
		self.addCleanup(self.forget)

	def serve(self, *arguments, **options):
		server = super().serve(*arguments, **options)
		self.defaults = frappe.get_all("Email Account", {"default_outgoing": 1}, pluck="name")
		frappe.db.sql("UPDATE `tabEmail Account` SET default_outgoing = (name = %s)", f"{PREFIX} Account")
		frappe.db.commit()
		return server

	def forget(self):
		frappe.db.rollback()
		campaigns = frappe.get_all("Campaign", {"name": ["like", f"{PREFIX}%"]}, pluck="name") or [""]
		names = frappe.get_all("Email Campaign", {"campaign_name": ["in", campaigns]}, pluck="name") or [""]
		for doctype, field in BUILT:
			frappe.db.delete(doctype, {field: ["in", names]})
		frappe.db.delete("Communication", {"recipients": ["like", "%@sending.example"]})
		frappe.db.sql(
			"DELETE FROM `tabCommunication Link` WHERE parent NOT IN (SELECT name FROM `tabCommunication`)"
		)
		frappe.db.delete("Campaign Email Schedule", {"parent": ["in", campaigns]})
		frappe.db.sql(
			"UPDATE `tabEmail Account` SET default_outgoing = (name IN %s)", (tuple(self.defaults) or ("",),)
		)
		frappe.db.commit()

	def at(self, day: int, hour: int = 12) -> None:
		"""Let the scheduler and the workers do all work that is due at that hour."""
		drip.plan(clock(day, hour))
		work_off()
		drip.advance(clock(day, hour))
		frappe.db.rollback()

	def status(self, name: str) -> str:
		frappe.db.rollback()
		return frappe.db.get_value("Email Campaign", name, "status")

	def subjects(self, email: str) -> list[str]:
		"""The subjects of the mails that somebody received, in their order."""
		return [str(mail.parsed["Subject"]) for mail in self.server.messages if email in mail.recipients]

	def steps(self, name: str) -> list[tuple[int, str, str, str]]:
		"""(step, address, status, reason) of all rows of an enrolment, in their order."""
		frappe.db.rollback()
		rows = frappe.get_all(
			"Campaign Message", {"source": name}, ["step", "email", "status", "reason"], order_by="step, name"
		)
		return [(row.step, row.email, row.status, row.reason or "") for row in rows]


class OnePersonTest(DripTest):
	def setUp(self):
		super().setUp()
		self.contact = a_contact(JO)
