"""For tests of what came back: events with findings, without the mails that these are read from."""

from __future__ import annotations

from datetime import date

import frappe
from frappe.utils import now

from email_campaigns.inbound.values import BounceClass, Clues, Finding, Kind, Report
from email_campaigns.jobs import outcomes
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, address
from email_campaigns.tests.site.kits.sending_test import SendingTest

JO = address("jo")
UNKNOWN = "user unknown"
MX = "mx.example"


def an_event(**values) -> int:
	"""Store an event that waits to be judged; durable."""
	stored = {"status": "Waiting", "source": "Sending Inbox", "source_kind": "Mailbox", "received_at": now()}
	stored |= {
		"digest": frappe.generate_hash(length=64),
		"attempts": 0,
		"next_epoch": 0,
		"message": 0,
		**values,
	}
	columns, places = ", ".join(stored), ", ".join(["%s"] * len(stored))
	frappe.db.sql(
		f"""INSERT INTO `tabInbound Event` (name, creation, modified, owner, modified_by, {columns})
		VALUES (NEXTVAL(`inbound_event_id_seq`), NOW(), NOW(), 'Guest', 'Guest', {places})""",
		tuple(stored.values()),
	)
	name = frappe.db.get_value("Inbound Event", {"digest": stored["digest"]})
	frappe.db.commit()
	return name


def a_report(
	email: str, kind: Kind = Kind.BOUNCE, bounce_class: BounceClass | None = BounceClass.HARD, **values
) -> Finding:
	"""Return the finding of a report about one address."""
	shown = {"enhanced": "5.1.1", "text": UNKNOWN, "reporter": MX, **values}
	is_bounce = kind is Kind.BOUNCE
	report = Report(kind, email, bounce_class=bounce_class if is_bounce else None, **shown)
	subject = "Complaint about a message" if kind is Kind.COMPLAINT else "Undelivered"
	return Finding(kind, Clues(), f"mailer-daemon@{MX}", subject, "Returned", reports=(report,))


def an_answer(kind: Kind = Kind.REPLY, text: str = "Yes, please", sender: str = JO, **values) -> Finding:
	"""Return the finding of an answer."""
	return Finding(kind, Clues(), sender, "Re: Hello", text, **values)


class CameBackTest(SendingTest):
	"""Sends mailings, and applies findings to their mails."""

	logged_before = 0  # number of the last row of the log at the beginning of a test

	def setUp(self):
		super().setUp()
		frappe.db.rollback()
		self.logged_before = frappe.db.sql("SELECT COALESCE(MAX(name), 0) FROM `tabCampaign Log`")[0][0]

	def sent(self, *emails: str, **values) -> str:
		"""Send a mailing to some addresses, by default to JO, and return its name."""
		return self.send(a_mailing(a_list(*(emails or (JO,))), **values))

	def mail(self, mailing: str, email: str = JO) -> int:
		return frappe.db.get_value("Campaign Message", {"source": mailing, "email": email, "cc_of": 0})

	def apply(self, finding: Finding, message: int | None) -> int:
		"""Judge a new event with a finding, as the job does; return its number."""
		event = an_event()
		outcomes.apply(event, finding, message)
		frappe.db.commit()
		return event

	def event(self, name: int):
		return frappe.get_doc("Inbound Event", name)

	def row(self, message: int):
		frappe.db.rollback()
		return frappe.get_doc("Campaign Message", message)

	def suppression(self, email: str = JO) -> str | None:
		frappe.db.rollback()
		return frappe.db.get_value("Suppressed Email", {"email": email}, "reason")

	def logged(self, action: str, **filters) -> list[str]:
		frappe.db.rollback()
		filters = {"action": action, "name": (">", self.logged_before), **filters}
		return frappe.get_all("Campaign Log", filters, pluck="details")


def in_days(number: int) -> date:
	return frappe.utils.getdate(frappe.utils.add_days(frappe.utils.nowdate(), number))
