"""Answers: what counts as a reply, who is unsubscribed, and whose sequence waits."""

import frappe
from frappe.utils import add_days, get_datetime, nowdate

from email_campaigns.api.desk import drip as drip_api
from email_campaigns.api.desk import inbound as api
from email_campaigns.inbound.values import Kind
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	add_records,
	address,
	change,
	settings,
)
from email_campaigns.tests.site.kits.came_back import JO, CameBackTest, a_report, an_answer, in_days
from email_campaigns.tests.site.kits.copies import BOSS, KIM, CopiesTest, contacts
from email_campaigns.tests.site.kits.drips import OnePersonTest, a_sequence, a_step, clock, enrol

LIST = "Sending List"


class TestReplies(CameBackTest):
	def setUp(self):
		super().setUp()
		self.mailing = self.sent()
		self.message = self.mail(self.mailing)

	def test_a_reply_counts_and_implies_an_open(self):
		event = self.event(self.apply(an_answer(), self.message))
		row = self.row(self.message)
		self.assertTrue(row.replied_at and row.opened_at)
		form = self.form(self.mailing)
		self.assertEqual((form.replied_count, form.opened_count), (1, 1))
		self.assertEqual(self.logged("Replied"), ["Yes, please"])
		self.assertEqual((event.status, event.kind, event.text), ("Done", "Reply", "Yes, please"))

	def test_what_strangers_write_has_no_tags(self):
		number = self.apply(an_answer(text="Yes <img src=x onerror=alert(1)>"), self.message)
		stored = frappe.db.get_value("Inbound Event", number, "text")
		self.assertNotIn("<img", stored)
		self.assertNotIn("<img", "".join(self.logged("Replied")))

	def test_from_another_address_it_counts_too_and_the_log_names_it(self):
		self.apply(an_answer(sender="private@else.example"), self.message)
		self.assertTrue(self.row(self.message).replied_at)
		self.assertEqual(self.logged("Replied"), ["private@else.example: Yes, please"])

	def test_only_a_persons_answer_counts(self):
		for kind in (Kind.AUTOMATIC, Kind.DEPARTED, Kind.RECEIPT, Kind.OTHER):
			self.apply(an_answer(kind), self.message)
		row = self.row(self.message)
		self.assertFalse(row.replied_at or row.opened_at)
		for action in ("Automatic Answer", "Departed", "Read Receipt"):
			self.assertEqual(len(self.logged(action)), 1)
		self.assertIsNone(self.suppression())

	def test_an_answer_settles_an_uncertain_mail(self):
		change("Campaign Message", self.message, status="Uncertain")
		self.apply(an_answer(Kind.AUTOMATIC), self.message)
		self.assertEqual(self.row(self.message).status, "Sent")

	def test_who_has_left_a_company_is_shown_to_the_owner(self):
		event = self.apply(an_answer(Kind.DEPARTED), self.message)
		notes = {"document_type": "Inbound Event", "document_name": str(event)}
		self.addCleanup(frappe.db.delete, "Notification Log", notes)
		self.assertTrue(self.event(event).name)
		api.suppress_address(event)
		frappe.db.commit()
		self.assertEqual(self.suppression(), "Manual")


class TestLeaving(CameBackTest):
	def setUp(self):
		super().setUp()
		self.mailing = self.sent()
		self.message = self.mail(self.mailing)

	def wish(self) -> tuple[str, str] | None:
		frappe.db.rollback()
		return frappe.db.get_value("Suppressed Email", {"email": JO}, ["reason", "target_list"])

	def test_a_mail_to_the_token_unsubscribes_at_once_as_the_link_does(self):
		self.apply(an_answer(Kind.OPT_OUT, ""), self.message)
		self.assertEqual(self.wish(), ("Unsubscribed", LIST))
		self.assertTrue(self.row(self.message).opted_out_at)
		self.assertEqual(self.form(self.mailing).unsubscribed_count, 1)
		owner = frappe.db.get_value("Campaign Log", {"action": "Opted Out"}, "owner")
		self.assertEqual(owner, "Guest")

	def test_words_are_offered_to_the_owner_as_one_click(self):
		event = self.apply(an_answer(text="Please remove me", asks_to_leave=True), self.message)
		self.assertIsNone(self.wish())
		self.assertEqual(self.event(event).asks_to_leave, 1)
		api.unsubscribe(event)
		frappe.db.commit()
		self.assertEqual(self.wish(), ("Unsubscribed", LIST))

	def test_words_are_obeyed_where_the_settings_say_so_and_the_person_writes(self):
		settings(obey_leave_words=1)
		finding = an_answer(text="Remove me", sender="other@else.example", asks_to_leave=True)
		self.apply(finding, self.message)
		self.assertIsNone(self.wish())
		self.apply(an_answer(text="Remove me", asks_to_leave=True), self.message)
		self.assertEqual(self.wish(), ("Unsubscribed", LIST))


class TestCopies(CopiesTest):
	apply = CameBackTest.apply

	def setUp(self):
		super().setUp()
		contacts(KIM, company_name=BOSS)
		self.name = self.send(self.mailing())
		rows = {row.email: row.name for row in self.rows(self.name)}
		self.kim, self.boss = rows[KIM], rows[BOSS]

	def test_a_reply_to_a_copy_counts_for_the_person_in_to(self):
		self.apply(an_answer(sender=BOSS), self.boss)
		frappe.db.rollback()
		replied = frappe.get_all("Campaign Message", {"replied_at": ("is", "set")}, pluck="name")
		self.assertEqual(replied, [self.kim])
		self.assertEqual(self.form(self.name).replied_count, 1)
		(entry,) = self.log(self.name, "Replied")
		self.assertEqual((entry.message, entry.details), (self.kim, f"{BOSS}: Yes, please"))

	def test_a_bounce_of_a_copy_suppresses_its_own_address(self):
		self.apply(a_report(BOSS), self.boss)
		suppressed = frappe.get_all("Suppressed Email", {"email": ("in", (KIM, BOSS))}, pluck="email")
		self.assertEqual((suppressed, self.form(self.name).bounced_count), ([BOSS], 0))


class TestSequences(OnePersonTest):
	apply, event, logged = CameBackTest.apply, CameBackTest.event, CameBackTest.logged
	logged_before = CameBackTest.logged_before

	def setUp(self):
		super().setUp()
		self.campaign = a_sequence()
		self.name = enrol(self.campaign, self.contact)
		self.at(0, 23)
		self.message = frappe.db.get_value("Campaign Message", {"source": self.name})

	def test_a_reply_ends_the_sequence(self):
		self.apply(an_answer(), self.message)
		for day in (2, 4, 5):
			self.at(day)
		self.assertEqual((self.status(self.name), self.subjects(JO)), ("Replied", ["Day 0"]))

	def test_an_absence_holds_the_sequence_and_the_form_says_so(self):
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(5)), self.message)
		doc = frappe.get_doc("Email Campaign", self.name)
		self.assertEqual(doc.held_until, get_datetime(f"{add_days(nowdate(), 6)} 09:00:00"))
		self.assertIn("away until", doc.held_because)
		self.assertIn("The sequence waits until", self.logged("Automatic Answer", source=self.name)[0])
		for day in (2, 4, 5):
			self.at(day)
		self.assertEqual((self.subjects(JO), self.status(self.name)), (["Day 0"], "In Progress"))

	def test_what_was_due_meanwhile_is_caught_up_and_not_skipped(self):
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(20)), self.message)
		for day in (2, 4, 10, 21, 22):
			self.at(day)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 2", "Day 4"])
		self.assertEqual(self.status(self.name), "Completed")

	def test_a_mail_that_waits_to_leave_waits_too(self):
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET status = 'Queued' WHERE source = %s AND step = 1", self.name
		)
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(3)), self.message)
		frappe.db.rollback()
		self.assertGreater(frappe.db.get_value("Campaign Message", self.message, "send_after"), clock(3))

	def test_at_most_so_many_days_and_not_at_all_where_it_is_off(self):
		settings(hold_automatic_days=3)
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(200)), self.message)
		held = frappe.db.get_value("Email Campaign", self.name, "held_epoch")
		self.assertLessEqual(held, clock(4, 9))
		self.assertGreater(held, clock(2, 0))
		change("Email Campaign", self.name, held_epoch=0, held_until=None)
		settings(hold_automatic_days=0)
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(20)), self.message)
		self.assertEqual(frappe.db.get_value("Email Campaign", self.name, "held_epoch"), 0)

	def test_a_return_in_the_past_holds_nothing(self):
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(-2)), self.message)
		self.assertEqual(frappe.db.get_value("Email Campaign", self.name, "held_epoch"), 0)

	def test_a_person_lets_it_go_on(self):
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(20)), self.message)
		drip_api.go_on(self.name)
		frappe.db.commit()
		self.at(2)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 2"])
		with self.assertRaises(frappe.ValidationError):
			drip_api.go_on(self.name)

	def test_a_mailings_automatic_answer_holds_the_persons_sequences_too(self):
		add_records(a_list(), "Contact", self.contact)
		mailing = self.send(a_mailing(LIST))
		message = frappe.db.get_value("Campaign Message", {"source": mailing})
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(5)), message)
		self.assertGreater(frappe.db.get_value("Email Campaign", self.name, "held_epoch"), clock(5))


class TestGroups(OnePersonTest):
	apply = CameBackTest.apply

	def test_an_absence_holds_one_member_and_not_the_others(self):
		ann = a_contact(address("ann"))
		add_records(a_list(), "Contact", self.contact, ann)
		name = enrol(a_sequence(a_step(0), a_step(2), a_step(4)), LIST, "Target List")
		self.at(0, 23)
		message = frappe.db.get_value("Campaign Message", {"source": name, "email": JO})
		self.apply(an_answer(Kind.AUTOMATIC, back_on=in_days(3)), message)
		self.at(2)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.subjects(address("ann")), ["Day 0", "Day 2"])
		send_after = frappe.db.get_value(
			"Campaign Message", {"source": name, "email": JO, "step": 2}, "send_after"
		)
		self.assertEqual(send_after, clock(4, 9))
