"""A Postfix and a Dovecot of a test's own, an Email Account on each, and the mails that come back."""

from __future__ import annotations

import imaplib
import os
import smtplib
import sys
import time
from email.message import EmailMessage, Message
from pathlib import Path
from unittest import SkipTest

import frappe
from frappe.email.doctype.email_account.email_account import pull_from_email_account
from frappe.email.receive import EmailServer
from frappe.utils.password import set_encrypted_password

from email_campaigns.compat import tap_incoming_mail
from email_campaigns.jobs import inbound
from email_campaigns.tests.site.kits.builders import ACCOUNT, DOMAIN, address, change

DEV = Path(__file__).resolve().parents[4] / "dev"
EVENT, UNHANDLED = "Inbound Event", "Unhandled Email"
WAIT_SECONDS = 60


class MailServer:
	"""Takes mail by SMTP for the mailboxes `boxes` of DOMAIN, which IMAP and POP serve; bounces all other.

	Raises SkipTest where `dev/bench` has not made the bench, or somebody else than root runs the test.
	"""

	def __init__(self, *boxes: str):
		if "BENCH_DB_ROOT_PASSWORD" not in os.environ or os.geteuid() != 0:
			raise SkipTest("Postfix needs root and a bench: run dev/bench test site")
		if str(DEV) not in sys.path:
			sys.path.append(str(DEV))
		from benchlib.bench import Bench
		from benchlib.services.mailboxes import Mailboxes

		number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
		self.servers = Mailboxes(Bench(DEV.parent), boxes, DOMAIN, number)
		self.servers.start()

	@property
	def smtp_port(self) -> int:
		return self.servers.port("smtp")

	def stop(self) -> None:
		self.servers.stop()

	def send(self, raw: bytes | EmailMessage, to: str, sender: str = "") -> None:
		"""Send a mail; without a sender by the null path, as servers send reports."""
		with smtplib.SMTP("127.0.0.1", self.smtp_port) as smtp:
			smtp.sendmail(sender, [to], raw if isinstance(raw, bytes) else raw.as_bytes())

	def wait_for(self, box: str, number: int = 1) -> list[bytes]:
		"""Return the mails in a mailbox that nobody has fetched, as soon as there are so many."""
		deadline = time.monotonic() + WAIT_SECONDS
		while len(files := self.servers.files(box)) < number:
			assert time.monotonic() < deadline, f"{box} has {len(files)} mails, not {number}"
			time.sleep(0.05)
		return [path.read_bytes() for path in sorted(files)]

	def send_by(self) -> None:
		"""Let the tests' Email Account send by this server, durably. All mailboxes are empty then."""
		stop_pulling()
		for place in ("cur", "new"):
			for mail in self.servers.mails.glob(f"*/{place}/*"):
				mail.unlink()
		change("Email Account", ACCOUNT, smtp_port=self.smtp_port)

	def pull_by(self, *, use_imap: bool, **values) -> None:
		"""Let the tests' Email Account pull the mailbox of its address, durably. It can't send by then."""
		stop_pulling()
		values |= {"enable_incoming": 1, "use_imap": int(use_imap), "use_ssl": 0}
		values |= {"email_server": "127.0.0.1", "email_sync_option": "UNSEEN", "initial_sync_count": "100"}
		values |= {"incoming_port": self.servers.port("imap" if use_imap else "pop"), "password": "*"}
		frappe.db.set_value("Email Account", ACCOUNT, values)
		folder = {"doctype": "IMAP Folder", "folder_name": "INBOX", "parent": ACCOUNT, "idx": 1}
		folder |= {"parenttype": "Email Account", "parentfield": "imap_folder"}
		if use_imap:
			# The first pull of a folder fetches old mails too, and Frappe 16 marks none of them.
			folder["uidvalidity"] = self._uid_validity(values["incoming_port"])
		frappe.get_doc(folder).db_insert()
		set_encrypted_password("Email Account", ACCOUNT, self.servers.password)
		frappe.clear_document_cache("Email Account", ACCOUNT)
		frappe.db.commit()

	def _uid_validity(self, port: int) -> str:
		with imaplib.IMAP4("127.0.0.1", port) as server:
			server.login(frappe.db.get_value("Email Account", ACCOUNT, "email_id"), self.servers.password)
			answer = server.status("INBOX", "(UIDVALIDITY)")[1][0]
		return answer.decode().rpartition("UIDVALIDITY ")[2].rstrip(")")


def stop_pulling() -> None:
	"""Pull no more, and remove everything that pulls have made."""
	frappe.db.rollback()
	frappe.db.delete("IMAP Folder", {"parent": ACCOUNT})
	for doctype in (UNHANDLED, "Communication"):
		frappe.db.delete(doctype, {"email_account": ACCOUNT})
	frappe.db.delete(EVENT, {"source": ACCOUNT})
	frappe.db.set_value("Email Account", ACCOUNT, {"enable_incoming": 0, "password": None})
	frappe.db.sql("DELETE FROM __Auth WHERE doctype = 'Email Account' AND name = %s", ACCOUNT)
	frappe.clear_document_cache("Email Account", ACCOUNT)
	frappe.db.commit()


def pull() -> None:
	"""Pull the incoming account as a job of Frappe does."""
	tap_incoming_mail()
	pull_from_email_account(ACCOUNT)
	frappe.db.commit()


def is_tapped() -> bool:
	"""Tell whether this process shows the mails that it fetches."""
	return hasattr(EmailServer, "shows_mails")


def judge() -> None:
	inbound.judge()
	frappe.db.rollback()


def reply_to(mail: Message, sender: str, text: str, **headers: str) -> EmailMessage:
	"""Return what somebody answers to a mail of ours that has arrived."""
	answer = EmailMessage()
	answer["From"], answer["To"], answer["Subject"] = sender, address("news"), f"Re: {mail['Subject']}"
	answer["Message-ID"] = f"<{frappe.generate_hash(length=20)}@elsewhere.example>"
	answer["In-Reply-To"] = mail["Message-ID"]
	for name, value in headers.items():
		answer[name.replace("_", "-")] = value
	answer.set_content(text)
	return answer


def complaint_about(mail: Message, user: str) -> bytes:
	"""Return a report of RFC 5965 about a mail of ours, as a provider sends it."""
	return (
		(
			"From: Feedback <fbl@provider.example>\r\nTo: " + address("news") + "\r\nSubject: Complaint\r\n"
			"MIME-Version: 1.0\r\nMessage-ID: <" + frappe.generate_hash(length=20) + "@provider.example>\r\n"
			'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
			"--b\r\nContent-Type: text/plain\r\n\r\nThis is a complaint.\r\n"
			"--b\r\nContent-Type: message/feedback-report\r\n\r\n"
			"Feedback-Type: abuse\r\nUser-Agent: Provider/1\r\nVersion: 1\r\n"
			f"Original-Rcpt-To: <{user}>\r\nSource-IP: 192.0.2.1\r\n\r\n"
			"--b\r\nContent-Type: message/rfc822\r\n\r\n"
		).encode()
		+ mail.as_bytes()
		+ b"\r\n--b--\r\n"
	)


def killers() -> list[bytes]:
	"""Return mails that the framework's own reading of a mail raises for, in one of its versions at least."""
	head = b"To: news@sending.example\r\nSubject: killer %d\r\nMessage-ID: <killer-%d@elsewhere.example>\r\n"
	heads = [b"From: a@elsewhere.example\r\n" + head % (n, n) for n in range(4)]
	nested = b"".join(
		b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(1200)
	)
	return [
		heads[0] + b"Content-Type: text/plain; charset=idna\r\n\r\n" + b"a" * 70 + b"\xff\r\n",
		heads[1].replace(b"From: a@elsewhere.example", b"From: =?x-nope?B?YWFh?= <a@b>") + b"\r\nHello\r\n",
		heads[2] + b'Content-Type: text/plain; charset="utf\x00-8"\r\n\r\nHello\r\n',
		heads[3] + b"MIME-Version: 1.0\r\n" + nested + b"Content-Type: text/plain\r\n\r\nHello\r\n",
	]
