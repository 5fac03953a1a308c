"""Benchmark of a mailing's speed, against Frappe's own bulk path and a bare SMTP loop, all in one run.

The same site, template (mails of 15 KB with 20 links), recipients and postfix smtp-sink serve all three. The
app's part is one worker's job as it is in production: freezing, claiming, the journal's durable statement for
a mail, rendering, MIME, SMTP, log. The bare loop is smtplib with ready bytes: no database, no template, no
record.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import frappe
from _results import row, run_on_site

MAILS, FRAPPE_MAILS = 5000, 1000
NAME = "Benchmark"
SETTINGS = ("batch_size", "parallel_jobs", "sessions_per_job", "max_attempts")
LINK = (
	'<p style="margin:0">Dear {{ doc.first_name }}, <a href="https://shop.example.com/offers/%d?from=newsletter">'
	"offer number %d of this week</a> is waiting for you.</p>\n"
)
FILLER = (
	"<p>" + "Every paragraph of this letter is as long as those of a real newsletter are. " * 2 + "</p>\n"
)


def template() -> str:
	"""Return a body with 20 links whose mail has about 15 KB, its text part included."""
	return "<h1>News for {{ doc.first_name }}</h1>\n" + "".join(LINK % (n, n) + FILLER for n in range(20))


@contextmanager
def sink():
	"""Run postfix's smtp-sink on a free port and yield the port."""
	with socket.socket() as free:
		free.bind(("127.0.0.1", 0))
		port = free.getsockname()[1]
	user = ["-u", "nobody"] if os.geteuid() == 0 else []
	process = subprocess.Popen(
		[shutil.which("smtp-sink"), *user, f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL
	)
	try:
		wait_for(port)
		yield port
	finally:
		process.terminate()
		process.wait()


def wait_for(port: int) -> None:
	"""Wait until a port answers; ends the program after five seconds."""
	for _ in range(100):
		try:
			return socket.create_connection(("127.0.0.1", port), 1).close()
		except OSError:
			time.sleep(0.05)
	sys.exit("smtp-sink did not start.")


def clean() -> None:
	"""Remove what a benchmark has made."""
	mails = tuple(frappe.get_all("Campaign Message", {"campaign": NAME}, pluck="name", limit=0)) or (0,)
	frappe.db.sql("DELETE FROM `tabCampaign Mail Values` WHERE name IN %s", (mails,))
	for doctype in ("Campaign Log", "Campaign Mail Text", "Campaign Message", "Tracking Link"):
		frappe.db.delete(doctype, {"campaign": NAME})
	frappe.db.delete("Target List Member", {"target_list": NAME})
	frappe.db.delete("Campaign Target List", {"target_list": NAME})
	# Past the documents: what has sent mails can't be deleted, and its name would not be given again.
	frappe.db.delete("Mass Email", {"campaign": NAME})
	for doctype in ("Campaign", "Target List"):
		frappe.db.delete(doctype, {"name": NAME})
	for doctype in ("Email Template", "Email Account"):
		frappe.delete_doc(doctype, NAME, force=True, ignore_permissions=True, ignore_missing=True)
	frappe.db.delete("Email Queue", {"sender": ("like", "%benchmark@example.org%")})
	frappe.db.commit()


def reset_settings() -> None:
	"""Set the settings of sending to their defaults, and the hourly limit to none."""
	fields = frappe.get_meta("Email Campaign Settings").get("fields", {"fieldname": ("in", SETTINGS)})
	values = {field.fieldname: int(field.default) for field in fields} | {"hourly_limit": 0}
	frappe.db.set_single_value("Email Campaign Settings", values)


def prepare(port: int) -> str:
	"""Create a mailing to MAILS plain addresses and return its name."""
	from email_campaigns.audience.lists import members_store
	from email_campaigns.audience.lists.csv_file import NewMember

	account = frappe.get_doc(
		doctype="Email Account",
		email_account_name=NAME,
		email_id="benchmark@example.org",
		enable_outgoing=1,
		smtp_server="127.0.0.1",
		smtp_port=port,
		no_smtp_authentication=1,
	)
	account.flags.ignore_validate = True
	account.insert()
	frappe.get_doc(doctype="Target List", title=NAME).insert()
	frappe.get_doc(
		doctype="Email Template",
		name=NAME,
		subject="News for {{ doc.first_name }}",
		use_html=1,
		response_html=template(),
	).insert()
	frappe.get_doc(
		doctype="Campaign",
		campaign_name=NAME,
		campaign_type="Newsletter",
		status="Active",
		target_lists=[{"target_list": NAME}],
	).insert()
	members = [NewMember(n, f"reader{n}@example.com", f"Réader{n}", "Benchmark") for n in range(MAILS)]
	for batch in members_store.slices(members):
		members_store.add_addresses(NAME, batch)
	return (
		frappe.get_doc(
			doctype="Mass Email", title=NAME, campaign=NAME, email_template=NAME, sender_account=NAME
		)
		.insert()
		.name
	)


@contextmanager
def counted():
	"""Count this process's statements to the database: yield {"statements", "commits"}.

	A commit is a COMMIT, or a change on a connection with autocommit.
	"""
	kind, numbers = type(frappe.db._cursor), {"statements": 0, "commits": 0}
	execute = kind.execute

	def counting(cursor, query, *arguments):
		verb = str(query).split(None, 1)[0].lower()
		numbers["statements"] += 1
		numbers["commits"] += verb == "commit" or (
			verb in ("update", "execute") and cursor.connection.get_autocommit()
		)
		return execute(cursor, query, *arguments)

	kind.execute = counting
	try:
		yield numbers
	finally:
		kind.execute = execute


def send_with_app(mailing: str) -> dict[str, float]:
	"""Send the mailing as a worker would; return seconds, SQL statements and commits."""
	from email_campaigns.delivery.ledger import counts_store
	from email_campaigns.jobs import sending
	from email_campaigns.mass_mailing import freeze_store, status_store

	status_store.move(mailing, "Pending", start_epoch=int(time.time()))
	status_store.move(mailing, "In Process", started_on=frappe.utils.now_datetime())
	frappe.db.commit()
	begun = time.perf_counter()
	while freeze_store.freeze_next(mailing):
		frappe.db.commit()
	frappe.db.commit()
	frozen = time.perf_counter()
	with counted() as numbers:
		sending.send_batch(mailing, 0)
	ended = time.perf_counter()
	if counts_store.count_by_status(mailing) != {"Sent": MAILS}:
		sys.exit(f"Not all mails were sent: {counts_store.count_by_status(mailing)}")
	return {
		"freeze": frozen - begun,
		"send": ended - frozen,
		**numbers,
	}


def seconds_with_frappe() -> float:
	"""Return the seconds that Frappe's bulk path takes for a mail, measured over FRAPPE_MAILS."""
	from frappe.email.doctype.email_queue.email_queue import QueueBuilder

	recipients = [f"reader{n}@example.com" for n in range(FRAPPE_MAILS)]
	message = frappe.render_template(template(), {"doc": {"first_name": "Réader"}})
	builder = QueueBuilder(
		recipients=recipients,
		sender="benchmark@example.org",
		subject="News",
		message=message,
		queue_separately=True,
		reference_doctype="Campaign",
		reference_name=NAME,
		add_unsubscribe_link=1,
	)
	begun = time.perf_counter()
	builder.send_emails(builder.as_dict(include_recipients=False), recipients)
	frappe.db.commit()
	seconds = time.perf_counter() - begun
	sent = frappe.db.count("Email Queue", {"sender": ("like", "%benchmark@example.org%"), "status": "Sent"})
	if sent != FRAPPE_MAILS:
		sys.exit(f"Frappe's path sent {sent} of {FRAPPE_MAILS} mails.")
	return seconds / FRAPPE_MAILS


def seconds_with_smtplib(port: int, mailing: str) -> float:
	"""Return the seconds that smtplib takes for a mail of ready bytes."""
	from email_campaigns.delivery.compose import compose_store
	from email_campaigns.delivery.ledger.row import ClaimedMail
	from email_campaigns.delivery.mailing import mailing_store

	loaded = mailing_store.load_mass_email(mailing)
	composer = compose_store.make_composer(loaded)
	row, record = ClaimedMail(1, "reader@example.com", "", ""), {"first_name": "Réader"}
	content = composer.letter(row, record, int(time.time())).content
	with smtplib.SMTP("127.0.0.1", port) as smtp:
		begun = time.perf_counter()
		for n in range(MAILS):
			smtp.sendmail("benchmark@example.org", f"reader{n}@example.com", content)
		return (time.perf_counter() - begun) / MAILS


def measure(port: int) -> list[dict]:
	"""Return the rows of the results, measured with a server on this port."""
	mailing = prepare(port)
	frappe.db.commit()
	by_frappe = 1 / seconds_with_frappe()
	by_hand = [1 / seconds_with_smtplib(port, mailing)]
	figures = send_with_app(mailing)
	by_hand.append(1 / seconds_with_smtplib(port, mailing))
	bare_rate = sum(by_hand) / 2
	whole, loop = MAILS / (figures["freeze"] + figures["send"]), MAILS / figures["send"]
	statements, commits = figures["statements"] / MAILS, figures["commits"] / MAILS
	return [
		row("Frappe's bulk path", by_frappe, "mails/s", "itself", 1, "", True),
		row("bare smtplib loop", bare_rate, "mails/s", "itself", 1, "", True),
		row(
			"a mailing with its freezing",
			whole,
			"mails/s",
			"Frappe's bulk path",
			whole / by_frappe,
			"≥ 20",
			whole >= 20 * by_frappe,
		),
		row(
			"a mailing",
			loop,
			"mails/s",
			"bare smtplib loop",
			loop / bare_rate,
			"≥ 0.4",
			loop >= 0.4 * bare_rate,
		),
		row("SQL statements", statements, "a mail", "mails", statements, "≤ 1.1", statements <= 1.1),
		row("commits", commits, "a mail", "mails", commits, "≤ 1.05", commits <= 1.05),
	]


def prepare_site() -> None:
	"""Begin with the settings that count, and without what an earlier run left."""
	reset_settings()
	clean()


def measure_by_sink() -> list[dict]:
	"""Return the rows of the results."""
	with sink() as port:
		return measure(port)


if __name__ == "__main__":
	run_on_site(__doc__, lambda _options: measure_by_sink(), prepare=prepare_site, clean=clean)
