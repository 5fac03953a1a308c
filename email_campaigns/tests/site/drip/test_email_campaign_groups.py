"""Email Campaign for a Target List or an Email Group: each member is mailed, and may leave, on its own."""

from unittest.mock import patch

import frappe

from email_campaigns.api.public import preferences
from email_campaigns.audience.lists import members_store
from email_campaigns.drip import decide, events_store, plan_store
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_user,
	add_records,
	address,
	addresses,
)
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, a_step, clock, enrol
from email_campaigns.tests.site.kits.queue import work_off

JO, KIM, LEE = address("jo"), address("kim"), address("lee")


def a_group(*emails: str) -> str:
	group = frappe.get_doc({"doctype": "Email Group", "title": "Sending Group"}).insert().name
	for email in emails:
		frappe.get_doc({"doctype": "Email Group Member", "email_group": group, "email": email}).insert()
	return group


class TestTargetList(DripTest):
	def setUp(self):
		super().setUp()
		self.list = a_list(KIM)
		add_records(self.list, "Contact", a_contact(JO, first_name="Josephine"))
		self.campaign = a_sequence(a_step(0, "For {{ doc.first_name }}"), a_step(2))
		self.name = enrol(self.campaign, self.list, "Target List")

	def test_every_member_gets_every_step_by_its_own_record(self):
		for day in range(4):
			self.at(day)
		self.assertEqual(self.subjects(JO), ["For Josephine", "Day 2"])
		self.assertEqual(self.subjects(KIM), ["For Jo", "Day 2"])
		self.assertEqual(self.status(self.name), "Completed")

	def test_a_member_leaves_by_the_link_alone(self):
		self.at(0, 23)
		preferences.one_click(frappe.db.get_value("Campaign Message", {"source": self.name, "email": JO}))
		frappe.db.commit()
		self.at(2)
		self.assertEqual((self.subjects(JO), self.subjects(KIM)), (["For Josephine"], ["For Jo", "Day 2"]))
		self.assertEqual(self.status(self.name), "In Progress")
		self.assertIn((2, JO, "Skipped", "Unsubscribed"), self.steps(self.name))

	def test_a_member_who_joins_later_gets_later_steps(self):
		self.at(0, 23)
		a_list(LEE)
		self.at(2)
		self.assertEqual(self.subjects(LEE), ["Day 2"])

	def test_a_member_who_is_on_it_twice_gets_one_mail_a_step(self):
		add_records(self.list, "User", a_user("jo"))
		self.at(0, 23)
		self.assertEqual(len(self.subjects(JO)), 1)

	def test_a_contact_and_a_user_of_one_name_are_two_people(self):
		"""The contact's name is the user's address; each has opted out, or not, on their own record."""
		user = a_user("lee")
		contact = a_contact(address("contact"), unsubscribed=1)
		frappe.rename_doc("Contact", contact, user, force=True)
		add_records(self.list, "Contact", user)
		add_records(self.list, "User", user)
		frappe.db.commit()
		self.at(0, 23)
		ends = {row[1]: row[2:] for row in self.steps(self.name)}
		self.assertEqual(ends[address("contact")], ("Skipped", "Opted out on the record"))
		self.assertEqual(ends[LEE], ("Sent", ""))

	def test_both_of_one_name_who_opted_out_have_a_row_each(self):
		user = a_user("lee")
		contact = a_contact(address("contact"), unsubscribed=1)
		frappe.rename_doc("Contact", contact, user, force=True)
		frappe.db.set_value("User", user, "unsubscribed", 1)
		for doctype in ("Contact", "User"):
			add_records(self.list, doctype, user)
		frappe.db.commit()
		self.at(0, 23)
		ends = {row[1]: row[2:] for row in self.steps(self.name)}
		for email in (address("contact"), LEE):
			self.assertEqual(ends[email], ("Skipped", "Opted out on the record"))

	def test_a_list_that_is_empty_on_the_day_of_a_step_says_so(self):
		members_store.delete_members(self.list)
		frappe.db.commit()
		self.at(0, 23)
		self.assertEqual(self.steps(self.name), [(1, "", "Skipped", decide.NO_MEMBERS)])
		a_list(LEE)
		self.at(2)
		self.assertEqual(self.subjects(LEE), ["Day 2"])

	def test_a_planner_that_is_killed_between_two_slices_goes_on_there(self):
		people = addresses(5)
		a_list(*people)
		with patch.object(members_store.read_slice, "__defaults__", (2,)):
			due = plan_store.due_enrolments(clock(0, 23))
			plan_store.plan_enrolments(due, clock(0, 23))
			frappe.db.commit()
			self.assertEqual(len(self.steps(self.name)), 2)
			self.at(0, 23)
		self.assertEqual(self.received(), sorted([JO, KIM, *people]))

	def test_conditions_hold_for_each_member(self):
		self.at(0, 23)
		frappe.db.set_value(
			"Campaign Message", {"source": self.name, "email": JO}, "opened_at", frappe.utils.now()
		)
		row = frappe.get_all("Campaign Email Schedule", {"parent": self.campaign, "step": 2}, pluck="name")[0]
		frappe.db.set_value("Campaign Email Schedule", row, "send_if", "Only if opened")
		frappe.clear_document_cache("Campaign", self.campaign)
		frappe.db.commit()
		self.at(2)
		self.assertEqual((self.subjects(JO)[1:], self.subjects(KIM)[1:]), (["Day 2"], []))

	def test_a_reply_ends_the_sequence_for_its_member_alone(self):
		self.at(0, 23)
		events_store.record_reply(frappe.db.get_value("Campaign Message", {"source": self.name, "email": JO}))
		frappe.db.commit()
		self.at(2)
		self.assertEqual((self.subjects(JO)[1:], self.subjects(KIM)[1:]), ([], ["Day 2"]))
		self.assertEqual(self.status(self.name), "In Progress")

	def test_every_mail_is_in_the_timeline_of_its_record(self):
		self.at(0, 23)
		links = frappe.get_all(
			"Communication Link",
			{
				"parent": [
					"in",
					frappe.get_all("Communication", {"recipients": ["in", [JO, KIM]]}, pluck="name"),
				]
			},
			pluck="link_doctype",
		)
		self.assertEqual(sorted(links), ["Contact", "Target List Member"])


class TestEmailGroup(DripTest):
	def setUp(self):
		super().setUp()
		self.group = a_group(JO, KIM)
		self.name = enrol(a_sequence(a_step(0, "To {{ doc.email }}"), a_step(1)), self.group, "Email Group")

	def test_the_member_and_not_the_group_fills_the_template(self):
		self.at(0, 23)
		self.assertEqual((self.subjects(JO), self.subjects(KIM)), ([f"To {JO}"], [f"To {KIM}"]))

	def test_a_member_leaves_the_sequence_alone_and_may_come_back(self):
		self.at(0, 23)
		message = frappe.db.get_value("Campaign Message", {"source": self.name, "email": JO})
		preferences.one_click(message)
		frappe.db.commit()
		self.assertEqual(self.status(self.name), "In Progress")
		self.at(1)
		self.assertEqual((len(self.subjects(JO)), len(self.subjects(KIM))), (1, 2))
		self.assertIn("again", preferences.act(message, "resubscribe_sequence").result)

	def test_the_wish_of_one_member_does_not_end_it_for_all_though_another_app_thinks_so(self):
		"""ERPNext's own hook sets the whole Email Campaign Unsubscribed (its issue 52448)."""
		self.at(0, 23)
		frappe.db.set_value("Email Campaign", self.name, "status", "Unsubscribed")
		wish = {"email": JO, "reference_doctype": "Email Campaign", "reference_name": self.name}
		frappe.get_doc({"doctype": "Email Unsubscribe", **wish}).insert()
		frappe.db.commit()
		self.at(1)
		self.assertEqual((len(self.subjects(JO)), len(self.subjects(KIM))), (1, 2))

	def test_a_member_who_has_left_the_group_gets_nothing(self):
		frappe.db.set_value("Email Group Member", {"email_group": self.group, "email": JO}, "unsubscribed", 1)
		frappe.db.commit()
		self.at(0, 23)
		self.assertEqual((self.subjects(JO), len(self.subjects(KIM))), ([], 1))


class TestThePage(DripTest):
	"""The web page behind the unsubscribe link of one person's sequence."""

	def setUp(self):
		super().setUp()
		self.campaign = a_sequence(a_step(0), a_step(1))
		self.name = enrol(self.campaign, a_contact(JO))
		self.at(0, 23)
		self.message = frappe.db.get_value("Campaign Message", {"source": self.name})

	def labels(self, page):
		return [button.label for button in page.buttons]

	def test_the_page_names_the_sequence(self):
		page = preferences.show(self.message)
		self.assertEqual(self.labels(page)[0], f"No more mails of “{self.campaign}”")
		self.assertIn("No more mailings at all", self.labels(page))

	def test_one_click_leaves_the_sequence_and_nothing_else(self):
		other = enrol(
			a_sequence(a_step(1, "Other")), frappe.db.get_value("Email Campaign", self.name, "recipient")
		)
		preferences.one_click(self.message)
		frappe.db.commit()
		self.assertEqual(self.status(self.name), "Unsubscribed")
		self.at(1)
		self.assertEqual((self.subjects(JO), self.status(other)), (["Day 0", "Other"], "In Progress"))
		self.assertEqual(frappe.db.count("Suppressed Email", {"email": JO}), 0)

	def test_undo_continues_the_sequence(self):
		preferences.act(self.message, "sequence")
		self.assertEqual(
			self.labels(preferences.show(self.message))[0], f"Get mails of “{self.campaign}” again"
		)
		preferences.act(self.message, "resubscribe_sequence")
		frappe.db.commit()
		self.assertEqual(self.status(self.name), "In Progress")
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 1"])
		actions = frappe.get_all("Campaign Log", {"source": self.name}, pluck="action", order_by="name")
		self.assertEqual(actions[:3], ["Sent", "Opted Out", "Opted In"])

	def test_a_person_who_leaves_it_and_then_everything_reads_that_everything_was_left(self):
		preferences.act(self.message, "sequence")
		preferences.act(self.message, "all")
		page = preferences.show(self.message)
		self.assertIn("You are unsubscribed from all our mailings.", page.lines)
		self.assertEqual(self.labels(page), ["Get our mailings again"])

	def test_leaving_everything_ends_all_sequences_at_once(self):
		preferences.act(self.message, "all")
		frappe.db.commit()
		self.assertEqual(self.status(self.name), "Unsubscribed")
		work_off()
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])
