"""For tests of results: events of a mail, recorded as tracking and inbound mail record them."""

from __future__ import annotations

import frappe
from frappe.utils import now

from email_campaigns.results import store
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tracking.store import log, read_mail

ACTIONS = {
	"opened": "Opened",
	"clicked": "Clicked",
	"replied": "Replied",
	"bounced": "Bounced",
	"unsubscribed": "Opted Out",
}


def happens(message: int, kind: str, verdict: str = "human") -> None:
	"""Record an event of a mail: a row of the log for each, a stamp for a person's first."""
	with store.counting(message):
		if verdict == "human" and kind in store.STAMPS:
			stamp(message, store.STAMPS[kind], now())
		log(ACTIONS.get(kind, kind.title()), read_mail(message), "", verdict)
	frappe.db.commit()


def stamp(message: int, field: str, value) -> None:
	frappe.db.sql(
		f"UPDATE `tabCampaign Message` SET `{field}` = %s"
		f" WHERE name = %s AND (`{field}` IS NULL OR %s IS NULL)",
		(value, message, value),
	)


def a_row(like: int, **values) -> int:
	"""Put another mail into the ledger that differs from the one given in some values."""
	doc = frappe.copy_doc(frappe.get_doc("Campaign Message", like))
	doc.update({"dedupe_key": f"t:{frappe.generate_hash(length=10)}", **values})
	doc.flags.by_app = True
	name = doc.insert(ignore_permissions=True, ignore_links=True).name
	frappe.db.commit()
	return name


def clicked_link(source: str, link: str) -> None:
	"""Make all clicks of a mailing clicks on one link."""
	frappe.db.sql(
		"UPDATE `tabCampaign Log` SET link = %s WHERE source = %s AND action = 'Clicked'", (link, source)
	)
	frappe.db.commit()


class ResultsTest(SendingTest):
	def mails(self, name: str) -> dict[str, int]:
		"""Return {address: number of its mail in the ledger}."""
		rows = frappe.get_all(
			"Campaign Message", {"source": name, "cc_of": 0, "resend_of": 0}, ["email", "name"], as_list=True
		)
		return dict(rows)

	def assertCounts(self, name: str, **expected) -> None:
		"""The counters have these numbers, and the ledger agrees."""
		frappe.db.rollback()
		counts = store.counts(name)
		if expected:
			self.assertEqual({kind: getattr(counts, kind) for kind in expected}, expected)
		self.assertEqual(counts, store.count_anew(name), "stored is what is counted")

	def set_counters(self, name: str, **values) -> None:
		frappe.db.set_value("Mass Email", name, values, update_modified=False)
		frappe.db.commit()
