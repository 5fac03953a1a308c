"""Access to what differs between the Frappe versions, or is not in their public interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar

import frappe
from frappe.utils import get_absolute_url
from frappe.utils.background_jobs import is_job_enqueued

from email_campaigns.site_address import site_address

__all__ = [
	"Apart",
	"affected_rows",
	"begin_statement",
	"change_latest_rows",
	"enqueue_once",
	"form_url",
	"is_job_enqueued",
	"lock_wait",
	"named_lock",
	"remove_desk_entries",
	"site_url",
	"without_request",
]

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


def remove_desk_entries(module: str) -> None:
	"""Remove a module's sidebar, and the desktop icon that Frappe 16 has made for it and leaves there."""
	if not frappe.db.exists("DocType", "Workspace Sidebar"):
		return
	for sidebar in frappe.get_all("Workspace Sidebar", {"module": module}, pluck="name"):
		for icon in frappe.get_all("Desktop Icon", {"link_to": sidebar}, pluck="name"):
			frappe.delete_doc("Desktop Icon", icon, force=True)
		frappe.delete_doc("Workspace Sidebar", sidebar, force=True)
