"""What the app keeps is written by the app alone, whatever a request sends."""

import json

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import cint, cstr

from email_campaigns.audience.lists import members_store
from email_campaigns.audience.suppression import opt_outs_store, suppression_store
from email_campaigns.install import own_doctypes
from email_campaigns.kept_store import definition, kept_fields
from email_campaigns.tests.site.kits.builders import (
	a_campaign,
	a_contact,
	a_list,
	a_mailing,
	a_template,
	a_user,
	address,
	an_app_document,
	change,
)
from email_campaigns.tests.site.kits.queue import empty_queues
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.site.kits.visitor import Visitor

PASSWORD = "Horse-Battery-7731"
NUMBERS = ("Int", "Long Int", "Float")
TIMES = {"Datetime": "2001-02-03 04:05:06", "Date": "2001-02-03"}
FEED = {"title": "All", "kind": "Saved Filter", "record_type": "Contact", "filters": "[]"}


def another(field, value):
	"""Return a value of a field that is valid and not the one that it has."""
	if field["fieldtype"] == "Check":
		return 0 if cint(value) else 1
	if field["fieldtype"] in NUMBERS:
		return 7777
	if field["fieldtype"] == "Select":
		options = [option for option in field["options"].split("\n") if option]
		return next(option for option in options if option != value)
	if field["fieldtype"] in TIMES:
		return TIMES[field["fieldtype"]]
	return "Guest"


def forged(doctype, stored=None):
	"""Return {kept field: a value that is not its own}."""
	fields = {field["fieldname"]: field for field in definition(doctype)["fields"]}
	own = stored or kept_fields(doctype)
	return {name: another(fields[name], own.get(name)) for name in kept_fields(doctype)}


class Rest(Visitor):
	"""Speaks to the site's REST interface as a signed-in user."""

	def __init__(self, user):
		super().__init__()
		self.sign_in(user, PASSWORD)

	def send(self, method, path, values=None):
		return self.get(
			f"/api/resource/{path}",
			method,
			data=json.dumps(values or {}),
			headers={"Content-Type": "application/json"},
		)


class KeptFieldsTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.remove_rows()
		self.manager = a_user("manager", "Campaign Manager", "Sales Manager")
		user = frappe.get_doc("User", self.manager)
		user.new_password = PASSWORD
		user.flags.ignore_password_policy = True
		user.save(ignore_permissions=True)
		frappe.db.commit()
		self.rest = Rest(self.manager)
		self.addCleanup(self.remove_rows)

	def remove_rows(self):
		frappe.db.rollback()
		empty_queues()  # an enrolment asks for its plan, and a mail would keep the name of its campaign
		frappe.db.delete("Campaign Message", {"campaign": ["like", "Sending%"]})
		frappe.db.delete("Email Campaign", {"campaign_name": ["like", "Sending%"]})
		for doctype in ("Target List Feed", "Campaign Email Schedule"):
			frappe.db.delete(doctype, {"parent": ["like", "Sending%"]})
		frappe.db.commit()

	def stored(self, doctype, name):
		frappe.db.rollback()
		return frappe.get_doc(doctype, name)


class TestEachDoctype(KeptFieldsTest):
	"""The documents of the app, with every kept field, over the REST interface."""

	def new_documents(self):
		"""Return {doctype: values of a valid document}."""
		campaign, template, members = a_campaign(), a_template(), a_list(address("a"))
		sequence = {"campaign_name": "Sending Sequence", "campaign_schedules": [{"email_template": template}]}
		contact = a_contact(address("ada"))
		frappe.get_doc({"doctype": "Campaign", **sequence, "campaign_name": "Sending Steps"}).insert()
		frappe.db.commit()
		return {
			"Campaign": sequence,
			"Mass Email": {
				"title": "Sending Kept",
				"campaign": campaign,
				"email_template": template,
				"target_lists": [{"target_list": members}],
				"ab_versions": [{"subject": "Other"}],
				"cc_fields": [],
			},
			"Email Campaign": {
				"campaign_name": "Sending Steps",
				"email_campaign_for": "Contact",
				"recipient": contact,
				"start_date": cstr(frappe.utils.getdate()),
			},
			"Suppressed Email": {"email": address("gone"), "reason": "Manual", "origin": "Sending"},
			"Target List": {"title": "Sending Kept", "feeds": [FEED]},
			"Target List Member": {"target_list": members, "email": address("b")},
			"Tracking Link": {"title": "Kept", "url": "https://example.com", "campaign": campaign},
		}

	def with_forged(self, doctype, values, stored=None):
		"""Return the values with all kept fields of the document and its rows forged."""
		tables = {
			field["fieldname"]: field["options"]
			for field in definition(doctype)["fields"]
			if field["fieldtype"] in ("Table", "Table MultiSelect")
		}
		rows = {
			name: [{**row, **forged(table)} for row in values[name]]
			for name, table in tables.items()
			if name in values
		}
		return {**values, **rows, **forged(doctype, stored)}

	def test_a_new_document_has_the_values_of_any_other(self):
		for doctype, values in self.new_documents().items():
			with self.subTest(doctype):
				answer = self.rest.send("POST", doctype, self.with_forged(doctype, values))
				self.assertEqual(answer.status_code, 200, answer.get_data(as_text=True))
				made = self.stored(doctype, answer.json["data"]["name"])
				self.assertNotForged(made, forged(doctype))
				self.assertEqual(made.owner, self.manager)

	def test_a_stored_document_keeps_its_values(self):
		for doctype, values in self.new_documents().items():
			with self.subTest(doctype):
				before = frappe.get_doc({"doctype": doctype, **values}).insert()
				frappe.db.commit()
				before = self.stored(doctype, before.name)
				sent = json.loads(before.as_json())
				sent = self.with_forged(doctype, sent, before) | {
					"owner": self.manager,
					"creation": "2001-01-01",
				}
				if doctype == "Mass Email":
					del sent["status"]  # answered with a sentence
				sent.pop("naming_series", None)
				answer = self.rest.send("PUT", f"{doctype}/{before.name}", sent)
				self.assertEqual(answer.status_code, 200, answer.get_data(as_text=True))
				after = self.stored(doctype, before.name)
				self.assertNotForged(after, forged(doctype, before))
				self.assertEqual((after.owner, after.creation), (before.owner, before.creation))

	def assertNotForged(self, doc, values):
		"""No kept field of a document or of its rows has the value that a request gave it."""
		for field, value in values.items():
			self.assertNotEqual(cstr(doc.get(field)), cstr(value), f"{doc.doctype}.{field}")
		for row in doc.get_all_children():
			for field, value in forged(row.doctype).items():
				self.assertNotEqual(cstr(row.get(field)), cstr(value), f"{row.doctype}.{field}")

	def test_every_doctype_that_people_write_is_tried(self):
		written = {
			name
			for name in own_doctypes()
			if not any(definition(name).get(key) for key in ("istable", "issingle", "in_create"))
		}
		self.assertEqual(set(self.new_documents()), written)


class TestDoctypesOfTheAppAlone(FrappeTestCase):
	def test_nobody_makes_documents_of_them(self):
		for doctype in own_doctypes():
			if definition(doctype).get("in_create"):
				with (
					self.subTest(doctype),
					self.assertRaisesRegex(frappe.PermissionError, "The app alone makes"),
				):
					frappe.get_doc({"doctype": doctype, "__newname": "x"}).insert(ignore_links=True)

	def test_nobody_changes_a_document_of_them(self):
		self.addCleanup(frappe.db.rollback)
		a_list(title="Sending Kept")
		row = an_app_document("Target List Change", target_list="Sending Kept", email=address("a"))
		doc = frappe.get_doc(row.doctype, row.name)
		doc.email = address("b")
		doc.save()
		self.assertEqual(frappe.db.get_value(row.doctype, row.name, "email"), address("a"))


class TestRows(KeptFieldsTest):
	"""A row is changed in its document, whose rules hold for it."""

	def setUp(self):
		super().setUp()
		self.list = frappe.get_doc(
			{"doctype": "Target List", "title": "Sending Fed", "feeds": [FEED]}
		).insert()
		frappe.db.commit()
		self.feed = self.list.feeds[0].name

	def test_a_feed_does_not_get_another_user(self):
		for values in ({"run_as": "Guest"}, {"filters": '[["Contact", "name", "=", "x"]]'}):
			answer = self.rest.send("PUT", f"Target List Feed/{self.feed}", values)
			self.assertEqual(answer.status_code, 403)
		row = self.stored("Target List", self.list.name).feeds[0]
		self.assertEqual((row.run_as, row.filters), ("Administrator", "[]"))

	def test_the_user_of_a_feed_stays_whoever_saves_its_list(self):
		sent = json.loads(self.list.as_json())
		sent["feeds"][0]["run_as"] = self.manager
		self.rest.send("PUT", "Target List/Sending Fed", sent)
		self.assertEqual(self.stored("Target List", self.list.name).feeds[0].run_as, "Administrator")

	def test_a_row_of_a_mailing_that_is_sent_is_neither_changed_nor_deleted(self):
		name = a_mailing(a_list(address("a")), ab_versions=[{"subject": "Other"}])
		row = frappe.get_doc("Mass Email", name).ab_versions[0].name
		change("Mass Email", name, status="In Process")
		for method, values in (("PUT", {"subject": "Mine"}), ("DELETE", None)):
			answer = self.rest.send(method, f"Campaign AB Version/{row}", values)
			self.assertEqual(answer.status_code, 403, method)
		self.assertEqual(frappe.db.get_value("Campaign AB Version", row, "subject"), "Other")

	def test_a_row_is_not_taken_from_another_document(self):
		frappe.get_doc({"doctype": "Target List", "title": "Sending Thief"}).insert()
		frappe.db.commit()
		row = {**FEED, "name": self.feed, "schedule": "Daily", "no_longer_match": "Stay"}
		answer = self.rest.send("PUT", "Target List/Sending Thief", {"feeds": [row]})
		self.assertEqual(answer.status_code, 417)
		self.assertEqual(frappe.db.get_value("Target List Feed", self.feed, "parent"), "Sending Fed")


class TestAForm(KeptFieldsTest):
	"""What people may write is saved as before."""

	def test_a_form_that_was_opened_before_counters_moved_is_saved(self):
		name = a_mailing(a_list(address("a")))
		sent = json.loads(frappe.get_doc("Mass Email", name).as_json())
		change("Mass Email", name, sent_count=5)
		answer = self.rest.send("PUT", f"Mass Email/{name}", {**sent, "subject_prefix": "Hi"})
		self.assertEqual(answer.status_code, 200, answer.get_data(as_text=True))
		doc = self.stored("Mass Email", name)
		self.assertEqual((doc.subject_prefix, doc.sent_count), ("Hi", 5))

	def test_a_member_stays_who_they_are(self):
		contact = a_contact(address("ada"))
		members_store.add_records(a_list(), members_store.source("Contact"), [contact])
		frappe.db.commit()
		(member,) = frappe.get_all("Target List Member", {"member_name": contact}, pluck="name")
		other = a_contact(address("bob"))
		frappe.db.commit()
		answer = self.rest.send("PUT", f"Target List Member/{member}", {"member_name": other})
		self.assertEqual(answer.status_code, 417)
		self.assertEqual(frappe.db.get_value("Target List Member", member, "member_name"), contact)

	def test_a_wish_does_not_become_one_that_a_job_lifts(self):
		suppression_store.suppress(address("gone"), reason="Complaint", origin="Sending")
		frappe.db.commit()
		(name,) = frappe.get_all("Suppressed Email", {"email": address("gone")}, pluck="name")
		contact = a_contact(address("gone"))
		frappe.db.commit()
		for words in ("Opt-out of", "opt-óut of"):
			values = {"reason": "Unsubscribed", "origin": f"{words} Contact {contact}"}
			answer = self.rest.send("PUT", f"Suppressed Email/{name}", values)
			self.assertEqual(answer.status_code, 417, words)
		opt_outs_store.follow_records()
		self.assertTrue(frappe.db.exists("Suppressed Email", name))

	def test_a_dict_is_no_text(self):
		a_list(address("a"))
		frappe.db.commit()
		(member,) = frappe.get_all("Target List Member", {"email": address("a")}, pluck="name")
		answer = self.rest.send("PUT", f"Target List Member/{member}", {"first_name": {"a": 1}})
		self.assertEqual(answer.status_code, 417)
		self.assertIn("takes a text or a number", answer.get_data(as_text=True))
