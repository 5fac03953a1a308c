"""From a mail sent by a real Postfix to what comes back for it, pulled by Frappe from a real Dovecot."""

import imaplib
import poplib
import re
import subprocess
from email import message_from_bytes
from email.message import EmailMessage

import frappe
from frappe.email import receive
from frappe.email.doctype.email_account.email_account import EmailAccount, pull_from_email_account

from email_campaigns.compat import _show_pulled, _takes, tap_incoming_mail
from email_campaigns.inbound import match_store
from email_campaigns.inbound.understand import understand
from email_campaigns.inbound.values import Clues
from email_campaigns.tests.site.kits import mail_server as kit
from email_campaigns.tests.site.kits.builders import ACCOUNT, a_list, a_mailing, address, settings
from email_campaigns.tests.site.kits.mail_server import EVENT, UNHANDLED, MailServer
from email_campaigns.tests.site.kits.sending_test import SendingTest, the_bench
from email_campaigns.tests.site.kits.workers import kill_in_the_middle
from email_campaigns.tracking.addresses import SignedAddresses
from email_campaigns.tracking.store import token_ring

ADA, BOB, EVE, GONE = (address(name) for name in ("ada", "bob", "eve", "gone"))
NEWS = address("news")
# Pulls in a process of its own, which stops when the first mail is stored.
CHILD = """
import sys, time
import frappe
frappe.init(site=sys.argv[1]); frappe.connect()
from email_campaigns.inbound import arrivals_store
from email_campaigns.tests.site.kits import mail_server
whole = arrivals_store.store
def stopping(*arguments):
	whole(*arguments)
	print("in the middle", flush=True)
	time.sleep(60)
arrivals_store.store = stopping
mail_server.pull()
"""
STRANGER = b"From: Stranger <s@elsewhere.example>\r\nTo: news@sending.example\r\nSubject: Invoice 7\r\n" + (
	b"Message-ID: <invoice-7@elsewhere.example>\r\n\r\nPlease pay.\r\n"
)


class PullTest(SendingTest):
	"""A mailing has been sent to four addresses by Postfix; one of them does not exist, so a bounce waits."""

	use_imap = True

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.mail = MailServer("news", "ada", "bob", "eve")
		cls.addClassCleanup(cls.mail.stop)

	def setUp(self):
		super().setUp()
		self.addCleanup(kit.stop_pulling)
		self.mail.send_by()
		self.mailing = self.send(a_mailing(a_list(ADA, BOB, EVE, GONE)))
		self.arrived = {box: message_from_bytes(self.mail.wait_for(box)[-1]) for box in ("ada", "bob", "eve")}
		self.mail.wait_for("news")
		self.mail.pull_by(use_imap=self.use_imap)

	def row(self, email: str):
		frappe.db.rollback()
		return frappe.get_doc("Campaign Message", {"source": self.mailing, "email": email})

	def events(self, **filters) -> dict[str, str]:
		frappe.db.rollback()
		rows = frappe.get_all(EVENT, {"source": ACCOUNT, **filters}, ["email", "status", "kind"])
		return {row.email: f"{row.status} {row.kind}" for row in rows}

	def answer(self) -> int:
		"""Let everything come back; return how many mails then wait in the mailbox."""
		self.mail.send(
			kit.reply_to(self.arrived["ada"], "ada.private@elsewhere.example", "Yes, please!"), NEWS, ADA
		)
		away = kit.reply_to(self.arrived["bob"], BOB, "I am away.", Auto_Submitted="auto-replied")
		self.mail.send(away, NEWS)
		self.mail.send(kit.complaint_about(self.arrived["eve"], EVE), NEWS)
		killers = kit.killers()
		for killer in killers:
			self.mail.send(killer, NEWS, "a@elsewhere.example")
		self.mail.send(STRANGER, NEWS, "s@elsewhere.example")
		self.mail.wait_for("news", 5 + len(killers))
		return 5 + len(killers)

	def communications(self) -> list[str]:
		return sorted(frappe.get_all("Communication", {"email_account": ACCOUNT}, pluck="subject"))


class WhatComesBack:
	"""The same holds for each protocol."""

	def test_each_mail_has_its_effect_and_none_stops_the_pull(self):
		number = self.answer()
		kit.pull()
		kit.judge()
		self.assertEqual(
			self.events(),
			{ADA: "Done Reply", BOB: "Done Automatic Answer", EVE: "Done Complaint", GONE: "Done Bounce"},
		)
		self.assertTrue(self.row(ADA).replied_at)
		self.assertFalse(self.row(BOB).replied_at)
		self.assertTrue(self.row(GONE).bounced_at)
		self.assertEqual(self.row(GONE).status, "Sent")
		reasons = dict(frappe.get_all("Suppressed Email", ["email", "reason"], as_list=True))
		self.assertEqual((reasons.get(GONE), reasons.get(EVE)), ("Hard Bounce", "Complaint"))
		self.assertNotIn(BOB, reasons)
		# People's mail goes Frappe's way, that of machines does not, and a mail that can't be read is kept.
		kept = self.communications()
		self.assertIn("Invoice 7", kept)
		self.assertIn("Re: Hello", kept)
		self.assertEqual(len(kept) + frappe.db.count(UNHANDLED, {"email_account": ACCOUNT}), number - 3)
		self.assert_fetched(number)

	def test_a_second_pull_and_judging_change_nothing(self):
		self.answer()
		kit.pull()
		kit.judge()
		before = self.events(), self.row(ADA).modified, self.communications()
		kit.pull()
		kit.judge()
		self.assertEqual((self.events(), self.row(ADA).modified, self.communications()), before)

	def test_of_mail_that_is_not_ours_nothing_is_kept(self):
		self.mail.send(STRANGER, NEWS, "s@elsewhere.example")
		self.mail.wait_for("news", 2)
		kit.pull()
		self.assertEqual(frappe.db.count(EVENT, {"source": ACCOUNT}), 1)
		kit.judge()
		self.assertEqual(self.events(), {GONE: "Done Bounce"})
		self.assertEqual(self.communications(), ["Invoice 7"])


class TestByFrappe(PullTest):
	def test_a_worker_pulls_and_judges(self):
		self.answer()
		frappe.enqueue(pull_from_email_account, queue="short", email_account=ACCOUNT)
		the_bench().run_jobs()
		self.assertEqual(len(self.events(status="Done")), 4)
		self.assertTrue(self.row(ADA).replied_at)

	def test_a_console_shows_its_mails_too(self):
		command = the_bench().command("--site", frappe.local.site, "execute")
		command += ["email_campaigns.tests.site.kits.mail_server.is_tapped"]
		done = subprocess.run(command, cwd=the_bench().sites, capture_output=True, text=True)
		self.assertEqual(done.stdout.strip(), "true", done.stderr)

	def test_mails_of_frappe_mail_are_texts(self):
		machine = message_from_bytes(self.mail.wait_for("news")[-1]).as_string()
		pulled = {"latest_messages": [machine, STRANGER.decode()], "last_received_at": "2026-11-29"}
		rest = _show_pulled(lambda _client: pulled, frappe._dict(email=ACCOUNT))
		self.assertEqual(rest, {**pulled, "latest_messages": [STRANGER.decode()]})
		kit.judge()
		self.assertEqual(self.events(), {GONE: "Done Bounce"})

	def test_no_text_and_no_hook_stops_a_pull(self):
		pulled = {"latest_messages": ["Subject: \ud800\n\nHello", STRANGER.decode()]}
		client = frappe._dict(email=ACCOUNT)
		self.assertEqual(_show_pulled(lambda _client: pulled, client), pulled)
		self.assertFalse(_takes("email_campaigns.no_such_module.take_in", b"", ACCOUNT))


class TestKilled(PullTest):
	def test_a_pull_that_is_killed_when_a_mail_is_stored_and_not_marked_yet(self):
		kill_in_the_middle(CHILD)
		self.assertEqual(frappe.get_all(EVENT, {"source": ACCOUNT}, pluck="status"), ["Waiting"])
		kit.pull()  # the mailbox still has it
		self.assertEqual(frappe.db.count(EVENT, {"source": ACCOUNT}), 1)
		kit.judge()
		self.assertEqual(self.events(), {GONE: "Done Bounce"})


class TestOtherApp(PullTest):
	def test_an_account_whose_class_another_app_overrides(self):
		"""Frappe Helpdesk reads mails by a class of its own, within a method of its own."""
		tap_incoming_mail()

		class OthersMail(receive.InboundMail):
			pass

		class OthersAccount(EmailAccount):
			def get_inbound_mails(self):
				server = self.get_incoming_server(in_receive=True, email_sync_rule="UNSEEN")
				server.select_imap_folder("INBOX")
				fetched = server.get_messages(folder='"INBOX"')
				numbers = fetched["uid_list"]
				return [
					OthersMail(raw, self, frappe.safe_decode(numbers[index]))
					for index, raw in enumerate(fetched["latest_messages"])
				]

		number = self.answer()
		account = OthersAccount("Email Account", ACCOUNT)
		account.receive()
		kit.judge()
		self.assertEqual(len(self.events()), 4)
		kept = len(self.communications()) + frappe.db.count(UNHANDLED, {"email_account": ACCOUNT})
		self.assertEqual(kept, number - 3)


class TestBounceSender(PullTest):
	"""The mails leave with signed senders, and the bounces come to a mailbox for them."""

	def setUp(self):
		settings(bounce_sender=NEWS)
		self.addCleanup(settings, bounce_sender="")
		super().setUp()

	def test_a_bounce_without_any_message_id_leads_to_its_mail(self):
		(raw,) = self.mail.wait_for("news")
		bounce = message_from_bytes(raw)
		self.assertRegex(bounce["Delivered-To"], r"news\+\w+\.[0-9a-f]+\.[a-z2-7]{24}@")
		self.assertIn(bounce["Delivered-To"], self.arrived_sender(GONE))
		bare = re.sub(
			rb"(?im)^(message-id|in-reply-to|references|list-unsubscribe):.*(?:\r?\n[ \t].*)*\r?\n", b"", raw
		)
		self.assertFalse(match_store.mail_of(Clues(message_ids=(str(bare),))))
		self.assertEqual(match_store.mail_of(understand(bare).clues).email, GONE)

	def arrived_sender(self, email: str) -> str:
		name = self.row(email).name
		return SignedAddresses(NEWS, token_ring()).sender(name)

	def test_a_mail_to_the_opt_out_address_unsubscribes(self):
		mailto = (
			self.arrived["ada"]["List-Unsubscribe"].replace("\n", "").split("<mailto:")[1].partition(">")[0]
		)
		leave = EmailMessage()
		leave["From"], leave["To"], leave["Subject"] = "x@elsewhere.example", mailto, "unsubscribe"
		self.mail.send(leave, mailto, "x@elsewhere.example")
		self.mail.wait_for("news", 2)
		kit.pull()
		kit.judge()
		self.assertEqual(self.events()[ADA], "Done Opt-out")
		self.assertTrue(self.row(ADA).opted_out_at)
		forged = mailto.replace("@", "a@").replace(".", "..", 1)
		self.assertIsNone(match_store.mail_of(Clues(senders=(forged.partition("@")[0],))))


class TestIMAP(WhatComesBack, PullTest):
	use_imap = True

	def assert_fetched(self, number: int) -> None:
		"""The flags are those that Frappe has set: each mail is seen, none is deleted."""
		server = imaplib.IMAP4("127.0.0.1", self.mail.servers.port("imap"))
		server.login(NEWS, self.mail.servers.password)
		server.select("INBOX", readonly=True)
		flags = [server.search(None, flag)[1][0].split() for flag in ("ALL", "SEEN", "DELETED", "ANSWERED")]
		server.logout()
		known, seen, deleted, answered = map(len, flags)
		self.assertGreaterEqual(known, number)
		self.assertEqual((seen, deleted, answered), (known, 0, 0))


class TestPOP(WhatComesBack, PullTest):
	use_imap = False

	def assert_fetched(self, _number: int) -> None:
		server = poplib.POP3("127.0.0.1", self.mail.servers.port("pop"))
		server.user(NEWS)
		server.pass_(self.mail.servers.password)
		self.assertEqual(server.stat()[0], 0)
		server.quit()
