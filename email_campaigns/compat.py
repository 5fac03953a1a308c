"""Access to what differs between the Frappe versions, or is not in their public interface."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from functools import lru_cache, wraps
from hashlib import sha256
from importlib import import_module
from typing import Any, TypeVar

import frappe
from frappe.model.document import Document
from frappe.utils import get_absolute_url
from frappe.utils.background_jobs import is_job_enqueued
from rq.timeouts import BaseTimeoutException

from email_campaigns.site_address import site_address

__all__ = [
	"Apart",
	"affected_rows",
	"answer_early",
	"begin_statement",
	"change_latest_rows",
	"enqueue_once",
	"form_url",
	"is_job_enqueued",
	"lock_wait",
	"named_lock",
	"remove_desk_entries",
	"site_url",
	"tap_incoming_mail",
	"without_request",
]

UNREADABLE_LENGTH = 4_000_000  # characters of a mail; MariaDB's default for a whole statement is 16 MB
COM_QUERY = 3  # of the protocol between MariaDB and its clients
T = TypeVar("T")


def affected_rows() -> int:
	"""Return how many rows the last INSERT, UPDATE or DELETE of this connection changed."""
	return frappe.db._cursor.rowcount


def begin_statement(connection: Any, statement: str) -> Callable[[], int]:
	"""Send a statement to the database, and return a function that waits for its end.

	The function returns how many rows were changed, and raises what `execute` raises. It must be called
	before the connection is used again. `statement` has its values in it.
	"""
	if hasattr(connection, "send_query"):  # mysqlclient, which Frappe 16 has
		connection.send_query(statement.encode())
		return lambda: connection.read_query_result() or connection.affected_rows()
	# The two halves of pymysql's Connection.query, since PyMySQL has no public ones.
	connection._execute_command(COM_QUERY, statement)
	return connection.next_result


def change_latest_rows() -> None:
	"""Let this connection change rows that another connection has changed since this one first read them.

	By default MariaDB since 11.6.2 ends such a transaction with error 1020 (innodb_snapshot_isolation). The
	app needs the row count of a conditional UPDATE instead, and must be able to settle the mails sent in the
	meantime. Hooks call it at the start of every request and job, so that no entry point can forget it; the
	jobs call it too, for whoever runs them from a console.
	"""
	if _knows_snapshot_isolation(frappe.local.site):
		frappe.db.sql("SET SESSION innodb_snapshot_isolation = OFF")


@contextmanager
def lock_wait(seconds: int) -> Iterator[None]:
	"""Let each statement in the block wait `seconds` at most for a row that another connection has locked.

	It then raises frappe.QueryTimeoutError. The server's own time is 50 seconds by default.
	"""
	frappe.db.sql("SET SESSION innodb_lock_wait_timeout = %s", seconds)
	try:
		yield
	finally:
		frappe.db.sql("SET SESSION innodb_lock_wait_timeout = DEFAULT")


@lru_cache(maxsize=256)
def _knows_snapshot_isolation(site: str) -> bool:
	return bool(frappe.db.sql("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'"))


def enqueue_once(
	method: Callable[..., object], job_id: str, *, queue: str = "default", **kwargs: object
) -> None:
	"""Put a job on the queue unless one with this id waits or runs already."""
	frappe.enqueue(method, queue=queue, job_id=job_id, deduplicate=True, **kwargs)


@contextmanager
def named_lock(name: str, seconds: int = 0) -> Iterator[bool]:
	"""Hold a lock of this site by its name, and yield whether it was got within `seconds`.

	The lock is the connection's: it survives a commit or a rollback, and ends with the connection.
	"""
	# MariaDB's names have at most 64 characters, are the server's, and know no case.
	lock = f"email_campaigns.{sha256(f'{frappe.conf.db_name}/{name}'.encode()).hexdigest()[:40]}"
	got = bool(frappe.db.sql("SELECT GET_LOCK(%s, %s)", (lock, seconds))[0][0])
	try:
		yield got
	finally:
		if got:
			frappe.db.sql("SELECT RELEASE_LOCK(%s)", lock)


class Apart:
	"""Does work like a job of its own, with its own connection to the database, until `close`.

	For one thread beside the job's: neither the connection nor Frappe's local values can be used by two at
	once. Frappe 16 keeps these values in one object that copies of a context share, so the context is an
	empty one. It is made at the first `run`, since that takes longer than most of the work.
	"""

	def __init__(self) -> None:
		self._site, self._path = frappe.local.site, frappe.local.sites_path
		self._language, self._flags = frappe.local.lang, frappe.local.flags
		self._context: Context | None = None

	def run(self, work: Callable[[], T]) -> T:
		"""Return the result of `work`. What it does not commit is rolled back."""
		if self._context is None:
			context = Context()
			context.run(self._connect)
			self._context = context
		try:
			return self._context.run(work)
		finally:
			self._context.run(lambda: frappe.db.rollback())

	def _connect(self) -> None:
		frappe.init(self._site, sites_path=self._path)
		frappe.connect()
		frappe.local.lang, frappe.local.flags = self._language, self._flags

	def close(self) -> None:
		"""Close the connection."""
		if self._context:
			self._context.run(frappe.destroy)
			self._context = None


def site_url() -> str:
	"""Return the site's own address, from its configuration alone, without a slash at the end.

	Every absolute link of the app begins with it, whether a job makes the link or a request does.
	"""
	return site_address(frappe.local.conf, frappe.local.site)


def form_url(doctype: str, name: str) -> str:
	"""Return the address of a document's form in the Desk."""
	return site_url() + get_absolute_url(doctype, name)


@contextmanager
def without_request() -> Iterator[None]:
	"""Let Frappe work in the block as it does in a job.

	What it makes links of in a mail (addresses in a footer, `X-Frappe-Site`) is otherwise the Host header of
	the request, where the site's configuration has no host_name.
	"""
	request = getattr(frappe.local, "request", None)
	frappe.local.request = None
	try:
		yield
	finally:
		frappe.local.request = request


def answer_early(path: str, answer: Callable[[], None]) -> None:
	"""Let `answer` reply to requests below `path` before Frappe reads their bodies and opens a session.

	That holds for the life of the process. Frappe reads JSON before any hook: early versions of 15 refuse an
	array there, and all of them what is no JSON. A session costs as much as the rest of a provider's call.
	`answer` is a before_request hook that raises its answer; a site without the app does not have it.
	"""
	application: Any = sys.modules.get("frappe.app")
	if application and not hasattr(application, "answers_early"):
		application.answers_early = True
		read, name = application.make_form_dict, f"{answer.__module__}.{answer.__name__}"

		def answer_or_read(request: Any) -> None:
			if request.path.startswith(path) and name in frappe.get_hooks("before_request"):
				request.get_data()  # a body that is too long ends here
				frappe.local.form_dict = frappe._dict()
				frappe.local.session.update(user="Guest", sid="Guest", data=frappe._dict())
				answer()
			read(request)

		application.make_form_dict = answer_or_read


def tap_incoming_mail() -> None:
	"""Show each mail that Frappe fetches to the site's hook `campaign_mail_fetched`, and let no mail stop a
	pull.

	before_job and before_request call it, since mail is fetched by jobs and by a button; it stays for the
	life of the process. The hook gets (the mail as bytes, the name of the Email Account) before Frappe marks
	or deletes the mail on its server, and answers whether it goes no further. Of a site without the app there
	is no such hook. Methods below the class Email Account are wrapped, so it may be another app's.
	"""
	from frappe.email import receive

	if not hasattr(receive.EmailServer, "shows_mails"):
		receive.EmailServer.shows_mails = True
		_wrap(receive.EmailServer, "_post_retrieve_cleanup", _show_before_cleanup)
		_wrap(receive.EmailServer, "get_messages", _without_taken)
		_wrap(receive.InboundMail, "__init__", _survive_reading)
		_wrap(receive.InboundMail, "process", _keep_unreadable)
		with suppress(ImportError):  # Frappe 15 has none
			_wrap(import_module("frappe.email.frappemail").FrappeMail, "pull_raw", _show_pulled)


def _wrap(cls: Any, name: str, wrapper: Callable[..., Any]) -> None:
	original = getattr(cls, name)
	setattr(cls, name, wraps(original)(lambda *args, **kwargs: wrapper(original, *args, **kwargs)))


def _goes_no_further(mail: bytes | str, account: str) -> bool:
	raw = mail if isinstance(mail, bytes) else _bytes_of(mail)
	answers = [_takes(hook, raw, account) for hook in frappe.get_hooks("campaign_mail_fetched")]
	return any(answers)


def _bytes_of(mail: str) -> bytes:
	try:
		return mail.encode("utf-8", "surrogateescape")
	except UnicodeEncodeError:  # half a surrogate pair that stands for no byte
		return mail.encode("utf-8", "replace")


def _takes(hook: str, raw: bytes, account: str) -> bool:
	"""Tell whether a hook takes a mail. Of its errors, only that it could not store the mail is raised."""
	try:
		return bool(frappe.get_attr(hook)(raw, account))
	except (BaseTimeoutException, OSError):
		raise
	except Exception:
		frappe.logger().error("A fetched mail was not looked at", exc_info=True)
		return False


def _show_before_cleanup(cleanup: Callable[..., None], server: Any, *args: Any) -> None:
	"""Show the mail that was fetched last, then mark it as seen (IMAP) or delete it (POP).

	A mail that could not be stored anywhere stays as it is on the server, and is fetched again.
	"""
	mail = server.latest_messages[-1] if server.latest_messages else None
	# Where a mail can't be fetched, the one before is still the last.
	if mail is not None and mail is not getattr(server, "shown_mail", None):
		server.shown_mail = mail
		try:
			if _goes_no_further(mail, server.settings.email_account):
				server.taken_mails = [*getattr(server, "taken_mails", ()), mail]
		except OSError:
			return
	cleanup(server, *args)


def _without_taken(get_messages: Callable[..., dict], server: Any, *args: Any, **kwargs: Any) -> dict:
	"""Return what was fetched, without the mails that go no further, nor their numbers."""
	fetched = get_messages(server, *args, **kwargs)
	taken = {id(mail) for mail in getattr(server, "taken_mails", ())}
	mails = fetched["latest_messages"]
	stays = [index for index, mail in enumerate(mails) if id(mail) not in taken]
	if numbers := fetched.get("uid_list"):
		# The framework takes the first numbers for those of the mails.
		fetched["uid_list"] = [numbers[index] for index in stays] + numbers[len(mails) :]
	return {**fetched, "latest_messages": [mails[index] for index in stays]}


def _show_pulled(pull_raw: Callable[..., dict], client: Any, *args: Any, **kwargs: Any) -> dict:
	"""Return what was pulled from Frappe Mail, without the mails that go no further."""
	pulled = pull_raw(client, *args, **kwargs)
	mails = [mail for mail in pulled["latest_messages"] if not _goes_no_further(mail, client.email)]
	return {**pulled, "latest_messages": mails}


def _survive_reading(
	read: Callable[..., None], mail: Any, content: bytes | str, email_account: Document, *args: Any, **kw: Any
) -> None:
	"""Read a mail. The framework reads all mails of a pull before it processes the first."""
	try:
		read(mail, content, email_account, *args, **kw)
	except (BaseTimeoutException, frappe.db.OperationalError, frappe.db.InternalError):
		raise
	except Exception:
		mail.unreadable = frappe.get_traceback()
		mail.raw_message, mail.email_account, mail.flags = content, email_account, frappe._dict()
		mail.uid = args[0] if args else kw.get("uid")


def _keep_unreadable(process: Callable[..., Any], mail: Any) -> Any:
	"""Process a mail. One that can't be read becomes an Unhandled Email, for POP and Frappe Mail too."""
	if not hasattr(mail, "unreadable"):
		return process(mail)
	content = mail.raw_message
	# Latin 1 has a character for each byte.
	text = content.decode("latin-1") if isinstance(content, bytes) else content
	values = {"raw": text[:UNREADABLE_LENGTH].replace("\0", "\N{SYMBOL FOR NULL}"), "reason": mail.unreadable}
	values |= {"uid": mail.uid, "email_account": mail.email_account.name}
	frappe.get_doc({"doctype": "Unhandled Email", **values}).insert(ignore_permissions=True)
	return None


def remove_desk_entries(module: str) -> None:
	"""Remove a module's sidebar, and the desktop icon that Frappe 16 has made for it and leaves there."""
	if not frappe.db.exists("DocType", "Workspace Sidebar"):
		return
	for sidebar in frappe.get_all("Workspace Sidebar", {"module": module}, pluck="name"):
		for icon in frappe.get_all("Desktop Icon", {"link_to": sidebar}, pluck="name"):
			frappe.delete_doc("Desktop Icon", icon, force=True)
		frappe.delete_doc("Workspace Sidebar", sidebar, force=True)
