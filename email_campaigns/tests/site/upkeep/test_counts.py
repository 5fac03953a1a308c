"""The counts of lists and mailings: nobody who unsubscribes meanwhile waits for them, nor they for them."""

import frappe

from email_campaigns.audience.lists import members_store
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.drip import enrolment_store
from email_campaigns.jobs import counts, upkeep
from email_campaigns.results import store as results
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses
from email_campaigns.tests.site.kits.other_connection import OtherConnection, hasty
from email_campaigns.tests.site.kits.sending_test import SendingTest

FIRST, SECOND = "Sending A", "Sending B"


class TestCountsOfLists(SendingTest):
	def setUp(self):
		super().setUp()
		for title in (FIRST, SECOND):
			a_list(*addresses(5), title=title)
			suppress(addresses(1)[0], reason="Unsubscribed", origin="Sending", target_list=title)
		frappe.db.commit()

	def counts(self, title):
		frappe.db.rollback()
		fields = ["member_count", "opted_out_count"]
		return frappe.db.get_value("Target List", title, fields)

	def test_count_while_somebody_holds_members_and_suppressions(self):
		with OtherConnection() as other:
			other.hold("Target List Member", "target_list = %s", FIRST)
			other.hold("Suppressed Email", "email = %s", addresses(1)[0])
			hasty()
			upkeep.update_statuses()
		self.assertEqual(self.counts(FIRST), (5, 1))

	def test_lock_no_member_and_no_suppression(self):
		members_store.update_counts(FIRST)  # not committed yet, as in a long request
		with OtherConnection() as other:
			other.run("SET SESSION innodb_lock_wait_timeout = 1")
			self.assertEqual(other.hold("Target List Member", "target_list = %s", FIRST), 5)
			self.assertEqual(other.hold("Suppressed Email", "email = %s", addresses(1)[0]), 2)

	def test_a_list_that_somebody_holds_stops_no_other(self):
		with OtherConnection() as other, patch_seconds():
			other.hold("Target List", "name = %s", FIRST)
			upkeep.update_statuses()
		self.assertEqual((self.counts(FIRST), self.counts(SECOND)), ((0, 0), (5, 1)))
		upkeep.update_statuses()
		self.assertEqual(self.counts(FIRST), (5, 1))


def patch_seconds():
	from unittest.mock import patch

	return patch.object(counts, "LOCK_SECONDS", 1)


class TestCountsOfPeople(SendingTest):
	def test_a_wrong_counter_is_mended_while_somebody_holds_another_row(self):
		a_list(*addresses(3))
		name = self.send(a_mailing("Sending List"))
		frappe.db.set_value("Mass Email", name, "people_sent_count", 7)
		frappe.db.commit()
		with OtherConnection() as other:
			other.hold("Campaign Message", "source = %s", name)
			hasty()
			upkeep.prove_counts()
		self.assertEqual(self.form(name).people_sent_count, 3)

	def test_nobody_waits_while_people_are_counted(self):
		a_list(*addresses(3))
		name = self.send(a_mailing("Sending List"))
		results.recount_people(name)  # finds nothing wrong, and has locked nothing
		with OtherConnection() as other:
			other.run("SET SESSION innodb_lock_wait_timeout = 1")
			self.assertEqual(other.hold("Mass Email", "name = %s", name), 1)

	def test_a_counter_that_moves_while_people_are_counted_stays(self):
		a_list(*addresses(3))
		name = self.send(a_mailing("Sending List"))
		frappe.db.set_value("Mass Email", name, "opened_count", 2)
		frappe.db.commit()
		results.counts(name)  # the snapshot begins
		with OtherConnection() as other:
			other.run("UPDATE `tabMass Email` SET opened_count = opened_count + 1 WHERE name = %s", name)
			other.connection.commit()
		self.assertEqual(results.recount_people(name), {})
		frappe.db.commit()
		self.assertEqual(self.form(name).opened_count, 3)
		self.assertEqual(results.recount_people(name), {"opened_count": (3, 0)})


class TestEnrolments(SendingTest):
	def test_advance_while_somebody_holds_mails_of_a_sequence(self):
		doc = frappe.new_doc("Email Campaign")
		doc.update({"campaign_name": "Sending Steps", "email_campaign_for": "Contact", "recipient": "x"})
		doc.update({"start_date": "2020-01-01", "end_date": "2020-01-02", "status": "In Progress"})
		doc.db_insert()
		self.addCleanup(frappe.db.delete, "Email Campaign", {"campaign_name": "Sending Steps"})
		frappe.db.commit()
		today = frappe.utils.getdate()
		with OtherConnection() as other:
			other.run(
				"""INSERT INTO `tabCampaign Message` (name, source, source_doctype, status, dedupe_key)
				VALUES (NEXTVAL(`campaign_message_id_seq`), %s, 'Email Campaign', 'Queued', 'x')""",
				doc.name,
			)
			hasty()
			self.assertGreaterEqual(enrolment_store.advance_statuses(today, 500), 1)
		frappe.db.commit()
