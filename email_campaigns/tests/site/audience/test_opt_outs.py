"""A tick in the opt-out field of one record is the wish of its address."""

import frappe

from email_campaigns.audience.suppression import erase_store, opt_outs_store
from email_campaigns.audience.suppression.suppression_store import lift, suppress
from email_campaigns.jobs import lists
from email_campaigns.mass_mailing import freeze_store
from email_campaigns.patches import follow_opt_outs
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	add_records,
	address,
	change,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest

JO, JOSE, JOSÉ, GONE = map(address, ("jo", "jose", "josé", "gone"))


def save(contact: str, **values) -> None:
	doc = frappe.get_doc("Contact", contact)
	doc.update(values)
	doc.save()
	frappe.db.commit()


class TestOptOuts(SendingTest):
	def origins(self, email: str = JO) -> list[tuple[str, str]]:
		"""Return (reason, origin) of what is kept from an address."""
		frappe.db.rollback()
		rows = frappe.get_all("Suppressed Email", {"email": email}, ["email", "reason", "origin"])
		return [(row.reason, row.origin) for row in rows if row.email == email]

	def test_a_tick_on_a_form_holds_and_goes_with_the_tick(self):
		contact = a_contact(JO)
		save(contact, unsubscribed=1)
		self.assertEqual(self.origins(), [("Unsubscribed", f"Opt-out of Contact {contact}")])
		save(contact, first_name="Joanna")
		self.assertEqual(len(self.origins()), 1)
		save(contact, unsubscribed=0)
		self.assertEqual(self.origins(), [])

	def test_it_stays_while_another_record_of_the_address_has_one(self):
		first, second = a_contact(JO, unsubscribed=1), a_contact(JO.upper(), unsubscribed=1)
		save(first, unsubscribed=0)
		self.assertEqual(len(self.origins()), 1)
		save(second, unsubscribed=0)
		self.assertEqual(self.origins(), [])

	def test_other_records_are_not_changed(self):
		other = a_contact(JO)
		a_contact(JO, unsubscribed=1)
		self.assertFalse(frappe.db.get_value("Contact", other, "unsubscribed"))
		self.assertFalse(frappe.db.exists("Email Unsubscribe", {"email": JO}))

	def test_a_new_address_of_a_record_with_a_tick(self):
		contact = a_contact(JO, unsubscribed=1)
		doc = frappe.get_doc("Contact", contact)
		doc.email_ids[0].email_id = address("new")
		doc.save()
		frappe.db.commit()
		self.assertEqual(len(self.origins(address("new"))), 1)
		self.assertEqual(len(self.origins()), 1, "the wish of the old address stays")

	def test_changes_past_the_documents_are_seen_within_an_hour(self):
		contact = a_contact(JO)
		change("Contact", contact, unsubscribed=1)
		lists.follow_opt_outs()
		self.assertEqual(len(self.origins()), 1)
		lists.follow_opt_outs()
		self.assertEqual(len(self.origins()), 1)
		change("Contact", contact, unsubscribed=0)
		lists.follow_opt_outs()
		self.assertEqual(self.origins(), [])

	def test_a_site_that_updates_takes_over_its_ticks_in_any_number(self):
		for number in range(5):
			change("Contact", a_contact(address(f"old{number}")), unsubscribed=1)
		size, opt_outs_store.SLICE = opt_outs_store.SLICE, 2
		self.addCleanup(setattr, opt_outs_store, "SLICE", size)
		follow_opt_outs.execute()
		frappe.db.commit()
		self.assertEqual([len(self.origins(address(f"old{number}"))) for number in range(5)], [1] * 5)

	def test_a_deleted_record_leaves_the_wish(self):
		contact = a_contact(JO, unsubscribed=1)
		frappe.delete_doc("Contact", contact)
		frappe.db.commit()
		lists.follow_opt_outs()
		self.assertEqual(len(self.origins()), 1)

	def test_letters_that_the_collation_takes_for_one_are_two(self):
		contact = a_contact(JOSE)
		change("Contact", a_contact(""), email_id=JOSÉ, unsubscribed=1)
		lists.follow_opt_outs()
		self.assertEqual((len(self.origins(JOSÉ)), self.origins(JOSE)), (1, []))
		save(contact, unsubscribed=1)
		save(contact, unsubscribed=0)
		self.assertEqual((len(self.origins(JOSÉ)), self.origins(JOSE)), (1, []))

	def test_the_persons_own_wish_takes_its_place_and_stays(self):
		contact, other = a_contact(JO, unsubscribed=1), a_contact(JO)
		suppress(JO, reason="Unsubscribed", origin="MASS-1")
		frappe.db.commit()
		self.assertEqual(self.origins(), [("Unsubscribed", "MASS-1")])
		self.assertTrue(frappe.db.get_value("Contact", other, "unsubscribed"))
		self.assertTrue(frappe.db.exists("Email Unsubscribe", {"email": JO, "global_unsubscribe": 1}))
		save(contact, unsubscribed=0)
		lists.follow_opt_outs()
		self.assertEqual(self.origins(), [("Unsubscribed", "MASS-1")])

	def test_who_comes_back_has_no_tick_any_more(self):
		contact = a_contact(JO, unsubscribed=1)
		lift(JO)
		frappe.db.commit()
		lists.follow_opt_outs()
		self.assertEqual(self.origins(), [])
		self.assertFalse(frappe.db.get_value("Contact", contact, "unsubscribed"))

	def test_a_bounce_outweighs_it(self):
		suppress(JO, reason="Hard Bounce", origin="MASS-1")
		contact = a_contact(JO, unsubscribed=1)
		save(contact, unsubscribed=0)
		self.assertEqual(self.origins(), [("Hard Bounce", "MASS-1")])

	def test_a_forgotten_address_is_not_stored_again(self):
		contact = a_contact(GONE)
		erase_store.erase(GONE)
		save(contact, unsubscribed=1)
		lists.follow_opt_outs()
		self.assertEqual(self.origins(GONE), [])

	def test_calculate_leaves_out_every_place_of_the_address(self):
		title = a_list(JO, address("other"))
		add_records(title, "Contact", a_contact(JO))
		change("Contact", a_contact(JO), unsubscribed=1)
		counted = freeze_store.count_audience(a_mailing(title))
		self.assertEqual(counted["skipped"], {"The address opted out on another record": 2})
		self.assertEqual(counted["planned"], 1)

	def test_a_document_of_another_kind_costs_no_query(self):
		todo = frappe.get_doc({"doctype": "ToDo", "description": "x"})
		opt_outs_store.follow_record(todo)
		with self.assertQueryCount(0):
			opt_outs_store.follow_record(todo)
