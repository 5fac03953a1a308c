"""Several enrolments of one address in one campaign: each step reaches it once, or once an enrolment."""

import frappe

from email_campaigns.api.public import preferences
from email_campaigns.audience.decide import DUPLICATE_ADDRESS, PER_ENROLMENT
from email_campaigns.delivery.ledger.twins import TAKEN, WAITS
from email_campaigns.drip import decide, enrolment_store, events_store, figures_store, plan_store
from email_campaigns.jobs import drip
from email_campaigns.patches import keep_each_enrolment
from email_campaigns.tests.site.drip.test_email_campaign_groups import a_group
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_user, address
from email_campaigns.tests.site.kits.drips import JO, DripTest, a_sequence, a_step, clock, enrol


class TwinsTest(DripTest):
	"""Jo is enrolled as a contact, and later as a user."""

	def setUp(self):
		super().setUp()
		self.contact, self.user = a_contact(JO), a_user("jo")

	def enrol_both(self, *steps, **values):
		campaign = a_sequence(*(steps or (a_step(0, send_time="0:00"), a_step(2))), **values)
		self.first = enrol(campaign, self.contact)
		self.second = enrol(campaign, self.user, "User")
		return campaign

	def plan(self, day, hour=12):
		"""Plan without sending, as where an hourly limit holds the mails up."""
		epoch = clock(day, hour)
		while due := plan_store.due_enrolments(epoch):
			frappe.db.commit()
			plan_store.plan_enrolments(plan_store.lock_due(due, epoch), epoch)
			frappe.db.commit()

	def mail_of(self, enrolment, step=1):
		return frappe.db.get_value("Campaign Message", {"source": enrolment, "step": step})


class TestOneMailPerAddress(TwinsTest):
	def test_each_step_leaves_once_and_the_other_enrolment_says_by_which(self):
		self.enrol_both()
		for day in (0, 0, 2, 2):
			self.at(day)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 2"])
		taken = TAKEN.format(self.first)
		skipped = [(step, JO, "Skipped", taken) for step in (1, 2)]
		self.assertEqual(self.steps(self.second), skipped)
		shown = figures_store.enrolment_steps(frappe.get_doc("Email Campaign", self.second))
		self.assertEqual([(step["status"], step["reason"]) for step in shown], [("Skipped", taken)] * 2)

	def test_both_end_on_their_day(self):
		self.enrol_both(a_step(0, send_time="0:00"))
		for day in (0, 0, 1):
			self.at(day)
		self.assertEqual([self.status(self.first), self.status(self.second)], ["Completed"] * 2)

	def test_the_step_of_the_second_waits_while_the_first_has_not_left(self):
		self.enrol_both()
		self.plan(0)
		shown = figures_store.enrolment_steps(frappe.get_doc("Email Campaign", self.second))
		self.assertEqual((shown[0]["status"], shown[0]["reason"]), ("Queued", WAITS))
		drip.decide_waiting()
		self.assertEqual(self.steps(self.second), [(1, JO, "Queued", "")])

	def test_it_leaves_where_the_first_fails(self):
		self.enrol_both(a_step(0, "For {{ doc.first_name }}", send_time="0:00"))
		self.plan(0)
		frappe.db.set_value("Campaign Message", self.mail_of(self.first), "status", "Failed")
		frappe.db.commit()
		self.at(0)
		self.at(0)
		self.assertEqual([row[2] for row in self.steps(self.second)], ["Sent"])
		self.assertEqual(len(self.subjects(JO)), 1)

	def test_it_leaves_where_the_first_is_stopped(self):
		self.enrol_both()
		self.plan(0)
		enrolment_store.end_enrolment(self.first, "Cancelled", "No use")
		frappe.db.commit()
		for day in (0, 0, 2):
			self.at(day)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 2"])
		self.assertEqual([row[2] for row in self.steps(self.second)], ["Sent", "Sent"])

	def test_of_three_that_wait_the_eldest_leaves(self):
		campaign = self.enrol_both()
		third = enrol(campaign, a_list(JO), "Target List")
		self.plan(0)
		enrolment_store.end_enrolment(self.first, "Cancelled", "No use")
		frappe.db.commit()
		self.at(0)
		self.at(0)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.steps(self.second)[0][2], "Sent")
		self.assertEqual(self.steps(third)[0][2:], ("Skipped", TAKEN.format(self.second)))

	def test_whoever_leaves_by_a_mail_of_the_first_leaves_the_second(self):
		self.enrol_both()
		self.at(0)
		preferences.one_click(self.mail_of(self.first))
		frappe.db.commit()
		self.at(2)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual([self.status(self.first), self.status(self.second)], ["Unsubscribed"] * 2)

	def test_whoever_has_left_before_the_second_had_a_mail_gets_none(self):
		campaign = a_sequence(a_step(0, send_time="0:00"), a_step(2))
		self.first = enrol(campaign, self.contact)
		self.at(0)
		self.second = enrol(campaign, self.user, "User", start_date=frappe.utils.add_days(None, 1))
		preferences.one_click(self.mail_of(self.first))
		frappe.db.commit()
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.status(self.second), "Unsubscribed")

	def test_whoever_leaves_a_list_leaves_what_the_list_has_brought(self):
		campaign = a_sequence(a_step(0, send_time="0:00"), a_step(2))
		self.first = enrol(campaign, a_list(JO), "Target List")
		self.at(0)
		self.second = enrol(campaign, self.contact)
		self.at(0)
		preferences.one_click(self.mail_of(self.first))
		frappe.db.commit()
		self.at(2)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.status(self.second), "Unsubscribed")

	def test_a_reply_to_the_first_ends_the_second(self):
		self.enrol_both()
		self.at(0)
		events_store.record_reply(self.mail_of(self.first))
		frappe.db.commit()
		self.at(2)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.status(self.second), "Replied")

	def test_what_was_opened_by_the_first_counts_for_the_second(self):
		self.enrol_both(a_step(0, send_time="0:00"), a_step(2, send_if="Only if not opened"))
		self.at(0)
		self.at(0)
		frappe.db.set_value("Campaign Message", self.mail_of(self.first), "opened_at", frappe.utils.now())
		frappe.db.commit()
		self.at(2)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		reason = decide.CONDITIONS["Only if not opened"][2]
		self.assertEqual(self.steps(self.second)[1], (2, JO, "Skipped", reason))

	def test_members_of_two_groups_get_each_step_once(self):
		kim = address("kim")
		campaign = a_sequence(a_step(0, send_time="0:00"))
		first = enrol(campaign, a_group(JO, kim), "Email Group")
		second = enrol(campaign, a_list(JO, address("lee")), "Target List")
		self.at(0)
		self.at(0)
		self.assertEqual(self.received(), sorted([JO, kim, address("lee")]))
		ends = {row[1]: row[2:] for row in self.steps(second)}
		self.assertEqual(ends[JO], ("Skipped", TAKEN.format(first)))

	def test_a_record_with_a_new_address_is_not_mailed_where_a_twin_has_the_step(self):
		"""The address changes between planning and sending."""
		other = a_contact(address("other"))
		campaign = a_sequence(a_step(0, send_time="0:00"))
		self.first, self.second = enrol(campaign, self.user, "User"), enrol(campaign, other)
		self.plan(0)
		doc = frappe.get_doc("Contact", other)
		doc.email_ids = []
		doc.append("email_ids", {"email_id": JO, "is_primary": 1})
		doc.save()
		frappe.db.commit()
		self.at(0)
		self.at(0)
		self.assertEqual(len(self.subjects(JO)), 1)
		self.assertEqual(self.steps(self.second)[0][2:], ("Skipped", DUPLICATE_ADDRESS))

	def test_a_finished_sequence_may_be_followed_by_another(self):
		campaign = a_sequence(a_step(0, send_time="0:00"))
		self.first = enrol(campaign, self.contact)
		self.at(0)
		self.at(1)
		self.assertEqual(self.status(self.first), "Completed")
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET creation = creation - INTERVAL 1 DAY,
				sent_at = sent_at - INTERVAL 1 DAY WHERE source = %s""",
			self.first,
		)
		self.second = enrol(campaign, self.user, "User")
		self.at(0)
		self.assertEqual(self.steps(self.second), [(1, JO, "Sent", "")])
		self.assertEqual(len(self.subjects(JO)), 2)

	def test_another_campaign_is_another_sequence(self):
		enrol(a_sequence(a_step(0, "One", send_time="0:00")), self.contact)
		enrol(a_sequence(a_step(0, "Two", send_time="0:00")), self.user, "User")
		self.at(0)
		self.assertEqual(sorted(self.subjects(JO)), ["One", "Two"])

	def test_copies_of_a_step_that_a_twin_has_are_skipped_with_it(self):
		self.enrol_both(cc_fields=[])
		self.plan(0)
		mail = self.mail_of(self.second)
		copy = frappe.copy_doc(frappe.get_doc("Campaign Message", mail))
		copy.update({"cc_of": mail, "dedupe_key": "c:1", "email": address("boss"), "send_after": 2**53})
		copy.flags.by_app = True
		copy.insert()
		frappe.db.commit()
		self.at(0)
		self.at(0)
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value("Campaign Message", copy.name, "status"), "Skipped")
		self.assertEqual(self.received(), [JO])


class TestOneMailPerEnrolment(TwinsTest):
	def test_each_enrolment_is_mailed(self):
		self.enrol_both(duplicate_policy=PER_ENROLMENT)
		self.at(0)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 0"])

	def test_whoever_leaves_one_leaves_it_alone(self):
		self.enrol_both(duplicate_policy=PER_ENROLMENT)
		self.at(0)
		preferences.one_click(self.mail_of(self.first))
		frappe.db.commit()
		self.at(2)
		self.assertEqual(self.subjects(JO)[2:], ["Day 2"])
		self.assertEqual(self.status(self.second), "In Progress")

	def test_what_waits_leaves_when_the_choice_is_changed(self):
		campaign = self.enrol_both()
		self.plan(0)
		frappe.get_doc("Campaign", campaign).update({"duplicate_policy": PER_ENROLMENT}).save()
		frappe.db.commit()
		self.at(0)
		self.assertEqual(len(self.subjects(JO)), 2)

	def test_campaigns_that_there_are_keep_what_they_do_and_new_ones_mail_an_address_once(self):
		with_steps, without = a_sequence(), a_sequence()
		frappe.db.delete("Campaign Email Schedule", {"parent": without})
		keep_each_enrolment.execute()
		policy = lambda name: frappe.db.get_value("Campaign", name, "duplicate_policy")  # noqa: E731
		self.assertEqual((policy(with_steps), policy(without)), (PER_ENROLMENT, "One mail per address"))
		frappe.db.rollback()
