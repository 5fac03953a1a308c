"""The events that end a drip sequence for a person, and the problems that hold it up."""

import frappe

from email_campaigns.audience.decide import DISABLED
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.drip import events_store
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_user, address, change, settings
from email_campaigns.tests.site.kits.drips import JO, OnePersonTest, a_sequence, a_step, clock, enrol


class TestEnds(OnePersonTest):
	def setUp(self):
		super().setUp()
		self.campaign = a_sequence()
		self.name = enrol(self.campaign, self.contact)
		self.at(0, 23)

	def rest(self):
		"""Return (subjects received after the first, status, reasons of the steps that did not leave)."""
		for day in (2, 4, 5):
			self.at(day)
		return self.subjects(JO)[1:], self.status(self.name), [row[3] for row in self.steps(self.name)[1:]]

	def test_a_person_who_leaves_everything_gets_no_further_step(self):
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

	def test_a_reply_ends_the_sequence(self):
		message = frappe.db.get_value("Campaign Message", {"source": self.name})
		self.assertTrue(events_store.record_reply(message))
		self.assertFalse(events_store.record_reply(message))
		frappe.db.commit()
		self.assertEqual(self.rest(), ([], "Replied", []))
		self.assertEqual(frappe.db.count("Campaign Log", {"source": self.name, "action": "Replied"}), 1)

	def test_a_reply_ends_nothing_where_the_campaign_says_so(self):
		change("Campaign", self.campaign, stop_on_reply=0)
		events_store.record_reply(frappe.db.get_value("Campaign Message", {"source": self.name}))
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
		self.assertEqual([row[3] for row in self.steps(self.name)], ["", DISABLED, DISABLED])

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

	def test_a_template_that_cannot_be_compiled_is_reported_and_tried_again(self):
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

	def test_the_problem_of_a_step_stays_until_that_step_can_leave(self):
		step = a_step(0, "Broken", "<p>{{ doc. }}</p>")
		campaign = a_sequence(step, a_step(1, "Whole"))
		name = enrol(campaign, self.contact)
		self.at(1)
		self.at(2)
		self.assertEqual(self.subjects(JO), ["Whole"])
		self.assertIn("Step 1", self.problem(campaign))
		change("Email Template", step["email_template"], response_html="<p>Mended</p>")
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s", name)
		frappe.db.commit()
		self.at(2)
		self.assertEqual(self.problem(campaign), "")

	def test_a_server_that_is_away_holds_up_no_other_campaign(self):
		campaign = a_sequence(a_step(0))
		name = enrol(campaign, self.contact)
		self.server.stop()
		self.at(1)
		self.assertIn("can't be used", self.problem(campaign))
		self.assertEqual(self.steps(name)[0][2], "Queued")
		self.serve()
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s", name)
		frappe.db.sql("UPDATE `tabSending Hold` SET held_epoch = 1")
		frappe.db.commit()
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])

	def test_a_killed_batch_loses_and_repeats_nothing(self):
		"""The mail that was leaving when the worker died is Uncertain; the next step is sent."""
		name = enrol(a_sequence(a_step(0), a_step(1)), self.contact)
		self.at(0, 23)
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Sending', claim = 'dead', lease_until = 1
			WHERE source = %s""",
			name,
		)
		frappe.db.delete("Communication", {"recipients": JO})
		frappe.db.commit()
		sending.recover(clock(0, 23))
		self.at(1)
		self.assertEqual([row[2] for row in self.steps(name)], ["Uncertain", "Sent"])
		first = frappe.db.get_value("Campaign Message", {"source": name, "step": 1})
		self.assertTrue(events_store.settle_uncertain(first, "It was opened."))
		frappe.db.commit()
		self.assertEqual([row[2] for row in self.steps(name)], ["Sent", "Sent"])
		self.assertEqual(frappe.db.count("Communication", {"recipients": JO}), 2)

	def test_the_hourly_limit_of_the_site_holds(self):
		settings(hourly_limit=1)
		campaign = a_sequence(a_step(0))
		for number in range(3):
			enrol(campaign, a_contact(address(f"limit{number}")))
		self.at(1)
		self.assertEqual(len(self.server.messages), 1)
