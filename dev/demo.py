"""Demo: a whole campaign on the demo site, with real mails, from the import to the results.

It imports, sends in portions, receives, reads, unsubscribes and counts. `dev/bench demo` runs it; the bench's
web server and worker do the work, and the mails that arrived are counted in the receiving server's mailbox.
Every run first removes what an earlier one has made.
"""

from __future__ import annotations

import argparse
import csv
import email
import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from email import policy
from pathlib import Path
from tempfile import TemporaryDirectory

import demo_readers
import frappe

HERE = Path(__file__).parent
CSV = HERE / "demo_data" / "contacts.csv"
TEMPLATE = HERE / "demo_data" / "newsletter.html"
CAMPAIGN, READERS, COLLEAGUES, COMPETITORS = (
	"Spring Catalogue",
	"Readers",
	"Readers from the CRM",
	"Competitors",
)
SENDER = "Example Gardens"
PORTION = 250
PATIENCE = 480  # seconds that any one step may take


def say(text: str) -> None:
	"""Print the name of a step."""
	print(f"==> {text}", flush=True)


def wait_until(done, what: str):
	"""Return the first true value of `done`, called for at most PATIENCE seconds; then end the program."""
	end = time.monotonic() + PATIENCE
	while time.monotonic() < end:
		frappe.db.rollback()  # a new transaction sees what the worker has written
		if value := done():
			return value
		time.sleep(0.25)
	sys.exit(f"The demo gave up: {what} took longer than {PATIENCE} seconds. See .bench/logs.")


@contextmanager
def mail_server(maildir: Path):
	"""Run a receiving SMTP server on a free port, writing each mail into `maildir`; yield the port."""
	with socket.socket() as free:
		free.bind(("127.0.0.1", 0))
		port = free.getsockname()[1]
	command = [
		sys.executable,
		"-m",
		"email_campaigns.tests.support.smtp_server",
		"--port",
		str(port),
		"--maildir",
		str(maildir),
	]
	process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
	try:
		wait_until(lambda: answers(port), "starting the mail server")
		yield port
	finally:
		process.terminate()
		process.wait()


def answers(port: int) -> bool:
	"""Tell whether something listens on a port."""
	try:
		socket.create_connection(("127.0.0.1", port), 1).close()
	except OSError:
		return False
	return True


def clean() -> None:
	"""Remove what an earlier demo made."""
	frappe.db.delete("Campaign Message", {"campaign": CAMPAIGN})
	frappe.db.delete("Campaign Log", {"campaign": CAMPAIGN})
	frappe.db.delete("Mass Email", {"campaign": CAMPAIGN})
	frappe.db.delete("Suppressed Email", {"email": ("like", "%example%")})
	frappe.db.delete("Email Unsubscribe", {"email": ("like", "%example%")})
	for contact in frappe.get_all("Contact", {"company_name": CAMPAIGN}, pluck="name"):
		frappe.delete_doc("Contact", contact, force=True)
	frappe.db.delete("Tracking Link", {"campaign": CAMPAIGN})
	_delete_lists((READERS, COLLEAGUES, COMPETITORS))
	names = {"Email Template": CAMPAIGN, "Email Account": SENDER, "User": demo_readers.COLLEAGUE}
	for doctype, name in names.items():
		frappe.delete_doc(doctype, name, force=True, ignore_missing=True)
	frappe.db.commit()


def _delete_lists(lists: tuple[str, ...]) -> None:
	# Past the documents: what has sent mails can't be deleted, and its name would not be given again.
	for doctype in ("Campaign Target List", "Target List Member", "Target List Change"):
		frappe.db.delete(doctype, {"target_list": ("in", lists)})
	frappe.db.delete("Target List", {"name": ("in", lists)})
	frappe.db.delete("Campaign", {"name": CAMPAIGN})


def make(doctype: str, **values):
	"""Insert a document and return it."""
	return frappe.get_doc({"doctype": doctype, **values}).insert()


def prepare(port: int, recipients: int) -> list[dict]:
	"""Make the account, the template, the lists and people with a history; return the rows of the CSV."""
	frappe.db.set_single_value("Email Campaign Settings", "batch_size", PORTION)
	frappe.db.set_single_value("Email Campaign Settings", "hourly_limit", 4 * recipients)
	frappe.db.set_single_value(
		"Email Campaign Settings", "sender_line", "Example Gardens Ltd, registered in Antwerp"
	)
	frappe.db.set_single_value(
		"Email Campaign Settings", "postal_address", "Kerkstraat 1, 2000 Antwerp, Belgium"
	)
	account = frappe.get_doc(
		doctype="Email Account",
		email_account_name=SENDER,
		email_id="news@gardens.example.org",
		enable_outgoing=1,
		smtp_server="127.0.0.1",
		smtp_port=port,
		no_smtp_authentication=1,
	)
	# Its validation would connect to the server, which an older framework can't do without a login.
	account.flags.ignore_validate = True
	account.insert()
	make(
		"Email Template",
		name=CAMPAIGN,
		subject="{{ doc.first_name }}, the spring catalogue is here",
		use_html=1,
		response_html=TEMPLATE.read_text(),
	)
	make(
		"User",
		email=demo_readers.COLLEAGUE,
		first_name="Colleague",
		send_welcome_email=0,
		new_password=demo_readers.PASSWORD,
		roles=[{"role": "Campaign User"}],
	)
	for title in (READERS, COLLEAGUES, COMPETITORS):
		make("Target List", title=title)
	with CSV.open(encoding="utf-8", newline="") as stream:
		rows = list(csv.DictReader(stream))[:recipients]
	add_history(
		[row["Email"] for row in rows if re.fullmatch(r"[a-z0-9.]+@example\.(com|org)", row["Email"])]
	)
	frappe.db.commit()
	return rows


def add_history(addresses: list[str]) -> None:
	"""Let some of the people have unsubscribed, bounced, be contacts already, or be on the excluded list."""
	for address in addresses[10:400:40]:
		make("Email Unsubscribe", email=address, global_unsubscribe=1)
	for address in addresses[20:400:80]:
		make("Suppressed Email", email=address, reason="Hard Bounce", origin="An earlier mailing")
	for address in addresses[30:400:40]:
		make(
			"Contact",
			first_name="Known",
			last_name=address.split("@")[0],
			company_name=CAMPAIGN,
			email_ids=[{"email_id": address, "is_primary": 1}],
		)
	make("Contact", first_name="Without", last_name="Address", company_name=CAMPAIGN)
	for address in addresses[35:400:50]:
		make("Target List Member", target_list=COMPETITORS, email=address)


def upload(rows: list[dict]) -> str:
	"""Put the CSV on the site as a user's upload would, and return its URL."""
	with TemporaryDirectory() as folder:
		path = Path(folder) / "contacts.csv"
		with path.open("w", encoding="utf-8", newline="") as stream:
			writer = csv.DictWriter(stream, rows[0])
			writer.writeheader()
			writer.writerows(rows)
		file = make("File", file_name="contacts.csv", is_private=1, content=path.read_bytes())
	frappe.db.commit()
	return file.file_url


def fill_lists(rows: list[dict]) -> None:
	"""Import the rows into one list, add the contacts to another, and print the report of the import."""
	from email_campaigns.api.desk import members

	url = upload(rows)
	columns = members.csv_columns(READERS, url)["columns"]
	mapping = {column["field"]: place for place, column in enumerate(columns) if column["field"]}
	members.import_members(READERS, url, json.dumps(mapping))
	members.add_members(COLLEAGUES, "Contact", filters=[["company_name", "=", CAMPAIGN]])
	frappe.db.commit()
	for title in (READERS, COLLEAGUES):
		wait_until(
			lambda title=title: frappe.db.get_value("Target List", title, "import_report"), f"filling {title}"
		)
	report = frappe.db.get_value("Target List", READERS, "import_report").splitlines()
	for line in [*report[:4], "…"]:
		print("    " + line)


def send() -> tuple[str, dict]:
	"""Create the campaign and its mailing, send it now, and return its name and the figures of Calculate."""
	from email_campaigns.api.desk import approval, mass_email

	lists = [{"target_list": READERS}, {"target_list": COLLEAGUES}]
	make(
		"Campaign",
		campaign_name=CAMPAIGN,
		campaign_type="Newsletter",
		status="Active",
		target_lists=lists,
		excluding_target_lists=[{"target_list": COMPETITORS}],
	)
	mailing = make(
		"Mass Email",
		title="Spring catalogue",
		campaign=CAMPAIGN,
		email_template=CAMPAIGN,
		sender_account=SENDER,
	)
	figures = mass_email.calculate(mailing.name)
	approval.submit(mailing.name)
	frappe.db.commit()
	shown = -1

	def finished() -> bool:
		nonlocal shown
		state = frappe.db.get_value(
			"Mass Email", mailing.name, ["status", "sent_count", "problem"], as_dict=True
		)
		if state.sent_count // 1000 > shown // 1000:
			shown = state.sent_count
			print(f"    {shown} sent", flush=True)
		if state.status in ("Paused", "Failed", "Cancelled"):
			sys.exit(f"The mailing is {state.status}: {state.problem}")
		return state.status == "Complete"

	wait_until(finished, "sending")
	return mailing.name, figures


def received(maildir: Path) -> list[Path]:
	"""Return the files of the mails that have arrived."""
	return sorted((maildir / "new").glob("*"))


def recipient(path: Path) -> str:
	"""Return the address that a mail is for."""
	return read(path)["To"].addresses[0].addr_spec


def read(path: Path):
	"""Return a received mail, parsed."""
	return email.message_from_bytes(path.read_bytes(), policy=policy.default)


def unsubscribe(path: Path) -> int:
	"""Follow the unsubscribe link of a received mail, and return how many addresses that has suppressed.

	A GET must change nothing; the POST of one click unsubscribes.
	"""
	url, address = read(path)["List-Unsubscribe"].strip("<>"), recipient(path)
	before = frappe.db.count("Suppressed Email", {"email": address})
	with urllib.request.urlopen(url, timeout=30) as page:
		assert page.status == 200
	frappe.db.rollback()
	assert frappe.db.count("Suppressed Email", {"email": address}) == before == 0, (
		"a GET must not unsubscribe anybody"
	)
	with urllib.request.urlopen(url, data=b"List-Unsubscribe=One-Click", timeout=30) as answer:
		assert answer.status == 200
	frappe.db.rollback()
	return frappe.db.count("Suppressed Email", {"email": address})


def collect_figures(mailing: str, maildir: Path, calculated: dict, begun: float) -> dict:
	from email_campaigns.delivery.ledger import counts_store

	numbers, mails = counts_store.count_by_status(mailing), received(maildir)
	addresses = Counter(recipient(path).lower() for path in mails)
	return {
		"members": calculated["members"],
		"planned": sum(numbers.values()) - numbers.get("Skipped", 0),
		"sent": numbers.get("Sent", 0),
		"received": len(mails),
		"skipped": counts_store.count_by_reason(mailing),
		"duplicates": sum(number - 1 for number in addresses.values()),
		"unsubscribed": unsubscribe(mails[len(mails) // 2]),
		**demo_readers.read_figures(mailing),
		"seconds": round(time.monotonic() - begun, 1),
	}


def show(figures: dict) -> None:
	"""Print the figures."""
	print()
	for name, value in figures.items():
		if isinstance(value, dict):
			print(f"  {name:14} {sum(value.values()):>8}")
			for reason, number in value.items():
				print(f"      {number:>6}  {reason}")
		else:
			print(f"  {name:14} {value:>8}")
	print()


def check(figures: dict) -> None:
	"""Raise AssertionError where the figures do not add up: what the demo prints must be true."""
	assert figures["planned"] + sum(figures["skipped"].values()) == figures["members"], (
		"members are missing from the ledger"
	)
	assert figures["sent"] == figures["received"] == figures["planned"], "not every planned mail arrived"
	assert figures["duplicates"] == 0, "somebody got two mails"
	assert figures["unsubscribed"] == 1, "the unsubscription did not hold"


def main() -> None:
	"""Run the demo on the site of --site."""
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--site", required=True)
	parser.add_argument("--url", required=True)
	parser.add_argument("--recipients", type=int, default=5000)
	parser.add_argument("--json")
	options = parser.parse_args()
	frappe.init(site=options.site, sites_path=".")
	frappe.connect()
	frappe.set_user("Administrator")
	begun = time.monotonic()
	with TemporaryDirectory(prefix="email-campaigns-") as folder, mail_server(Path(folder)) as port:
		clean()
		say(f"Importing {options.recipients} contacts from {CSV.name}")
		rows = prepare(port, options.recipients)
		fill_lists(rows)
		say(f"Sending in portions of {PORTION}, through SMTP, by the bench's worker")
		mailing, calculated = send()
		say(
			f"Opening and clicking {demo_readers.SAMPLE} received mails, as people, a scanner and a colleague"
		)
		sample = received(Path(folder))[: demo_readers.SAMPLE]
		done = demo_readers.read(mailing, [read(path) for path in sample], options.url.rstrip("/"))
		say("Following the unsubscribe link of a received mail, then counting the mailbox")
		figures = collect_figures(mailing, Path(folder), calculated, begun)
	show(figures)
	demo_readers.show(mailing)
	if options.json:
		Path(options.json).write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
	check(figures)
	demo_readers.check(done, figures)


if __name__ == "__main__":
	main()
