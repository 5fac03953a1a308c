"""The language version and the best hour of each recipient, and the hold-out group."""

import time
from datetime import timedelta

import frappe
from frappe.utils import get_system_timezone, now_datetime

from email_campaigns.api.desk import approval, mass_email, preview
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.audience.lists.members_store import add_addresses
from email_campaigns.schedule.clock import in_zone
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_campaign,
	a_list,
	a_mailing,
	a_template,
	a_user,
	add_records,
	address,
	addresses,
	an_app_document,
	settings,
)
from email_campaigns.tests.site.kits.plans import HOUR, TWENTY, PlanningTest


class TestLanguages(PlanningTest):
	def mailing(self, **values):
		a_list()
		people = (("de", "de"), ("at", "de-AT"), ("fr", "fr"), ("none", ""))
		add_addresses(
			f"{PREFIX} List",
			[NewMember(n, address(who), "Jo", "", lang) for n, (who, lang) in enumerate(people)],
		)
		versions = [
			{"language": "de", "email_template": a_template("Hallo {{ doc.first_name }}", "<p>Guten Tag</p>")}
		]
		return a_mailing(f"{PREFIX} List", language_versions=versions, **values)

	def test_everybody_gets_their_own(self):
		name = self.send(self.mailing())
		german, other = "Hallo Jo", "Hello"
		self.assertEqual(
			self.subjects(),
			{address("de"): german, address("at"): german, address("fr"): other, address("none"): other},
		)
		self.assertEqual(frappe.db.count("Campaign Message", {"source": name, "language": "de"}), 2)

	def test_one_can_be_forced(self):
		self.send(self.mailing(language_policy="One for all", forced_language="de"))
		self.assertEqual(set(self.subjects().values()), {"Hallo Jo"})

	def test_a_record_has_the_language_of_its_field(self):
		user = a_user("polyglot")
		frappe.db.set_value("User", user, "language", "de")
		add_records(a_list(), "User", user)
		versions = [{"language": "de", "email_template": a_template("Hallo", "<p>Guten Tag</p>")}]
		self.send(a_mailing(a_list(), language_versions=versions))
		self.assertEqual(self.subjects(), {address("polyglot"): "Hallo"})

	def test_calculate_counts_them_and_the_domains(self):
		figures = mass_email.calculate(self.mailing())
		self.assertEqual(figures["languages"], {"de": 2, "": 2})
		self.assertEqual(figures["domains"], [("sending.example", 4)])

	def test_a_fault_in_a_version_stops_the_mailing_and_names_it(self):
		versions = [{"language": "de", "email_template": a_template("Hallo", "<p>{{ broken</p>")}]
		with self.assertRaisesRegex(frappe.ValidationError, "In the version for de"):
			approval.submit(a_mailing(a_list(*TWENTY), language_versions=versions))

	def test_the_prefix_is_everybodys_and_a_test_says_both(self):
		name = self.mailing(subject_prefix="[REMINDER]")
		preview.send_test(name, address("tester"))
		self.assertEqual(self.subjects()[address("tester")], "[TEST] [REMINDER] Hallo Jo")
		self.send(name)
		self.assertEqual(self.subjects()[address("fr")], "[REMINDER] Hello")


class TestGroups(PlanningTest):
	def test_seeds_get_the_mailing_marked_and_once(self):
		seeds = a_list(address("colleague"), TWENTY[0], title=f"{PREFIX} Seeds")
		name = a_mailing(a_list(*TWENTY), seed_list=seeds)
		self.assertEqual(mass_email.calculate(name)["seeds"], 1)
		self.send(name)
		self.assertSentTo(name, [*TWENTY, address("colleague")])
		marked = frappe.get_all("Campaign Message", {"source": name, "is_seed": 1}, ["email", "status"])
		self.assertEqual(
			{row.email: row.status for row in marked},
			{address("colleague"): "Sent", TWENTY[0]: "Skipped"},
		)

	def test_the_hold_out_group_gets_nothing_and_is_counted(self):
		name = a_mailing(a_list(*addresses(200)), holdout_percent=20)
		figures = mass_email.calculate(name)
		held = figures["skipped"]["Hold-out group"]
		self.assertTrue(20 <= held <= 60, held)
		self.send(name)
		self.assertEqual(self.statuses(name), {"Skipped": held, "Sent": 200 - held})

	def test_a_campaigns_mailings_can_keep_the_same_group(self):
		campaign, lists = a_campaign(), a_list(*addresses(60))
		values = {"campaign": campaign, "holdout_percent": 30}
		first, second = (a_mailing(lists, keep_holdout=1, **values) for _mailing in range(2))
		other = a_mailing(lists, **values)
		for name in (first, second, other):
			self.send(name)
		held = [
			{email for email, status, _reason in self.ends(name) if status == "Skipped"}
			for name in (first, second, other)
		]
		self.assertEqual(held[0], held[1])
		self.assertNotEqual(held[0], held[2])

	def test_colleagues_are_never_held_out(self):
		seeds = a_list(*TWENTY, title=f"{PREFIX} Seeds")
		name = self.send(
			a_mailing(
				a_list(*(address(f"member{n}") for n in range(100))), seed_list=seeds, holdout_percent=90
			)
		)
		self.assertLessEqual(set(TWENTY), set(self.received()))
		self.assertNothingLost(name)


class TestOptimised(PlanningTest):
	def test_each_mail_waits_for_its_recipients_hour(self):
		site = get_system_timezone()
		now = in_zone(int(time.time()), site)
		early, late = (now + timedelta(hours=3)).hour, (now + timedelta(hours=8)).hour
		reader, stranger = TWENTY[:2]
		self.opened(reader, late, 2)
		settings(default_hour=early)
		doc = self.plan(a_mailing(a_list(reader, stranger)), send_when="Optimised")
		self.send(doc.name)
		due = dict(
			frappe.get_all("Campaign Message", {"source": doc.name}, ["email", "send_after"], as_list=True)
		)
		self.assertEqual(in_zone(due[reader], site).hour, late)
		self.assertEqual(
			in_zone(due[stranger], site).hour, late, "of whom nothing is known: as the list reads"
		)
		self.assertTrue(all(time.time() < at < time.time() + 24 * HOUR for at in due.values()))
		self.assertEqual(self.received(), [])
		self.due_again(doc.name)
		self.go_on()
		self.assertSentTo(doc.name, [reader, stranger])

	def test_of_a_list_of_strangers_the_default_hour_counts_in_their_own_zone(self):
		user = a_user("sydney")
		frappe.db.set_value("User", user, "time_zone", "Australia/Sydney")
		add_records(a_list(), "User", user)
		settings(default_hour=9)
		doc = self.plan(a_mailing(a_list()), send_when="Optimised")
		self.send(doc.name)
		(due,) = frappe.get_all("Campaign Message", {"source": doc.name}, pluck="send_after")
		there = in_zone(due or int(time.time()), "Australia/Sydney")
		self.assertEqual(there.hour, 9)

	def opened(self, email, hour, times):
		for _time in range(times):
			name = an_app_document("Campaign Log", action="Opened", verdict="human", email=email).name
			at = now_datetime().replace(hour=hour, minute=30)
			frappe.db.set_value("Campaign Log", name, "creation", at, update_modified=False)
		frappe.db.commit()
