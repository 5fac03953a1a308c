"""A recipient's record gets another name, or is merged: members, mails and enrolments follow."""

import threading

import frappe
from frappe.utils import now_datetime

from email_campaigns.api.desk import target_list
from email_campaigns.audience.address import record_key
from email_campaigns.audience.lists import members_store
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.delivery.mailing.mailing_store import load_step
from email_campaigns.drip import plan_store
from email_campaigns.jobs import drip, renames, sending
from email_campaigns.mass_mailing import freeze_store
from email_campaigns.tests.site.kits.approvals import TEN, ApprovalTest
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	change,
)
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, clock, enrol
from email_campaigns.tests.site.kits.feeds import LIST, FeedTest
from email_campaigns.tests.site.kits.queue import elsewhere, empty_queues
from email_campaigns.tests.site.kits.sending_test import SendingTest

JO, KIM = address("jo"), address("kim")
FIRST, SECOND = "Sending First", "Sending Second"
PER_RECORD = "One mail per record"


def rename(old: str, new: str, doctype: str = "Contact", *, merge: bool = False) -> str:
	name = frappe.rename_doc(doctype, old, new, merge=merge, force=True, show_alert=False)
	frappe.db.commit()
	return name


def members(title: str) -> list[tuple]:
	fields = ["member_name", "member_key", "by_person"]
	rows = frappe.get_all("Target List Member", {"target_list": title}, fields, order_by="name")
	return [tuple(row.values()) for row in rows]


def waits_for_the_commit(work):
	"""Tell whether work in another thread waits until this connection has committed; both are done then."""
	thread = threading.Thread(target=elsewhere, args=(frappe.local.site, work))
	thread.start()
	thread.join(2)
	waited = thread.is_alive()
	frappe.db.commit()
	thread.join(60)
	return waited


class RenameTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.contact, self.unique = a_contact(JO), frappe.generate_hash(length=8).lower()
		for title in (FIRST, SECOND):
			a_list(title=title)
		frappe.db.commit()

	def join(self, title, *names, doctype="Contact"):
		add_records(title, doctype, *names)
		frappe.db.commit()


class TestMembers(RenameTest):
	def test_the_key_follows_and_nobody_joins_twice(self):
		self.join(FIRST, self.contact)
		name = rename(self.contact, "Sending Josephine")
		self.join(FIRST, name)
		self.assertEqual(members(FIRST), [(name, record_key("Contact", name), 1)])

	def test_a_name_that_changes_in_case_alone(self):
		self.join(FIRST, self.contact)
		name = rename(self.contact, self.contact.upper())
		self.assertEqual(members(FIRST), [(name, record_key("Contact", name), 1)])

	def test_a_user_whose_address_changes(self):
		old, new = a_user(f"old-{self.unique}"), address(f"new-{self.unique}")
		self.addCleanup(frappe.db.delete, "Notification Settings", {"name": new})
		self.join(FIRST, old, doctype="User")
		name = rename(old, new, "User")
		self.assertEqual(members(FIRST), [(name, f"User/{name}", 1)])
		members_store.refresh_members([FIRST])
		self.assertEqual(frappe.db.get_value("Target List Member", {"target_list": FIRST}, "email"), name)

	def test_a_list_compares_and_excludes_who_was_renamed(self):
		change("Contact", self.contact, email_id="")
		self.join(FIRST, self.contact)
		name = rename(self.contact, "Sending Josephine")
		change("Contact", name, email_id=JO)
		self.join(SECOND, name)
		self.assertEqual(target_list.compare_lists(FIRST, SECOND)["both"], 1)
		frappe.db.set_value("Target List Member", {"target_list": SECOND}, "email", "")
		a_list(KIM, title=FIRST)
		mailing = self.send(a_mailing(FIRST, excluding=[SECOND]))
		self.assertEqual(self.ledger(mailing)[JO], ("Skipped", "On an excluding list"))

	def test_merged_twins_on_a_list_become_the_elder(self):
		twin = a_contact(KIM)
		members_store.add_records(FIRST, members_store.source("Contact"), [self.contact], by_person=False)
		self.join(FIRST, twin)
		consent = {"consent_at": now_datetime(), "consent_text": "Yes", "consent_evidence": "By the form"}
		frappe.db.set_value("Target List Member", {"member_name": twin}, consent)
		elder = frappe.db.get_value("Target List Member", {"member_name": self.contact})
		rename(self.contact, twin, merge=True)
		self.assertEqual(members(FIRST), [(twin, record_key("Contact", twin), 1)])
		row = frappe.get_doc("Target List Member", {"target_list": FIRST})
		self.assertEqual((row.name, row.consent_text, row.record_missing), (elder, "Yes", 0))
		self.assertEqual(frappe.db.get_value("Target List", FIRST, "member_count"), 1)
		fields = ["movement", "feed", "email", "member_name"]
		(change_row,) = frappe.get_all("Target List Change", {"target_list": FIRST}, fields)
		self.assertEqual(tuple(change_row.values()), ("Left", "Merged with another member", KIM, twin))
		frappe.db.delete("Target List Change", {"target_list": FIRST})

	def test_who_is_added_while_being_renamed_joins_by_no_stale_name(self):
		"""The adding has begun before the rename is committed, and would read the old name."""
		site, old, added = frappe.local.site, self.contact, []
		frappe.rename_doc("Contact", old, "Sending Josephine", show_alert=False)
		source = members_store.source("Contact")

		def add():
			change_latest_rows()  # as each job does
			added.append(members_store.add_records(FIRST, source, [old]))

		adding = threading.Thread(target=elsewhere, args=(site, add))
		adding.start()
		adding.join(2)
		frappe.db.commit()
		adding.join(60)
		self.assertEqual((added, members(FIRST)), ([0], []))

	def test_stale_keys_of_earlier_renamings_are_repaired(self):
		self.join(FIRST, self.contact, a_contact(KIM))
		self.join(SECOND, self.contact)
		for title in (FIRST, SECOND):
			stale = {"target_list": title, "member_name": self.contact}
			frappe.db.set_value("Target List Member", stale, "member_key", "Contact/Sending Stale")
		members_store.add_records(FIRST, members_store.source("Contact"), [self.contact])
		self.assertEqual(len(members(FIRST)), 3, "the record is on the list twice")
		renames.repair_keys()
		self.assertEqual({key for _name, key, _by in members(SECOND)}, {record_key("Contact", self.contact)})
		self.assertEqual([name for name, *_rest in members(FIRST)].count(self.contact), 1)
		self.assertEqual(len(members(FIRST)), 2)


class TestFeeds(FeedTest):
	def test_a_renamed_match_neither_leaves_nor_comes(self):
		(name,) = self.contacts(1)
		feed = self.a_feed()
		self.run_now()
		rename(name, "Sending Josephine")
		self.run_now()
		self.assertEqual(members(LIST), [("Sending Josephine", "Contact/Sending Josephine", 0)])
		self.assertEqual(self.state(feed), ("Fine", "1 match: 0 came, 0 left."))
		self.assertEqual([movement for movement, _email in self.changes()], ["Came"])

	def test_merged_matches_are_one_that_leaves_once_none_matches(self):
		first, second = self.contacts(2)
		self.a_feed()
		self.run_now()
		rename(first, second, merge=True)
		self.run_now()
		self.assertEqual([name for name, *_rest in members(LIST)], [second])
		self.no_longer(second)
		self.run_now(frappe.db.get_value("Target List Feed", {"parent": LIST}))
		self.run_now(frappe.db.get_value("Target List Feed", {"parent": LIST}))
		self.assertEqual(members(LIST), [])


class TestOneMailPerRecord(RenameTest):
	"""Each record gets a mailing once, whatever it is called and whenever that changes."""

	def freeze_one(self, name):
		"""Freeze one slice of a started mailing, as a worker that is then killed."""
		self.assertTrue(freeze_store.freeze_next(name))
		frappe.db.commit()

	def begin(self, *lists, **values):
		name = self.start(a_mailing(*lists, duplicate_policy=PER_RECORD, **values))
		empty_queues()
		sending.tick()
		empty_queues()
		return name

	def in_slices_of_one(self):
		defaults = members_store.read_slice.__defaults__
		self.addCleanup(setattr, members_store.read_slice, "__defaults__", defaults)
		members_store.read_slice.__defaults__ = (1,)

	def test_renamed_between_two_slices_of_the_freeze(self):
		self.join(FIRST, self.contact)
		self.join(SECOND, self.contact)
		self.in_slices_of_one()
		name = self.begin(FIRST, SECOND)
		self.freeze_one(name)
		rename(self.contact, "Sending Josephine")
		self.go_on()
		self.assertEqual(self.received(), [JO])
		self.assertEqual(self.statuses(name), {"Sent": 1, "Skipped": 1})
		self.assertNothingLost(name)

	def test_merged_between_two_slices_of_the_freeze(self):
		twin = a_contact(KIM)
		self.join(FIRST, self.contact)
		self.join(SECOND, twin)
		self.in_slices_of_one()
		name = self.begin(FIRST, SECOND)
		self.freeze_one(name)
		rename(self.contact, twin, merge=True)
		self.go_on()
		self.assertEqual(len(self.received()), 1)

	def test_merged_after_the_freeze_the_elder_mail_leaves_to_the_remaining_address(self):
		twin = a_contact(KIM)
		self.join(FIRST, self.contact, twin)
		name = self.begin(FIRST)
		self.freeze_one(name)
		rename(self.contact, twin, merge=True)
		self.go_on()
		self.assertEqual(self.received(), [KIM])
		skipped = ("Skipped", "Merged with a record that has the mail")
		self.assertEqual(sorted(end[1:] for end in self.ends(name)), [("Sent", ""), skipped])
		self.assertEqual(self.form(name).skipped_count, 1)
		self.assertNothingLost(name)

	def test_of_two_merged_mails_the_one_that_has_left_keeps_the_place(self):
		twin = a_contact(KIM)
		self.join(FIRST, twin, self.contact)
		name = self.send(a_mailing(FIRST, duplicate_policy=PER_RECORD))
		frappe.db.sql("UPDATE `tabCampaign Message` SET status = 'Queued' WHERE email = %s", KIM)
		frappe.db.commit()
		rename(self.contact, twin, merge=True)
		self.assertEqual(
			{email: end[0] for email, end in self.ledger(name).items()}, {JO: "Sent", KIM: "Skipped"}
		)

	def test_a_new_record_of_the_old_name_is_somebody_else(self):
		self.join(FIRST, self.contact)
		name = self.begin(FIRST, SECOND)
		self.freeze_one(name)
		old = self.contact
		rename(old, "Sending Josephine")
		self.assertEqual(a_contact(KIM), old)
		self.join(SECOND, old)
		self.go_on()
		self.assertEqual(self.received(), [JO, KIM])
		self.assertNothingLost(name)

	def test_a_rename_waits_for_the_slice_that_is_being_frozen(self):
		"""The slice has read the old name, and writes it after the rename has begun."""
		self.join(FIRST, self.contact)
		self.join(SECOND, self.contact)
		self.in_slices_of_one()
		name = self.begin(FIRST, SECOND)
		self.assertTrue(freeze_store.freeze_next(name))  # not committed yet
		self.assertTrue(waits_for_the_commit(lambda: rename(self.contact, "Sending Josephine")))
		self.go_on()
		self.assertEqual(self.received(), [JO])
		rows = frappe.get_all("Campaign Message", {"source": name}, pluck="recipient_name")
		self.assertEqual(rows, ["Sending Josephine"] * 2)

	def test_stale_keys_of_the_ledger_are_repaired(self):
		self.join(FIRST, self.contact)
		name = self.send(a_mailing(FIRST, duplicate_policy=PER_RECORD))
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET dedupe_key = 'r:Contact/Sending Stale' WHERE source = %s", name
		)
		frappe.db.commit()
		renames.repair_keys()
		key = frappe.db.get_value("Campaign Message", {"source": name}, "dedupe_key")
		self.assertEqual(key, f"r:{record_key('Contact', self.contact)}")


class TestSequences(DripTest):
	def test_merging_two_enrolled_people_skips_the_waiting_mail_of_the_later_enrolment(self):
		campaign, first, second = a_sequence(), a_contact(JO), a_contact(KIM)
		elder, later = enrol(campaign, first), enrol(campaign, second)
		drip.plan(clock(0, 23))
		empty_queues()
		self.assertEqual([row[2] for row in self.steps(later)], ["Queued"])
		rename(first, second, merge=True)
		self.assertEqual((self.status(elder), self.status(later)), ("In Progress", "Cancelled"))
		self.assertEqual([row[2] for row in self.steps(later)], ["Skipped"])


class TestGroups(DripTest):
	def test_a_rename_waits_for_the_step_that_is_being_planned(self):
		contact = a_contact(JO)
		add_records(a_list(title=FIRST), "Contact", contact)
		name = enrol(a_sequence(), FIRST, "Target List")
		due = plan_store.lock_due(plan_store.due_enrolments(clock(0, 23)), clock(0, 23))
		plan_store.plan_enrolments(due, clock(0, 23))  # not committed yet
		self.assertTrue(waits_for_the_commit(lambda: rename(contact, "Sending Josephine")))
		self.at(0, 23)
		self.assertEqual((self.received(), [row[2] for row in self.steps(name)]), ([JO], ["Sent"]))


class TestApprovals(ApprovalTest):
	def rename_both(self):
		campaign = self.form(self.mailing).campaign
		rename("Sending List", "Sending Other", "Target List")
		return rename(campaign, f"{campaign} 2", "Campaign")

	def test_renames_of_what_an_approval_names_stop_nothing(self):
		self.approved(seconds=-1)
		campaign = self.rename_both()
		self.go_on()
		self.assertEqual(self.received(), TEN)
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.campaign, form.problem or ""), ("Complete", campaign, ""))
		for field, value in (("target_list", "Sending Other"), ("campaign", campaign)):
			values = frappe.get_all("Campaign Message", {"source": self.mailing}, pluck=field)
			self.assertEqual(values, [value] * len(TEN))
		self.assertNothingLost(self.mailing)

	def test_a_renamed_sender_is_the_sender_still(self):
		self.approved(seconds=-1)
		self.addCleanup(frappe.db.delete, "Notification Settings", {"name": "new@approval.example"})
		rename(self.clerk, "new@approval.example", "User")
		self.addCleanup(rename, "new@approval.example", self.clerk, "User")
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Complete", TEN))

	def test_what_was_changed_before_the_rename_is_still_not_approved(self):
		self.approved(seconds=-1)
		change("Mass Email", self.mailing, subject_prefix="[OTHER]")
		self.rename_both()
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Draft", []))


class TestLinksOfSteps(DripTest):
	def test_plain_links_of_steps_outlive_a_renamed_campaign(self):
		"""And a new campaign of the old title has links of its own."""
		first = a_sequence()
		links = [load_step(Stream(first, 1, "Administrator")).link_source]
		renamed = rename(first, f"{first} 2", "Campaign")
		links.append(load_step(Stream(renamed, 1, "Administrator")).link_source)
		other = a_sequence(campaign_name=first)
		links.append(load_step(Stream(other, 1, "Administrator")).link_source)
		self.assertEqual(links[0], links[1])
		self.assertNotEqual(links[0], links[2])
		self.assertEqual(other, first)

	def test_links_of_a_campaign_without_a_key_outlive_its_rename(self):
		"""It came from ERPNext."""
		first = a_sequence()
		change("Campaign", first, link_key="")
		before = load_step(Stream(first, 1, "Administrator")).link_source
		renamed = rename(first, f"{first} 2", "Campaign")
		self.assertEqual(load_step(Stream(renamed, 1, "Administrator")).link_source, before)


class TestLists(RenameTest):
	def test_a_renamed_list_keeps_its_mails(self):
		self.join(FIRST, self.contact)
		name = self.send(a_mailing(FIRST))
		rename(FIRST, "Sending Other", "Target List")
		self.assertEqual(
			frappe.db.get_value("Campaign Message", {"source": name}, "target_list"), "Sending Other"
		)
		a_list(KIM, title=FIRST)
		frappe.db.commit()
		self.assertEqual(counts_store.count_by_status(name), {"Sent": 1})

	def test_a_list_that_is_merged_into_another_brings_its_members(self):
		twin = a_contact(KIM)
		self.join(FIRST, self.contact, twin)
		self.join(SECOND, self.contact)
		rename(FIRST, SECOND, "Target List", merge=True)
		self.assertEqual({name for name, *_rest in members(SECOND)}, {self.contact, twin})
		self.assertEqual(len(members(SECOND)), 2)
		self.assertFalse(frappe.db.exists("Target List", FIRST))
		frappe.db.delete("Target List Change", {"target_list": ("in", (FIRST, SECOND))})
