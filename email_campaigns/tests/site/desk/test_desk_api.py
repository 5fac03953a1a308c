"""What signed-in users may do through the Desk's calls, and what they are told when they may not."""

import json
import time

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.api.desk import approval, mass_email, members, preview, records, timeline
from email_campaigns.audience.lists import progress_store
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	settings,
	starts,
)
from email_campaigns.tests.site.kits.queue import waiting_jobs, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

CONTACT = "Contact"
MEMBER = "Target List Member"


class DeskTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.list = a_list(*addresses(3))
		self.contact = a_contact(address("ada"), first_name="Ada")
		add_records(self.list, CONTACT, self.contact)
		self.mailing = a_mailing(self.list, html="<p>Dear {{ doc.first_name }}</p>")
		self.clerk = a_user("clerk", "Campaign User", "Sales User")
		self.stranger = a_user("stranger", "Sales User")
		frappe.db.commit()
		self.addCleanup(frappe.set_user, "Administrator")

	def refuses(self, words, method, *arguments, **options):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			method(*arguments, **options)

	def member(self, **values):
		return str(frappe.db.get_value(MEMBER, {"target_list": self.list, **values}))


class TestAStranger(DeskTest):
	def test_can_call_nothing(self):
		mailing, filters = self.mailing, {"mass_email": self.mailing}
		calls = {
			mass_email.calculate: (mailing,),
			mass_email.back_to_draft: (mailing,),
			mass_email.pause: (mailing,),
			mass_email.resume: (mailing,),
			mass_email.cancel: (mailing, "because"),
			mass_email.progress: (mailing,),
			preview.preview: (mailing,),
			preview.find_members: (MEMBER, "", "name", 0, 10, filters),
			preview.send_test: (mailing, address("me")),
			members.add_members: (self.list, CONTACT, None, "[]"),
			members.import_members: (self.list, "/private/files/any.csv", "{}"),
			members.csv_columns: (self.list, "/private/files/any.csv"),
			members.fields: (self.list,),
			members.members_progress: (self.list,),
			records.recipient_doctypes: (),
		}
		self.assertEqual(set(calls), self.whitelisted(mass_email, preview, members, records))
		frappe.set_user(self.stranger)
		for method, arguments in calls.items():
			with self.subTest(method.__name__), self.assertRaises(frappe.PermissionError):
				method(*arguments)

	def test_sees_nothing_of_campaigns_on_a_contact_of_theirs(self):
		self.send(self.mailing)
		frappe.set_user(self.stranger)
		self.assertEqual(timeline.content(CONTACT, self.contact), [])

	@staticmethod
	def whitelisted(*modules):
		return {
			function
			for module in modules
			for function in vars(module).values()
			if getattr(function, "__module__", "") == module.__name__ and function in frappe.whitelisted
		}


class TestACampaignUser(DeskTest):
	def setUp(self):
		super().setUp()
		frappe.set_user(self.clerk)

	def test_can_do_all_that_a_mailing_needs(self):
		template = frappe.get_doc(
			{"doctype": "Email Template", "name": f"{PREFIX} Mine", "subject": "Hi", "response": "<p>Hi</p>"}
		).insert()
		campaign = frappe.get_doc({"doctype": "Campaign", "campaign_name": f"{PREFIX} Mine"}).insert()
		values = {"title": f"{PREFIX} Mine", "campaign": campaign.name, "email_template": template.name}
		rows = [{"target_list": self.list}]
		mailing = frappe.get_doc({"doctype": "Mass Email", **values, "target_lists": rows})
		mailing.sender_account = f"{PREFIX} Account"
		mailing.insert()
		self.assertEqual(mass_email.calculate(mailing.name)["planned"], 4)
		self.assertEqual(preview.preview(mailing.name)["subject"], "Hi")
		self.assertEqual(preview.send_test(mailing.name, address("me")), 1)
		self.send(mailing.name)
		self.assertEqual(mass_email.progress(mailing.name)["status"], "Complete")

	def test_chooses_a_sender_but_sees_nothing_of_its_settings(self):
		self.assertTrue(frappe.has_permission("Email Account", "select"))
		self.assertFalse(frappe.has_permission("Email Account", "read"))

	def test_takes_over_an_email_group(self):
		frappe.set_user("Administrator")
		group = frappe.get_doc({"doctype": "Email Group", "title": f"{PREFIX} Group"}).insert().name
		for name in ("one", "two"):
			frappe.get_doc(
				{"doctype": "Email Group Member", "email_group": group, "email": address(name)}
			).insert()
		frappe.set_user(self.clerk)
		self.assertIn("Email Group Member", records.recipient_doctypes())
		filters = json.dumps([["Email Group Member", "email_group", "=", group]])
		self.assertEqual(members.add_members(self.list, "Email Group Member", filters=filters), 2)

	def test_reads_the_settings_and_cannot_change_them(self):
		doc = frappe.get_doc("Email Campaign Settings")
		doc.check_permission("read")
		doc.hourly_limit = 1
		with self.assertRaises(frappe.PermissionError):
			doc.save()

	def test_cannot_write_into_ledger_or_log(self):
		for doctype in ("Campaign Message", "Campaign Log"):
			for right in ("write", "create", "delete"):
				self.assertFalse(frappe.has_permission(doctype, right), f"{right} {doctype}")

	def test_adds_only_records_that_they_may_read(self):
		# The framework lets everybody select users, for assignments.
		self.assertTrue(frappe.has_permission("User", "select"))
		self.assertEqual(records.recipient_doctypes(), ["Contact", "Email Group Member"])
		with self.assertRaises(frappe.PermissionError):
			members.add_members(self.list, "User", filters="[]")

	def test_previews_only_records_that_they_may_read(self):
		with self.assertRaises(frappe.PermissionError):
			preview.preview(self.mailing, "User", "Administrator")
		with self.assertRaises(frappe.PermissionError):
			preview.send_test(self.mailing, address("me"), "User", "Administrator")


class TestPreview(DeskTest):
	def test_of_a_record(self):
		self.assertIn("Dear Ada", preview.preview(self.mailing, CONTACT, self.contact)["html"])

	def test_of_a_member_that_stands_for_a_record(self):
		mail = preview.preview(self.mailing, MEMBER, self.member(member_name=self.contact))
		self.assertEqual((mail["doctype"], mail["record"]), (CONTACT, self.contact))
		self.assertIn("Dear Ada", mail["html"])

	def test_of_a_plain_address(self):
		mail = preview.preview(self.mailing, MEMBER, self.member(email=addresses(2)[1]))
		self.assertEqual(mail["email"], addresses(2)[1])
		self.assertIn("Dear Jo", mail["html"])

	def test_finds_members_of_its_lists_by_address_and_record(self):
		def search(text):
			return [
				row[1]
				for row in preview.find_members(MEMBER, text, "name", 0, 10, {"mass_email": self.mailing})
			]

		self.assertEqual(search("p0002"), [address("p0002")])
		self.assertEqual(search(self.contact), [address("ada")])
		self.assertEqual(len(search("")), 4)
		a_list(address("other"), title=f"{PREFIX} Other List")
		self.assertEqual(search("other"), [])


class TestForms(DeskTest):
	def test_run_nothing_that_a_reason_quotes(self):
		evil = "550 <img src=x onerror=alert(1)> no"
		self.send(self.mailing)
		of_mailing = {"source": self.mailing}
		for doctype, filters, field in (
			("Campaign Message", of_mailing, "reason"),
			("Campaign Log", of_mailing, "details"),
			("Mass Email", self.mailing, "cancel_reason"),
			("Mass Email", self.mailing, "rejection_reason"),
		):
			with self.subTest(field):
				name = frappe.db.get_value(doctype, filters)
				frappe.db.set_value(doctype, name, field, evil)
				doc = frappe.get_doc(doctype, name)
				doc.run_method("onload")
				self.assertTrue(doc.get(field).startswith("550 "))
				self.assertNotIn("onerror", doc.get(field))


class TestProgress(DeskTest):
	def test_tells_numbers_and_reasons(self):
		a_list(address("ada"))
		self.send(self.mailing)
		state = mass_email.progress(self.mailing)
		self.assertEqual(state["by_status"], {"Sent": 4, "Skipped": 1})
		self.assertEqual(state["by_reason"], {"Duplicate address": 1})

	def test_tells_when_the_recipients_are_decided(self):
		approval.submit(self.mailing)
		self.assertFalse(mass_email.progress(self.mailing)["frozen"])
		self.go_on()
		self.assertTrue(mass_email.progress(self.mailing)["frozen"])

	def test_tells_when_the_hourly_limit_opens(self):
		already = frappe.db.count("Campaign Message", {"sent_epoch": (">", int(time.time()) - 3600)})
		settings(hourly_limit=already + 2)
		self.send(self.mailing)
		state = mass_email.progress(self.mailing)
		self.assertEqual((state["status"], state["by_status"]["Sent"]), ("In Process", 2))
		self.assertTrue(0 < state["opens_in"] <= 3600, state["opens_in"])

	def test_tells_what_keeps_a_scheduled_mailing_from_starting(self):
		approval.submit(self.mailing)
		self.assertEqual(mass_email.progress(self.mailing)["problem"], "")
		starts(self.mailing, -20 * 60)
		self.assertIn("scheduler and the workers", mass_email.progress(self.mailing)["problem"])
		campaign = frappe.db.get_value("Mass Email", self.mailing, "campaign")
		frappe.db.set_value("Campaign", campaign, "status", "Inactive")
		self.assertIn("Inactive", mass_email.progress(self.mailing)["problem"])

	def test_of_members_lasts_until_the_job_ends(self):
		before = members.members_progress(self.list)
		self.assertIsNone(before["adding"])
		members.add_members(self.list, CONTACT, names=json.dumps([self.contact]))
		self.assertEqual(members.members_progress(self.list)["adding"], {"done": 0, "total": 1})
		work_off()
		after = members.members_progress(self.list)
		self.assertIsNone(after["adding"])
		self.assertNotEqual(after["modified"], before["modified"], "a form can tell that it is out of date")

	def test_of_members_ends_with_a_job_that_fails(self):
		with self.assertRaises(ZeroDivisionError), progress_store.report_progress(self.list) as report:
			report(1, 2)
			raise ZeroDivisionError
		self.assertIsNone(progress_store.read_progress(self.list))


class TestTimeline(DeskTest):
	def test_shows_on_a_contact_what_campaigns_did(self):
		frappe.db.set_value("Mass Email", self.mailing, "title", f"{PREFIX} <b>bold</b>")
		self.send(self.mailing)
		(entry,) = timeline.content(CONTACT, self.contact)
		self.assertIn("Sent", entry["content"])
		self.assertIn("&lt;b&gt;bold&lt;/b&gt;", entry["content"])

	def test_is_empty_for_a_record_with_a_number_for_a_name(self):
		self.assertEqual(timeline.content(MEMBER, 7), [])


class TestBadInput(DeskTest):
	def test_a_mailing_for_later_without_start_is_not_scheduled(self):
		frappe.db.set_value("Mass Email", self.mailing, "send_when", "Later")
		self.refuses("Set the Start first", approval.submit, self.mailing)

	def test_send_now_starts_at_a_whole_minute(self):
		self.start(self.mailing)
		start = self.form(self.mailing).start_date
		self.assertEqual((start.second, start.microsecond), (0, 0))
		self.assertTrue(add_to_date(now_datetime(), minutes=-2) < start <= now_datetime())

	def test_a_test_needs_an_address_that_is_one(self):
		self.refuses("at least one address", preview.send_test, self.mailing, " ")
		self.refuses("@-sign", preview.send_test, self.mailing, "nobody")

	def test_a_cancellation_needs_a_reason(self):
		self.refuses("Say why", mass_email.cancel, self.mailing, "  ")

	def test_members_come_from_recipient_sources(self):
		self.refuses("not a recipient source", members.add_members, self.list, "Role", "[]")

	def test_a_selection_that_cannot_be_read(self):
		self.refuses("can't be read", members.add_members, self.list, CONTACT, filters="[[broken")

	def test_a_selection_that_finds_nobody(self):
		none = json.dumps([[CONTACT, "email_id", "=", address("nobody")]])
		self.refuses("No Contact matches", members.add_members, self.list, CONTACT, filters=none)
		self.assertEqual(waiting_jobs(), [])

	def test_a_file_that_is_not_there_is_told_in_the_report(self):
		members.import_members(self.list, "/private/files/nowhere.csv", '{"email": 0}')
		work_off()
		self.assertIn("There is no file", frappe.db.get_value("Target List", self.list, "import_report"))
