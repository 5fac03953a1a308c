"""When a mailing goes, to whom, and in which language: what its form plans happens, and what cannot be is refused."""

import time
from datetime import timedelta

import frappe
from frappe.utils import add_to_date, get_system_timezone, now_datetime

from email_campaigns.api import desk
from email_campaigns.audience.members import NewMember
from email_campaigns.audience.store import add_plain
from email_campaigns.jobs import sending
from email_campaigns.schedule.clock import in_zone, to_epoch
from email_campaigns.tests.site.kit import (
	PREFIX,
	SendingTest,
	a_campaign,
	a_list,
	a_mailing,
	a_template,
	a_user,
	add_records,
	address,
	addresses,
	change,
	settings,
	starts,
)

TWENTY = addresses(20)
HOUR = 3600


class PlanningTest(SendingTest):
	def setUp(self):
		super().setUp()
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")
		frappe.db.commit()

	def plan(self, name, **values):
		"""Change a mailing as its form does."""
		doc = frappe.get_doc("Mass Email", name)
		doc.update(values)
		doc.save()
		frappe.db.commit()
		return doc

	def refuses(self, words, name, **values):
		before = frappe.get_doc("Mass Email", name).as_dict()
		with self.assertRaisesRegex(frappe.ValidationError, words):
			self.plan(name, **values)
		frappe.db.rollback()
		self.assertEqual(frappe.get_doc("Mass Email", name).as_dict(), before, "nothing changed")

	def subjects(self):
		return {mail.recipients[0]: mail.parsed["Subject"] for mail in self.server.messages}

	def age(self, seconds):
		"""Let what was sent be so much older."""
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET sent_epoch = sent_epoch - %s WHERE sent_epoch > 0", seconds
		)
		frappe.db.commit()


class TestTimes(PlanningTest):
	def test_the_start_is_meant_in_the_mailings_time_zone(self):
		there = in_zone(int(time.time()) + HOUR, "America/New_York").replace(second=0)
		doc = self.plan(
			a_mailing(a_list(*TWENTY)), send_when="Later", start_date=there, time_zone="America/New_York"
		)
		self.assertAlmostEqual(doc.start_epoch, time.time() + HOUR, delta=70)
		desk.schedule(doc.name)
		self.go_on()
		self.assertEqual(self.received(), [])
		starts(doc.name, -1)
		self.go_on()
		self.assertSentTo(doc.name, TWENTY)

	def test_without_a_time_zone_it_is_the_sites(self):
		start = add_to_date(now_datetime(), hours=2).replace(microsecond=0)
		doc = self.plan(a_mailing(a_list(*TWENTY)), start_date=start)
		self.assertEqual(doc.start_epoch, to_epoch(start, get_system_timezone()))
		self.assertEqual(doc.send_when, "Later", "whoever sets a start means it")

	def test_what_cannot_be_is_refused_at_its_field(self):
		name = a_mailing(a_list(*TWENTY))
		tomorrow = add_to_date(now_datetime(), days=1)
		self.refuses("in the past", name, start_date=add_to_date(now_datetime(), hours=-1))
		self.refuses("before the start", name, start_date=tomorrow, deadline=add_to_date(tomorrow, hours=-1))
		self.refuses("not a time zone", name, start_date=tomorrow, time_zone="Mars/Olympus")
		self.refuses("rate of 0", name, pace="Mails per hour", hourly_rate=0)
		self.refuses("below 100", name, holdout_percent=100)
		self.refuses("rate of 0", name, domain_rates=[{"domain": "gmail.com", "hourly_rate": 0}])
		self.refuses("no version", name, language_policy="One for all", forced_language="de")
		self.refuses("line break", name, subject_prefix="[A]\r\nBcc: x@example.com")


class TestDeadline(PlanningTest):
	def test_what_has_not_left_by_then_expires_with_the_reason(self):
		settings(hourly_limit=5)
		name = self.plan(a_mailing(a_list(*TWENTY)), deadline=add_to_date(now_datetime(), hours=1)).name
		self.send(name)
		self.assertEqual(self.statuses(name), {"Sent": 5, "Queued": 15})
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		self.age(2 * HOUR)
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 5, "Expired": 15})
		self.assertEqual(self.form(name).status, "Complete")
		self.assertNothingLost(name)

	def test_a_late_restart_expires_mail_and_does_not_send_it(self):
		name = self.start(a_mailing(a_list(*TWENTY)))
		change("Mass Email", name, deadline_epoch=int(time.time()) - 60)
		self.go_on()
		self.assertEqual((self.statuses(name), self.received()), ({"Expired": 20}, []))
		self.assertEqual(self.form(name).status, "Failed")

	def test_it_ends_a_page_that_is_under_way(self):
		name = self.start(a_mailing(a_list(*TWENTY)))
		change("Mass Email", name, deadline_epoch=int(time.time()) + 600)
		site = self.at_mail
		site(3, lambda: change("Mass Email", name, status="Paused", deadline_epoch=int(time.time()) - 1))
		self.go_on()
		self.assertLess(len(self.received()), 20)
		self.go_on()
		self.assertEqual(set(self.statuses(name)), {"Sent", "Expired"}, "a paused mailing expires too")


class TestRates(PlanningTest):
	def test_a_mailings_own_rate_leaves_room_for_others(self):
		slow = self.plan(a_mailing(a_list(*TWENTY)), pace="Mails per hour", hourly_rate=4).name
		other = a_mailing(a_list(*TWENTY))
		self.send(slow)
		self.send(other)
		self.assertEqual((self.statuses(slow)["Sent"], self.statuses(other)["Sent"]), (4, 20))
		state = desk.progress(slow)
		self.assertIn("this mailing's mails per hour", state["held_by"])
		self.assertGreater(state["ends_at"], time.time() + 3 * HOUR)
		self.age(HOUR + 5)
		self.go_on()
		self.assertEqual(self.statuses(slow)["Sent"], 8)

	def test_the_strictest_limit_wins(self):
		settings(hourly_limit=3)
		name = self.plan(a_mailing(a_list(*TWENTY)), pace="Mails per hour", hourly_rate=4).name
		self.send(name)
		self.assertEqual(self.statuses(name)["Sent"], 3)
		self.assertIn("site", desk.progress(name)["held_by"])

	def test_a_domain_has_a_rate_of_its_own(self):
		many = [f"p{number}@slow.example" for number in range(10)]
		self.addCleanup(frappe.db.delete, "Target List Member", {"email": ("like", "%@slow.example")})
		name = self.plan(
			a_mailing(a_list(*TWENTY, *many)), domain_rates=[{"domain": "SLOW.example", "hourly_rate": 3}]
		).name
		self.send(name)
		left = [email for email in self.received() if email.endswith("@slow.example")]
		self.assertEqual((len(self.received()), len(left)), (23, 3))
		self.assertEqual(self.form(name).status, "In Process")
		self.age(HOUR + 5)
		self.go_on()
		self.assertEqual(len(self.received()), 26)

	def test_a_domains_rate_in_the_settings_holds_for_all_mailings_together(self):
		many = [f"p{number}@slow.example" for number in range(10)]
		doc = frappe.get_doc("Email Campaign Settings")
		doc.append("domain_rates", {"domain": "slow.example", "hourly_rate": 4})
		doc.save()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Campaign Domain Rate", {"parent": doc.name})
		frappe.db.commit()
		for _mailing in range(2):
			self.send(a_mailing(a_list(*many)))
		self.assertEqual(len(self.received()), 4)

	def test_spread_over_hours_it_goes_evenly_and_ends_on_time(self):
		name = self.plan(a_mailing(a_list(*TWENTY)), pace="Spread over hours", spread_hours=2).name
		self.send(name)
		self.assertLessEqual(len(self.received()), 1, "at the start hardly anything goes")
		self.assertIn("spread", desk.progress(name)["held_by"])
		self.back(name, HOUR)
		self.go_on()
		self.assertAlmostEqual(len(self.received()), 10, delta=1)
		self.back(name, HOUR)
		self.go_on()
		self.assertSentTo(name, TWENTY)

	def test_after_a_pause_it_does_not_burst(self):
		name = self.plan(a_mailing(a_list(*TWENTY)), pace="Spread over hours", spread_hours=2).name
		self.send(name)
		desk.pause(name)
		self.back(name, HOUR)
		desk.resume(name)
		frappe.db.commit()
		before = len(self.received())
		self.go_on()
		self.assertLessEqual(len(self.received()) - before, 1)

	def test_a_pause_before_the_start_takes_nothing_from_its_hours(self):
		name = self.plan(a_mailing(a_list(*TWENTY)), pace="Spread over hours", spread_hours=2).name
		starts(name, HOUR)
		desk.schedule(name)
		desk.pause(name)
		desk.resume(name)
		self.assertEqual(self.form(name).spread_until, 0)

	def back(self, name, seconds):
		"""Let a mailing that is being spread have started so much earlier."""
		frappe.db.sql(
			"""UPDATE `tabMass Email` SET anchor_epoch = anchor_epoch - %(s)s, spread_until = spread_until - %(s)s
			WHERE name = %(name)s""",
			{"s": seconds, "name": name},
		)
		frappe.clear_document_cache("Mass Email", name)
		self.age(seconds)


class TestLanguages(PlanningTest):
	def mailing(self, **values):
		a_list()
		people = (("de", "de"), ("at", "de-AT"), ("fr", "fr"), ("none", ""))
		add_plain(
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
		found = desk.calculate(self.mailing())
		self.assertEqual(found["languages"], {"de": 2, "": 2})
		self.assertEqual(found["domains"], [("sending.example", 4)])

	def test_a_fault_in_a_version_stops_the_mailing_and_names_it(self):
		versions = [{"language": "de", "email_template": a_template("Hallo", "<p>{{ broken</p>")}]
		with self.assertRaisesRegex(frappe.ValidationError, "In the version for de"):
			desk.schedule(a_mailing(a_list(*TWENTY), language_versions=versions), at_once=True)

	def test_the_prefix_is_everybodys_and_a_test_says_both(self):
		name = self.mailing(subject_prefix="[REMINDER]")
		desk.send_test(name, address("tester"))
		self.assertEqual(self.subjects()[address("tester")], "[TEST] [REMINDER] Hallo Jo")
		self.send(name)
		self.assertEqual(self.subjects()[address("fr")], "[REMINDER] Hello")


class TestGroups(PlanningTest):
	def test_seeds_get_the_mailing_marked_and_once(self):
		seeds = a_list(address("colleague"), TWENTY[0], title=f"{PREFIX} Seeds")
		name = a_mailing(a_list(*TWENTY), seed_list=seeds)
		self.assertEqual(desk.calculate(name)["seeds"], 1)
		self.send(name)
		self.assertSentTo(name, [*TWENTY, address("colleague")])
		marked = frappe.get_all("Campaign Message", {"source": name, "is_seed": 1}, ["email", "status"])
		self.assertEqual(
			{row.email: row.status for row in marked},
			{address("colleague"): "Sent", TWENTY[0]: "Skipped"},
		)

	def test_the_hold_out_group_gets_nothing_and_is_counted(self):
		name = a_mailing(a_list(*addresses(200)), holdout_percent=20)
		found = desk.calculate(name)
		held = found["skipped"]["Hold-out group"]
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
		name = self.send(a_mailing(a_list(address("member")), seed_list=seeds, holdout_percent=99))
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
			doc = {"doctype": "Campaign Log", "action": "Opened", "verdict": "human", "email": email}
			name = frappe.get_doc(doc).insert(ignore_permissions=True).name
			at = now_datetime().replace(hour=hour, minute=30)
			frappe.db.set_value("Campaign Log", name, "creation", at, update_modified=False)
		frappe.db.commit()


class TestTopUp(PlanningTest):
	def test_the_deadline_is_met_without_a_tick(self):
		settings(hourly_limit=5)
		name = self.send(a_mailing(a_list(*TWENTY)))
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		sending.top_up()
		self.assertEqual(self.statuses(name), {"Sent": 5, "Expired": 15})
