"""Forgetting an address, and exporting what is known about one."""

import frappe
from frappe.utils import now

from email_campaigns.api.desk import preview, privacy
from email_campaigns.audience.decide import FORGOTTEN
from email_campaigns.audience.suppression import erase_store, forgotten_store
from email_campaigns.audience.suppression.suppression_store import read_scope, suppress
from email_campaigns.delivery.ledger import claims_store
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.jobs import lists, sending
from email_campaigns.tests.site.audience.test_target_lists import a_file, report_of
from email_campaigns.tests.site.kits.builders import (
	DOMAIN,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	an_app_document,
)
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

LIST = "Sending List"
JO = address("jo.o'neil+news")
NEIGHBOUR = address("x-jo.o'neil+news")


def mentions(text):
	"""Return every (doctype, column) of the app, and of Frappe's copies of it, in which a text occurs."""
	doctypes = frappe.get_all("DocType", {"module": "Email Campaigns", "issingle": 0}, pluck="name")
	places = []
	for doctype in (*doctypes, "Deleted Document", "Version", "Email Queue", "Email Queue Recipient"):
		for column in frappe.db.get_table_columns(doctype):
			rows = frappe.db.sql(
				f"SELECT COUNT(*) FROM `tab{doctype}` WHERE LOWER(CAST(`{column}` AS CHAR)) LIKE %s",
				f"%{text.lower()}%",
			)
			places += [(doctype, column)] if rows[0][0] else []
	return places


class PrivacyTest(SendingTest):
	def setUp(self):
		self.addCleanup(self.remember)
		super().setUp()

	def remember(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.db.delete("Target List Change", {"target_list": ["like", "Sending%"]})
		frappe.db.commit()

	def forget(self, email=JO):
		answer = privacy.forget(email)
		frappe.db.commit()
		return answer


class TestForgetting(PrivacyTest):
	def test_nothing_of_the_person_stays_and_the_figures_do(self):
		a_list(JO, NEIGHBOUR, *addresses(2))
		name = self.send(a_mailing(LIST))
		suppress(JO, reason="Unsubscribed", origin=f"{JO} asked for it", target_list=LIST)
		self.a_trace()
		waiting = a_mailing(LIST)
		before, figures = self.statuses(name), self.form(name).sent_count
		self.assertEqual(self.forget(JO.upper())["members"], 1)
		work_off()
		self.assertEqual([place for place in mentions(JO) if NEIGHBOUR not in self.texts(place)], [])
		self.assertEqual(self.statuses(name), before)
		self.assertEqual((self.form(name).sent_count, figures), (4, 4))
		self.assertEqual(len(frappe.get_all("Campaign Log", {"source": name, "action": "Sent"})), 4)
		self.assertEqual(frappe.db.get_value("Target List", LIST, "member_count"), 3)
		self.send(waiting)
		self.assertEqual(self.received().count(JO), 1)

	def a_trace(self):
		"""What an import, a feed and a deleted member leave behind."""
		a_list(title="Sending Other")
		lists.import_members(
			"Sending Other", a_file(self, f"email\n{JO}\nnonsense\n{JO.upper()}\n{NEIGHBOUR}\n")
		)
		member = {"target_list": "Sending Other", "email": JO}
		frappe.delete_doc("Target List Member", frappe.db.get_value("Target List Member", member))
		an_app_document("Target List Change", target_list=LIST, movement="Came", email=JO)
		frappe.db.commit()
		self.assertIn(("Target List", "import_report"), mentions(JO))
		self.assertIn(("Deleted Document", "data"), mentions(JO))

	def texts(self, place):
		"""Whatever still has the address as the end of a neighbour's, which is not to be touched."""
		doctype, column = place
		like = ("like", f"%{JO}%")
		rows = frappe.get_all(doctype, {column: like}, pluck=column)
		return NEIGHBOUR if all(NEIGHBOUR in str(row).lower().replace(JO.upper(), JO) for row in rows) else ""

	def test_what_has_not_left_never_does(self):
		a_list(JO, *addresses(1))
		name = a_mailing(LIST)
		self.start(name)
		sending.tick()
		sending.freeze(name)
		self.assertEqual(self.statuses(name), {"Queued": 2})
		self.forget()
		self.go_on()
		self.assertSentTo(name, addresses(1))
		self.assertEqual(sorted(end[1:] for end in self.ends(name)), [("Cancelled", FORGOTTEN), ("Sent", "")])

	def test_somebody_with_an_accent_is_somebody_else(self):
		a_list(address("jose"), address("josé"))
		self.forget(address("jose"))
		self.assertEqual(
			frappe.get_all("Target List Member", {"target_list": LIST}, pluck="email"), [address("josé")]
		)
		self.assertFalse(forgotten_store.is_forgotten(address("josé")))

	def test_records_that_still_have_the_address_are_named(self):
		contact = a_contact(JO)
		self.assertEqual(self.forget()["elsewhere"], [{"doctype": "Contact", "name": contact}])

	def test_where_no_record_has_it_any_more_the_email_unsubscribe_goes_too(self):
		suppress(JO, reason="Unsubscribed", origin="test")
		self.assertTrue(frappe.db.exists("Email Unsubscribe", {"email": JO}))
		self.forget()
		self.assertFalse(frappe.db.exists("Email Unsubscribe", {"email": JO}))
		contact = a_contact(address("kim"))
		suppress(address("kim"), reason="Unsubscribed", origin="test")
		self.forget(address("kim"))
		self.assertTrue(frappe.db.exists("Email Unsubscribe", {"email": address("kim")}))
		self.assertTrue(frappe.db.get_value("Contact", contact, "unsubscribed"))

	def test_an_address_that_nobody_knows_is_forgotten_all_the_same(self):
		self.assertEqual(self.forget(), {"members": 0, "mails": 0, "log": 0, "elsewhere": []})
		self.assertTrue(forgotten_store.is_forgotten(JO))

	def test_only_managers_may(self):
		frappe.set_user(a_user("clerk", "Campaign User"))
		for call in (privacy.forget, privacy.known_about, privacy.allow_again):
			with self.assertRaises(frappe.PermissionError):
				call(JO)
		frappe.set_user(a_user("boss", "Campaign Manager"))
		self.forget()

	def test_what_is_no_address_is_refused(self):
		with self.assertRaises(frappe.InvalidEmailAddressError):
			privacy.forget("nobody")


class TestRefusing(PrivacyTest):
	def setUp(self):
		super().setUp()
		a_list()
		self.forget()

	def members(self):
		return frappe.get_all("Target List Member", {"target_list": LIST}, pluck="email")

	def test_by_hand(self):
		doc = {"doctype": "Target List Member", "target_list": LIST, "email": JO}
		with self.assertRaisesRegex(frappe.ValidationError, "forgotten on request"):
			frappe.get_doc(doc).insert()

	def test_by_import(self):
		lists.import_members(LIST, a_file(self, f"email\n{JO}\n{addresses(1)[0]}\n"))
		self.assertEqual(self.members(), addresses(1))
		report = frappe.db.get_value("Target List", LIST, "import_report").splitlines()
		self.assertEqual(report[0], report_of(joined=1, left_out=1))
		self.assertIn("forgotten on request", report[1])
		self.assertNotIn(JO, report[1])

	def test_as_a_record(self):
		add_records(LIST, "Contact", a_contact(JO), a_contact(address("kim")))
		self.assertEqual(self.members(), [address("kim")])

	def test_by_the_address_that_a_record_gets_later(self):
		contact = a_contact(address("kim"))
		add_records(LIST, "Contact", contact)
		name = self.start(a_mailing(LIST))
		frappe.db.set_value("Contact", contact, "email_id", JO)
		frappe.db.commit()
		self.go_on()
		self.assertEqual([end[:2] for end in self.ends(name)], [("", "Skipped")])
		self.assertEqual(self.members(), [""])

	def test_at_freezing_also_where_the_list_has_learnt_it(self):
		a_list(*addresses(1))
		name = self.start(a_mailing(LIST))
		frappe.db.set_value("Target List Member", {"target_list": LIST}, "email", JO)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.ends(name), [("", "Skipped", FORGOTTEN)])

	def test_at_sending_also_where_the_ledger_has_learnt_it(self):
		a_list(*addresses(2))
		name = a_mailing(LIST)
		self.start(name)
		sending.tick()
		sending.freeze(name)
		for doctype in ("Campaign Message", "Target List Member"):
			frappe.db.set_value(doctype, {"email": addresses(1)[0]}, "email", JO)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, addresses(2)[1:])
		self.assertEqual(sorted(end[1:] for end in self.ends(name)), [("Sent", ""), ("Skipped", FORGOTTEN)])
		row = ClaimedMail(1, JO, "", "", 0, "", 0)
		self.assertEqual(claims_store.without_forgotten([row]), [])

	def test_as_a_test(self):
		a_list(*addresses(1))
		with self.assertRaisesRegex(frappe.ValidationError, "forgotten on request"):
			preview.send_test(a_mailing(LIST), JO)

	def test_an_opt_out_made_elsewhere_does_not_write_it_down_again(self):
		values = {"doctype": "Email Unsubscribe", "email": JO, "global_unsubscribe": 1}
		frappe.get_doc(values).insert()
		self.assertEqual(read_scope(JO).everything, "")
		self.assertEqual(frappe.get_all("Suppressed Email", {"email": JO}), [])

	def test_after_the_encryption_key_has_changed(self):
		before = frappe.local.conf.encryption_key
		self.addCleanup(
			frappe.local.conf.update, {"encryption_key": before, forgotten_store.FORMER_KEYS: None}
		)
		frappe.local.conf.update({"encryption_key": "another", forgotten_store.FORMER_KEYS: [before]})
		self.assertTrue(forgotten_store.is_forgotten(JO))

	def test_until_a_manager_allows_it_again(self):
		self.assertTrue(privacy.allow_again(JO))
		self.assertFalse(privacy.allow_again(JO))
		a_list(JO)
		self.assertEqual(self.members(), [JO])


class TestKnown(PrivacyTest):
	def test_all_that_is_known_is_exported_and_nothing_of_others(self):
		a_list(JO, *addresses(2))
		name = self.send(a_mailing(LIST))
		suppress(JO, reason="Unsubscribed", origin="asked", target_list=LIST)
		contact = a_contact(JO)
		known = privacy.known_about(JO)
		self.assertEqual([row["source"] for row in known["Campaign Message"]], [name])
		self.assertEqual([row["action"] for row in known["Campaign Log"]], ["Sent"])
		self.assertEqual([row["target_list"] for row in known["Target List Member"]], [LIST])
		self.assertEqual([row["origin"] for row in known["Suppressed Email"]], ["asked"])
		self.assertEqual(known["records"], [{"doctype": "Contact", "name": contact}])
		text = frappe.as_json(known)
		for other in addresses(2):
			self.assertNotIn(other, text)

	def test_it_answers_fast_on_a_long_ledger(self):
		stamp = now()
		frappe.db.sql(
			"""INSERT INTO `tabCampaign Message` (name, creation, modified, source, email, dedupe_key, status)
			SELECT NEXTVAL(`campaign_message_id_seq`), %s, %s, 'Sending long', CONCAT('l', seq, '@', %s), seq,
				'Sent'
			FROM seq_1_to_100000""",
			(stamp, stamp, DOMAIN),
		)
		plan = frappe.db.sql(
			"EXPLAIN SELECT name, email FROM `tabCampaign Message` WHERE email = %s",
			address("l500"),
			as_dict=True,
		)
		self.assertLess(int(plan[0]["rows"]), 10)
		self.assertEqual(len(erase_store.find_rows("Campaign Message", address("l500"))), 1)
		frappe.db.rollback()
