"""Copies (CC): who gets one, the same mail with links of their own, and the entries of the log."""

import re

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.audience.suppression.suppression import SuppressionScope
from email_campaigns.audience.suppression.suppression_store import read_scope, suppress
from email_campaigns.delivery.copies import rules
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	change,
)
from email_campaigns.tests.site.kits.copies import (
	AIDE,
	BOSS,
	COMPANY,
	KIM,
	LIST,
	LOU,
	OWNER,
	USER,
	CopiesTest,
	contacts,
)
from email_campaigns.tests.site.kits.visitor import Visitor


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
		return re.sub(r"/ec/[cou]/[\w.-]+", "/ec/…", mail.get_body((kind,)).get_content())

	def test_their_link_is_theirs(self):
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		mail = self.mail_to(BOSS).parsed
		url = mail["List-Unsubscribe"].strip("<>")
		self.assertIn(url, mail.get_body(("plain",)).get_content())
		Visitor().post(url, {"List-Unsubscribe": "One-Click"})
		self.assertEqual(
			(read_scope(BOSS), read_scope(KIM)),
			(SuppressionScope("", {LIST: "Unsubscribed"}), SuppressionScope()),
		)
		(opted_out,) = self.log(name, "Opted Out")
		# It is not the wish of the person whose record it is.
		self.assertEqual((opted_out.email, opted_out.recipient_name), (BOSS, None))
		second = self.send(self.mailing())
		self.assertEqual(self.copies(second), [(BOSS, "Skipped", "Unsubscribed")])

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
		expected = dict(zip(companies, [*expected, rules.IS_RECIPIENT, ""], strict=False))
		self.assertEqual(reasons, {company.lower(): reason for company, reason in expected.items()})

	def test_an_opted_out_user_is_skipped(self):
		contacts(KIM, user=a_user("aide"))
		change("User", AIDE, unsubscribed=1)
		name = self.send(self.mailing(USER))
		self.assertEqual(self.copies(name), [(AIDE, "Skipped", "Opted out on the record")])

	def test_twice_the_same_gets_one(self):
		contacts(KIM, company_name=AIDE, user=a_user("aide"))
		name = self.send(self.mailing(COMPANY, USER))
		self.assertEqual(self.copies(name), [(AIDE, "Sent", ""), (AIDE, "Skipped", rules.TWICE)])
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
		figures = mass_email.calculate(self.mailing())
		self.assertEqual((figures["planned"], figures["copies"]), (3, 2))
		self.assertEqual(mass_email.calculate(a_mailing(LIST))["copies"], 0)

	def test_the_form_counts_them(self):
		contacts(KIM, LOU, company_name=BOSS)
		form = self.form(self.send(self.mailing()))
		self.assertEqual((form.cc_count, form.planned_count, form.sent_count), (2, 4, 4))


class TestLog(CopiesTest):
	def test_the_mails_entry_names_who_is_copied_and_who_is_not_and_why(self):
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
		self.assertEqual((read_scope(BOSS).everything, read_scope(KIM)), ("Hard Bounce", SuppressionScope()))
		self.assertNothingOpen(name)
