"""The plan of a mailing: its start, its deadline and its pace."""

import time

import frappe
from frappe.utils import add_to_date, get_system_timezone, now_datetime

from email_campaigns.api.desk import approval, mass_email
from email_campaigns.jobs import sending
from email_campaigns.schedule.clock import in_zone, to_epoch
from email_campaigns.tests.site.kits.api_calls import DESK, call
from email_campaigns.tests.site.kits.builders import (
	ACCOUNT,
	PREFIX,
	a_list,
	a_mailing,
	a_user,
	change,
	settings,
	starts,
)
from email_campaigns.tests.site.kits.plans import HOUR, TWENTY, PlanningTest


class TestTimes(PlanningTest):
	def test_the_start_is_meant_in_the_mailings_time_zone(self):
		there = in_zone(int(time.time()) + HOUR, "America/New_York").replace(second=0)
		doc = self.plan(
			a_mailing(a_list(*TWENTY)), send_when="Later", start_date=there, time_zone="America/New_York"
		)
		self.assertAlmostEqual(doc.start_epoch, time.time() + HOUR, delta=70)
		approval.submit(doc.name)
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
		self.refuses("knows no time zone", name, start_date=tomorrow, time_zone="Mars/Olympus")
		self.refuses("rate of 0", name, pace="Mails per hour", hourly_rate=0)
		self.refuses("below 100", name, holdout_percent=100)
		self.refuses("rate of 0", name, domain_rates=[{"domain": "gmail.com", "hourly_rate": 0}])
		self.refuses("no version", name, language_policy="One for all", forced_language="de")
		self.refuses("line break", name, subject_prefix="[A]\r\nBcc: x@example.com")


class TestSender(PlanningTest):
	def found(self, txt):
		"""What the field Email Account of a mailing offers a campaign user who types."""
		search = {"doctype": "Email Account", "txt": txt, "query": f"{DESK}choices.find_accounts"}
		outcome = call("frappe.desk.search.search_link", self.clerk, **search)
		self.assertEqual(outcome.status, 200, outcome)
		# Early versions of Frappe 15 answer beside the message.
		rows = frappe.response["results"] if outcome.answer is None else outcome.answer
		return [row["value"] for row in rows if row["value"].startswith(PREFIX)]

	def test_a_campaign_user_is_offered_accounts_for_outgoing_mail(self):
		self.addCleanup(frappe.set_user, "Administrator")
		self.clerk = a_user("clerk", "Campaign User")
		frappe.db.commit()
		self.assertEqual(self.found(PREFIX), [ACCOUNT])
		self.assertEqual(self.found("No Such"), [])
		change("Email Account", ACCOUNT, enable_outgoing=0)
		self.assertEqual(self.found(PREFIX), [])


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
		state = mass_email.progress(slow)
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
		self.assertIn("site", mass_email.progress(name)["held_by"])

	def test_a_domain_has_a_rate_of_its_own(self):
		many = [f"p{number}@slow.example" for number in range(10)]
		self.addCleanup(frappe.db.delete, "Target List Member", {"email": ("like", "%@slow.example")})
		name = self.plan(
			a_mailing(a_list(*TWENTY, *many)), domain_rates=[{"domain": "SLOW.example", "hourly_rate": 3}]
		).name
		self.send(name)
		slow = [email for email in self.received() if email.endswith("@slow.example")]
		self.assertEqual((len(self.received()), len(slow)), (23, 3))
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
		self.assertIn("spread", mass_email.progress(name)["held_by"])
		self.back(name, HOUR)
		self.go_on()
		self.assertAlmostEqual(len(self.received()), 10, delta=1)
		self.back(name, HOUR)
		self.go_on()
		self.assertSentTo(name, TWENTY)

	def test_after_a_pause_it_does_not_burst(self):
		name = self.plan(a_mailing(a_list(*TWENTY)), pace="Spread over hours", spread_hours=2).name
		self.send(name)
		mass_email.pause(name)
		self.back(name, HOUR)
		mass_email.resume(name)
		frappe.db.commit()
		before = len(self.received())
		self.go_on()
		self.assertLessEqual(len(self.received()) - before, 1)

	def test_a_pause_before_the_start_takes_nothing_from_its_hours(self):
		name = self.plan(a_mailing(a_list(*TWENTY)), pace="Spread over hours", spread_hours=2).name
		starts(name, HOUR)
		approval.submit(name)
		mass_email.pause(name)
		mass_email.resume(name)
		self.assertEqual(self.form(name).spread_until, 0)

	def back(self, name, seconds):
		"""Let a mailing that is being spread have started so much earlier."""
		frappe.db.sql(
			"""UPDATE `tabMass Email`
			SET anchor_epoch = anchor_epoch - %(s)s, spread_until = spread_until - %(s)s
			WHERE name = %(name)s""",
			{"s": seconds, "name": name},
		)
		frappe.clear_document_cache("Mass Email", name)
		self.age(seconds)


class TestTopUp(PlanningTest):
	def test_the_deadline_is_met_without_a_tick(self):
		settings(hourly_limit=5)
		name = self.send(a_mailing(a_list(*TWENTY)))
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		sending.top_up()
		self.assertEqual(self.statuses(name), {"Sent": 5, "Expired": 15})
