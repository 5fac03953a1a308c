"""The Email Accounts whose servers refuse mail after mail: runs of refusals, and how long sending waits.

A row of tabSending Hold is an account in such trouble. The first accepted mail deletes it, so an account that
works has none and costs no write. Times are those of the database's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import format_datetime

from email_campaigns.delivery.sending.runs import Run, hold_seconds, merge
from email_campaigns.schedule.limits import Limit, Waiting
from email_campaigns.site_time import database_epoch, site_time
from email_campaigns.text import Sentence, _lt
from email_campaigns.translation import translate

WAITS = _lt("the mail server, which asks to wait")
PROBE_SECONDS = 300  # no second mail is tried meanwhile; a server may take as long to greet

_FIELDS = "refusals, same_refusals, refusal, losses, resumed, level, held_epoch, words"
_START_AGAIN = """UPDATE `tabSending Hold` SET resumed = resumed + (refusals > 0), refusals = 0,
	same_refusals = 0, losses = 0, paused_epoch = 0"""


@dataclass(frozen=True, slots=True)
class Hold:
	"""The trouble of an account: its run, how often it was held since the last accepted mail, and until when.

	`until` is in Unix seconds, 0 where the account is not held. `words` is the server's reason.
	"""

	run: Run = field(default_factory=Run)
	level: int = 0
	until: int = 0
	words: str = ""


def load(account: str) -> Hold:
	"""Return the trouble of an Email Account, an empty Hold where it has none."""
	rows = frappe.db.sql(f"SELECT {_FIELDS} FROM `tabSending Hold` WHERE name = %s", account)
	return _read(rows[0]) if rows else Hold()


def _read(row: tuple[Any, ...]) -> Hold:
	refusals, same, key, losses, resumed, level, until, words = row
	return Hold(Run(refusals, same, key or "", losses, resumed), level, until or 0, words or "")


def held_until(account: str) -> int:
	"""Return the Unix time until which the mail of an Email Account waits, 0 where it does not."""
	return load(account).until


def limits(account: str) -> tuple[Limit, ...]:
	"""Return the hold of an account as a limit: nothing until its end, then one mail at a time."""
	hold = load(account)
	return (Waiting(WAITS, hold.until),) if hold.level else ()


def start_probe(account: str, epoch: int) -> None:
	"""Let no other job try a mail of a held account while one tries, from `epoch` (Unix seconds) on."""
	frappe.db.sql(
		"UPDATE `tabSending Hold` SET held_epoch = %s WHERE name = %s AND level > 0",
		(epoch + PROBE_SECONDS, account),
	)


def end_probe(account: str, level: int, epoch: int) -> None:
	"""Let another mail be tried at `epoch` (Unix seconds), unless the account was held anew.

	`level` is that of the hold as the batch began.
	"""
	frappe.db.sql(
		"UPDATE `tabSending Hold` SET held_epoch = %s WHERE name = %s AND level > 0 AND level = %s",
		(epoch, account, level),
	)


def start_again(account: str) -> None:
	"""Count anew after a person has resumed sending; the limits of permanent refusals are doubled."""
	frappe.db.sql(f"{_START_AGAIN} WHERE name = %s", account)


def end_pause(account: str, epoch: int) -> None:
	"""Count anew, as after a Resume, where permanent refusals stopped sending by `epoch` (Unix seconds)."""
	frappe.db.sql(f"{_START_AGAIN} WHERE name = %s AND paused_epoch BETWEEN 1 AND %s", (account, epoch))


def follow_renaming(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename of Email Account: its trouble goes with it, but not to the server of another account."""
	if not merge:
		frappe.db.sql("DELETE FROM `tabSending Hold` WHERE name = %s", new)
		frappe.db.sql("UPDATE `tabSending Hold` SET name = %s, account = %s WHERE name = %s", (new, new, old))


def forget_account(doc: Document, method: str) -> None:
	"""after_delete of Email Account: its trouble ends with it."""
	frappe.db.sql("DELETE FROM `tabSending Hold` WHERE name = %s", doc.name)


def hold_sentence(account: str) -> str:
	"""Return the sentence that says until when the mail of an account waits and why, "" where it does not."""
	hold = load(account)
	if hold.until <= database_epoch():
		return ""
	sentence = _("The mail of Email Account {0} waits and goes on by itself at {1}. {2}")
	return sentence.format(account, format_datetime(site_time(hold.until)), hold.words)


class AccountBook:
	"""Implements runs.Book on a connection of its own, which must have autocommit on.

	`level` is that of the hold as the batch began: of several jobs that hold the account at once, the first
	does.
	"""

	def __init__(self, account: str, connection: Any):
		self.account, self.connection, self.level = account, connection, 0

	def add(self, run: Run, step: Callable[[Run], Run]) -> Run:
		"""Store one more step of a run, and return the run with what other jobs have counted."""
		with self._locked() as hold:
			grown = merge(step(hold.run), step(run))
			self._write_run(grown)
		return grown

	def clear(self) -> None:
		"""End the run and the hold: the server has accepted a mail."""
		self._execute("DELETE FROM `tabSending Hold` WHERE name = %s", self.account)

	def rest(self, run: Run) -> None:
		"""Store the run after a trip for which a person has to look."""
		with self._locked():
			self._write_run(run)
			self._execute(
				# The first pause counts: with each later one another sequence would put off the end of it.
				"""UPDATE `tabSending Hold` SET paused_epoch = UNIX_TIMESTAMP()
				WHERE name = %s AND IFNULL(paused_epoch, 0) = 0""",
				self.account,
			)

	def hold(self, words: Sentence | str) -> None:
		"""Let the account wait, with the server's words; longer than the last time."""
		with self._locked() as hold:
			if hold.level != self.level:
				return
			epoch = self._epoch() + hold_seconds(hold.level)
			self._execute(
				"""UPDATE `tabSending Hold` SET level = %s, held_epoch = %s, held_until = %s, words = %s
				WHERE name = %s""",
				hold.level + 1,
				epoch,
				site_time(epoch),
				translate(words),
				self.account,
			)

	def _write_run(self, run: Run) -> None:
		self._execute(
			"""UPDATE `tabSending Hold` SET refusals = %s, same_refusals = %s, refusal = %s, losses = %s
			WHERE name = %s""",
			run.refusals,
			run.same,
			run.key,
			run.losses,
			self.account,
		)

	@contextmanager
	def _locked(self) -> Iterator[Hold]:
		"""Yield the trouble of the account under a lock, in a transaction that ends with the block."""
		self.connection.begin()
		try:
			self._execute(
				# It locks a row as an UPDATE does, also one that is there, so that no two jobs deadlock.
				"""INSERT INTO `tabSending Hold` (name, account, creation, modified, owner, modified_by)
				VALUES (%s, %s, NOW(), NOW(), 'Administrator', 'Administrator')
				ON DUPLICATE KEY UPDATE account = account""",
				self.account,
				self.account,
			)
			row = self._fetch(
				f"SELECT {_FIELDS} FROM `tabSending Hold` WHERE name = %s FOR UPDATE", self.account
			)
			yield _read(row)
		except BaseException:
			self.connection.rollback()
			raise
		self.connection.commit()

	def _epoch(self) -> int:
		return int(self._fetch("SELECT UNIX_TIMESTAMP()")[0])

	def _execute(self, statement: str, *values: object) -> None:
		with self.connection.cursor() as cursor:
			cursor.execute(statement, values)

	def _fetch(self, statement: str, *values: object) -> tuple[Any, ...]:
		with self.connection.cursor() as cursor:
			cursor.execute(statement, values)
			row: tuple[Any, ...] = cursor.fetchone()
			return row
