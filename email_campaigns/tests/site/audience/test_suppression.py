"""Suppressed addresses: lasting, single, and mirrored to the rest of Frappe and back without circles."""

import frappe
from frappe.tests.utils import FrappeTestCase

from email_campaigns.audience.address import InvalidAddress
from email_campaigns.audience.suppression.suppression import SuppressionScope, record_name
from email_campaigns.audience.suppression.suppression_store import (
	adopt_email_unsubscribes,
	follow_renamed_list,
	lift,
	read_scope,
	suppress,
)
from email_campaigns.tests.site.kits.visitor import forget, mass_email, target_list

JO = "jo@suppression.example"


def contact(email):
	values = {"doctype": "Contact", "first_name": "Jo"}
	values["email_ids"] = [{"email_id": "stand-in@suppression.example", "is_primary": 1}]
	doc = frappe.get_doc(values).insert()
	# Frappe's form refuses addresses with accents, an import or another app does not.
	doc.db_set("email_id", email)
	return doc


def records(email):
	return frappe.get_all("Suppressed Email", {"email": email}, ["target_list", "reason", "origin"])


def email_unsubscribes(email):
	return frappe.get_all("Email Unsubscribe", {"email": email}, pluck="name")


def an_email_unsubscribe(email, **values):
	return frappe.get_doc({"doctype": "Email Unsubscribe", "email": email, **values}).insert()


class SuppressionTest(FrappeTestCase):
	def setUp(self):
		self.addCleanup(
			forget, "%@suppression.example", "%@xn--bcher-kva.example", "%@bücher.example", "Suppression%"
		)
		self.addCleanup(frappe.db.rollback)


class TestSuppress(SuppressionTest):
	def test_everything_and_a_list_are_two_things(self):
		news = target_list("Suppression News")
		self.assertEqual(read_scope(JO), SuppressionScope())
		self.assertTrue(suppress(JO, reason="Unsubscribed", origin="test", target_list=news))
		self.assertEqual(read_scope(JO), SuppressionScope("", {news: "Unsubscribed"}))
		self.assertTrue(suppress(JO, reason="Manual", origin="test"))
		self.assertEqual(read_scope(JO), SuppressionScope("Manual", {news: "Unsubscribed"}))

	def test_a_replay_is_absorbed(self):
		self.assertTrue(suppress(JO, reason="Unsubscribed", origin="first"))
		self.assertFalse(suppress(JO.upper(), reason="Unsubscribed", origin="second"))
		self.assertEqual([row.origin for row in records(JO)], ["first"])
		self.assertEqual(len(email_unsubscribes(JO)), 1)

	def test_the_weightier_reason_stays(self):
		for reason, expected in (
			("Unsubscribed", "Unsubscribed"),
			("Complaint", "Complaint"),
			("Unsubscribed", "Complaint"),
			("Hard Bounce", "Hard Bounce"),
			("Manual", "Hard Bounce"),
		):
			suppress(JO, reason=reason, origin=f"because of {reason}")
			self.assertEqual(
				[(row.reason, row.origin) for row in records(JO)], [(expected, f"because of {expected}")]
			)

	def test_people_whom_the_collation_takes_for_one(self):
		suppress("josé@suppression.example", reason="Unsubscribed", origin="test")
		self.assertEqual(read_scope("jose@suppression.example"), SuppressionScope())
		self.assertTrue(suppress("jose@suppression.example", reason="Complaint", origin="test"))
		self.assertTrue(lift("josé@suppression.example"))
		self.assertEqual(read_scope("jose@suppression.example").everything, "Complaint")
		self.assertEqual(read_scope("josé@suppression.example"), SuppressionScope())

	def test_spellings_of_one_address(self):
		suppress("Zoë@Bücher.Example", reason="Manual", origin="test")
		for spelling in (
			"zoë@bücher.example",
			"zoe\u0308@xn--bcher-kva.example",
			"ZOË@xn--bcher-kva.example",
		):
			self.assertEqual(read_scope(spelling).everything, "Manual")

	def test_what_cannot_be_mailed_is_refused(self):
		with self.assertRaises(InvalidAddress):
			suppress("nobody", reason="Manual", origin="test")
		with self.assertRaises(ValueError):
			suppress(JO, reason="Mood", origin="test")

	def test_it_outlasts_the_member(self):
		news = target_list("Suppression News", JO)
		suppress(JO, reason="Unsubscribed", origin="test", target_list=news)
		for name in frappe.get_all("Target List Member", {"email": JO}, pluck="name"):
			frappe.delete_doc("Target List Member", name)
		target_list(news, JO)
		self.assertTrue(read_scope(JO).has_left(news))

	def test_it_follows_a_renamed_list(self):
		news = target_list("Suppression News")
		suppress(JO, reason="Unsubscribed", origin="test", target_list=news)
		frappe.rename_doc("Target List", news, "Suppression Old News")
		follow_renamed_list(None, None, news, "Suppression Old News")
		self.assertEqual(read_scope(JO).lists, {"Suppression Old News": "Unsubscribed"})
		suppress(JO, reason="Unsubscribed", origin="test", target_list=target_list(news))
		self.assertEqual(set(read_scope(JO).lists), {news, "Suppression Old News"})


class TestLift(SuppressionTest):
	def test_only_the_persons_own_wish_is_lifted(self):
		for reason, remaining in (("Unsubscribed", ""), ("Complaint", ""), ("Manual", "Manual")):
			suppress(JO, reason=reason, origin="test")
			lift(JO)
			self.assertEqual(read_scope(JO).everything, remaining)

	def test_a_list_and_everything_are_lifted_apart(self):
		news = target_list("Suppression News")
		suppress(JO, reason="Unsubscribed", origin="test", target_list=news)
		suppress(JO, reason="Unsubscribed", origin="test")
		self.assertTrue(lift(JO, target_list=news))
		self.assertEqual(read_scope(JO), SuppressionScope("Unsubscribed"))
		self.assertFalse(lift(JO, target_list=news))
		self.assertTrue(lift(JO))
		self.assertFalse(lift(JO))
		self.assertEqual(read_scope(JO), SuppressionScope())

	def test_an_unsubscription_comes_back_from_behind_a_bounce(self):
		suppress(JO, reason="Unsubscribed", origin="test")
		suppress(JO, reason="Hard Bounce", origin="550 no such user")
		frappe.delete_doc("Suppressed Email", record_name(JO))
		self.assertEqual(read_scope(JO).everything, "Unsubscribed")
		suppress(JO, reason="Hard Bounce", origin="550 no such user")
		lift(JO)
		frappe.delete_doc("Suppressed Email", record_name(JO))
		self.assertEqual(read_scope(JO), SuppressionScope())


class TestMirrors(SuppressionTest):
	def test_out(self):
		person, stranger = contact(JO), contact("stranger@suppression.example")
		suppress(JO, reason="Unsubscribed", origin="test")
		self.assertEqual(len(email_unsubscribes(JO)), 1)
		self.assertEqual(frappe.db.get_value("Contact", person.name, "unsubscribed"), 1)
		self.assertEqual(frappe.db.get_value("Contact", stranger.name, "unsubscribed"), 0)
		lift(JO)
		self.assertEqual(email_unsubscribes(JO), [])
		self.assertEqual(frappe.db.get_value("Contact", person.name, "unsubscribed"), 0)

	def test_a_list_a_bounce_and_an_entry_by_hand_are_not_mirrored(self):
		person = contact(JO)
		suppress(JO, reason="Unsubscribed", origin="test", target_list=target_list("Suppression News"))
		suppress(JO, reason="Manual", origin="test")
		suppress(JO, reason="Hard Bounce", origin="test")
		self.assertEqual(email_unsubscribes(JO), [])
		self.assertEqual(frappe.db.get_value("Contact", person.name, "unsubscribed"), 0)

	def test_records_with_another_spelling(self):
		person = contact("jo@bücher.example")
		suppress("jo@xn--bcher-kva.example", reason="Unsubscribed", origin="test")
		self.assertEqual(frappe.db.get_value("Contact", person.name, "unsubscribed"), 1)

	def test_people_whom_the_collation_takes_for_one(self):
		accented, plain = contact("josé@suppression.example"), contact("jose@suppression.example")
		suppress("josé@suppression.example", reason="Unsubscribed", origin="test")
		self.assertEqual(frappe.db.get_value("Contact", accented.name, "unsubscribed"), 1)
		self.assertEqual(frappe.db.get_value("Contact", plain.name, "unsubscribed"), 0)

	def test_in_and_back(self):
		person = contact(JO)
		mirror = an_email_unsubscribe(JO, global_unsubscribe=1)
		self.assertEqual(read_scope(JO).everything, "Unsubscribed")
		self.assertEqual(frappe.db.get_value("Contact", person.name, "unsubscribed"), 1)
		frappe.delete_doc("Email Unsubscribe", mirror.name)
		self.assertEqual(read_scope(JO), SuppressionScope())
		self.assertEqual(frappe.db.get_value("Contact", person.name, "unsubscribed"), 0)

	def test_in_for_a_mailing_means_its_lists(self):
		news, offers = target_list("Suppression News"), target_list("Suppression Offers")
		mailing = mass_email("Suppression", news, offers)
		mirror = an_email_unsubscribe(JO, reference_doctype="Mass Email", reference_name=mailing)
		self.assertEqual(read_scope(JO), SuppressionScope("", {news: "Unsubscribed", offers: "Unsubscribed"}))
		frappe.delete_doc("Email Unsubscribe", mirror.name)
		self.assertEqual(read_scope(JO), SuppressionScope())

	def test_in_for_a_mailing_without_lists_means_everything(self):
		an_email_unsubscribe(JO, reference_doctype="Mass Email", reference_name=mass_email("Suppression"))
		self.assertEqual(read_scope(JO).everything, "Unsubscribed")

	def test_in_for_another_conversation_means_nothing(self):
		an_email_unsubscribe(JO, reference_doctype="User", reference_name="Administrator")
		self.assertEqual(read_scope(JO), SuppressionScope())

	def test_in_with_an_address_that_is_none(self):
		an_email_unsubscribe("everybody at home", global_unsubscribe=1)
		self.assertEqual(records("everybody at home"), [])

	def test_a_long_address_is_held_without_the_mirror(self):
		long = f"jo@{'a' * 60}.{'b' * 60}.{'c' * 40}.example"
		self.assertTrue(suppress(long, reason="Unsubscribed", origin="test"))
		self.assertEqual((read_scope(long).everything, email_unsubscribes(long)), ("Unsubscribed", []))

	def test_those_from_before_the_app_are_adopted(self):
		mirror = an_email_unsubscribe(JO, global_unsubscribe=1)
		frappe.db.delete("Suppressed Email", {"email": JO})
		adopt_email_unsubscribes()
		self.assertEqual([row.origin for row in records(JO)], [f"Email Unsubscribe {mirror.name}"])


class TestForm(SuppressionTest):
	def entry(self, email=JO, **values):
		return frappe.get_doc({"doctype": "Suppressed Email", "email": email, **values}).insert()

	def test_by_hand(self):
		doc = self.entry(" Jo@Suppression.Example ")
		self.assertEqual((doc.name, doc.email, doc.reason), (record_name(JO), JO, "Manual"))
		self.assertEqual(read_scope(JO).everything, "Manual")

	def test_a_second_one_is_refused_with_a_sentence(self):
		suppress(JO, reason="Hard Bounce", origin="test")
		with self.assertRaisesRegex(
			frappe.DuplicateEntryError, "suppressed already, with the reason Hard Bounce"
		):
			self.entry()

	def test_an_invalid_address_is_refused_with_a_sentence(self):
		with self.assertRaisesRegex(frappe.InvalidEmailAddressError, "must have an @-sign"):
			self.entry("nobody")

	def test_an_unsubscription_by_hand_is_mirrored_and_taken_back(self):
		doc = self.entry(reason="Unsubscribed")
		self.assertEqual(len(email_unsubscribes(JO)), 1)
		doc.delete()
		self.assertEqual((email_unsubscribes(JO), read_scope(JO)), ([], SuppressionScope()))

	def test_a_changed_reason_is_mirrored(self):
		doc = self.entry()
		doc.reason = "Unsubscribed"
		doc.save()
		self.assertEqual(len(email_unsubscribes(JO)), 1)

	def test_a_campaign_user_can_add_but_not_delete(self):
		user = frappe.get_doc(
			{
				"doctype": "User",
				"email": "clerk@suppression.example",
				"first_name": "Clerk",
				"send_welcome_email": 0,
			}
		)
		user.insert().add_roles("Campaign User")
		frappe.set_user(user.name)
		self.addCleanup(frappe.set_user, "Administrator")
		doc = self.entry()
		with self.assertRaises(frappe.PermissionError):
			doc.delete()
