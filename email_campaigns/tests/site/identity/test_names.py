"""No number or name is given twice, and what the ledger or the log knows is not deleted."""

import frappe
from frappe.tests.utils import FrappeTestCase

from email_campaigns import names_store
from email_campaigns.api.desk import mass_email
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.patches import retire_names
from email_campaigns.tests.site.kits.builders import (
	a_campaign,
	a_contact,
	a_list,
	a_mailing,
	address,
	addresses,
	an_app_document,
)
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, enrol
from email_campaigns.tests.site.kits.sending_test import SendingTest

JO = address("jo")


class NamesTest(SendingTest):
	def refuses(self, words, method, *arguments, **options):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			method(*arguments, **options)
		frappe.db.rollback()

	def delete(self, doctype, name):
		frappe.delete_doc(doctype, name)
		frappe.db.commit()


class TestNumbers(NamesTest):
	def test_the_number_of_a_deleted_draft_is_not_given_again(self):
		a_list(JO)
		first = a_mailing("Sending List")
		self.delete("Mass Email", first)
		second = a_mailing("Sending List")
		self.delete("Mass Email", second)
		self.assertEqual(len({first, second, a_mailing("Sending List")}), 3)

	def test_a_counter_that_was_set_back_passes_over_what_was_given(self):
		a_list(JO)
		first, second = a_mailing("Sending List"), a_mailing("Sending List")
		self.delete("Mass Email", second)
		prefix, number = first[:-5], int(first[-5:])
		frappe.db.sql("UPDATE tabSeries SET current = %s WHERE name = %s", (number - 1, prefix))
		self.assertEqual(int(a_mailing("Sending List")[-5:]), number + 2)

	def test_a_number_of_ones_own_is_refused_where_it_was_given(self):
		a_list(JO)
		name = a_mailing("Sending List")
		values = frappe.copy_doc(frappe.get_doc("Mass Email", name)).as_dict(no_nulls=True)
		self.delete("Mass Email", name)
		self.refuses("which is gone", frappe.get_doc(values).insert, set_name=name)
		imported = frappe.get_doc({**values, "name": name})
		frappe.flags.in_import = True
		self.addCleanup(frappe.flags.update, {"in_import": False})
		self.refuses("which is gone", imported.insert)

	def test_a_number_that_only_the_ledger_knows_is_not_given_again(self):
		"""A mailing was deleted before the app remembered, or past its document."""
		name = self.send(a_mailing(a_list(JO)))
		frappe.db.delete("Mass Email", {"name": name})
		prefix, number = name[:-5], int(name[-5:])
		frappe.db.sql("UPDATE tabSeries SET current = %s WHERE name = %s", (number - 1, prefix))
		frappe.db.commit()
		other = self.send(a_mailing("Sending List"))
		self.assertNotEqual(other, name)
		self.assertEqual(self.received(), [JO, JO])
		frappe.db.delete("Campaign Message", {"source": name})
		frappe.db.delete("Campaign Log", {"source": name})

	def test_a_renamed_mailing_leaves_its_number_to_nobody(self):
		name = self.send(a_mailing(a_list(JO)))
		new = frappe.rename_doc("Mass Email", name, f"{name}-x", force=True)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.rename_doc, "Mass Email", new, f"{name}-y", force=True)
		frappe.db.commit()
		self.assertEqual([end[1] for end in self.ends(new)], ["Sent"])
		self.assertEqual(names_store.known_by("Mass Email", name), [])
		self.assertTrue(names_store.is_used("Mass Email", name))

	def test_a_rule_without_a_counter_does_not_go_round_for_ever(self):
		campaign = a_campaign()
		self.assertEqual(names_store.draw_name("Campaign", lambda: campaign), campaign)

	def test_a_name_is_looked_up_by_its_key_alone(self):
		"""A scan would lock the names of all others until the end of the transaction."""
		names_store.retire("Campaign", "Sending Gone")
		self.assertTrue(names_store.is_used("Campaign", "sending gone"))
		(plan,) = frappe.db.sql(
			f"EXPLAIN SELECT name FROM `tabRetired Name` WHERE name = {names_store.KEY} FOR UPDATE",
			{"doctype": "Campaign", "name": "Sending Gone"},
			as_dict=True,
		)
		self.assertEqual((plan.type, plan.key), ("const", "PRIMARY"))

	def test_a_member_takes_no_number_of_ones_own(self):
		values = {"doctype": "Target List Member", "target_list": a_list(), "email": JO, "__newname": 1}
		self.refuses("gets its number by itself", frappe.get_doc(values).insert)

	def test_sequences_of_numbers_keep_nothing_in_memory_and_never_begin_again(self):
		"""What a server has in memory is lost with it; a cycle would begin again at 1."""
		for table in ("campaign_message", "campaign_log", "target_list_member", "target_list_sign_up"):
			(row,) = frappe.db.sql(f"SELECT cache_size, cycle_option, increment FROM {table}_id_seq")
			self.assertEqual(row, (0, 0, 1), table)


class TestDeletion(NamesTest):
	def test_a_mailing_that_the_ledger_knows_says_what_to_do_instead(self):
		name = self.start(a_mailing(a_list(*addresses(3))))
		self.go_on()
		cancelled = self.start(a_mailing("Sending List"))
		frappe.db.set_value("Mass Email", cancelled, "status", "In Process")
		mass_email.cancel(cancelled, "Wrong text")
		frappe.db.commit()
		self.refuses("Complete can't be deleted", frappe.delete_doc, "Mass Email", name)
		frappe.db.set_value("Mass Email", name, "status", "Cancelled")
		self.refuses("mails in the ledger: 3.*Cancel it instead", frappe.delete_doc, "Mass Email", name)

	def test_a_cancelled_mailing_and_its_successor_do_not_share_a_ledger(self):
		first = self.send(a_mailing(a_list(JO)))
		frappe.db.set_value("Mass Email", first, "status", "Cancelled")
		frappe.db.commit()
		self.refuses("can't be deleted", frappe.delete_doc, "Mass Email", first)
		second = self.send(a_mailing("Sending List"))
		self.assertEqual([end[1] for end in self.ends(second)], ["Sent"])

	def test_a_campaign_with_a_mailing_names_it(self):
		campaign = a_campaign()
		name = a_mailing(a_list(JO), campaign=campaign)
		self.refuses(f"Mass Email .1.: {name}.*Inactive", frappe.delete_doc, "Campaign", campaign)

	def test_an_empty_campaign_may_go_and_its_title_stays_taken(self):
		campaign = a_campaign()
		self.delete("Campaign", campaign)
		self.assertFalse(frappe.db.exists("Campaign", campaign))
		for title in (campaign, campaign.upper()):
			self.refuses("which is gone", a_campaign, campaign_name=title)
		other = a_campaign()
		frappe.db.commit()
		self.refuses("which is gone", frappe.rename_doc, "Campaign", other, campaign)

	def test_a_list_of_a_mailing_says_which(self):
		name = self.send(a_mailing(a_list(JO)))
		self.refuses(name, frappe.delete_doc, "Target List", "Sending List")
		self.assertEqual(frappe.db.count("Target List Member", {"target_list": "Sending List"}), 1)

	def test_a_deleted_list_leaves_its_title_to_nobody_who_would_inherit_its_wishes(self):
		suppress(JO, reason="Unsubscribed", origin="test", target_list=a_list(JO))
		self.delete("Target List", "Sending List")
		self.refuses("which is gone", a_list, JO)

	def test_a_link_that_mails_may_have_is_disabled_instead(self):
		campaign = a_campaign()
		values = {
			"doctype": "Tracking Link",
			"title": "Shop",
			"url": "https://x.example/",
			"campaign": campaign,
		}
		link = frappe.get_doc(values).insert().name
		self.send(a_mailing(a_list(JO), campaign=campaign))
		self.refuses("Disable it instead", frappe.delete_doc, "Tracking Link", link)


class TestEnrolments(DripTest):
	def refuses(self, words, *arguments):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			frappe.delete_doc(*arguments)
		frappe.db.rollback()

	def test_a_campaign_with_enrolments_names_them(self):
		campaign = a_sequence()
		name = enrol(campaign, a_contact(JO))
		self.refuses(f"Email Campaign .1.: {name}.*Inactive", "Campaign", campaign)
		self.at(0, 23)
		self.refuses("mails in the ledger: 1", "Campaign", campaign)

	def test_a_new_campaign_of_the_title_never_touches_old_enrolments(self):
		"""The campaign was deleted before the app refused that."""
		campaign = a_sequence()
		name = enrol(campaign, a_contact(JO))
		frappe.db.delete("Campaign", {"name": campaign})
		frappe.db.delete("Campaign Email Schedule", {"parent": campaign})
		frappe.db.commit()
		with self.assertRaisesRegex(frappe.ValidationError, "which is gone"):
			a_sequence(campaign_name=campaign)
		frappe.db.rollback()
		self.at(0, 23)
		self.assertEqual((self.steps(name), self.received()), ([], []))
		frappe.db.delete("Email Campaign", {"name": name})

	def test_an_enrolment_whose_steps_are_in_the_ledger_is_stopped_instead(self):
		name = enrol(a_sequence(), a_contact(JO))
		self.at(0, 23)
		self.refuses("mails in the ledger: 1.*Stop the sequence instead", "Email Campaign", name)

	def test_the_number_of_a_deleted_enrolment_is_not_given_again(self):
		campaign, contact = a_sequence(), a_contact(JO)
		first = enrol(campaign, contact)
		frappe.delete_doc("Email Campaign", first)
		frappe.db.sql("UPDATE tabSeries SET current = current - 1 WHERE name = ''")
		self.assertNotEqual(enrol(campaign, contact), first)

	def test_campaigns_with_enrolments_are_not_merged(self):
		first, second = a_sequence(), a_sequence()
		enrol(first, a_contact(JO))
		with self.assertRaisesRegex(frappe.ValidationError, "can't be merged"):
			frappe.rename_doc("Campaign", first, second, merge=True)
		frappe.db.rollback()


class TestPatch(FrappeTestCase):
	def test_names_that_rows_still_know_are_retired(self):
		self.addCleanup(frappe.db.rollback)
		an_app_document("Target List Change", movement="Left", email="", target_list="Gone")
		self.assertFalse(names_store.is_used("Target List", "Gone"))
		retire_names.execute()
		self.assertTrue(names_store.is_used("Target List", "Gone"))
		self.assertTrue(names_store.is_used("Target List", "gone"))
