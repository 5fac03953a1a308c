"""Sequences in the Desk: enrolling many, stopping one, and the figures of each step."""

import frappe
from frappe.utils import add_days, nowdate

from email_campaigns.api.desk import drip
from email_campaigns.delivery import recompose_store
from email_campaigns.drip.plan_store import has_due
from email_campaigns.jobs.drip import plan as plan_due
from email_campaigns.tests.site.drip.test_email_campaign_groups import a_group
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	change,
	settings,
)
from email_campaigns.tests.site.kits.copies import BOSS, COMPANY, offer
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, a_step, clock, enrol
from email_campaigns.tests.site.kits.queue import work_off

JO = address("jo")


class TestEnrolling(DripTest):
	def setUp(self):
		super().setUp()
		self.campaign = a_sequence(a_step(0, send_time="0:00"))
		self.contacts = [a_contact(address(f"many{number}")) for number in range(3)]

	def enrol(self, **values):
		outcome = drip.enrol(self.campaign, "Contact", nowdate(), **values)
		frappe.db.commit()
		return outcome

	def test_the_selected_records_are_enrolled_one_by_one(self):
		self.assertEqual(self.enrol(names=self.contacts[:2]), {"enrolled": 2, "left_out": {}})
		work_off()
		self.assertEqual(self.received(), [address("many0"), address("many1")])

	def test_all_records_of_a_filter_are_enrolled(self):
		outcome = self.enrol(filters=[["Contact", "designation", "=", "Sending"]])
		self.assertEqual(outcome["enrolled"], 3)

	def test_a_record_that_is_left_out_is_counted_with_the_reason(self):
		enrol(self.campaign, self.contacts[0])
		silent = a_contact("")
		outcome = self.enrol(names=[*self.contacts, silent])
		self.assertEqual(outcome["enrolled"], 2)
		reasons = sorted(outcome["left_out"].items())
		self.assertEqual([number for _reason, number in reasons], [1, 1])
		self.assertIn("already exists for the Contact", reasons[1][0])
		self.assertIn("Please set an email id for the Contact", reasons[0][0])

	def test_many_records_are_enrolled_in_the_background_and_the_user_is_notified(self):
		names = [a_contact(address(f"crowd{number}")) for number in range(drip.AT_ONCE + 1)]
		self.assertEqual(self.enrol(names=names), {"queued": len(names)})
		work_off(most=200)
		self.assertEqual(frappe.db.count("Email Campaign", {"campaign_name": self.campaign}), len(names))
		(subject,) = frappe.get_all("Notification Log", {"document_name": self.campaign}, pluck="subject")
		self.assertIn(f"{len(names)} recipients were enrolled", subject)
		self.assertEqual(len(self.server.messages), len(names))
		frappe.db.delete("Notification Log", {"document_name": self.campaign})

	def test_a_start_in_the_past_enrols_nobody(self):
		with self.assertRaisesRegex(frappe.ValidationError, "before the current date"):
			drip.enrol(self.campaign, "Contact", add_days(nowdate(), -1), names=self.contacts)

	def test_a_filter_without_a_match_is_refused(self):
		with self.assertRaisesRegex(frappe.ValidationError, "No Contact matches"):
			self.enrol(filters=[["Contact", "designation", "=", "Nobody"]])

	def test_a_user_who_may_not_read_the_records_enrols_none(self):
		frappe.set_user(a_user("clerk", "Campaign User"))
		self.addCleanup(frappe.set_user, "Administrator")
		self.assertNotIn("User", drip.kinds())
		with self.assertRaises(frappe.PermissionError):
			drip.enrol(self.campaign, "User", names=["Administrator"])

	def test_a_user_without_a_role_is_refused(self):
		frappe.set_user(a_user("stranger"))
		self.addCleanup(frappe.set_user, "Administrator")
		for call in (
			drip.kinds,
			lambda: self.enrol(names=self.contacts),
			lambda: drip.figures(self.campaign),
		):
			self.assertRaises(frappe.PermissionError, call)


class TestStopping(DripTest):
	def setUp(self):
		super().setUp()
		self.campaign = a_sequence(a_step(0), a_step(1))
		self.name = enrol(self.campaign, a_contact(JO))
		self.at(0, 23)

	def test_a_stopped_sequence_ends_for_good_with_the_reason(self):
		drip.stop(self.name, "They have bought")
		frappe.db.commit()
		self.at(2)
		doc = frappe.get_doc("Email Campaign", self.name)
		self.assertEqual((doc.status, doc.ended_because), ("Cancelled", "Cancelled: They have bought"))
		self.assertEqual(self.subjects(JO), ["Day 0"])

	def test_stopping_needs_a_reason_and_happens_once(self):
		with self.assertRaisesRegex(frappe.ValidationError, "Say why"):
			drip.stop(self.name, " ")
		drip.stop(self.name, "Once")
		with self.assertRaisesRegex(frappe.ValidationError, "can't be stopped"):
			drip.stop(self.name, "Twice")

	def test_saving_an_ended_sequence_does_not_bring_it_back(self):
		drip.stop(self.name, "Once")
		doc = frappe.get_doc("Email Campaign", self.name)
		doc.status = "In Progress"
		doc.save()
		frappe.db.commit()
		self.assertEqual(self.status(self.name), "Cancelled")


class TestFigures(DripTest):
	def setUp(self):
		super().setUp()
		self.campaign = a_sequence(a_step(0, "Hello {{ doc.first_name }}"), a_step(2))
		self.name = enrol(self.campaign, a_contact(JO))
		self.at(0, 23)

	def test_the_form_shows_what_was_sent_and_what_is_to_come(self):
		frappe.db.set_value("Campaign Message", {"source": self.name}, "opened_at", frappe.utils.now())
		first, second = drip.steps(self.name)
		self.assertEqual(
			(first["status"], bool(first["opened"]), bool(first["clicked"])), ("Sent", True, False)
		)
		self.assertEqual((second["status"], second["due"]), ("", f"{add_days(nowdate(), 2)} 09:00:00"))

	def test_the_form_of_an_ended_sequence_says_why_the_rest_does_not_come(self):
		drip.stop(self.name, "Enough")
		self.assertIn("Cancelled", drip.steps(self.name)[1]["reason"])

	def test_the_form_of_a_group_counts(self):
		name = enrol(self.campaign, a_list(address("a"), address("b")), "Target List")
		self.at(1)
		first = drip.steps(name)[0]
		self.assertEqual((first["status"], first["sent"], first["opened"]), ("Sent", 2, 0))

	def test_the_campaign_counts_each_step_over_all_enrolments(self):
		enrol(self.campaign, a_contact(address("kim")))
		self.at(0, 23)
		frappe.db.set_value("Campaign Message", {"source": self.name}, "clicked_at", frappe.utils.now())
		figures = drip.figures(self.campaign)
		self.assertEqual(figures["statuses"], {"In Progress": 2})
		self.assertEqual([(step["sent"], step["clicked"]) for step in figures["steps"]], [(2, 1), (0, 0)])

	def test_a_step_can_be_looked_at_before_it_leaves(self):
		mail = drip.preview(self.name, 1)
		self.assertEqual((mail["subject"], mail["email"]), ("Hello Jo", JO))

	def test_a_mail_is_shown_in_the_browser_as_it_was_sent(self):
		message = frappe.db.get_value("Campaign Message", {"source": self.name})
		self.assertIn("Hello Jo", recompose_store.view_sent_mail(message))

	def test_the_calendar_shows_sequences_that_last_into_it(self):
		events = drip.events(
			nowdate(),
			add_days(nowdate(), 30),
			filters=[["Email Campaign", "campaign_name", "=", self.campaign]],
		)
		self.assertEqual([row["name"] for row in events], [self.name])
		later = drip.events(
			add_days(nowdate(), 10), add_days(nowdate(), 30), filters=[["campaign_name", "=", self.campaign]]
		)
		self.assertEqual(later, [])

	def test_nothing_is_due_between_two_steps(self):
		others = frappe.get_all(
			"Email Campaign", {"name": ["!=", self.name], "next_epoch": [">", 0]}, pluck="name"
		)
		self.assertEqual((has_due(clock(1)), has_due(clock(3))), (bool(others), True))


class TestStoreSentEmails(DripTest):
	def test_a_mailing_stores_its_mails_where_it_is_set_to(self):
		record = a_contact(JO)
		title = a_list(title="Sending Timeline")
		add_records(title, "Contact", record)
		for store, subjects in ((1, ["Kept"]), (0, [])):
			self.send(a_mailing(title, subject="Kept", store_emails=store))
			stored = frappe.get_all(
				"Communication", {"reference_doctype": "Contact", "reference_name": record}, pluck="subject"
			)
			self.assertEqual(stored, subjects)
			frappe.db.delete("Communication", {"reference_name": record})


class TestCopies(DripTest):
	"""CC of a step: the addresses in a field of the recipient's record."""

	def setUp(self):
		super().setUp()
		self.addCleanup(offer)
		offer(COMPANY)

	def test_each_step_is_copied_to_the_addresses_of_the_record(self):
		record = a_contact(JO, company_name=BOSS)
		name = enrol(a_sequence(a_step(0), a_step(1), cc_fields=[{"cc_field": COMPANY}]), record)
		self.at(0, 23)
		self.at(1)
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 1"])
		self.assertEqual(self.subjects(BOSS), ["Day 0", "Day 1"])
		self.assertEqual([mail.parsed["Cc"] for mail in self.server.messages], [BOSS] * 4)
		self.assertEqual(frappe.db.count("Campaign Log", {"source": name, "action": "CC Sent"}), 2)

	def remove_fields(self, campaign):
		doc = frappe.get_doc("Campaign", campaign)
		doc.cc_fields = []
		doc.save()
		frappe.db.commit()

	def assertSwitchedOff(self, enrolment):
		self.assertEqual(self.received(), [JO])
		self.assertEqual(
			sorted(self.steps(enrolment)),
			[(1, BOSS, "Skipped", "CC field switched off"), (1, JO, "Sent", "")],
		)
		logged = {"source": enrolment, "action": "CC Skipped", "details": "CC field switched off"}
		self.assertEqual(frappe.db.count("Campaign Log", logged), 1)

	def test_a_field_that_is_taken_away_before_the_mail_leaves(self):
		campaign = a_sequence(a_step(0), cc_fields=[{"cc_field": COMPANY}])
		enrolment = enrol(campaign, a_contact(JO, company_name=BOSS))
		plan_due(clock(0))
		self.remove_fields(campaign)
		work_off()
		self.assertSwitchedOff(enrolment)

	def test_a_field_that_is_taken_away_before_the_copy_leaves(self):
		settings(hourly_limit=1)
		campaign = a_sequence(a_step(0), cc_fields=[{"cc_field": COMPANY}])
		enrolment = enrol(campaign, a_contact(JO, company_name=BOSS))
		self.at(0)
		self.assertEqual(self.received(), [JO])
		self.remove_fields(campaign)
		settings(hourly_limit=0)
		self.at(0)
		self.assertSwitchedOff(enrolment)

	def test_a_field_that_is_not_offered_is_refused(self):
		with self.assertRaises(frappe.ValidationError):
			a_sequence(a_step(0), cc_fields=[{"cc_field": "Contact.middle_name"}])


class TestHints(DripTest):
	def hints(self, *steps, enrolled=()):
		campaign = frappe.get_doc("Campaign", a_sequence(*steps))
		for recipient, kind in enrolled:
			enrol(campaign.name, recipient, kind)
		campaign.run_method("onload")
		return campaign.get_onload("step_hints")

	def test_there_are_none_for_steps_without_fault(self):
		self.assertEqual(self.hints(a_step(0)), [])

	def test_placeholders_of_other_systems_in_a_step(self):
		(hint,) = self.hints(a_step(0), a_step(2, html="<p>Dear %FIRSTNAME%</p>"))
		self.assertIn("Message, line 1: “%FIRSTNAME%” is a placeholder of another system.", hint)

	def test_no_default_outgoing_account(self):
		accounts = frappe.get_all("Email Account", {"default_outgoing": 1}, pluck="name")
		for name in accounts:
			change("Email Account", name, default_outgoing=0)
			self.addCleanup(change, "Email Account", name, default_outgoing=1)
		(hint,) = self.hints(a_step(0))
		self.assertIn("no default outgoing Email Account", hint)

	def test_fields_that_the_members_of_a_group_have_not(self):
		"""ERPNext renders with the group, which has a title."""
		step = a_step(0, "{{ doc.title }}", "<p>{{ doc.email }}{{ doc.name }}{{ total_subscribers }}</p>")
		group = (a_group(JO), "Email Group")
		(hint,) = self.hints(step, enrolled=[group])
		self.assertIn("Email Group Member have no field title, total_subscribers.", hint)
		self.assertEqual(self.hints(step), [], "nobody is enrolled")

	def test_fields_that_some_of_those_who_are_enrolled_have_not(self):
		people = [(a_contact(JO), "Contact"), (a_user("jo"), "User")]
		(hint,) = self.hints(a_step(0, html="<p>{{ doc.company_name }}</p>"), enrolled=people)
		self.assertIn("of the type User have no field company_name.", hint)

	def test_a_template_that_cannot_be_used(self):
		(hint,) = self.hints(a_step(0, html="<p>{{ doc. }}</p>"), enrolled=[(a_contact(JO), "Contact")])
		self.assertIn("line 1", hint)
