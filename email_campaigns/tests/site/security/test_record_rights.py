"""A row about a record is seen by those who may read the record, wherever it is shown."""

from unittest.mock import patch

import frappe
from frappe.desk.search import get_link_title
from frappe.permissions import add_user_permission

from email_campaigns import record_rights_store
from email_campaigns.api.desk import resend, results, target_list
from email_campaigns.audience.suppression import suppression_store
from email_campaigns.email_campaigns.report.bounces import bounces
from email_campaigns.record_rights_store import ABOUT, row_condition
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	an_app_document,
	change,
)
from email_campaigns.tests.site.kits.drips import a_sequence, enrol
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

ADA, BOB, PLAIN = address("ada"), address("bob"), address("plain")


class RightsTest(SendingTest):
	"""Ada and Bob are Contacts on a list with a plain address. A clerk may read Ada's, and not Bob's."""

	def setUp(self):
		super().setUp()
		self.list = a_list(PLAIN)
		self.ada, self.bob = a_contact(ADA), a_contact(BOB)
		add_records(self.list, "Contact", self.ada, self.bob)
		self.clerk = a_user("clerk", "Campaign Manager", "Sales User")
		self.reader = a_user("reader", "Campaign Manager")
		self.colleague = a_user("colleague", "Campaign User", "Sales User")
		add_user_permission("Contact", self.ada, self.clerk, ignore_permissions=True)
		self.addCleanup(self.remove_permissions)
		frappe.db.commit()

	def remove_permissions(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		frappe.db.delete("User Permission", {"user": ["in", (self.clerk, address("assistant"))]})
		frappe.db.delete("Email Campaign", {"recipient": ["in", (self.ada, self.bob)]})
		frappe.cache.delete_value("user_permissions")
		frappe.db.commit()

	def as_user(self, user, method, *arguments, **options):
		frappe.set_user(user)
		try:
			return method(*arguments, **options)
		finally:
			frappe.set_user("Administrator")

	def seen(self, user, doctype, field="email", **filters):
		return sorted(self.as_user(user, frappe.get_list, doctype, filters, pluck=field, limit=0))

	def member(self, contact):
		return frappe.db.get_value("Target List Member", {"member_name": contact, "target_list": self.list})


class TestLists(RightsTest):
	def test_members(self):
		filters = {"target_list": self.list}
		self.assertEqual(self.seen(self.clerk, "Target List Member", **filters), [ADA, PLAIN])
		self.assertEqual(self.seen(self.reader, "Target List Member", **filters), [PLAIN])
		self.assertEqual(self.seen(self.colleague, "Target List Member", **filters), [ADA, BOB, PLAIN])

	def test_mails_and_the_log(self):
		name = self.send(a_mailing(self.list))
		for doctype in ("Campaign Message", "Campaign Log"):
			with self.subTest(doctype):
				self.assertEqual(self.seen(self.clerk, doctype, source=name), [ADA, PLAIN])
				self.assertEqual(self.seen(self.reader, doctype, source=name), [PLAIN])
				self.assertEqual(self.seen(self.colleague, doctype, source=name), [ADA, BOB, PLAIN])

	def test_the_history_of_a_list(self):
		for contact, email in ((self.ada, ADA), (self.bob, BOB)):
			about = {"member_doctype": "Contact", "member_name": contact}
			an_app_document("Target List Change", target_list=self.list, email=email, **about)
		self.assertEqual(self.seen(self.clerk, "Target List Change", target_list=self.list), [ADA])

	def test_enrolments(self):
		campaign = a_sequence()
		for contact in (self.ada, self.bob):
			enrol(campaign, contact)
		self.assertEqual(
			self.seen(self.clerk, "Email Campaign", "recipient", campaign_name=campaign), [self.ada]
		)

	def test_figures_count_everybody(self):
		name = self.send(a_mailing(self.list))
		self.assertEqual(self.as_user(self.clerk, results.summary, name)["counts"]["sent"], 3)

	def test_nothing_is_asked_for_those_who_may_read_all_records(self):
		for doctype in ABOUT:
			self.assertEqual(row_condition(doctype, self.colleague), "")
			self.assertEqual(row_condition(doctype, "Administrator"), "")

	def test_to_select_users_is_not_to_see_their_rows(self):
		add_records(self.list, "User", self.colleague)
		filters = {"target_list": self.list, "member_doctype": "User"}
		self.assertEqual(self.seen(self.clerk, "Target List Member", **filters), [])
		self.assertEqual(self.seen("Administrator", "Target List Member", **filters), [self.colleague])

	def test_a_record_that_is_shared_is_seen(self):
		frappe.share.add("Contact", self.bob, self.reader)
		self.assertEqual(self.seen(self.reader, "Target List Member", target_list=self.list), [BOB, PLAIN])

	def test_a_record_that_is_gone_is_for_those_who_may_read_all(self):
		frappe.delete_doc("Contact", self.ada, force=True)
		filters = {"target_list": self.list}
		self.assertEqual(self.seen(self.clerk, "Target List Member", **filters), [PLAIN])
		self.assertEqual(self.seen(self.colleague, "Target List Member", **filters), [ADA, BOB, PLAIN])

	def test_a_doctype_that_is_gone_is_for_managers(self):
		change("Target List Member", self.member(self.bob), member_doctype="Gone Lead")
		filters = {"target_list": self.list}
		self.assertEqual(self.seen(self.colleague, "Target List Member", **filters), [ADA, PLAIN])
		self.assertEqual(self.seen(self.clerk, "Target List Member", **filters), [ADA, BOB, PLAIN])

	def test_many_records_are_looked_up_row_by_row(self):
		with patch.object(record_rights_store, "FEW", 0):
			self.assertIn("EXISTS", row_condition("Target List Member", self.clerk))
			self.assertEqual(self.seen(self.clerk, "Target List Member", target_list=self.list), [ADA, PLAIN])

	def test_numbers_as_names_are_compared_as_numbers(self):
		# Compared as text, MariaDB would read the whole table for each row.
		self.assertIn("CAST(`x` AS UNSIGNED)", record_rights_store._exists("Campaign Log", "`x`", "TRUE"))


class TestOne(RightsTest):
	def test_a_hidden_row_is_neither_opened_nor_changed_nor_deleted(self):
		doc = frappe.get_doc("Target List Member", self.member(self.bob))
		for ptype in ("read", "write", "delete"):
			for user, may in ((self.clerk, False), (self.reader, False), (self.colleague, True)):
				with self.subTest(user=user, ptype=ptype):
					self.assertEqual(self.as_user(user, doc.has_permission, ptype), may)

	def test_a_hidden_row_is_not_taken_by_naming_another_record(self):
		doc = frappe.get_doc("Target List Member", self.member(self.bob))
		doc.member_name = self.ada
		self.assertFalse(self.as_user(self.clerk, doc.has_permission, "write"))

	def test_a_dict_is_no_name(self):
		doc = frappe.get_doc("Target List Member", self.member(self.ada))
		doc.member_name = {"name": self.ada}
		assistant = a_user("assistant", "Campaign User", "Sales User")
		add_user_permission("Contact", self.ada, assistant, ignore_permissions=True)
		self.assertFalse(self.as_user(assistant, doc.has_permission, "write"))

	def test_a_row_about_a_record_that_is_gone_opens_for_managers(self):
		doc = frappe.get_doc("Target List Member", self.member(self.bob))
		assistant = a_user("assistant", "Campaign User")
		frappe.delete_doc("Contact", self.bob, force=True)
		for user, may in ((self.clerk, True), (self.colleague, True), (assistant, False)):
			with self.subTest(user):
				self.assertEqual(self.as_user(user, doc.has_permission, "read"), may)

	def test_mails_and_enrolments(self):
		name, campaign = self.send(a_mailing(self.list)), a_sequence()
		for contact, may in ((self.ada, True), (self.bob, False)):
			rows = [("Email Campaign", enrol(campaign, contact))]
			rows += [
				(doctype, frappe.db.get_value(doctype, {"recipient_name": contact, "source": name}))
				for doctype in ("Campaign Message", "Campaign Log")
			]
			for doctype, row in rows:
				with self.subTest(doctype, may=may):
					doc = frappe.get_doc(doctype, row)
					self.assertEqual(self.as_user(self.clerk, doc.has_permission, "read"), may)

	def test_whoever_is_signed_in_learns_no_address_by_a_number(self):
		member = self.member(self.bob)
		stranger = a_user("stranger")
		self.assertEqual(self.as_user(stranger, get_link_title, "Target List Member", member), member)


class TestWhoAddsARecord(RightsTest):
	"""Reads it: an address, a language and an opt-out come from the record."""

	def add(self, user, doctype, record):
		values = {"doctype": "Target List Member", "target_list": a_list(title="Sending Own")}
		values |= {"member_doctype": doctype, "member_name": record}
		return self.as_user(user, lambda: frappe.get_doc(values).insert())

	def refusal(self, user, doctype, record):
		with self.assertRaises(frappe.PermissionError) as caught:
			self.add(user, doctype, record)
		return str(caught.exception).replace(record, "…")

	def test_a_record_that_the_user_may_read_joins(self):
		self.assertEqual(self.add(self.clerk, "Contact", self.ada).email, ADA)

	def test_no_other_joins(self):
		self.assertIn("no permission to read it", self.refusal(self.clerk, "Contact", self.bob))
		self.assertIn("no permission to read it", self.refusal(self.reader, "Contact", self.bob))
		# To select users is not to read them.
		self.assertIn("no permission to read it", self.refusal(self.clerk, "User", self.colleague))

	def test_another_member_is_no_record(self):
		with self.assertRaisesRegex(frappe.ValidationError, "is not a recipient source"):
			self.add(self.clerk, "Target List Member", str(self.member(self.bob)))

	def test_code_that_ignores_permissions_may_add_any(self):
		values = {"doctype": "Target List Member", "target_list": a_list(title="Sending Own")}
		doc = frappe.get_doc({**values, "member_doctype": "Contact", "member_name": self.bob})
		self.as_user(self.clerk, doc.insert, ignore_permissions=True)
		self.assertEqual(doc.email, BOB)

	def test_a_copied_list_has_the_members_that_the_user_sees(self):
		for user, emails in ((self.clerk, [ADA, PLAIN]), (self.reader, [PLAIN])):
			copy = self.as_user(user, target_list.copy_list, self.list, f"Sending Copy {user}")
			frappe.db.commit()
			self.as_user(user, work_off)
			self.assertEqual(
				sorted(frappe.get_all("Target List Member", {"target_list": copy}, pluck="email")), emails
			)

	def test_a_list_from_behaviour_has_the_people_that_the_user_sees(self):
		name = self.send(a_mailing(self.list))
		self.assertEqual(self.as_user(self.clerk, results.count_behaviour, name, "not_opened"), 2)
		made = self.as_user(self.clerk, results.make_list, name, "not_opened", "Sending Made", is_new=1)
		frappe.db.commit()
		self.as_user(self.clerk, work_off)
		emails = frappe.get_all("Target List Member", {"target_list": made}, pluck="email")
		self.assertEqual(sorted(emails), [ADA, PLAIN])


class TestReportsAndQuestions(RightsTest):
	def test_a_report_of_addresses(self):
		name = self.send(a_mailing(self.list))
		frappe.db.sql("UPDATE `tabCampaign Log` SET action = 'Bounced' WHERE source = %s", name)
		for user, emails in ((self.clerk, [ADA, PLAIN]), (self.reader, [PLAIN])):
			_columns, rows = self.as_user(user, bounces.execute, {"mass_email": name})
			self.assertEqual(sorted(row["email"] for row in rows), emails)

	def test_why_somebody_got_it(self):
		name = self.send(a_mailing(self.list))
		for email, words in ((ADA, "was sent to"), (BOB, "You have no permission to read")):
			(sentence,) = self.as_user(self.clerk, resend.why, name, email)
			self.assertIn(words, sentence)
		(sentence,) = self.as_user(self.clerk, resend.why, name, address("nobody"))
		self.assertIn("is on no list", sentence)

	def test_why_somebody_would_get_it(self):
		name = a_mailing(self.list)
		for email, words in ((ADA, "would get the mailing"), (BOB, "You have no permission to read")):
			(sentence,) = self.as_user(self.clerk, resend.why, name, email)
			self.assertIn(words, sentence)

	def test_the_mails_of_a_record_whose_address_another_has(self):
		frappe.db.set_value("Contact", self.bob, "email_id", ADA)
		change("Target List Member", self.member(self.bob), email=ADA)
		name = self.send(a_mailing(self.list, duplicate_policy="One mail per record"))
		mails = self.as_user(self.clerk, resend.mails_of, "Contact", self.ada)
		shown = frappe.get_all("Campaign Message", {"source": name, "recipient_name": self.ada}, pluck="name")
		self.assertEqual([mail["message"] for mail in mails], shown)

	def test_a_suppression_is_about_an_address_and_holds_for_all(self):
		suppression_store.suppress(BOB, reason="Unsubscribed", origin="Sending")
		self.assertIn(BOB, self.seen(self.clerk, "Suppressed Email"))
