"""What a process with ERPNext's code saves, because it was not restarted after the installation."""

import frappe
from frappe.utils import now_datetime

from email_campaigns import processes_store
from email_campaigns.erpnext.names import JOBS
from email_campaigns.jobs import drip
from email_campaigns.tests.site.kits.drips import JO, OnePersonTest, a_sequence, a_step, enrol


class TestOldCode(OnePersonTest):
	def test_an_enrolment_without_a_next_time_is_planned(self):
		name = enrol(a_sequence(a_step(0, send_time="0:00")), self.contact)
		frappe.db.set_value("Email Campaign", name, {"next_epoch": 0})
		frappe.db.commit()
		drip.tick()
		self.at(0)
		self.assertEqual((self.subjects(JO), self.status(name)), (["Day 0"], "In Progress"))

	def test_one_that_waits_for_its_end_is_not_planned_again(self):
		name = enrol(a_sequence(a_step(0, send_time="0:00")), self.contact)
		self.at(0)
		drip.repair()
		self.assertEqual(frappe.db.get_value("Email Campaign", name, "next_epoch"), 0)

	def test_a_step_without_a_number_gets_a_new_one_and_leaves_once(self):
		campaign = a_sequence(a_step(0, "Old", send_time="0:00"), a_step(3, "Late"))
		name = enrol(campaign, self.contact)
		self.at(0)
		self.insert_step(campaign, a_step(1, "New"))
		for day in (1, 2, 3):
			self.at(day)
		self.assertEqual(self.subjects(JO), ["Old", "New", "Late"])
		self.assertEqual([row[0] for row in self.steps(name)], [1, 2, 3])
		self.assertEqual(frappe.db.get_value("Campaign", campaign, "last_step"), 3)

	def insert_step(self, campaign, values):
		"""Insert a row before the others, with the number that its default is."""
		frappe.db.sql("UPDATE `tabCampaign Email Schedule` SET idx = idx + 1 WHERE parent = %s", campaign)
		place = {"parent": campaign, "parenttype": "Campaign", "parentfield": "campaign_schedules", "idx": 1}
		row = frappe.get_doc({"doctype": "Campaign Email Schedule", **place, **values})
		row.name, row.creation, row.modified = frappe.generate_hash(length=10), now_datetime(), now_datetime()
		row.db_insert()
		frappe.clear_document_cache("Campaign", campaign)
		frappe.db.commit()

	def test_erpnexts_jobs_are_stopped_whoever_inserts_or_starts_them(self):
		doc = frappe.get_doc({"doctype": "Scheduled Job Type", "method": JOBS[0], "frequency": "Daily"})
		doc.insert()
		self.assertEqual(doc.stopped, 1)
		doc.stopped = 0
		doc.save()
		self.assertEqual(frappe.db.get_value(doc.doctype, doc.name, "stopped"), 1)
		other = {"doctype": "Scheduled Job Type", "method": "frappe.ping", "frequency": "Daily"}
		self.assertFalse(frappe.get_doc(other).insert().stopped)
		frappe.db.rollback()

	def test_the_settings_say_which_processes_run_old_code(self):
		processes_store.note_new_code()
		doc = frappe.get_single("Email Campaign Settings")
		doc.run_method("onload")
		self.assertIn("bench restart", doc.get_onload("old_code")[-1], "this process is older")
		frappe.db.set_default(processes_store.CODE_SINCE, 1)
		self.assertEqual(processes_store.old_code_warnings(), [])
		frappe.db.rollback()
