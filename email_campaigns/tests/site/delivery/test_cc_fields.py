"""The fields for copies (CC): those that can be offered and chosen, and a field that is switched off."""

from unittest.mock import patch

import frappe

from email_campaigns.api.desk import choices as api
from email_campaigns.api.desk import mass_email
from email_campaigns.delivery.copies import rules
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing import freeze_store
from email_campaigns.tests.site.kits.builders import SETTINGS, a_mailing, a_user, address
from email_campaigns.tests.site.kits.copies import (
	AIDE,
	BOSS,
	COMPANY,
	KIM,
	OWNER,
	USER,
	CopiesTest,
	contacts,
	offer,
)


class TestSwitchedOff(CopiesTest):
	def test_before_the_start_nobody_is_copied(self):
		contacts(KIM, company_name=BOSS)
		name = self.mailing()
		offer(off=[COMPANY])
		self.assertEqual(mass_email.calculate(name)["copies"], 0)
		self.send(name)
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", rules.SWITCHED_OFF)])
		self.assertIsNone(self.mail_to(KIM).parsed["Cc"])
		self.assertNothingOpen(name)
		(sent,) = self.log(name, "Sent")
		self.assertEqual(sent.details, f"not CC: {BOSS} ({rules.SWITCHED_OFF})")

	def test_between_freeze_and_send(self):
		contacts(KIM, company_name=BOSS, user=a_user("aide"))
		name = self.start(self.mailing(COMPANY, USER))
		sending.tick()
		sending.freeze(name)
		offer(USER)
		self.go_on()
		self.assertEqual(self.mail_to(KIM).parsed["Cc"], AIDE)
		self.assertSentTo(name, [AIDE, KIM])
		self.assertEqual([entry.details for entry in self.log(name, "CC Skipped")], [rules.SWITCHED_OFF])
		self.assertNothingOpen(name)

	def test_during_sending_also_what_is_claimed(self):
		emails = [address(f"k{number}") for number in range(4)]
		contacts(*emails, company_name=BOSS)
		name = self.mailing()
		# The mails leave first; number 6 is the second copy of a batch that has claimed all four.
		self.at_mail(6, lambda: offer(off=[COMPANY]))
		self.send(name)
		self.assertEqual([row[1] for row in self.copies(name)].count("Skipped"), 2)
		self.assertEqual(len(self.received()), 6)
		self.assertEqual([entry.details for entry in self.log(name, "CC Skipped")], [rules.SWITCHED_OFF] * 2)
		self.assertNothingOpen(name)

	def test_in_the_database_alone_it_still_stops_it(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		sending.tick()
		sending.freeze(name)
		frappe.db.sql("UPDATE `tabCampaign CC Field` SET enabled = 0")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", rules.SWITCHED_OFF)])
		self.assertNothingOpen(name)

	def test_a_field_that_is_gone_stops_nothing(self):
		contacts(KIM, company_name=BOSS)
		name = self.mailing()
		frappe.db.sql("UPDATE `tabCampaign CC Choice` SET cc_field = 'Contact.gone' WHERE parent = %s", name)
		frappe.db.commit()
		self.send(name)
		self.assertEqual([(row[1], row[2]) for row in self.copies(name)], [("Skipped", rules.GONE)])
		self.assertNothingOpen(name)
		self.assertIn(f"not CC: Contact.gone ({rules.GONE})", self.log(name, "Sent")[0].details)

	def test_the_mailing_keeps_it_and_can_be_saved(self):
		name = self.mailing()
		offer(USER, off=[COMPANY])
		doc = self.form(name)
		doc.from_name = "Another"
		doc.save()
		self.assertEqual([row.cc_field for row in doc.cc_fields], [COMPANY])
		self.assertEqual([choice["value"] for choice in api.cc_fields()], [USER])


class TestFields(CopiesTest):
	def refuses(self, words, go):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			go()
		frappe.db.rollback()

	def texts(self, number):
		keys = [
			f"{doctype}.{df.fieldname}"
			for doctype in ("User", "Contact", "Address", "Email Account")
			for df in frappe.get_meta(doctype).fields
			if df.fieldtype == "Data" and not df.get("is_virtual")
		]
		return keys[:number]

	def test_the_26th_of_the_settings(self):
		offer(*self.texts(25))
		self.refuses("At most 25", lambda: offer(*self.texts(26)))
		self.assertEqual(len(frappe.get_doc(SETTINGS).cc_fields), 25)

	def test_the_6th_of_a_mailing(self):
		keys = self.texts(6)
		offer(*keys)
		self.mailing(*keys[:5])
		self.refuses("at most 5", lambda: self.mailing(*keys))

	def test_what_the_settings_must_not_offer(self):
		for keys, words in (
			((OWNER, OWNER), "chosen already"),
			(("Contact.nothing",), "has no field named"),
			(("Contact.unsubscribed",), "neither holds an address"),
			(("Contact.email_ids",), "neither holds an address"),
			(("Email Campaign Settings.sender_line",), "neither holds an address"),
		):
			with self.subTest(keys):
				self.refuses(words, lambda keys=keys: offer(*keys))
		self.assertEqual([choice["value"] for choice in api.cc_fields()], [OWNER, COMPANY, USER])

	def test_what_a_mailing_must_not_choose(self):
		for keys, words in (
			((OWNER, OWNER), "chosen already"),
			(("Contact.nothing",), "has no field named"),
			(("Contact.unsubscribed",), "neither holds an address"),
			(("Contact.first_name",), "don't offer"),
			(("Nothing.owner",), "not a field of a record type"),
			(("owner",), "not a field of a record type"),
		):
			with self.subTest(keys):
				self.refuses(words, lambda keys=keys: self.mailing(*keys))

	def test_how_fields_are_called(self):
		labels = {choice["value"]: choice["label"] for choice in api.cc_fields()}
		self.assertEqual(labels[OWNER], "Contact: Owner (User)")
		self.assertEqual(labels[COMPANY], "Contact: Company Name")
		form = self.form(self.mailing(OWNER, COMPANY))
		self.assertEqual([row.description for row in form.cc_fields], list(labels.values())[:2])
		self.assertEqual(form.cc_summary, "CC: 2 fields")
		self.assertFalse(self.form(a_mailing()).cc_summary)

	def test_who_may_ask(self):
		frappe.set_user(a_user("clerk"))
		with self.assertRaises(frappe.PermissionError):
			api.cc_fields()

	def test_freezing_asks_once_a_slice(self):
		contacts(*[address(f"k{number}") for number in range(30)], company_name=BOSS)
		name = self.mailing()
		few = self.queries(lambda: freeze_store.count_audience(name))
		contacts(*[address(f"more{number}") for number in range(60)], company_name=BOSS)
		self.assertEqual(self.queries(lambda: freeze_store.count_audience(name)), few)

	def queries(self, go):
		asked, sql = [], frappe.db.sql
		go()  # fills the caches
		with patch.object(frappe.db, "sql", lambda *args, **kw: asked.append(1) or sql(*args, **kw)):
			go()
		return len(asked)
