"""For tests of sending: builders, a scripted mail server, and a queue that this process works off."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import create_job_id, get_job, get_queue
from rq.registry import StartedJobRegistry

from email_campaigns.api.desk import approval
from email_campaigns.audience import sources_store
from email_campaigns.audience.lists import members_store as audience
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.jobs import sending
from email_campaigns.tests.support.bench_kit import TestBench
from email_campaigns.tests.support.smtp_server import ScriptedServer

DOMAIN = "sending.example"
PREFIX = "Sending"
ACCOUNT = f"{PREFIX} Account"
SETTINGS = "Email Campaign Settings"
QUEUES = ("short", "default", "long")
PLAIN_SETTINGS = {
	"hourly_limit": 0,
	"batch_size": 200,
	"parallel_jobs": 1,
	"sessions_per_job": 1,
	"max_attempts": 5,
	"add_unsubscribe_link": 1,
	"approval": "Not needed",
	"default_hour": 9,
	"track_opens": 1,
	"track_links": 1,
	"add_utm": 0,
	"machine_seconds": 5,
	"catch_up_days": 3,
}
BUILT = (
	("Campaign Message", "source"),
	("Campaign Log", "source"),
	("Notification Log", "document_name"),
	("Tracking Link", "source"),
	("Campaign Target List", "parent"),
	("Mass Email", "name"),
)
TITLED = (
	("Target List Member", "target_list"),
	("Campaign Target List", "target_list"),
	("Target List", "name"),
	("Tracking Link", "campaign"),
	("Campaign", "name"),
	("Email Template", "name"),
	("Email Group Member", "email_group"),
	("Email Group", "name"),
	("Suppressed Email", "origin"),
	("Contact", "designation"),
)
ADDRESSED = (
	("Suppressed Email", "email"),
	("Email Unsubscribe", "email"),
	("Campaign Log", "email"),
	("Campaign Message", "email"),
	("Contact Email", "email_id"),
	("Contact", "email_id"),
	("Has Role", "parent"),
	("User", "name"),
)


def address(name: str) -> str:
	return f"{name}@{DOMAIN}"


def addresses(number: int) -> list[str]:
	return [address(f"p{index:04}") for index in range(1, number + 1)]


def a_list(*emails: str, title: str = f"{PREFIX} List") -> str:
	"""Make a target list with plain addresses, or add them to it."""
	if not frappe.db.exists("Target List", title):
		frappe.get_doc({"doctype": "Target List", "title": title}).insert()
	for batch in audience.slices(emails):
		audience.add_addresses(title, [NewMember(line, email, "Jo") for line, email in enumerate(batch, 2)])
	return title


def add_records(title: str, doctype: str, *names: str) -> None:
	audience.add_records(title, sources_store.source(doctype), names)


def a_contact(email: str, **values) -> str:
	rows = [{"email_id": email, "is_primary": 1}] if email else []
	doc = {"doctype": "Contact", "first_name": "Jo", "designation": PREFIX, "email_ids": rows, **values}
	return frappe.get_doc(doc).insert(ignore_permissions=True).name


def a_user(name: str, *roles: str) -> str:
	values = {"doctype": "User", "email": address(name), "first_name": name, "send_welcome_email": 0}
	rows = [{"role": role} for role in roles]
	return frappe.get_doc({**values, "roles": rows}).insert(ignore_permissions=True).name


def a_template(subject: str = "Hello", html: str = "<p>Hello</p>") -> str:
	"""Make a template, also one that the framework's form would refuse."""
	doc = frappe.new_doc("Email Template")
	doc.update({"name": f"{PREFIX} {frappe.generate_hash(length=8)}", "subject": subject})
	doc.update({"response_html": html, "use_html": 1})
	doc.flags.ignore_validate = doc.flags.ignore_mandatory = True
	return doc.insert().name


def a_campaign(**values) -> str:
	values = {"campaign_name": f"{PREFIX} {frappe.generate_hash(length=8)}", **values}
	return frappe.get_doc({"doctype": "Campaign", **values}).insert().name


def a_mailing(*lists: str, subject="Hello", html="<p>Hello</p>", campaign="", excluding=(), **values) -> str:
	"""Make a Draft to some lists, by the account of the test's server; durable."""
	doc = {
		"doctype": "Mass Email",
		"title": f"{PREFIX} {frappe.generate_hash(length=8)}",
		"campaign": campaign or a_campaign(),
		"email_template": a_template(subject, html),
		"sender_account": ACCOUNT,
		"target_lists": [{"target_list": name} for name in lists],
		"excluding_target_lists": [{"target_list": name} for name in excluding],
		**values,
	}
	name = frappe.get_doc(doc).insert().name
	frappe.db.commit()
	return name


def an_account(port: int) -> None:
	"""Point the tests' Email Account to a port of this machine."""
	values = {"smtp_server": "127.0.0.1", "smtp_port": port, "enable_outgoing": 1, "use_tls": 0}
	values |= {"use_ssl_for_outgoing": 0, "no_smtp_authentication": 1, "enable_incoming": 0}
	values |= {"email_id": address("news")}
	if not frappe.db.exists("Email Account", ACCOUNT):
		doc = frappe.new_doc("Email Account")
		doc.update({"email_account_name": ACCOUNT, **values})
		doc.flags.ignore_validate = True
		doc.insert()
	frappe.db.set_value("Email Account", ACCOUNT, values)
	frappe.clear_document_cache("Email Account", ACCOUNT)


def remove_account() -> None:
	frappe.db.rollback()
	frappe.db.delete("Email Account", {"name": ACCOUNT})
	frappe.db.sql("DELETE FROM __Auth WHERE doctype = 'Email Account' AND name = %s", ACCOUNT)
	frappe.clear_document_cache("Email Account", ACCOUNT)
	frappe.db.commit()


def change(doctype: str, name: str, **values) -> None:
	"""Write values past the document, durably."""
	frappe.db.set_value(doctype, name, values, update_modified=False)
	frappe.clear_document_cache(doctype, name)
	frappe.db.commit()


def starts(name: str, seconds: int) -> None:
	"""Let a mailing start so many seconds from now."""
	at = add_to_date(now_datetime(), seconds=seconds)
	change("Mass Email", name, send_when="Later", start_date=at, start_epoch=int(time.time()) + seconds)


def settings(**values) -> None:
	for field, value in values.items():
		frappe.db.set_single_value(SETTINGS, field, value, update_modified=False)
	frappe.clear_document_cache(SETTINGS, SETTINGS)
	frappe.db.commit()


def stored_settings() -> tuple:
	return frappe.db.sql(
		"SELECT doctype, field, value FROM tabSingles WHERE doctype = %s AND field IN %s",
		(SETTINGS, tuple(PLAIN_SETTINGS)),
	)


def restore_settings(rows: tuple) -> None:
	frappe.db.rollback()
	frappe.db.delete("Singles", {"doctype": SETTINGS, "field": ["in", list(PLAIN_SETTINGS)]})
	for row in rows:
		frappe.db.sql("INSERT INTO tabSingles (doctype, field, value) VALUES (%s, %s, %s)", row)
	settings()


def wipe() -> None:
	"""Remove everything that these builders make."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	mailings = frappe.get_all("Mass Email", {"title": ["like", f"{PREFIX}%"]}, pluck="name") or [""]
	for doctype, field in BUILT:
		frappe.db.delete(doctype, {field: ["in", mailings]})
	for doctype, field in TITLED:
		frappe.db.delete(doctype, {field: ["like", f"{PREFIX}%"]})
	for doctype, field in ADDRESSED:
		frappe.db.delete(doctype, {field: ["like", f"%@{DOMAIN}"]})
	for doctype in ("Contact Email", "Contact Phone"):
		frappe.db.sql(f"DELETE FROM `tab{doctype}` WHERE parent NOT IN (SELECT name FROM `tabContact`)")
	frappe.db.commit()
	empty_queues()


def waiting_jobs() -> list[str]:
	"""The ids of this site's jobs in the queues, in order."""
	prefix = create_job_id("…").removesuffix("…")  # the site's name, then characters that differ by version
	return [
		job_id.removeprefix(prefix)
		for queue in QUEUES
		for job_id in get_queue(queue).job_ids
		if job_id.startswith(prefix)
	]


def empty_queues() -> None:
	for job_id in waiting_jobs():
		if job := get_job(job_id):
			job.delete()


def forget_dead_jobs() -> None:
	"""Let the time pass after which RQ notices that the worker of a started job is dead."""
	for queue in QUEUES:
		StartedJobRegistry(queue=get_queue(queue)).cleanup(int(time.time()) + 86400)


def work_off(most: int = 50) -> int:
	"""Run the waiting jobs in this process, one after another; return how many ran."""
	for done in range(most):
		waiting = waiting_jobs()
		if not waiting:
			return done
		run_job(waiting[0])
	raise AssertionError(f"after {most} jobs there are still {waiting_jobs()}")


def run_job(job_id: str) -> None:
	job = get_job(job_id)
	for queue in QUEUES:
		get_queue(queue).remove(job)
	job.set_status("started")
	method, kwargs = job.kwargs["method"], job.kwargs["kwargs"]
	try:
		(frappe.get_attr(method) if isinstance(method, str) else method)(**kwargs)
		frappe.db.commit()
	finally:
		frappe.db.rollback()
		job.delete()


def elsewhere(site: str, action: Callable[[], object]) -> None:
	"""Call `action` as another process would, in a thread without a connection of its own yet."""
	frappe.init(site=site)
	frappe.connect()
	try:
		action()
		frappe.db.commit()
	finally:
		frappe.destroy()


def the_bench() -> TestBench:
	"""Return the bench, also where Frappe's own runner was started without naming it."""
	fallback = {"BENCH_SITE": frappe.local.site, "BENCH_SITES": os.getcwd(), "BENCH_URL": ""}
	fallback |= {"FRAPPE_REDIS_QUEUE": frappe.conf.redis_queue, "BENCH_SCREENSHOTS": ""}
	return TestBench({**fallback, **os.environ})


class SendingTest(FrappeTestCase):
	"""Starts each test with an empty ledger, plain settings, and `self.server`, which accepts all mail."""

	script: dict = {}

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		wipe()
		cls.addClassCleanup(remove_account)

	def setUp(self):
		super().setUp()
		self.addCleanup(wipe)
		self.addCleanup(restore_settings, stored_settings())
		settings(**PLAIN_SETTINGS)
		self.serve(self.script)

	def serve(self, script: dict | None = None, **options) -> ScriptedServer:
		"""Let the Email Account send by a server with this script."""
		self.server = ScriptedServer(script, **options).start()
		self.addCleanup(self.server.stop)
		an_account(self.server.port)
		frappe.db.commit()
		return self.server

	def impatient(self, seconds: float = 0.5) -> None:
		"""Give up sooner on a silent server."""
		patience = patch.object(transport, "TIMEOUT", seconds)
		patience.start()
		self.addCleanup(patience.stop)

	def at_mail(self, number: int, action: Callable[[], object]) -> None:
		"""Let something happen elsewhere, with a connection of its own, while the server takes this mail."""
		site, keep = frappe.local.site, self.server.keep

		def keep_meanwhile(mail):
			if len(self.server.messages) + 1 == number:
				elsewhere(site, action)
			return keep(mail)

		self.server.keep = keep_meanwhile

	def start(self, name: str) -> str:
		"""Start a mailing as the button “Send Now” does."""
		approval.submit(name)
		frappe.db.commit()
		return name

	def send(self, name: str) -> str:
		"""Start a mailing, and do all work that can be done now."""
		self.start(name)
		self.go_on()
		return name

	def go_on(self) -> None:
		"""Run the scheduler's tick, and work off the jobs before and after it."""
		work_off()
		sending.tick()
		work_off()

	def form(self, name: str):
		frappe.db.rollback()
		return frappe.get_doc("Mass Email", name)

	def ends(self, name: str) -> list[tuple[str, str, str]]:
		"""Return (address, status, reason) of each mail of a mailing."""
		frappe.db.rollback()
		rows = frappe.get_all("Campaign Message", {"source": name}, ["email", "status", "reason"])
		return [(row.email, row.status, row.reason) for row in rows]

	def ledger(self, name: str) -> dict[str, tuple[str, str]]:
		"""Return {address: (status, reason)} of a mailing in which each address occurs once."""
		return {email: (status, reason) for email, status, reason in self.ends(name)}

	def statuses(self, name: str) -> dict[str, int]:
		frappe.db.rollback()
		return counts_store.count_by_status(name)

	def received(self) -> list[str]:
		"""Return the recipients of all mails that the server took, sorted."""
		return sorted(recipient for mail in self.server.messages for recipient in mail.recipients)

	def due_again(self, name: str) -> None:
		"""Let the time pass that postponed mails wait."""
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s", name)
		frappe.db.commit()

	def end_leases(self, name: str) -> None:
		"""Let the time pass in which a dead worker might still come back."""
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET lease_until = 1 WHERE source = %s AND lease_until > 0", name
		)
		frappe.db.commit()

	def assertNothingLost(self, name: str) -> None:
		"""Form, ledger, log and the server's mailbox agree, and nobody got two mails."""
		form, numbers = self.form(name), self.statuses(name)
		for kind, states in counts_store.COUNTS.items():
			counted = sum(numbers.get(status, 0) for status in states)
			self.assertEqual(form.get(f"{kind}_count"), counted, f"{kind} on the form; {numbers}")
		ends = self.ends(name)
		sent = sorted(email for email, status, _reason in ends if status == "Sent")
		actions = ("in", ("Sent", "CC Sent"))
		logged = frappe.get_all("Campaign Log", {"source": name, "action": actions}, pluck="email")
		self.assertEqual(sorted(logged), sent)
		received = Counter(
			# A copy (CC) has the To of its mail, and somebody may be copied from mails to several people.
			(recipient, mail.parsed["To"])
			for mail in self.server.messages
			for recipient in mail.recipients
		)
		self.assertEqual([key for key, n in received.items() if n > 1], [])
		self.assertLessEqual(set(sent), {recipient for recipient, _to in received})
		for email, status, reason in ends:
			if status not in ("Queued", "Sending", "Sent"):
				self.assertTrue(reason, f"{email} is {status} without a reason")

	def assertSentTo(self, name: str, emails: list[str]) -> None:
		self.assertEqual(self.received(), sorted(emails))
		self.assertNothingLost(name)
