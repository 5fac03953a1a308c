"""Copies (CC): who gets one, the same mail with a link of their own, and nothing open whatever becomes of the mail."""

import re
import time
from contextlib import ExitStack
from unittest.mock import patch

import frappe

from email_campaigns import jobs
from email_campaigns.api import cc as api
from email_campaigns.api import desk
from email_campaigns.audience.suppression import Scope
from email_campaigns.audience.suppression_store import scope_of, suppress
from email_campaigns.delivery import cc, journal_store, plan_store, send_store
from email_campaigns.tests.site.kit import (
	SETTINGS,
	SendingTest,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	change,
	empty_queues,
	settings,
)
from email_campaigns.tests.site.visitor import Visitor
from email_campaigns.tests.smtp_server import KEEP_AND_DROP

OWNER, COMPANY, USER = "Contact.owner", "Contact.company_name", "Contact.user"
LIST = "Sending Copies"
KIM, LOU, BOSS, AIDE = map(address, ("kim", "lou", "boss", "aide"))
HTML = "<p>Dear {{ doc.first_name }}, <a href='{{ unsubscribe_url }}'>leave</a></p>"


class PowerCut(BaseException):
	"""Ends a job at once, as a killed process does."""


def offer(*keys, off=()):
	"""Let the settings offer fields; `off` are there and not enabled."""
	doc = frappe.get_doc(SETTINGS)
	rows = []
	for key in (*keys, *off):
		doctype, _dot, fieldname = key.rpartition(".")
		rows.append({"source_doctype": doctype, "cc_fieldname": fieldname, "enabled": int(key not in off)})
	doc.set("cc_fields", rows)
	doc.save()
	frappe.db.commit()


def contacts(*emails, **values):
	"""Contacts on the list, each of the company BOSS unless said otherwise."""
	names = [a_contact(email, first_name=email.split("@")[0], **values) for email in emails]
	add_records(a_list(title=LIST), "Contact", *names)
	frappe.db.commit()
	return names


class CopiesTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(self.offer_nothing)
		offer(OWNER, COMPANY, USER)

	def offer_nothing(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		offer()

	def mailing(self, *keys, **values):
		rows = [{"cc_field": key} for key in keys or (COMPANY,)]
		return a_mailing(LIST, html=HTML, cc_fields=rows, **values)

	def rows(self, name):
		frappe.db.rollback()
		fields = ["name", "email", "status", "reason", "cc_of", "cc_field", "dedupe_key", "send_after"]
		return frappe.get_all("Campaign Message", {"source": name}, fields, order_by="name")

	def copies(self, name):
		return sorted((row.email, row.status, row.reason or "") for row in self.rows(name) if row.cc_of)

	def log(self, name, action):
		frappe.db.rollback()
		return frappe.get_all("Campaign Log", {"source": name, "action": action}, ["*"], order_by="name")

	def mail_to(self, recipient):
		(mail,) = [mail for mail in self.server.messages if recipient in mail.recipients]
		return mail

	def assertNothingOpen(self, name, status="Complete"):
		self.assertEqual(self.form(name).status, status)
		self.assertEqual({"Queued", "Sending"} & set(self.statuses(name)), set())
		self.assertNothingLost(name)


class TestCopies(CopiesTest):
	def test_everybody_gets_the_same_mail_in_an_envelope_of_their_own(self):
		contacts(KIM, company_name=BOSS, user=a_user("aide"))
		name = self.send(self.mailing(COMPANY, USER))
		self.assertSentTo(name, [AIDE, BOSS, KIM])
		self.assertNothingOpen(name)
		self.assertEqual([len(mail.recipients) for mail in self.server.messages], [1, 1, 1])
		mails = {mail.recipients[0]: mail.parsed for mail in self.server.messages}
		heads = {(mail["To"], mail["Cc"], mail["Subject"], mail["From"]) for mail in mails.values()}
		((to, copied, _subject, _sender),) = heads
		self.assertEqual((to, copied), (KIM, f"{BOSS}, {AIDE}"))
		bodies = {self.without_links(mail, kind) for mail in mails.values() for kind in ("plain", "html")}
		self.assertEqual(len(bodies), 2, "one text and one HTML, but for the links")
		for header in ("Message-ID", "List-Unsubscribe"):
			self.assertEqual(len({mail[header] for mail in mails.values()}), 3, header)
		self.assertIn("Dear kim", mails[BOSS].get_body(("plain",)).get_content())

	@staticmethod
	def without_links(mail, kind):
		return re.sub(r"/ec/u/[\w.-]+", "/ec/u/…", mail.get_body((kind,)).get_content())

	def test_their_link_is_theirs(self):
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		mail = self.mail_to(BOSS).parsed
		url = mail["List-Unsubscribe"].strip("<>")
		self.assertIn(url, mail.get_body(("plain",)).get_content())
		Visitor().post(url, {"List-Unsubscribe": "One-Click"})
		self.assertEqual((scope_of(BOSS), scope_of(KIM)), (Scope("", {LIST: "Unsubscribed"}), Scope()))
		(opted_out,) = self.log(name, "Opted Out")
		# It is not the wish of the person whose record it is.
		self.assertEqual((opted_out.email, opted_out.recipient_name), (BOSS, None))
		again = self.send(self.mailing())
		self.assertEqual(self.copies(again), [(BOSS, "Skipped", "Unsubscribed")])

	def test_an_owner_is_found_through_the_user(self):
		kim, lou = contacts(KIM, LOU)
		change("Contact", kim, owner=a_user("boss"))
		change("Contact", lou, owner=a_user("aide"))
		change("User", AIDE, enabled=0)
		name = self.send(self.mailing(OWNER))
		self.assertSentTo(name, [BOSS, KIM, LOU])
		self.assertEqual(self.copies(name), [(AIDE, "Skipped", "No valid address"), (BOSS, "Sent", "")])

	def test_who_must_not_get_one_is_skipped_and_noted(self):
		emails = [address(f"k{number}") for number in range(7)]
		companies = ["nobody", address("left"), address("list"), address("dead"), emails[4].upper(), BOSS, ""]
		for email, company in zip(emails, companies, strict=True):
			contacts(email, company_name=company)
		suppress(companies[1], reason="Unsubscribed", origin="test")
		suppress(companies[2], reason="Unsubscribed", origin="test", target_list=LIST)
		suppress(companies[3], reason="Hard Bounce", origin="test")
		frappe.db.commit()
		name = self.send(self.mailing())
		self.assertNothingOpen(name)
		self.assertEqual(self.received(), sorted([*emails, BOSS]))
		reasons = {row.email.lower(): row.reason or "" for row in self.rows(name) if row.cc_of}
		expected = ["No valid address", "Unsubscribed", "Unsubscribed", "Suppressed: Hard Bounce"]
		expected = dict(zip(companies, [*expected, cc.IS_RECIPIENT, ""], strict=False))
		self.assertEqual(reasons, {company.lower(): reason for company, reason in expected.items()})

	def test_an_opted_out_user_is_skipped(self):
		contacts(KIM, user=a_user("aide"))
		change("User", AIDE, unsubscribed=1)
		name = self.send(self.mailing(USER))
		self.assertEqual(self.copies(name), [(AIDE, "Skipped", "Opted out on the record")])

	def test_twice_the_same_gets_one(self):
		contacts(KIM, company_name=AIDE, user=a_user("aide"))
		name = self.send(self.mailing(COMPANY, USER))
		self.assertEqual(self.copies(name), [(AIDE, "Sent", ""), (AIDE, "Skipped", cc.TWICE)])
		self.assertNothingOpen(name)

	def test_one_person_is_copied_from_the_mails_to_several(self):
		contacts(KIM, LOU, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertSentTo(name, [BOSS, BOSS, KIM, LOU])

	def test_plain_addresses_and_the_seed_group_have_none(self):
		contacts(KIM, company_name=BOSS)
		seeds = a_list(title="Sending Seeds")
		add_records(seeds, "Contact", a_contact(LOU, company_name=AIDE))
		a_list(address("plain"), title=LIST)
		frappe.db.commit()
		name = self.send(self.mailing(seed_list=seeds))
		self.assertSentTo(name, [BOSS, KIM, LOU, address("plain")])
		self.assertIsNone(self.mail_to(LOU).parsed["Cc"])

	def test_calculate_counts_them(self):
		contacts(KIM, LOU, company_name=BOSS)
		contacts(BOSS, company_name=BOSS)
		found = desk.calculate(self.mailing())
		self.assertEqual((found["planned"], found["copies"]), (3, 2))
		self.assertEqual(desk.calculate(a_mailing(LIST))["copies"], 0)

	def test_the_form_counts_them(self):
		contacts(KIM, LOU, company_name=BOSS)
		form = self.form(self.send(self.mailing()))
		self.assertEqual((form.cc_count, form.planned_count, form.sent_count), (2, 4, 4))


class TestLog(CopiesTest):
	def test_the_mails_entry_tells_who_is_copied_and_who_is_not_and_why(self):
		(kim,) = contacts(KIM, company_name=BOSS, user=a_user("aide"))
		suppress(AIDE, reason="Unsubscribed", origin="test")
		frappe.db.commit()
		name = self.send(self.mailing(COMPANY, USER))
		(sent,), (copied,), (skipped,) = (self.log(name, a) for a in ("Sent", "CC Sent", "CC Skipped"))
		self.assertEqual(sent.details, f"CC: {BOSS}; not CC: {AIDE} (Unsubscribed)")
		self.assertEqual((sent.email, copied.email, skipped.email), (KIM, BOSS, AIDE))
		self.assertEqual(skipped.details, "Unsubscribed")
		self.assertEqual({entry.recipient_name for entry in (sent, copied, skipped)}, {kim})

	def test_a_mail_without_copies_says_nothing_of_them(self):
		contacts(KIM)
		name = self.send(self.mailing())
		self.assertEqual([entry.details or "" for entry in self.log(name, "Sent")], [""])

	def test_a_copy_that_bounces_is_logged_and_its_address_suppressed(self):
		self.serve({"rcpt": {BOSS: "550 5.1.1 No such user"}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual([entry.email for entry in self.log(name, "Bounced")], [BOSS])
		self.assertEqual((scope_of(BOSS).everything, scope_of(KIM)), ("Hard Bounce", Scope()))
		self.assertNothingOpen(name)


class TestTheMailsFate(CopiesTest):
	"""Whatever becomes of a mail, its copies end too."""

	def test_a_copy_never_leaves_before_its_mail(self):
		settings(batch_size=1)
		contacts(KIM, LOU, company_name=BOSS)
		self.send(self.mailing())
		seen = set()
		for mail in self.server.messages:
			if mail.recipients == (BOSS,):
				self.assertIn(mail.parsed["To"], seen)
			seen.add(mail.recipients[0])

	def test_refused_for_good(self):
		self.serve({"rcpt": {KIM: "550 5.1.1 No such user"}})
		contacts(KIM, LOU, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.copies(name), [(BOSS, "Sent", ""), (BOSS, "Skipped", cc.NOT_SENT)])
		self.assertEqual([entry.details for entry in self.log(name, "CC Skipped")], [cc.NOT_SENT])
		self.assertNothingOpen(name)

	def test_nothing_at_all_could_be_sent(self):
		self.serve({"rcpt": {KIM: "550 5.1.1 No such user"}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertNothingOpen(name, "Failed")

	def test_refused_for_the_time_being_they_wait(self):
		self.serve({"rcpt": {KIM: ["450 4.2.0 Later"]}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.copies(name), [(BOSS, "Queued", "")])
		self.assertEqual(self.form(name).status, "In Process")
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s AND cc_of = 0", name)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, [BOSS, KIM])
		self.assertNothingOpen(name)

	def test_suppressed_between_freeze_and_send(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		jobs.tick()
		jobs.freeze(name)
		suppress(KIM, reason="Unsubscribed", origin="test")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", cc.NOT_SENT)])
		self.assertNothingOpen(name, "Failed")

	def test_a_copy_suppressed_between_freeze_and_send(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		jobs.tick()
		jobs.freeze(name)
		suppress(BOSS, reason="Complaint", origin="test")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", "Suppressed: Complaint")])
		self.assertEqual([row.details for row in self.log(name, "CC Skipped")], ["Suppressed: Complaint"])
		self.assertNothingOpen(name)

	def test_uncertain(self):
		self.serve({"content": {1: [KEEP_AND_DROP]}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", cc.UNSURE)])
		self.assertNothingOpen(name)

	def test_cancelled_in_mid_page(self):
		emails = [address(f"k{number}") for number in range(6)]
		contacts(*emails, company_name=BOSS)
		name = self.mailing()
		self.at_mail(3, lambda: desk.cancel(name, "Wrong price"))
		self.send(name)
		self.assertEqual(self.received(), emails[:3])
		self.assertEqual(self.copies(name), [(BOSS, "Cancelled", "Cancelled: Wrong price")] * 6)
		self.assertNothingOpen(name, "Cancelled")

	def test_past_the_deadline(self):
		settings(hourly_limit=3)
		contacts(KIM, LOU, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.statuses(name), {"Sent": 3, "Queued": 1})
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 3, "Expired": 1})
		self.assertNothingOpen(name)

	def test_they_count_in_the_hourly_limit(self):
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")
		settings(hourly_limit=3)
		contacts(*[address(f"k{number}") for number in range(4)], company_name=BOSS)
		name = self.send(self.mailing())
		self.go_on()
		self.assertEqual((len(self.received()), self.form(name).status), (3, "In Process"))
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 1 WHERE source = %s", name)
		frappe.db.commit()
		settings(hourly_limit=4)
		self.go_on()
		self.assertEqual(len(self.received()), 7)
		self.assertNothingLost(name)


class TestKilledWorker(CopiesTest):
	def dies_at(self, number):
		"""Let the process die at one call of the journal, so that its page is not settled either."""
		journal, settle = journal_store.LedgerJournal.advance, send_store.Sending.settle
		calls, dead = iter(range(number)), []

		def advance(*arguments):
			if not dead and next(calls, None) is None:
				dead.append(True)
				raise PowerCut
			return journal(*arguments)

		def not_when_dead(sending):
			if not dead:
				settle(sending)

		stack = ExitStack()
		stack.enter_context(self.assertRaises(PowerCut))
		stack.enter_context(patch.object(journal_store.LedgerJournal, "advance", advance))
		stack.enter_context(patch.object(send_store.Sending, "settle", not_when_dead))
		return stack

	def test_at_any_mail_nothing_is_left_open(self):
		contacts(*[address(f"k{number}") for number in range(3)], company_name=BOSS)
		# Three mails and their last word to the journal, then as much for the copies.
		for number in range(8):
			with self.subTest(number=number):
				self.serve()
				name = self.start(self.mailing())
				with self.dies_at(number):
					self.go_on()
				frappe.db.rollback()
				self.end_leases(name)
				empty_queues()
				self.go_on()
				self.assertNothingOpen(name)
				self.assertEqual(len(self.rows(name)), 6)

	def test_a_page_that_comes_back_after_its_lease_releases_its_copies(self):
		contacts(KIM, LOU, company_name=BOSS)
		name = self.start(self.mailing())
		advance, calls = journal_store.LedgerJournal.advance, []

		def stalled(journal, accepted, following):
			calls.append(following)
			if len(calls) == 2:
				self.end_leases(name)
				jobs.recover(int(time.time()))
			return advance(journal, accepted, following)

		with patch.object(journal_store.LedgerJournal, "advance", stalled):
			self.go_on()
		self.go_on()
		self.assertSentTo(name, [BOSS, BOSS, KIM, LOU])
		self.assertNothingOpen(name)


class TestSwitchedOff(CopiesTest):
	def test_before_the_start_nobody_is_copied(self):
		contacts(KIM, company_name=BOSS)
		name = self.mailing()
		offer(off=[COMPANY])
		self.assertEqual(desk.calculate(name)["copies"], 0)
		self.send(name)
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", cc.SWITCHED_OFF)])
		self.assertIsNone(self.mail_to(KIM).parsed["Cc"])
		self.assertNothingOpen(name)
		(sent,) = self.log(name, "Sent")
		self.assertEqual(sent.details, f"not CC: {BOSS} ({cc.SWITCHED_OFF})")

	def test_between_freeze_and_send(self):
		contacts(KIM, company_name=BOSS, user=a_user("aide"))
		name = self.start(self.mailing(COMPANY, USER))
		jobs.tick()
		jobs.freeze(name)
		offer(USER)
		self.go_on()
		self.assertEqual(self.mail_to(KIM).parsed["Cc"], AIDE)
		self.assertSentTo(name, [AIDE, KIM])
		self.assertEqual([entry.details for entry in self.log(name, "CC Skipped")], [cc.SWITCHED_OFF])
		self.assertNothingOpen(name)

	def test_during_sending_also_what_is_claimed(self):
		emails = [address(f"k{number}") for number in range(4)]
		contacts(*emails, company_name=BOSS)
		name = self.mailing()
		# The mails leave first; number 6 is the second copy of a page that has claimed all four.
		self.at_mail(6, lambda: offer(off=[COMPANY]))
		self.send(name)
		self.assertEqual([row[1] for row in self.copies(name)].count("Skipped"), 2)
		self.assertEqual(len(self.received()), 6)
		self.assertEqual([entry.details for entry in self.log(name, "CC Skipped")], [cc.SWITCHED_OFF] * 2)
		self.assertNothingOpen(name)

	def test_that_nobody_was_told_of_still_stops_it(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		jobs.tick()
		jobs.freeze(name)
		frappe.db.sql("UPDATE `tabCampaign CC Field` SET enabled = 0")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", cc.SWITCHED_OFF)])
		self.assertNothingOpen(name)

	def test_a_field_that_is_gone_stops_nothing(self):
		contacts(KIM, company_name=BOSS)
		name = self.mailing()
		frappe.db.sql("UPDATE `tabCampaign CC Choice` SET cc_field = 'Contact.gone' WHERE parent = %s", name)
		frappe.db.commit()
		self.send(name)
		self.assertEqual([(row[1], row[2]) for row in self.copies(name)], [("Skipped", cc.GONE)])
		self.assertNothingOpen(name)
		self.assertIn(f"not CC: Contact.gone ({cc.GONE})", self.log(name, "Sent")[0].details)

	def test_the_mailing_keeps_it_and_the_form_can_tell(self):
		name = self.mailing()
		offer(USER, off=[COMPANY])
		doc = self.form(name)
		doc.from_name = "Another"
		doc.save()
		self.assertEqual([row.cc_field for row in doc.cc_fields], [COMPANY])
		self.assertEqual([choice["value"] for choice in api.choices()], [USER])


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
		self.assertEqual([choice["value"] for choice in api.choices()], [OWNER, COMPANY, USER])

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
		labels = {choice["value"]: choice["label"] for choice in api.choices()}
		self.assertEqual(labels[OWNER], "Contact: Owner (User)")
		self.assertEqual(labels[COMPANY], "Contact: Company Name")
		form = self.form(self.mailing(OWNER, COMPANY))
		self.assertEqual([row.description for row in form.cc_fields], list(labels.values())[:2])
		self.assertEqual(form.cc_summary, "CC: 2 fields")
		self.assertFalse(self.form(a_mailing()).cc_summary)

	def test_who_may_ask(self):
		frappe.set_user(a_user("clerk"))
		with self.assertRaises(frappe.PermissionError):
			api.choices()

	def test_freezing_asks_once_a_slice(self):
		contacts(*[address(f"k{number}") for number in range(30)], company_name=BOSS)
		name = self.mailing()
		few = self.queries(lambda: plan_store.count(name))
		contacts(*[address(f"more{number}") for number in range(60)], company_name=BOSS)
		self.assertEqual(self.queries(lambda: plan_store.count(name)), few)

	def queries(self, go):
		asked, sql = [], frappe.db.sql
		go()  # what is cached is no cost of ours
		with patch.object(frappe.db, "sql", lambda *args, **kw: asked.append(1) or sql(*args, **kw)):
			go()
		return len(asked)
