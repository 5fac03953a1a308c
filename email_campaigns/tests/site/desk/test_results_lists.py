"""Target lists from what people did with a mailing: who joins, as whom, and who may ask."""

import frappe

from email_campaigns.api.desk import results
from email_campaigns.audience.address import plain_key, record_key
from email_campaigns.results import breakdown_store, list_store
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
)
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.results_kit import ResultsTest, a_row, clicked_link, happens

SIX = addresses(6)
LIST = f"{PREFIX} Behaviour"


class ListTest(ResultsTest):
	def make(self, name, behaviour, target_list=LIST, **values):
		is_new = not frappe.db.exists("Target List", target_list)
		results.make_list(name, behaviour, target_list, is_new=is_new, **values)
		frappe.db.commit()
		work_off()
		frappe.db.rollback()

	def members(self, target_list=LIST):
		return sorted(frappe.get_all("Target List Member", {"target_list": target_list}, pluck="email"))

	def joined(self, name, behaviour, **values):
		"""Who joins a new list; as many as were promised."""
		title = f"{PREFIX} {frappe.generate_hash(length=8)}"
		self.make(name, behaviour, title, **values)
		members = self.members(title)
		self.assertEqual(len(members), results.count_behaviour(name, behaviour, **values))
		return members


class TestBehaviours(ListTest):
	def test_each_has_its_people(self):
		self.serve({"rcpt": {SIX[5]: "554 5.7.1 Message refused"}})
		name = self.send(a_mailing(a_list(*SIX)))
		mails = self.mails(name)
		for email, kind in (
			(SIX[0], "opened"),
			(SIX[1], "opened"),
			(SIX[1], "clicked"),
			(SIX[2], "replied"),
			(SIX[3], "bounced"),
		):
			happens(mails[email], kind)
		happens(mails[SIX[4]], "opened", "machine")
		expected = {
			"opened": SIX[:3],
			"opened_not_clicked": [SIX[0], SIX[2]],
			"not_opened": [SIX[4]],
			"clicked": [SIX[1]],
			"replied": [SIX[2]],
			"bounced": [SIX[3]],
			"failed": [SIX[5]],
		}
		for behaviour, emails in expected.items():
			self.assertEqual(self.joined(name, behaviour), emails, behaviour)

	def test_colleagues_and_copies_never_join(self):
		seeds = a_list(address("colleague"), title=f"{PREFIX} Seeds")
		name = self.send(a_mailing(a_list(*SIX), seed_list=seeds))
		mails = self.mails(name)
		copy = a_row(mails[SIX[0]], cc_of=mails[SIX[0]], email=address("boss"))
		for message in (copy, mails[address("colleague")], mails[SIX[0]]):
			happens(message, "opened")
		self.assertEqual(self.joined(name, "opened"), [SIX[0]])

	def test_who_opened_the_second_mail_has_opened_it(self):
		name = self.send(a_mailing(a_list(*SIX)))
		first = self.mails(name)[SIX[0]]
		happens(a_row(first, resend_of=first), "clicked")
		self.assertEqual(self.joined(name, "clicked"), [SIX[0]])
		self.assertEqual(self.joined(name, "not_opened"), SIX[1:])

	def test_whom_a_link_brought(self):
		name = self.send(a_mailing(a_list(*SIX)))
		message = self.mails(name)[SIX[0]]
		happens(message, "clicked")
		if not breakdown_store.has_links():
			with self.assertRaisesRegex(frappe.ValidationError, "There is no list"):
				results.make_list(name, list_store.CLICKED_LINK, LIST, link="L1", is_new=True)
			return
		clicked_link(name, "L1")
		self.assertEqual(self.joined(name, list_store.CLICKED_LINK, link="L1"), [SIX[0]])
		self.assertEqual(self.joined(name, list_store.CLICKED_LINK, link="L2"), [])
		(link,) = results.details(name)["links"]
		self.assertEqual((link["link"], link["title"], link["people"], link["clicks"]), ("L1", "L1", 1, 1))

	def test_there_is_no_list_of_those_who_left(self):
		name = self.send(a_mailing(a_list(*SIX)))
		for behaviour in ("unsubscribed", "opted_out_at IS NOT NULL OR 1"):
			with self.assertRaisesRegex(frappe.ValidationError, "There is no list"):
				results.make_list(name, behaviour, LIST, is_new=True)
		self.assertFalse(frappe.db.exists("Target List", LIST))


class TestMembers(ListTest):
	def keys(self, target_list=LIST):
		return set(frappe.get_all("Target List Member", {"target_list": target_list}, pluck="member_key"))

	def mixed(self, **values):
		"""A mailing to a contact and a plain address that both opened it, and the contact's name."""
		contact = a_contact(address("record"))
		add_records(a_list(address("Plain")), "Contact", contact)
		name = self.send(a_mailing(a_list(), **values))
		for message in self.mails(name).values():
			happens(message, "opened")
		return name, contact

	def test_records_and_plain_addresses_keep_their_identity(self):
		for policy in ("One mail per address", "One mail per record"):
			name, contact = self.mixed(duplicate_policy=policy)
			self.make(name, "opened")
			self.assertEqual(self.keys(), {record_key("Contact", contact), plain_key(address("Plain"))})
			plain, record = frappe.get_all(
				"Target List Member",
				{"target_list": LIST},
				["member_doctype", "member_name", "first_name", "email"],
				order_by="member_name",
			)
			self.assertEqual(
				(plain.member_doctype, plain.first_name, plain.email), (None, "Jo", address("Plain"))
			)
			self.assertEqual((record.member_doctype, record.member_name), ("Contact", contact))
			frappe.db.delete("Target List Member", {"target_list": ["like", f"{PREFIX}%"]})
			frappe.db.commit()

	def test_also_where_the_old_list_is_gone(self):
		for policy in ("One mail per address", "One mail per record"):
			name, contact = self.mixed(duplicate_policy=policy)
			frappe.db.delete("Target List Member", {"target_list": ["like", f"{PREFIX}%"]})
			frappe.db.commit()
			self.make(name, "opened")
			self.assertEqual(self.keys(), {record_key("Contact", contact), plain_key(address("Plain"))})
			frappe.db.delete("Target List Member", {"target_list": LIST})
			frappe.db.commit()

	def test_a_second_run_adds_nobody_twice_and_the_list_tells(self):
		name, _contact = self.mixed()
		a_list(address("plain"), title=LIST)
		self.make(name, "opened")
		form = frappe.get_doc("Target List", LIST)
		self.assertEqual(form.member_count, 2)
		self.assertIn("1 people joined", form.import_report)
		self.make(name, "opened")
		self.assertEqual(self.members(), [address("plain"), address("record")])

	def test_a_list_larger_than_a_slice_is_made_whole(self):
		name = self.send(a_mailing(a_list(*addresses(300))))
		slice_before, list_store.SLICE = list_store.SLICE, 70
		self.addCleanup(setattr, list_store, "SLICE", slice_before)
		self.assertEqual(self.joined(name, "not_opened"), addresses(300))

	def test_only_who_may_write_lists_makes_them(self):
		name = self.send(a_mailing(a_list(*SIX)))
		a_list(title=LIST)
		frappe.set_user(a_user("stranger"))
		self.assertRaises(frappe.PermissionError, results.make_list, name, "opened", LIST)
		self.assertRaises(frappe.PermissionError, results.count_behaviour, name, "opened")
