"""For tests of recipients' pages: a visitor of the web application, and a sent mail with links."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import frappe
from frappe.utils import now
from werkzeug.test import Client, TestResponse

from email_campaigns.tracking import store


class Visitor:
	"""Speaks to the application as a browser or mail program does; cookies are kept between requests.

	Each request has a thread of its own, since a request ends by closing its connection to the database.
	"""

	def __init__(self):
		# On import, Frappe 16 opens a log beside the working directory, which must be the sites folder.
		import frappe.app

		self.site = frappe.local.site
		self.client = Client(frappe.app.application)

	def sign_in(self, user: str, password: str) -> None:
		answer = self.post("/api/method/login", {"usr": user, "pwd": password})
		assert answer.status_code == 200, answer.get_data(as_text=True)

	def get(self, url: str, method: str = "GET", **options) -> TestResponse:
		return self._open(url, method=method, **options)

	def post(self, url: str, form: dict | None = None, **options) -> TestResponse:
		return self._open(url, method="POST", data=form, **options)

	def begin(self, url: str, *, headers: dict | None = None, **options) -> Callable[[], TestResponse]:
		"""Send a request and return a function that waits for its answer."""
		path = url[url.index("/", 8) :] if url.startswith("http") else url
		headers = {"X-Frappe-Site-Name": self.site, **(headers or {})}
		answers: list = []
		thread = Thread(
			target=lambda: answers.append(self._as_in_production(path, headers=headers, **options))
		)
		thread.start()

		def answer() -> TestResponse:
			thread.join(60)
			# A transaction that began before the request does not see what it committed.
			frappe.db.rollback()
			return answers[0]

		return answer

	def _as_in_production(self, path: str, **options) -> TestResponse:
		"""Reset the flag of tests, with which Frappe 16 keeps no CSRF token in the session."""
		flag = getattr(frappe, "in_test", None)
		try:
			if flag:
				frappe.in_test = False
			return self.client.open(path, **options)
		finally:
			if flag:
				frappe.in_test = flag

	def _open(self, url: str, **options) -> TestResponse:
		return self.begin(url, **options)()


def target_list(title: str, *emails: str) -> str:
	"""Make a list with plain addresses on it."""
	if not frappe.db.exists("Target List", title):
		frappe.get_doc({"doctype": "Target List", "title": title}).insert()
	for email in emails:
		frappe.get_doc({"doctype": "Target List Member", "target_list": title, "email": email}).insert()
	return title


def mass_email(title: str, *lists: str) -> str:
	"""Make a mailing, with its campaign and template, to some lists."""
	for doctype, values in (
		("Campaign", {"campaign_name": title}),
		("Email Template", {"name": title, "subject": "Hello", "response": "<p>Hello</p>", "use_html": 0}),
	):
		if not frappe.db.exists(doctype, title):
			frappe.get_doc({"doctype": doctype, **values}).insert()
	values = {"title": title, "campaign": title, "email_template": title}
	rows = [{"target_list": name} for name in lists]
	return frappe.get_doc({"doctype": "Mass Email", **values, "target_lists": rows}).insert().name


def sent_mail(email: str, *, source: str = "", on_list: str = "", doctype: str = "Mass Email") -> int:
	"""Put a Sent mail into the ledger and return its number."""
	stamp = now()
	frappe.db.sql(
		"""INSERT INTO `tabCampaign Message` (name, creation, modified, owner, modified_by, source_doctype,
			source, target_list, email, dedupe_key, status, sent_at)
		VALUES (NEXTVAL(`campaign_message_id_seq`), %s, %s, 'Administrator', 'Administrator',
			%s, %s, %s, %s, %s, 'Sent', %s)""",
		(stamp, stamp, doctype, source or "none", on_list or None, email, frappe.generate_hash(), stamp),
	)
	return frappe.db.sql("SELECT LASTVAL(`campaign_message_id_seq`)")[0][0]


def unsubscribe_url(message: int) -> str:
	return store.link_maker().unsubscribe(message)


def forget(*patterns: str) -> None:
	"""Remove all that tests have committed about addresses and titles like one of `patterns`."""
	for pattern in patterns:
		for user in frappe.get_all("User", {"email": ["like", pattern]}, pluck="name"):
			frappe.db.delete("Has Role", {"parent": user})
			frappe.db.delete("User", {"name": user})
		for doctype, field in (
			("Campaign Message", "email"),
			("Campaign Log", "email"),
			("Suppressed Email", "email"),
			("Email Unsubscribe", "email"),
			("Target List Member", "email"),
			("Contact", "email_id"),
			("Mass Email", "title"),
			("Email Template", "name"),
			("Email Campaign", "campaign_name"),
			("Tracking Link", "campaign"),
			("Campaign Email Schedule", "parent"),
			("Communication", "recipients"),
			("Campaign", "name"),
			("Target List", "name"),
		):
			frappe.db.delete(doctype, {field: ["like", pattern]})
		frappe.db.delete("Contact Email", {"email_id": ["like", pattern]})
		frappe.db.delete("Campaign Target List", {"target_list": ["like", pattern]})
	frappe.db.commit()


def damaged(link: str) -> str:
	"""Return a link with another last character."""
	return link[:-1] + ("y" if link.endswith("x") else "x")
