"""The guard: a mailing that pauses by itself, and a provider whose domains wait."""

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.delivery.sending import domain_hold_store
from email_campaigns.inbound.values import BounceClass, Kind
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, change, settings
from email_campaigns.tests.site.kits.came_back import CameBackTest, a_report

GMAIL = [f"sending{n}@gmail.com" for n in range(1, 7)]


class GuardTest(CameBackTest):
	def setUp(self):
		super().setUp()
		settings(guard_minimum=2)

	def forget(self):
		frappe.db.rollback()
		for doctype in ("Campaign Message", "Campaign Log", "Suppressed Email", "Inbound Event"):
			frappe.db.delete(doctype, {"email": ("like", "%@gmail.com")})
		frappe.db.commit()

	def under_way(self, *emails: str) -> str:
		"""Send a mailing, and let it be under way again."""
		self.addCleanup(self.forget)
		name = self.send(a_mailing(a_list(*emails)))
		change("Mass Email", name, status="In Process")
		return name

	def come_back(self, mailing: str, emails: list[str], **values) -> None:
		for email in emails:
			self.apply(a_report(email, **values), self.mail(mailing, email))


class TestPauses(GuardTest):
	def test_beyond_the_share_of_hard_bounces_a_mailing_pauses_with_what_to_do(self):
		name = self.under_way(*addresses(20))
		self.come_back(name, addresses(1))
		self.assertEqual(self.form(name).status, "In Process")
		self.come_back(name, addresses(2)[1:])
		form = self.form(name)
		self.assertEqual((form.status, form.guard_pauses), ("Paused", 1))
		self.assertIn(
			"2 of 20 mails came back because the address is dead (10 %, the limit is 5 %).", form.problem
		)
		self.assertIn("5.1.1 user unknown, reported by mx.example", form.problem)
		self.assertIn("Check where these addresses come from", form.problem)

	def test_resume_goes_on_until_twice_the_share(self):
		name = self.under_way(*addresses(20))
		self.come_back(name, addresses(2))
		mass_email.resume(name)
		self.come_back(name, addresses(2)[1:])
		self.assertEqual(self.form(name).status, "In Process")
		self.come_back(name, addresses(3)[2:])
		self.assertEqual(self.form(name).status, "Paused")

	def test_below_the_minimum_or_without_a_guard_nothing_pauses(self):
		settings(guard_minimum=3)
		name = self.under_way(*addresses(4))
		self.come_back(name, addresses(2))
		self.assertEqual(self.form(name).status, "In Process")
		settings(guard_minimum=0)
		self.come_back(name, addresses(4)[2:])
		self.assertEqual(self.form(name).status, "In Process")

	def test_complaints_have_a_share_of_their_own(self):
		name = self.under_way(*addresses(20))
		self.come_back(name, addresses(2), kind=Kind.COMPLAINT)
		form = self.form(name)
		self.assertEqual(form.status, "Paused")
		self.assertIn("complained about spam", form.problem)

	def test_soft_bounces_pause_nothing(self):
		name = self.under_way(*addresses(4))
		self.come_back(name, addresses(4), bounce_class=BounceClass.SOFT)
		self.assertEqual(self.form(name).status, "In Process")

	def test_blocks_of_several_providers_pause_the_mailing(self):
		emails = [GMAIL[0], *addresses(1)]
		name = self.under_way(*emails, *addresses(10)[1:])
		self.come_back(name, emails, bounce_class=BounceClass.BLOCKED)
		form = self.form(name)
		self.assertEqual(form.status, "Paused")
		self.assertIn("refused because of their sender or content", form.problem)


class TestAProvider(GuardTest):
	def test_only_the_mails_to_its_domains_wait(self):
		settings(batch_size=3)
		self.addCleanup(self.forget)
		name = self.start(a_mailing(a_list(*GMAIL[:3], *addresses(6), *GMAIL[3:])))
		# The first batch has left when the provider sends its mails back.
		self.at_mail(5, lambda: self.come_back(name, GMAIL[:3], bounce_class=BounceClass.BLOCKED))
		self.go_on()
		self.assertEqual(self.form(name).status, "In Process")
		waiting = [email for email, (status, _why) in self.ledger(name).items() if status == "Queued"]
		self.assertEqual(sorted(waiting), sorted(GMAIL[3:]))
		self.assertEqual([email for email in addresses(6) if email not in self.received()], [])
		progress = mass_email.progress(name)
		self.assertIn("gmail.com", progress["problem"])
		self.assertIn("The others go on", progress["problem"])
		frappe.db.sql("UPDATE `tabDomain Hold` SET held_epoch = 1")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 12})

	def test_all_domains_of_the_provider_wait_and_longer_each_time(self):
		name = self.under_way(*GMAIL, *addresses(4))
		self.come_back(name, GMAIL[:2], bounce_class=BounceClass.BLOCKED)
		held = domain_hold_store.held(0)
		self.assertEqual(sorted(held), ["gmail.com", "googlemail.com"])
		self.assertEqual(self.form(name).status, "In Process")
		frappe.db.sql("UPDATE `tabDomain Hold` SET held_epoch = UNIX_TIMESTAMP() - 1")
		frappe.db.commit()
		self.come_back(name, GMAIL[2:4], bounce_class=BounceClass.BLOCKED)
		self.assertGreater(domain_hold_store.held(0)["gmail.com"], held["gmail.com"] + 3600)

	def test_whoever_deletes_the_hold_lets_them_go_on(self):
		name = self.under_way(*GMAIL)
		self.come_back(name, GMAIL[:2], bounce_class=BounceClass.BLOCKED)
		frappe.delete_doc("Domain Hold", "gmail.com")
		self.assertFalse(domain_hold_store.is_held("gmail.com"))
