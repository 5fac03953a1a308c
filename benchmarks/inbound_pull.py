"""Benchmark of what comes back, against Frappe's own work on the same mails, all in one run on one site.

The tap: Frappe pulls mailboxes of mails that are not ours from a real Dovecot, with and without the tap in
turns, each pull in a process of its own. The bounces: a mailing's bounces are stored and judged by the app,
and processed by Frappe as the mails that it takes them for.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import frappe
from _results import row, run_on_site

sys.path.append(str(Path(__file__).resolve().parents[1] / "dev"))

NAME = "Benchmark"
DOMAIN = "mail.example"
PULLED, PULLS = 100, 7  # mails of a pull, of which Frappe takes no more than 100, and pulls of each kind
BOUNCES, BY_FRAPPE = 1000, 100
CHILD = """
import sys, time
import frappe
frappe.init(site=sys.argv[1], sites_path="."); frappe.connect()
from frappe.email.doctype.email_account.email_account import pull_from_email_account
if sys.argv[2] == "tapped":
	from email_campaigns.compat import tap_incoming_mail
	from email_campaigns.jobs import inbound
	tap_incoming_mail()
begun = time.perf_counter()
pull_from_email_account("Benchmark")
frappe.db.commit()
print(time.perf_counter() - begun)
"""


def ordinary_mail(number: int) -> bytes:
	"""Return a mail of somebody about something else, as long as such mails are."""
	mail = EmailMessage()
	mail["From"], mail["To"] = f"Customer {number} <c{number}@elsewhere.example>", f"box@{DOMAIN}"
	mail["Subject"], mail["Message-ID"] = f"Order {number}", f"<{number}-{time.time_ns()}@elsewhere.example>"
	mail["In-Reply-To"] = f"<{number}.order@shop.example>"
	text = "Dear all,\n\nwhen will the goods of our last order arrive?\n\n" * 20
	mail.set_content(text)
	mail.add_alternative(f"<p>{text}</p>", subtype="html")
	return mail.as_bytes()


def bounce(email: str, message_id: str) -> bytes:
	"""Return a report of RFC 3464, as Postfix writes it, about a mail of ours."""
	own = f"{time.time_ns()}@mx.example"
	return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: box@{DOMAIN}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{own}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example. Your message could not be delivered.

<{email}>: host mx.example said: 550 5.1.1 <{email}>: User unknown (in reply to RCPT TO command)

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {email}
Original-Recipient: rfc822;{email}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{email}>: User unknown

--b
Content-Type: text/rfc822-headers

From: news@{DOMAIN}
To: {email}
Subject: News
Message-ID: <{message_id}>

--b--
""".encode().replace(b"\n", b"\r\n")


def make_account(boxes) -> None:
	"""Make the Email Account that pulls the mailbox of `boxes`, a Mailboxes of dev/bench."""
	from frappe.utils.password import set_encrypted_password

	account = frappe.new_doc("Email Account")
	account.update({"email_account_name": NAME, "email_id": f"box@{DOMAIN}", "enable_incoming": 1})
	account.update({"email_server": "127.0.0.1", "incoming_port": boxes.port("imap"), "use_imap": 1})
	account.update({"email_sync_option": "UNSEEN", "initial_sync_count": "100", "password": "*"})
	account.append("imap_folder", {"folder_name": "INBOX"})
	account.flags.ignore_validate = True
	account.insert()
	set_encrypted_password("Email Account", NAME, boxes.password)
	frappe.db.commit()


def clean() -> None:
	"""Remove what the benchmark has made."""
	frappe.db.rollback()
	frappe.db.delete("Communication", {"email_account": NAME})
	frappe.db.delete("Inbound Event", {"source": NAME})
	for doctype in ("Campaign Message", "Campaign Log"):
		frappe.db.delete(doctype, {"campaign": NAME})
	frappe.db.delete("Suppressed Email", {"email": ("like", f"%@gone.{DOMAIN}")})
	frappe.db.delete("Email Unsubscribe", {"email": ("like", f"%@gone.{DOMAIN}")})
	frappe.db.delete("IMAP Folder", {"parent": NAME})
	frappe.db.delete("Email Account", {"name": NAME})
	frappe.db.delete("Mass Email", {"name": NAME})
	frappe.db.commit()


def seconds_of_pull(boxes, site: str, kind: str) -> float:
	"""Return how long Frappe takes for a pull of PULLED mails, which lie in the mailbox by then."""
	folder = boxes.mails / "box" / "new"
	folder.mkdir(parents=True, exist_ok=True)
	for number in range(PULLED):
		(folder / f"{time.time_ns()}.{number}.bench").write_bytes(ordinary_mail(number))
	for path in [boxes.mails / "box", *(boxes.mails / "box").rglob("*")]:
		shutil.chown(path, "mail", "mail")
	command = [sys.executable, "-c", CHILD, site, kind]
	done = subprocess.run(command, capture_output=True, text=True, check=True)
	return float(done.stdout.split()[-1])


def measure_tap(site: str) -> dict:
	"""Return the row of the tap: the medians of pulls with it and without it."""
	from benchlib.bench import Bench
	from benchlib.services.mailboxes import Mailboxes

	boxes = Mailboxes(Bench(Path(__file__).resolve().parents[1]), ["box"], DOMAIN, number=9)
	boxes.start()
	try:
		make_account(boxes)
		seconds: dict[str, list[float]] = {"bare": [], "tapped": []}
		for _pull in range(PULLS):
			for kind, known in seconds.items():
				known.append(seconds_of_pull(boxes, site, kind))
	finally:
		boxes.stop()
	bare, tapped = (statistics.median(known) for known in seconds.values())
	share = tapped / bare
	each = tapped / PULLED * 1000
	return row("a pull with the tap", each, "ms/mail", "without", share, "≤ 1.05", share <= 1.05)


def make_ledger() -> list[tuple[str, str]]:
	"""Write a mailing's mails into the ledger as Sent, and return their (address, Message-ID)."""
	from frappe.utils import now

	from email_campaigns.tracking.store import token_ring

	mailing = frappe.new_doc("Mass Email")
	mailing.update({"name": NAME, "title": NAME, "campaign": NAME, "status": "Complete"})
	mailing.db_insert()
	ring, mails = token_ring(), []
	for number in range(BOUNCES + BY_FRAPPE):
		email = f"p{number}@gone.{DOMAIN}"
		frappe.db.sql(
			"""INSERT INTO `tabCampaign Message` (name, creation, modified, owner, modified_by,
				source_doctype, source, campaign, step, email, domain, dedupe_key, status, sent_at)
			VALUES (NEXTVAL(`campaign_message_id_seq`), %(now)s, %(now)s, 'Administrator', 'Administrator',
				'Mass Email', %(name)s, %(name)s, 0, %(email)s, 'gone', %(email)s, 'Sent', %(now)s)""",
			{"now": now(), "name": NAME, "email": email},
		)
		name = frappe.db.get_value("Campaign Message", {"source": NAME, "email": email})
		mails.append((email, f"{ring.message_id_local_part(name)}@{DOMAIN}"))
	frappe.db.commit()
	return mails


def measure_bounces() -> dict:
	"""Return the row of the bounces: the app stores and judges them, Frappe processes them."""
	from frappe.email.receive import InboundMail

	from email_campaigns.jobs import inbound

	raws = [bounce(*mail) for mail in make_ledger()]
	begun = time.perf_counter()
	for raw in raws[:BOUNCES]:
		inbound.take_in(raw, NAME)
	inbound.judge()
	by_app = (time.perf_counter() - begun) / BOUNCES
	done = frappe.db.count("Inbound Event", {"source": NAME, "status": "Done", "kind": "Bounce"})
	if done != BOUNCES:
		sys.exit(f"The app has judged {done} of {BOUNCES} bounces.")
	account = frappe.get_doc("Email Account", NAME)
	begun = time.perf_counter()
	for raw in raws[BOUNCES:]:
		InboundMail(raw, account, 1, 0).process()
		frappe.db.commit()
	by_frappe = (time.perf_counter() - begun) / BY_FRAPPE
	share = by_frappe / by_app
	return row("a bounce", by_app * 1000, "ms", "times faster than Frappe", share, "≥ 20", share >= 20)


if __name__ == "__main__":
	run_on_site(
		__doc__,
		lambda options: [measure_tap(options.site), measure_bounces()],
		prepare=clean,
		clean=clean,
	)
