"""For tests of A/B tests: a mailing in several versions, the mails of each, and the time until the winner."""

from __future__ import annotations

import time

import frappe

from email_campaigns.jobs import ab_winner, sending
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, change
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.results_kit import ResultsTest, happens

MANY = addresses(60)
HOUR = 3600
A, B, C = "Subject A", "Subject B", "Subject C"


class ABTest(ResultsTest):
	def mailing(self, *emails: str, subjects=(B,), percent=50, winner_by="Clicks", **values) -> str:
		"""A mailing to some addresses, sixty by default, with a version for each subject beside A."""
		lists = [a_list(*(emails or MANY))]
		rows = [{"subject": subject} for subject in subjects]
		test = {"ab_versions": rows, "ab_percent": percent, "ab_winner_by": winner_by, "ab_hours": 4}
		name = a_mailing(*lists, subject=A, **{**test, **values})
		change("Mass Email", name, ab_seed="one that parts sixty addresses well")
		return name

	def versions(self, name: str) -> dict[str, list[str]]:
		"""Return {version: addresses} of the mails to members, as the ledger has them."""
		frappe.db.rollback()
		by_version: dict[str, list[str]] = {}
		filters = {"source": name, "cc_of": 0, "resend_of": 0, "is_seed": 0, "status": ("!=", "Skipped")}
		for row in frappe.get_all("Campaign Message", filters, ["email", "version"], order_by="name"):
			by_version.setdefault(row.version or "", []).append(row.email)
		return by_version

	def subjects(self) -> dict[str, str]:
		"""Return {address: subject} of the mails that the server took; nobody got two."""
		mails = [(to, mail.parsed["Subject"]) for mail in self.server.messages for to in mail.recipients]
		self.assertEqual(len({to for to, _subject in mails}), len(mails), "nobody got two")
		return dict(mails)

	def hours_pass(self, hours: float = 4) -> None:
		"""Let the scheduler run so many hours later, and work off its jobs."""
		ab_winner.choose_winners(int(time.time() + hours * HOUR) + 1)
		self.go_on()

	def people_do(self, name: str, kind: str, version: str, number: int, **options) -> None:
		mails = self.mails(name)
		for email in self.versions(name)[version][:number]:
			happens(mails[email], kind, **options)

	def tick(self) -> None:
		sending.top_up()
		work_off()

	def assertAllGot(self, name: str, rest: str, *emails: str) -> None:
		"""Everybody got one mail: the test its versions, and the rest the one that was chosen."""
		versions, subjects = self.versions(name), self.subjects()
		for version, people in versions.items():
			expected = f"Subject {version.removeprefix('Rest').strip() or 'A'}"
			self.assertEqual({subjects[email] for email in people}, {expected}, version)
		self.assertIn(f"Rest {rest}", versions)
		self.assertNotIn("Rest", versions)
		self.assertEqual(sorted(subjects), sorted(emails or MANY))
		self.assertNothingLost(name)
		self.assertEqual(self.form(name).status, "Complete")
