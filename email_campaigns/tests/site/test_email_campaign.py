"""Email Campaign: one person in a drip sequence, by ERPNext's rules, step by step on a moving clock."""

import frappe
from frappe.utils import add_days, getdate, nowdate

from email_campaigns.audience.suppression_store import suppress
from email_campaigns.delivery import drip, drip_events_store, uncertain_store
from email_campaigns.tests.site.drips import DripTest, a_sequence, a_step, clock, enrol
from email_campaigns.tests.site.kit import (
	a_campaign,
	a_contact,
	a_list,
	a_user,
	address,
	change,
	settings,
	work_off,
)

JO = address("jo")


class OnePersonTest(DripTest):
	def setUp(self):
		super().setUp()
		self.contact = a_contact(JO)


class TestCalendar(OnePersonTest):
	def test_every_step_leaves_on_its_day_and_the_last_completes_it(self):
		name = enrol(a_sequence(), self.contact)
		doc = frappe.get_doc("Email Campaign", name)
		self.assertEqual(
			(doc.status, getdate(doc.end_date)), ("In Progress", getdate(add_days(nowdate(), 4)))
		)
		for day, expected in enumerate((1, 1, 2, 2, 3, 3)):
			self.at(day)
			self.assertEqual(len(self.subjects(JO)), expected, f"on day {day}")
			self.assertEqual(self.status(name), "In Progress" if day < 5 else "Completed")
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 2", "Day 4"])

	def test_the_first_step_leaves_at_once(self):
		enrol(a_sequence(a_step(0, send_time="0:00")), self.contact)
		work_off()
		self.assertEqual(self.subjects(JO), ["Day 0"])

	def test_a_start_in_the_future_is_scheduled(self):
		name = enrol(a_sequence(), self.contact, start_date=add_days(nowdate(), 2))
		self.assertEqual(self.status(name), "Scheduled")
		self.at(1)
		self.assertEqual((self.status(name), self.subjects(JO)), ("Scheduled", []))
		self.at(2)
		self.assertEqual((self.status(name), self.subjects(JO)), ("In Progress", ["Day 0"]))

	def test_the_day_is_looked_at_again_and_again_and_sends_once(self):
		name = enrol(a_sequence(), self.contact)
		for hour in (0, 8, 9, 9, 10, 23):
			self.at(1, hour)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.steps(name), [(1, JO, "Sent", "")])

	def test_a_step_has_its_time_of_day(self):
		enrol(a_sequence(a_step(1, send_time="14:30")), self.contact)
		self.at(1, 14)
		self.assertEqual(self.subjects(JO), [])
		self.at(1, 15)
		self.assertEqual(self.subjects(JO), ["Day 1"])

	def test_a_step_without_a_time_leaves_at_the_default_hour(self):
		enrol(a_sequence(a_step(1)), self.contact)
		self.at(1, 8)
		self.assertEqual(self.subjects(JO), [])
		self.at(1, 9)
		self.assertEqual(self.subjects(JO), ["Day 1"])

	def test_a_step_can_go_by_the_recipients_clock(self):
		"""A user in Honolulu has nine o'clock many hours after one in Kiritimati."""
		west, east = a_user("west"), a_user("east")
		frappe.db.set_value("User", west, "time_zone", "Pacific/Honolulu")
		frappe.db.set_value("User", east, "time_zone", "Pacific/Kiritimati")
		campaign = a_sequence(a_step(3, time_zone="The recipient's"))
		for user in (west, east):
			enrol(campaign, user, "User")
		self.at(3, 12)
		self.assertEqual((self.subjects(west), self.subjects(east)), ([], ["Day 3"]))
		self.at(4, 12)
		self.assertEqual((self.subjects(west), self.subjects(east)), (["Day 3"], ["Day 3"]))

	def test_two_steps_with_one_template_on_one_day_are_two_mails(self):
		step = a_step(0)
		name = enrol(a_sequence(step, dict(step)), self.contact)
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 0"])
		self.assertEqual([row[:3] for row in self.steps(name)], [(1, JO, "Sent"), (2, JO, "Sent")])


class TestScheduler(OnePersonTest):
	def test_a_scheduler_that_slept_for_three_days_catches_up(self):
		name = enrol(a_sequence(a_step(1), a_step(2), a_step(4)), self.contact)
		self.at(0)
		self.at(4)
		self.assertEqual(sorted(self.subjects(JO)), ["Day 1", "Day 2", "Day 4"])
		self.at(5)
		self.assertEqual(self.status(name), "Completed")

	def test_what_is_missed_for_longer_is_skipped_and_says_so(self):
		name = enrol(a_sequence(a_step(1), a_step(6)), self.contact)
		self.at(6)
		self.assertEqual(self.subjects(JO), ["Day 6"])
		self.assertEqual(self.steps(name), [(1, JO, "Skipped", drip.MISSED), (2, JO, "Sent", "")])

	def test_the_settings_say_for_how_long(self):
		settings(catch_up_days=0)
		enrol(a_sequence(a_step(1)), self.contact)
		self.at(2, 10)
		self.assertEqual(self.subjects(JO), [])

	def test_it_is_not_completed_before_its_last_mail_has_left(self):
		name = enrol(a_sequence(a_step(0)), self.contact)
		frappe.db.set_default("suspend_email_queue", 1)
		self.addCleanup(frappe.db.set_default, "suspend_email_queue", 0)
		self.at(2)
		self.assertEqual((self.status(name), self.subjects(JO)), ("In Progress", []))
		frappe.db.set_default("suspend_email_queue", 0)
		self.at(2)
		self.assertEqual((self.status(name), self.subjects(JO)), ("Completed", ["Day 0"]))

	def test_an_inactive_campaign_sends_nothing_until_it_is_active_again(self):
		campaign = a_sequence(a_step(0))
		enrol(campaign, self.contact)
		change("Campaign", campaign, status="Inactive")
		self.at(1)
		self.assertEqual(self.subjects(JO), [])
		change("Campaign", campaign, status="Active")
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])


class TestSchedule(OnePersonTest):
	def schedule(self, campaign, *steps, keep=None):
		doc = frappe.get_doc("Campaign", campaign)
		doc.campaign_schedules = [row for row in doc.campaign_schedules if keep is None or row.step in keep]
		for step in steps:
			doc.append("campaign_schedules", step)
		doc.save()
		frappe.db.commit()

	def test_a_new_step_is_for_those_who_are_under_way_too(self):
		campaign = a_sequence(a_step(0))
		name = enrol(campaign, self.contact)
		self.at(0, 23)
		self.schedule(campaign, a_step(3))
		self.assertEqual(
			getdate(frappe.db.get_value("Email Campaign", name, "end_date")), getdate(add_days(nowdate(), 3))
		)
		self.at(3)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 3"])

	def test_a_step_that_takes_the_place_of_another_is_a_new_one(self):
		campaign = a_sequence(a_step(0), a_step(1))
		name = enrol(campaign, self.contact)
		self.at(1)
		self.schedule(campaign, a_step(1, "Instead"), keep={1})
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 1", "Instead"])
		self.assertEqual([row[0] for row in self.steps(name)], [1, 2, 3])

	def test_mails_of_a_step_that_is_taken_out_do_not_leave(self):
		campaign = a_sequence(a_step(0), a_step(1))
		name = enrol(campaign, self.contact)
		frappe.db.set_default("suspend_email_queue", 1)
		self.addCleanup(frappe.db.set_default, "suspend_email_queue", 0)
		self.at(1)
		self.schedule(campaign, keep={1})
		frappe.db.set_default("suspend_email_queue", 0)
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.steps(name)[1][2:], ("Skipped", "The step was taken out of the schedule"))


class TestConditions(OnePersonTest):
	def after(self, condition, **stamps):
		"""What somebody gets under a condition who has done something with the first mail."""
		name = enrol(
			a_sequence(a_step(0), a_step(1, "Second", send_if=condition), stop_on_reply=0), self.contact
		)
		self.at(0, 23)
		frappe.db.set_value("Campaign Message", {"source": name}, stamps or {"attempts": 1})
		frappe.db.commit()
		self.at(1)
		return self.steps(name)[1][2:]

	def test_each_condition_looks_at_the_earlier_mails(self):
		at = frappe.utils.now()
		for condition, stamps, sent in (
			("Only if not replied", {}, True),
			("Only if not replied", {"replied_at": at}, False),
			("Only if opened", {"opened_at": at}, True),
			("Only if opened", {}, False),
			("Only if not opened", {}, True),
			("Only if not opened", {"opened_at": at}, False),
			("Only if clicked", {"clicked_at": at}, True),
			("Only if clicked", {}, False),
			("Only if not clicked", {}, True),
			("Only if not clicked", {"clicked_at": at}, False),
		):
			with self.subTest(condition, **stamps):
				reason = drip.CONDITIONS[condition][2]
				expected = ("Sent", "") if sent else ("Skipped", reason)
				self.assertEqual(self.after(condition, **stamps), expected)


class TestContent(OnePersonTest):
	def test_doc_is_the_recipients_own_record(self):
		html = "<p>{{ doc.first_name }} {{ doc.phone_nos[0].phone }}</p>"
		contact = a_contact(address("kim"), first_name="Kim", phone_nos=[{"phone": "123"}])
		enrol(a_sequence(a_step(0, "For {{ doc.first_name }}", html)), contact)
		self.at(1)
		(mail,) = self.server.messages
		self.assertEqual(str(mail.parsed["Subject"]), "For Kim")
		self.assertIn("Kim 123", mail.parsed.get_body(("html",)).get_content())

	def test_it_shows_what_the_sender_may_read(self):
		"""A campaign user reads no users, so their mails show nothing of one but what any mail may."""
		sender, reader = a_user("sender", "Campaign User"), a_user("reader")
		frappe.db.set_value("User", reader, "bio", "secret")
		step = a_step(0, "Hello", "<p>Bio: {{ doc.bio }}.</p>")
		enrol(a_sequence(step), reader, "User", sender=sender)
		self.at(1)
		self.assertNotIn("secret", self.server.messages[0].parsed.as_string())

	def test_it_is_sent_in_the_senders_name(self):
		sender = a_user("sender", "Campaign User")
		enrol(a_sequence(a_step(0)), self.contact, sender=sender)
		self.at(1)
		parsed = self.server.messages[0].parsed
		self.assertEqual(parsed["From"], f"sender <{address('news')}>")
		self.assertEqual(parsed["Reply-To"], sender)

	def test_links_and_opens_are_tracked_as_in_a_mailing(self):
		html = '<p><a href="https://shop.example/offer">Offer</a></p>'
		enrol(a_sequence(a_step(0, "Offer", html), track_opens=1, track_links=1), self.contact)
		self.at(1)
		text = self.server.messages[0].parsed.get_body(("html",)).get_content()
		self.assertIn("/ec/c/", text)
		self.assertIn("/ec/o/", text)
		self.assertNotIn('href="https://shop.example/offer"', text)

	def test_the_mail_is_in_the_timeline_of_the_record_and_of_the_email_campaign(self):
		name = enrol(a_sequence(a_step(0, "Hello {{ doc.first_name }}")), self.contact)
		self.at(1)
		(mail,) = frappe.get_all(
			"Communication",
			{"reference_doctype": "Email Campaign", "reference_name": name},
			["name", "subject", "recipients", "sent_or_received", "content", "message_id"],
		)
		self.assertEqual((mail.subject, mail.recipients, mail.sent_or_received), ("Hello Jo", JO, "Sent"))
		self.assertEqual(f"<{mail.message_id}>", self.server.messages[0].parsed["Message-ID"])
		self.assertNotIn("/ec/o/", mail.content)
		from frappe.desk.form.load import get_communication_data

		for doctype, record in (("Contact", self.contact), ("Email Campaign", name)):
			shown = [row.subject for row in get_communication_data(doctype, record)]
			self.assertEqual(shown, ["Hello Jo"], doctype)


class TestEnds(OnePersonTest):
	def setUp(self):
		super().setUp()
		self.campaign = a_sequence()
		self.name = enrol(self.campaign, self.contact)
		self.at(0, 23)

	def rest(self):
		"""(subjects that came after the first, status, reasons of the steps that did not)."""
		for day in (2, 4, 5):
			self.at(day)
		return self.subjects(JO)[1:], self.status(self.name), [row[3] for row in self.steps(self.name)[1:]]

	def test_whoever_leaves_everything_gets_no_further_step(self):
		suppress(JO, reason="Unsubscribed", origin="test")
		frappe.db.commit()
		self.assertEqual(self.rest(), ([], "Unsubscribed", ["Unsubscribed"]))

	def test_an_email_unsubscribe_of_the_framework_ends_this_sequence_alone(self):
		other = enrol(a_sequence(a_step(0), a_step(2, "Other")), self.contact)
		wish = {"email": JO, "reference_doctype": "Email Campaign", "reference_name": self.name}
		frappe.get_doc({"doctype": "Email Unsubscribe", **wish}).insert()
		frappe.db.commit()
		self.assertEqual(self.status(self.name), "Unsubscribed")
		self.assertEqual(sorted(self.rest()[0]), ["Day 0", "Other"])
		self.assertEqual(self.status(other), "Completed")

	def test_a_reply_ends_it(self):
		message = frappe.db.get_value("Campaign Message", {"source": self.name})
		self.assertTrue(drip_events_store.replied(message))
		self.assertFalse(drip_events_store.replied(message))
		frappe.db.commit()
		self.assertEqual(self.rest(), ([], "Replied", []))
		self.assertEqual(frappe.db.count("Campaign Log", {"source": self.name, "action": "Replied"}), 1)

	def test_a_reply_ends_nothing_where_the_campaign_goes_on(self):
		change("Campaign", self.campaign, stop_on_reply=0)
		drip_events_store.replied(frappe.db.get_value("Campaign Message", {"source": self.name}))
		frappe.db.commit()
		self.assertEqual(self.rest()[:2], (["Day 2", "Day 4"], "Completed"))

	def test_a_deleted_recipient_gets_nothing(self):
		frappe.delete_doc("Contact", self.contact)
		frappe.db.commit()
		reasons = ["The record no longer exists"] * 2
		self.assertEqual(self.rest(), ([], "Completed", reasons))

	def test_a_recipient_without_an_address_gets_nothing(self):
		change("Contact", self.contact, email_id="")
		self.assertEqual(self.rest(), ([], "Completed", ["No valid address"] * 2))

	def test_a_recipient_with_a_new_address_is_mailed_there(self):
		change("Contact", self.contact, email_id=address("new"))
		self.rest()
		self.assertEqual(self.subjects(address("new")), ["Day 2", "Day 4"])

	def test_a_disabled_user_gets_nothing(self):
		user = a_user("gone")
		self.name = enrol(self.campaign, user, "User")
		self.at(1)
		change("User", user, enabled=0)
		self.rest()
		self.assertEqual([row[3] for row in self.steps(self.name)], ["", drip.DISABLED, drip.DISABLED])

	def test_a_merged_recipient_goes_on_in_one_sequence(self):
		"""Both were enrolled: the sequence that began first goes on, the other says why it ended."""
		twin = a_contact(address("twin"))
		other = enrol(self.campaign, twin)
		self.at(1)
		frappe.rename_doc("Contact", self.contact, twin, merge=True)
		frappe.db.commit()
		for day in (2, 4, 5):
			self.at(day)
		self.assertEqual(self.status(self.name), "Completed")
		self.assertEqual(self.status(other), "Cancelled")
		self.assertEqual(self.subjects(address("twin")), ["Day 0", "Day 2", "Day 4"])

	def test_an_address_that_is_excluded_gets_nothing(self):
		doc = frappe.get_doc("Campaign", self.campaign)
		doc.append("excluding_target_lists", {"target_list": a_list(JO, title="Sending Excluded")})
		doc.save()
		frappe.db.commit()
		self.assertEqual(self.rest()[2], ["Address on an excluding list"] * 2)


class TestTrouble(OnePersonTest):
	def problem(self, campaign):
		frappe.db.rollback()
		return frappe.db.get_value("Campaign", campaign, "drip_problem")

	def test_a_template_that_cannot_be_compiled_is_told_and_tried_again(self):
		step = a_step(0, "Broken", "<p>{{ doc. }}</p>")
		campaign = a_sequence(step)
		name = enrol(campaign, self.contact)
		self.at(1)
		self.assertIn("Step 1", self.problem(campaign))
		self.assertEqual(self.steps(name)[0][2], "Queued")
		change("Email Template", step["email_template"], response_html="<p>Mended</p>")
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s", name)
		frappe.db.commit()
		self.at(1)
		self.assertEqual((self.subjects(JO), self.problem(campaign)), (["Broken"], ""))

	def test_a_server_that_is_away_holds_up_no_other_campaign(self):
		campaign = a_sequence(a_step(0))
		name = enrol(campaign, self.contact)
		self.server.stop()
		self.at(1)
		self.assertIn("can't be used", self.problem(campaign))
		self.assertEqual(self.steps(name)[0][2], "Queued")
		self.serve()
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s", name)
		frappe.db.commit()
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])

	def test_a_killed_page_loses_and_repeats_nothing(self):
		"""What was leaving when the worker died is Uncertain, and the sequence goes on with the next step."""
		name = enrol(a_sequence(a_step(0), a_step(1)), self.contact)
		self.at(0, 23)
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET status = 'Sending', claim = 'dead', lease_until = 1 WHERE source = %s",
			name,
		)
		frappe.db.delete("Communication", {"reference_name": name})
		frappe.db.commit()
		from email_campaigns.jobs import sending

		sending.recover(clock(0, 23))
		self.at(1)
		self.assertEqual([row[2] for row in self.steps(name)], ["Uncertain", "Sent"])
		first = frappe.db.get_value("Campaign Message", {"source": name, "step": 1})
		self.assertTrue(uncertain_store.told_by_event(first))
		frappe.db.commit()
		self.assertEqual([row[2] for row in self.steps(name)], ["Sent", "Sent"])
		self.assertEqual(frappe.db.count("Communication", {"reference_name": name}), 2)

	def test_the_hourly_limit_of_the_site_holds(self):
		settings(hourly_limit=1)
		campaign = a_sequence(a_step(0))
		for number in range(3):
			enrol(campaign, a_contact(address(f"limit{number}")))
		self.at(1)
		self.assertEqual(len(self.server.messages), 1)


class TestRefusals(OnePersonTest):
	def refuses(self, words, campaign=None, recipient=None, kind="Contact", **values):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			enrol(campaign or a_sequence(), recipient or self.contact, kind, **values)
		frappe.db.rollback()

	def test_a_campaign_without_a_schedule(self):
		campaign = a_campaign()
		self.refuses(f"Please set up the Campaign Schedule in the Campaign {campaign}", campaign)

	def test_a_start_date_in_the_past(self):
		self.refuses("Start Date cannot be before the current date", start_date=add_days(nowdate(), -1))

	def test_a_start_date_that_has_passed_since(self):
		name = enrol(a_sequence(), self.contact)
		change("Email Campaign", name, start_date=add_days(nowdate(), -1))
		frappe.get_doc("Email Campaign", name).save()

	def test_a_second_enrolment_that_is_unfinished(self):
		campaign = a_sequence()
		enrol(campaign, self.contact)
		words = f"The Campaign '{campaign}' already exists for the Contact '{self.contact}'"
		self.refuses(words, campaign)
		frappe.db.sql(
			"UPDATE `tabEmail Campaign` SET status = 'Completed' WHERE campaign_name = %s", campaign
		)
		enrol(campaign, self.contact)

	def test_a_recipient_without_an_address(self):
		self.refuses("Please set an email id for the Contact", recipient=a_contact("", designation="Sending"))

	def test_a_group_without_members(self):
		self.refuses("has no members", recipient=a_list(title="Sending Empty"), kind="Target List")

	def test_a_doctype_that_is_no_recipient_source(self):
		self.refuses("is not a recipient source", recipient="Administrator", kind="Role")

	def test_a_negative_day(self):
		with self.assertRaisesRegex(
			frappe.ValidationError, "Row 1: a step can't be sent before the start date"
		):
			a_sequence(a_step(-1))

	def test_a_time_of_day_that_is_none(self):
		with self.assertRaisesRegex(frappe.ValidationError, "Row 1: “25:00” is no time of day"):
			a_sequence(a_step(0, send_time="25:00"))

	def test_a_time_zone_that_is_none(self):
		with self.assertRaisesRegex(frappe.ValidationError, "Row 1: “Europe/Nowhere” is not a time zone"):
			a_sequence(a_step(0, time_zone="Europe/Nowhere"))

	def test_a_sender_whom_the_user_is_not(self):
		"""A mail shows what its sender may read."""
		user = a_user("clerk", "Campaign User")
		frappe.set_user(user)
		self.addCleanup(frappe.set_user, "Administrator")
		self.refuses("in another person's name", recipient=a_list(JO), kind="Target List")

	def test_a_record_that_the_user_may_not_read(self):
		user = a_user("clerk", "Campaign User")
		campaign = a_sequence()
		frappe.set_user(user)
		self.addCleanup(frappe.set_user, "Administrator")
		with self.assertRaises(frappe.PermissionError):
			enrol(campaign, self.contact, sender=user)
