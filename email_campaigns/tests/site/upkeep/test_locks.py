"""Who joins, leaves or opens meanwhile waits for no long work on other rows."""

from unittest.mock import patch

import frappe

from email_campaigns.api.desk import privacy
from email_campaigns.drip import plan_store
from email_campaigns.jobs import drip, sending
from email_campaigns.results import store as results
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_mailing, address, addresses
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, clock, enrol
from email_campaigns.tests.site.kits.feeds import LIST, FeedTest
from email_campaigns.tests.site.kits.other_connection import OtherConnection, hasty
from email_campaigns.tests.site.kits.queue import empty_queues, waiting_jobs, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest


class Hasty(OtherConnection):
	"""Another connection that gives up a row after a second."""

	def __init__(self):
		super().__init__()
		self.run("SET SESSION innodb_lock_wait_timeout = 1")

	def change(self, statement, *values):
		self.run(statement, *values)
		self.connection.commit()


LEAVE = "UPDATE `tabEmail Campaign` SET status = 'Unsubscribed' WHERE name = %s"
OPEN = "UPDATE `tabMass Email` SET opened_count = opened_count + 1 WHERE name = %s"


class TestPlanning(DripTest):
	def setUp(self):
		super().setUp()
		self.people = [address("kim"), address("lou")]
		self.names = [enrol(a_sequence(), a_contact(person)) for person in self.people]
		empty_queues()  # the plan of this very hour, which an enrolment asks for

	def test_who_leaves_another_sequence_does_not_wait(self):
		plan, ended = plan_store.plan_enrolments, []

		def leave_meanwhile(enrolments, epoch):
			(name,) = set(self.names) - {enrolment.name for enrolment in enrolments}
			with Hasty() as other:
				if not ended:
					other.change(LEAVE, name)
					ended.append(name)
			plan(enrolments, epoch)

		with patch.object(plan_store, "plan_enrolments", leave_meanwhile):
			drip.plan(clock(0, 23))
		self.go_on()
		self.assertEqual(len(ended), 1)
		self.assertEqual(self.received(), [self.people[1 - self.names.index(ended[0])]])

	def test_an_enrolment_that_somebody_holds_stops_no_other_sequence(self):
		with OtherConnection() as other:
			self.assertEqual(other.hold("Email Campaign", "name = %s", self.names[0]), 1)
			hasty()
			drip.plan(clock(0, 23))
		self.go_on()
		self.assertEqual(self.received(), self.people[1:])
		drip.plan(clock(0, 23))
		self.go_on()
		self.assertEqual(self.received(), self.people)

	def test_an_enrolment_that_ends_before_it_is_locked_is_not_planned(self):
		due = plan_store.due_enrolments(clock(0, 23))
		frappe.db.commit()
		with Hasty() as other:
			other.change(LEAVE, due[0].name)
		self.assertEqual(plan_store.lock_due(due, clock(0, 23)), [])


class TestLists(FeedTest):
	def setUp(self):
		super().setUp()
		self.contacts(5)
		self.feed = self.a_feed()
		self.run_now()

	def join(self, other, target_list):
		other.change(
			"""INSERT INTO `tabTarget List Member` (name, target_list, member_key)
			VALUES (NEXTVAL(`target_list_member_id_seq`), %s, 'x')""",
			target_list,
		)

	def test_nobody_waits_while_a_feed_is_removed(self):
		a_list(address("by hand"), title=LIST)
		frappe.db.commit()
		doc = frappe.get_doc("Target List", LIST)
		doc.set("feeds", [])
		doc.save()
		with Hasty() as other:
			other.change(
				"""INSERT INTO `tabTarget List Feed Member` (name, feed, member_key)
				VALUES (NEXTVAL(`target_list_feed_member_id_seq`), %s, 'x')""",
				f"{self.feed}z",
			)
			self.assertEqual(other.hold("Target List Member", "email = %s", address("by hand")), 1)
			other.release()
			self.join(other, f"{LIST} Z")
		frappe.db.commit()
		self.assertEqual(frappe.db.count("Target List Feed Member", {"feed": self.feed}), 0)
		self.assertEqual(frappe.db.count("Target List Member", {"target_list": LIST, "by_person": 1}), 6)

	def test_nobody_waits_while_a_list_is_deleted(self):
		frappe.delete_doc("Target List", LIST)
		with Hasty() as other:
			self.join(other, f"{LIST} Z")
		frappe.db.commit()
		self.assertEqual(frappe.db.count("Target List Member", {"target_list": LIST}), 0)
		self.assertEqual(frappe.db.count("Target List Member", {"target_list": f"{LIST} Z"}), 1)


class TestMailings(SendingTest):
	def test_who_opens_does_not_wait_while_a_mailing_is_counted_at_its_end(self):
		a_list(*addresses(3))
		name = self.start(a_mailing("Sending List"))
		sending.tick()
		sending.freeze(name)
		empty_queues()
		count, opened = results.count_anew, []

		def open_meanwhile(source):
			with Hasty() as other:
				other.change(OPEN, source)
			opened.append(source)
			return count(source)

		with patch.object(results, "count_anew", open_meanwhile):
			sending.send_batch(name)
		self.assertEqual(opened, [name])
		self.assertEqual((self.form(name).status, self.form(name).opened_count), ("Complete", 1))

	def test_a_wrong_counter_is_right_when_a_mailing_ends(self):
		a_list(*addresses(3))
		name = self.start(a_mailing("Sending List"))
		sending.tick()
		sending.freeze(name)
		empty_queues()
		frappe.db.set_value("Mass Email", name, "sent_count", -2)
		frappe.db.commit()
		sending.send_batch(name)
		self.assertEqual((self.form(name).status, self.form(name).sent_count), ("Complete", 3))

	def test_nobody_waits_for_the_count_of_a_list_while_an_address_is_forgotten(self):
		a_list(*addresses(3))
		name = self.send(a_mailing("Sending List"))
		empty_queues()
		self.assertEqual(privacy.forget(addresses(1)[0])["members"], 1)
		with Hasty() as other:
			self.assertEqual(other.hold("Target List", "name = 'Sending List'"), 1)
			self.assertEqual(other.hold("Mass Email", "name = %s", name), 1)
		frappe.db.commit()
		self.assertEqual([job[:11] for job in waiting_jobs()], ["ec-recount-"])
		work_off()
		frappe.db.rollback()
		self.assertEqual(frappe.db.get_value("Target List", "Sending List", "member_count"), 2)
