"""A wish that comes while a mailing is under way counts for every mail that has not left yet."""

import time
from collections.abc import Callable
from unittest.mock import patch

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.delivery.ledger import claims_store
from email_campaigns.drip import events_store
from email_campaigns.jobs import sending
from email_campaigns.site_time import database_epoch, site_time
from email_campaigns.tests.site.kits.builders import (
	SETTINGS,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	change,
	settings,
)
from email_campaigns.tests.site.kits.copies import COMPANY, KIM, LOU, OWNER, CopiesTest, contacts
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, a_step, enrol
from email_campaigns.tests.site.kits.queue import elsewhere, run_job, waiting_jobs, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

ANN, BEN, NEW = map(address, ("ann", "ben", "new"))
BEFORE_CLAIM, AFTER_CLAIM = 1, 200  # the size of a batch: whether the second mail is claimed with the first


def tick(doctype: str, name: str, field: str = "unsubscribed", value: int = 1) -> None:
	"""Change a field as a form does."""
	doc = frappe.get_doc(doctype, name)
	doc.set(field, value)
	doc.save(ignore_permissions=True)


class LateTest(SendingTest):
	def to_two(self, doctype: str = "Contact", **values) -> tuple[str, str]:
		"""Return a mailing to Ann and Ben, and Ben's record."""
		records = [a_contact(ANN), a_contact(BEN)] if doctype == "Contact" else [a_user("ann"), a_user("ben")]
		title = a_list()
		add_records(title, doctype, *records)
		return a_mailing(title, **values), records[1]

	def send_meanwhile(self, name: str, wish: Callable, batch_size: int = AFTER_CLAIM) -> None:
		"""Send, and let something be wished while the server takes the first mail."""
		settings(batch_size=batch_size)
		self.start(name)
		self.at_mail(1, wish)
		self.go_on()

	def assertKeptBack(self, name: str, reason: str, email: str = BEN) -> None:
		self.assertEqual(self.received(), [ANN])
		self.assertEqual(self.ledger(name)[email], ("Skipped", reason))
		self.assertEqual(self.form(name).status, "Complete")
		self.assertNothingLost(name)


class TestMailings(LateTest):
	def check(self, reason: str, wish: Callable, doctype: str = "Contact") -> None:
		for size in (BEFORE_CLAIM, AFTER_CLAIM):
			with self.subTest(size=size):
				self.doCleanups()
				self.setUp()
				name, record = self.to_two(doctype)
				self.send_meanwhile(name, lambda record=record: wish(record), size)
				self.assertKeptBack(name, reason)

	def test_the_opt_out_field_of_the_record(self):
		self.check("Opted out on the record", lambda contact: change("Contact", contact, unsubscribed=1))

	def test_the_opt_out_field_of_another_record_of_the_address(self):
		def wish(contact):
			a_contact(BEN, unsubscribed=1)

		self.check("The address opted out on another record", wish)

	def test_an_email_group_that_the_address_has_left(self):
		def wish(contact):
			group = frappe.get_doc({"doctype": "Email Group", "title": "Sending Group"}).insert()
			member = {"doctype": "Email Group Member", "email_group": group.name, "email": BEN}
			frappe.get_doc({**member, "unsubscribed": 1}).insert()

		self.check("The address opted out on another record", wish)

	def test_a_member_taken_off_the_list(self):
		self.check(
			"Taken off the list",
			lambda contact: frappe.db.delete("Target List Member", {"member_name": contact}),
		)

	def test_a_deleted_record(self):
		self.check("The record no longer exists", lambda contact: frappe.db.delete("Contact", contact))

	def test_a_disabled_user(self):
		self.check("The record is disabled", lambda user: change("User", user, enabled=0), "User")

	def test_a_record_that_came_on_an_excluding_list(self):
		excluding = a_list(title="Sending Rivals")
		name, contact = self.to_two(excluding=[excluding])
		self.send_meanwhile(name, lambda: add_records(excluding, "Contact", contact), BEFORE_CLAIM)
		self.assertKeptBack(name, "On an excluding list")

	def test_plain_addresses_that_were_taken_off_the_list(self):
		for size in (BEFORE_CLAIM, AFTER_CLAIM):
			with self.subTest(size=size):
				self.doCleanups()
				self.setUp()
				name = a_mailing(a_list(ANN, BEN))
				self.send_meanwhile(
					name, lambda: frappe.db.delete("Target List Member", {"email": BEN}), size
				)
				self.assertKeptBack(name, "Taken off the list")

	def test_informational_mail_goes_to_those_who_opted_out(self):
		name, contact = self.to_two()
		change("Campaign", self.form(name).campaign, campaign_type="Informational Email")
		self.send_meanwhile(name, lambda: tick("Contact", contact))
		self.assertSentTo(name, [ANN, BEN])

	def test_disabled_users_are_counted_and_left_out_from_the_start(self):
		name, user = self.to_two("User")
		change("User", user, enabled=0)
		self.send(name)
		self.assertKeptBack(name, "The record is disabled")

	def test_a_record_that_was_merged_keeps_its_place_on_the_list(self):
		name, contact = self.to_two()
		other = a_contact(BEN)
		key = {"member_name": other, "member_key": f"Contact/{other}"}

		def merged():
			frappe.db.set_value("Campaign Message", {"recipient_name": contact}, "recipient_name", other)
			frappe.db.delete("Target List Member", {"member_name": contact})
			add_records("Sending List", "Contact", other)
			self.assertTrue(frappe.db.exists("Target List Member", key))

		self.send_meanwhile(name, merged)
		self.assertSentTo(name, [ANN, BEN])


class TestNewAddresses(LateTest):
	def test_the_new_address_is_mailed(self):
		for size in (BEFORE_CLAIM, AFTER_CLAIM):
			for new in (NEW, "new@elsewhere.sending.example"):
				with self.subTest(size=size, new=new):
					self.doCleanups()
					self.setUp()
					name, contact = self.to_two()
					self.send_meanwhile(
						name,
						lambda contact=contact, new=new: change("Contact", contact, email_id=new),
						size,
					)
					self.assertSentTo(name, [ANN, new])
					self.assertEqual(self.form(name).status, "Complete")

	def test_an_address_that_somebody_else_of_the_mailing_has(self):
		name, contact = self.to_two()
		self.send_meanwhile(name, lambda: change("Contact", contact, email_id=ANN.upper()))
		self.assertEqual(self.received(), [ANN])
		self.assertEqual(self.ledger(name)[BEN], ("Skipped", "Duplicate address"))
		self.assertNothingLost(name)

	def test_an_address_of_somebody_who_was_left_out(self):
		name, contact = self.to_two()

		def swapped():
			frappe.db.delete("Contact", {"email_id": address("cid")})
			change("Contact", contact, email_id=address("cid"))

		add_records("Sending List", "Contact", a_contact(address("cid")))
		self.send_meanwhile(name, swapped)
		self.assertEqual(self.received(), [ANN, address("cid")])
		self.assertEqual(self.ends(name).count((address("cid"), "Sent", "")), 1)

	def test_an_address_that_is_none(self):
		name, contact = self.to_two()
		self.send_meanwhile(name, lambda: change("Contact", contact, email_id="nobody"))
		self.assertKeptBack(name, "No valid address")

	def test_a_new_address_that_has_unsubscribed(self):
		from email_campaigns.audience.suppression.suppression_store import suppress

		suppress(NEW, reason="Unsubscribed", origin="Sending")
		name, contact = self.to_two()
		self.send_meanwhile(name, lambda: change("Contact", contact, email_id=NEW))
		self.assertKeptBack(name, "Unsubscribed")

	def test_another_spelling_of_the_same_address_is_no_new_one(self):
		name, contact = self.to_two()
		self.send_meanwhile(name, lambda: change("Contact", contact, email_id=f"  {BEN} "))
		self.assertSentTo(name, [ANN, BEN])


class TestTheServerSaysLater(LateTest):
	"""Something ends while the server is about to answer 451."""

	def refuse_meanwhile(self, action: Callable) -> None:
		"""Let the server answer the next mail with 451, after something has happened elsewhere."""
		site = frappe.local.site

		def keep(mail):
			elsewhere(site, action)
			return False

		self.server.keep = keep

	def test_a_cancelled_mailing_has_no_mail_that_waits_for_ever(self):
		name, _contact = self.to_two()
		self.start(name)
		self.refuse_meanwhile(lambda: mass_email.cancel(name, "Wrong text"))
		self.go_on()
		self.assertEqual(set(self.ledger(name).values()), {("Cancelled", "Cancelled: Wrong text")})
		self.assertEqual(self.form(name).cancelled_count, 2)
		self.assertNothingLost(name)

	def test_a_paused_mailing_keeps_its_mails(self):
		name, _contact = self.to_two()
		self.start(name)
		self.refuse_meanwhile(lambda: mass_email.pause(name))
		self.go_on()
		self.assertEqual(self.statuses(name), {"Queued": 2})


class TestLeases(LateTest):
	def test_a_claim_that_ends_before_the_servers_answer_sends_nothing_more(self):
		self.start(name := a_mailing(a_list(*addresses(5))))

		def shorten():
			self.assertGreater(claims_store.LEASE, claims_store.ANSWER_RESERVE)
			until = database_epoch() + claims_store.ANSWER_RESERVE - 60
			frappe.db.sql(
				"UPDATE `tabCampaign Message` SET lease_until = %s WHERE source = %s AND lease_until > 0",
				(until, name),
			)

		self.at_mail(2, shorten)
		while "ec-page" not in waiting_jobs()[0]:
			run_job(waiting_jobs()[0])
		checked = self.server.connections
		run_job(waiting_jobs()[0])
		self.assertEqual(self.received(), addresses(2))
		self.assertEqual(self.server.connections, checked + 1, "no connection for each mail that is left")
		self.go_on()
		self.assertSentTo(name, addresses(5))

	def test_an_ended_lease_that_nobody_has_recovered_sends_nothing_more(self):
		self.start(name := a_mailing(a_list(*addresses(5))))
		self.at_mail(2, lambda: self.end_leases(name))
		while "ec-page" not in waiting_jobs()[0]:
			run_job(waiting_jobs()[0])
		run_job(waiting_jobs()[0])
		self.assertEqual(self.received(), addresses(2))
		self.go_on()
		self.assertSentTo(name, addresses(5))


class TestClocks(LateTest):
	def test_a_worker_whose_clock_is_wrong_writes_the_databases_time(self):
		true_time = time.time
		for wrong in (-3600, 3600):
			with self.subTest(seconds=wrong):
				self.doCleanups()
				self.setUp()
				self.serve({"rcpt": {BEN: "451 4.3.0 Later"}})
				self.start(name := a_mailing(a_list(ANN, BEN)))
				while "ec-page" not in waiting_jobs()[0]:
					run_job(waiting_jobs()[0])
				before = database_epoch()
				with patch("time.time", lambda wrong=wrong: true_time() + wrong):
					sending.send_batch(name)
				frappe.db.rollback()
				after = database_epoch()
				sent = self.row(name, ANN)
				self.assertTrue(before <= sent.sent_epoch <= after + 1, sent.sent_epoch - before)
				self.assertEqual(sent.sent_at, site_time(sent.sent_epoch))
				later = self.row(name, BEN)
				self.assertEqual(later.status, "Queued")
				self.assertTrue(before + 300 <= later.send_after <= after + 300, later.send_after - before)

	def row(self, name: str, email: str):
		fields = ["status", "sent_epoch", "sent_at", "send_after"]
		return frappe.db.get_value("Campaign Message", {"source": name, "email": email}, fields, as_dict=True)


class TestSequences(DripTest):
	def two_enrolled(self) -> tuple[str, str]:
		campaign = a_sequence(a_step(0))
		self.ben = a_contact(BEN)
		enrol(campaign, a_contact(ANN))
		return campaign, enrol(campaign, self.ben)

	def check(self, reason: str, wish: Callable[[str], object]) -> None:
		for size in (BEFORE_CLAIM, AFTER_CLAIM):
			with self.subTest(size=size):
				self.doCleanups()
				self.setUp()
				settings(batch_size=size)
				_campaign, enrolment = self.two_enrolled()
				self.at_mail(1, lambda enrolment=enrolment: wish(enrolment))
				self.at(0)
				self.at(0)
				self.assertEqual(self.received(), [ANN])
				self.assertEqual(self.steps(enrolment), [(1, BEN, "Skipped", reason)])

	def test_the_opt_out_field_of_the_record(self):
		self.check("Opted out on the record", lambda _name: change("Contact", self.ben, unsubscribed=1))

	def test_the_opt_out_field_of_another_record_of_the_address(self):
		self.check("The address opted out on another record", lambda _name: a_contact(BEN, unsubscribed=1))

	def test_leaving_the_sequence(self):
		self.check("Unsubscribed", lambda name: events_store.leave_sequence(name, BEN))

	def test_an_enrolment_that_ended_past_the_documents(self):
		self.check("The sequence has ended", lambda name: change("Email Campaign", name, status="Cancelled"))

	def test_a_deleted_enrolment(self):
		self.check("The sequence no longer exists", lambda name: frappe.db.delete("Email Campaign", name))

	def test_a_deleted_record(self):
		self.check("The record no longer exists", lambda _name: frappe.db.delete("Contact", self.ben))

	def test_a_new_address_is_mailed(self):
		_campaign, enrolment = self.two_enrolled()
		self.at_mail(1, lambda: change("Contact", self.ben, email_id=NEW))
		self.at(0)
		self.assertEqual(self.received(), [ANN, NEW])
		self.assertEqual(self.steps(enrolment), [(1, NEW, "Sent", "")])

	def test_who_leaves_while_the_server_says_later_gets_nothing(self):
		campaign = a_sequence(a_step(0))
		name, site = enrol(campaign, a_contact(BEN)), frappe.local.site

		def keep(mail):
			elsewhere(site, lambda: events_store.leave_sequence(name, BEN))
			return False

		self.server.keep = keep
		self.at(0)
		self.assertEqual(self.steps(name), [(1, BEN, "Skipped", "Unsubscribed")])

	def test_a_member_of_a_group_who_leaves_while_the_server_says_later(self):
		title, site = a_list(ANN, BEN), frappe.local.site
		name, keep_mail = enrol(a_sequence(a_step(0)), title, "Target List"), self.server.keep

		def keep(mail):
			if mail.recipients == (ANN,):
				return keep_mail(mail)
			elsewhere(site, lambda: events_store.leave_sequence(name, BEN))
			return False

		self.server.keep = keep
		self.at(0)
		self.assertEqual(
			sorted(self.steps(name)), [(1, ANN, "Sent", ""), (1, BEN, "Skipped", "Unsubscribed")]
		)

	def test_a_member_taken_off_the_list_of_a_group(self):
		title = a_list(ANN, BEN)
		name = enrol(a_sequence(a_step(0)), title, "Target List")
		self.at_mail(1, lambda: frappe.db.delete("Target List Member", {"email": BEN}))
		self.at(0)
		self.assertEqual(
			sorted(self.steps(name)), [(1, ANN, "Sent", ""), (1, BEN, "Skipped", "Taken off the list")]
		)


class TestCopies(CopiesTest):
	"""The wish is that of the person in the CC field, made while the mail itself is taken."""

	def copied(self, wish: Callable[[str], object], field: str = COMPANY) -> tuple[str, list]:
		(contact,) = contacts(ANN, company_name=KIM)
		if field == OWNER:
			change("Contact", contact, owner=a_user("kim"))
		name = self.start(self.mailing(field))
		self.at_mail(1, lambda: wish(contact))
		self.go_on()
		self.go_on()
		self.assertNothingOpen(name)
		return name, self.copies(name)

	def test_the_opt_out_field_of_a_record_of_their_address(self):
		_name, copies = self.copied(lambda _contact: a_contact(KIM, unsubscribed=1))
		self.assertEqual(copies, [(KIM, "Skipped", "The address opted out on another record")])

	def test_a_disabled_user(self):
		_name, copies = self.copied(lambda _contact: change("User", KIM, enabled=0), OWNER)
		self.assertEqual(copies, [(KIM, "Skipped", "No valid address")])

	def test_a_user_who_opted_out_past_the_documents(self):
		_name, copies = self.copied(lambda _contact: change("User", KIM, unsubscribed=1), OWNER)
		self.assertEqual(copies, [(KIM, "Skipped", "Opted out on the record")])

	def test_a_new_address_in_the_field(self):
		_name, copies = self.copied(lambda contact: change("Contact", contact, company_name=LOU))
		self.assertEqual(copies, [(LOU, "Sent", "")])
		self.assertEqual(self.received(), [ANN, LOU])

	def test_the_wish_comes_while_another_copy_is_taken(self):
		contacts(ANN, company_name=KIM)
		contacts(BEN, company_name=LOU)
		settings(batch_size=200)
		name = self.start(self.mailing())
		self.at_mail(3, lambda: a_contact(LOU, unsubscribed=1))
		self.go_on()
		self.assertEqual(
			self.copies(name),
			[(KIM, "Sent", ""), (LOU, "Skipped", "The address opted out on another record")],
		)
		self.assertNothingOpen(name)

	def test_who_was_copied_before_the_mail_left_has_its_new_address_in_the_heading(self):
		(contact,) = contacts(ANN, company_name=KIM)
		name = self.start(self.mailing())
		while "ec-page" not in waiting_jobs()[0]:
			run_job(waiting_jobs()[0])
		change("Contact", contact, company_name=LOU)
		work_off()
		self.go_on()
		self.assertEqual(self.received(), [ANN, LOU])
		self.assertIn(LOU, self.mail_to(ANN).parsed["Cc"])
		self.assertEqual(self.copies(name), [(LOU, "Sent", "")])

	def test_copies_that_go_to_another_domain_by_now_mind_its_limit(self):
		names = [*contacts(ANN, company_name=KIM), *contacts(BEN, company_name=LOU)]
		far = ["kim@far.sending.example", "lou@far.sending.example"]
		self.addCleanup(domain_rates)
		domain_rates(("far.sending.example", 1))
		name = self.start(self.mailing())

		def move():
			for contact, email in zip(names, far, strict=True):
				change("Contact", contact, company_name=email)

		self.at_mail(2, move)
		self.go_on()
		self.assertEqual(sorted(status for _email, status, _reason in self.copies(name)), ["Queued", "Sent"])
		self.assertEqual([email for email, _status, _reason in self.copies(name)], far)
		domain_rates()
		self.go_on()
		self.assertSentTo(name, [ANN, BEN, *far])
		self.assertNothingOpen(name)


def domain_rates(*rates: tuple[str, int]) -> None:
	doc = frappe.get_doc(SETTINGS)
	doc.set("domain_rates", [{"domain": domain, "hourly_rate": rate} for domain, rate in rates])
	doc.save()
	frappe.db.commit()
