"""The journal of a job: the ledger's rows under one claim, each mail durable before it leaves.

It has a connection of its own with autocommit, so that each statement is a transaction and commits no other
work of the job. It reads in READ COMMITTED, so that it locks no suppression that it looks at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from itertools import chain, repeat
from time import monotonic
from typing import TypeVar

import frappe

from email_campaigns import lifecycle
from email_campaigns.audience.address import address_key, normalise_or_empty
from email_campaigns.audience.decide import UNSUBSCRIBED
from email_campaigns.audience.sources_store import PLAIN, sources
from email_campaigns.compat import begin_statement
from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.ledger.row import LATE_LEASE
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.sending.conditions_store import (
	LEASE_LIVES,
	SUPPRESSION,
	LeaveConditions,
	leave_conditions,
	read_end,
)
from email_campaigns.delivery.sending.journal import JournalAnswer, JournalStep
from email_campaigns.site_time import site_time
from email_campaigns.text import Sentence
from email_campaigns.translation import translate

DEADLOCK, LOCK_WAIT = 1213, 1205  # MariaDB's error numbers
LOCK_ATTEMPTS = 5
ZONE_SECONDS = 10  # after which the offset of the site's time zone is looked up again
REFUSED_SECONDS = 60  # for which a mail waits that the journal has refused twice in one job
T = TypeVar("T")
_GONE = (0, 0, 0, "", 0, 0, None)

# The database's clock, in Unix seconds and as the site's clock shows it. Rounded up, so that a mail leaves
# the sliding hour late rather than early. The journal's session runs in UTC, in which no hour comes twice.
_EPOCH = "CEIL(UNIX_TIMESTAMP(NOW(6)))"
_NOW = f"TIMESTAMPADD(SECOND, {_EPOCH} + @ec_ahead, '1970-01-01')"
_VALUE = re.compile(r"%\((\w+)\)s")


def _statement(
	conditions: LeaveConditions, accepted: int, following: int, *, receipts: bool = False, exact: bool = True
) -> str:
	"""Return the statement that marks mails Sent, and others Sending if they may still leave.

	`accepted` and `following` are their numbers. Without `receipts` no server has named an id; without
	`exact` the record's address is not looked at.

	Among its rows, the Queued ones are those that follow. It writes the claim once more, and a lease where
	there is none: one that ended before the server's acceptance must not hide the mail from its batch, nor
	from the recovery where the batch dies.
	"""
	sent, next_ones = _numbered("sent", accepted), _numbered("next", following)
	parts = []
	if sent:
		parts.append(f"m.name IN ({', '.join(sent)}) AND m.status IN {_states('Sent')}")
	if next_ones:
		parts.append(
			f"""m.name IN ({", ".join(next_ones)}) AND m.claim = %(claim)s
				AND m.status IN {_states("Sending")} AND {LEASE_LIVES}
			AND NOT EXISTS ({SUPPRESSION}) AND {conditions.sends}
			AND {conditions.exact if exact else conditions.wanted}"""
		)
	ids = zip(next_ones, _numbered("id", following), strict=True)
	own_id = "".join(f" WHEN {name} THEN {message_id}" for name, message_id in ids)
	known_as = zip(sent, _numbered("receipt", accepted), strict=True)
	provider_id = "".join(f" WHEN {name} THEN NULLIF({receipt}, '')" for name, receipt in known_as)
	provider_id = f"CASE m.name{provider_id} ELSE m.provider_id END" if receipts else "m.provider_id"
	message_id = (
		f"IF(m.status = 'Queued', CASE m.name{own_id} END, m.message_id)" if own_id else "m.message_id"
	)
	return f"""UPDATE `tabCampaign Message` m SET
		m.sent_at = IF(m.status = 'Queued', m.sent_at, {_NOW}),
		m.sent_epoch = IF(m.status = 'Queued', m.sent_epoch, {_EPOCH}),
		m.reason = IF(m.status = 'Queued', m.reason, ''),
		m.attempts = IF(m.status = 'Queued', m.attempts + 1, m.attempts),
		m.message_id = {message_id},
		m.provider_id = {provider_id},
		m.claim = %(claim)s,
		m.lease_until = IF(m.lease_until = 0, {LATE_LEASE}, m.lease_until),
		m.status = IF(m.status = 'Queued', 'Sending', 'Sent')
		WHERE m.name IN ({", ".join(sent + next_ones)}) AND (({") OR (".join(parts)}))"""


def _states(target: str, *among: str) -> str:
	"""Return, as a list in SQL, the statuses from which a mail may get `target`.

	With `among` only those of them, and `target` itself.
	"""
	origins = lifecycle.origins("Campaign Message", target)
	states = [state for state in (target, *origins) if state in among] if among else origins
	return "(" + ", ".join(f"'{state}'" for state in states) + ")"


def _numbered(name: str, number: int) -> list[str]:
	return [f"%({name}{index})s" for index in range(number)]


# The database keeps the values that most statements share, in user variables.
_SHARED = ("claim", "ignored", "sender")


def _execution(name: str, statement: str) -> str:
	"""Return the statement that executes a prepared one with its values."""
	values = _VALUE.findall(statement)
	return f"EXECUTE {name} USING " + ", ".join(
		f"@ec_{value}" if value in _SHARED else f"%({value})s" for value in values
	)


class LedgerJournal:
	"""Implements session_pool.GroupJournal on MariaDB, by whose clock alone it writes times.

	`claim` is the token of its rows. `meanwhile` is called with the number of mails that follow while the
	database works; it may raise nothing.
	"""

	def __init__(self, mailing: Mailing, claim: str):
		self.mailing = mailing
		self.claim = claim
		self.shared = {
			"claim": claim,
			"ignored": UNSUBSCRIBED if mailing.informational else "",
			"sender": mailing.campaign if mailing.stream else mailing.name,
		}
		self.conditions = leave_conditions(mailing, [PLAIN, *sources()])
		self.prepared: dict[tuple[int, int, bool], str] = {}
		self.refused: set[int] = set()
		self.meanwhile: Callable[[int], object] = lambda _number: None
		self.connection = frappe.db.get_connection()
		self.connection.autocommit(True)
		self.cursor = self.connection.cursor()
		self.cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
		self.cursor.execute("SET SESSION time_zone = '+00:00'")
		variables = ", ".join(f"@ec_{name} = %({name})s" for name in _SHARED)
		self.cursor.execute(f"SET {variables}", self.shared)
		self.zone_known_until = 0.0
		self._follow_zone()

	def expect(self, conditions: LeaveConditions) -> None:
		"""Ask each mail of the batch that follows for these conditions."""
		if self.conditions != conditions:
			self.conditions = conditions
			self.prepared.clear()

	def close(self) -> None:
		"""Close the journal's own connection."""
		self.connection.close()

	def advance_all(self, steps: Sequence[JournalStep]) -> list[JournalAnswer]:
		"""Mark the accepted mails of several sessions Sent and those that follow Sending, in one statement.

		Returns the answer to each step: GO only if the mail that follows may still leave.
		"""
		self._follow_zone()
		sent = [step.accepted for step in steps if step.accepted]
		following = [step.following for step in steps if step.following]
		values: dict[str, str | int] = {}
		for index, letter in enumerate(sent):
			values[f"sent{index}"], values[f"receipt{index}"] = letter.name, letter.receipt
		for index, letter in enumerate(following):
			values[f"next{index}"], values[f"id{index}"] = letter.name, letter.message_id
		prepared = self._prepare(len(sent), len(following), any(letter.receipt for letter in sent))
		changed = self._execute_meanwhile(prepared, values, len(following))
		if changed == len(sent) + len(following):
			return [JournalAnswer.GO] * len(steps)
		return [self._answer(step.following) if step.following else JournalAnswer.GO for step in steps]

	def _prepare(self, accepted: int, following: int, receipts: bool) -> str:
		"""Return a statement that executes a prepared one, which the database parses once a job."""
		key = accepted, following, receipts
		if key not in self.prepared:
			name = f"ec_{accepted}_{following}{'_ids' * receipts}"
			statement = _statement(self.conditions, accepted, following, receipts=receipts)
			self._execute(f"PREPARE {name} FROM %s", (_VALUE.sub("?", statement),))
			self.prepared[key] = _execution(name, statement)
		return self.prepared[key]

	def fail(self, letter: Letter, reason: Sentence | str, *, bounced: bool = False) -> None:
		"""Mark a mail Failed; `bounced` where the address itself is at fault."""
		stamp = f", m.bounced_at = {_NOW}" if bounced else ""
		self._end(letter, "Failed", f"m.reason = %(reason)s{stamp}", reason=translate(reason))

	def postpone(self, letter: Letter, reason: Sentence | str, delay: int) -> None:
		"""Queue a mail again, to be tried after `delay` seconds."""
		self._requeue(
			letter,
			"m.reason = %(reason)s, m.send_after = UNIX_TIMESTAMP() + %(delay)s, m.attempts = %(attempts)s",
			reason=translate(reason),
			delay=delay,
			attempts=letter.attempts + 1,
		)

	def give_back(self, letter: Letter) -> None:
		"""Queue a mail again as if it had not been tried: it was not at fault."""
		self._requeue(letter, "m.attempts = %(attempts)s", attempts=letter.attempts)

	def doubt(self, letter: Letter, reason: Sentence | str) -> None:
		"""Mark a mail Uncertain. It may have left, so it counts in the window of the hourly limit."""
		self._end(
			letter,
			"Uncertain",
			f"m.reason = %(reason)s, m.sent_epoch = {_EPOCH}",
			reason=translate(reason),
		)

	def _requeue(self, letter: Letter, assignments: str, **values: str | int) -> None:
		"""Queue a mail again, or end it where its mailing or its sequence has ended for good meanwhile.

		Whatever ends these locks them first, too. So either their end is seen here, or the mail is Queued
		again before they end their Queued mails.
		"""

		def requeue() -> None:
			self.cursor.execute("START TRANSACTION")
			status, reason = read_end(self.cursor, self.mailing, letter.name)
			self.cursor.execute(*self._ending(letter, "Queued", assignments, **values))
			if status:
				self.cursor.execute(*self._ending(letter, status, "m.reason = %(reason)s", reason=reason))
			self.cursor.execute("COMMIT")

		self._repeat(requeue)

	def _end(self, letter: Letter, status: str, assignments: str, **values: str | int) -> None:
		self._execute(*self._ending(letter, status, assignments, **values))

	def _ending(
		self, letter: Letter, status: str, assignments: str, **values: str | int
	) -> tuple[str, dict[str, str | int]]:
		"""Return the statement that gives a mail of this job another status, and its values.

		One that was not tried may stay Queued.
		"""
		return (
			f"""UPDATE `tabCampaign Message` m SET m.status = %(status)s, {assignments}
			WHERE m.name = %(name)s AND m.claim = %(claim)s
				AND m.status IN {_states(status, "Queued", "Sending")}""",
			{"name": letter.name, "claim": self.claim, "status": status, **values},
		)

	def _follow_zone(self) -> None:
		"""Tell the database by how many seconds the site's clocks are ahead of UTC at this moment."""
		if monotonic() < self.zone_known_until:
			return
		self.zone_known_until = monotonic() + ZONE_SECONDS
		self._execute("SELECT UNIX_TIMESTAMP()")
		epoch = int(self.cursor.fetchone()[0])
		ahead = site_time(epoch) - datetime.fromtimestamp(epoch, timezone.utc).replace(tzinfo=None)
		self._execute("SET @ec_ahead = %s", (int(ahead.total_seconds()),))

	def _execute_meanwhile(self, statement: str, values: dict, number: int) -> int:
		"""Execute a statement, and call `meanwhile` with a number while the database works."""
		finish = begin_statement(self.connection, self.cursor.mogrify(statement, values))
		self.meanwhile(number)
		attempts = chain([finish], repeat(lambda: self.cursor.execute(statement, values)))
		return self._repeat(lambda: next(attempts)())

	def _execute(self, statement: str, values: dict | tuple = ()) -> int:
		return self._repeat(lambda: self.cursor.execute(statement, values))

	def _repeat(self, work: Callable[[], T]) -> T:
		# What lost a deadlock or waited too long for a lock has changed nothing and may be repeated.
		for _attempt in range(LOCK_ATTEMPTS - 1):
			try:
				return work()
			except Exception as error:
				self.connection.rollback()
				if error.args[:1] not in ((DEADLOCK,), (LOCK_WAIT,)):
					raise
		return work()

	def _answer(self, letter: Letter) -> JournalAnswer:
		"""Look at one mail that follows: whether it leaves all the same, or the job goes on without it.

		A mail that is not wanted any more stays with this batch, and the next claim decides on it.
		"""
		self.cursor.execute(
			f"""SELECT {self.conditions.sends}, EXISTS ({SUPPRESSION}), m.claim = %(claim)s, m.status,
				{LEASE_LIVES}, {self.conditions.wanted}, {self.conditions.address}
			FROM `tabCampaign Message` m WHERE m.name = %(name)s""",
			{"name": letter.name, **self.shared},
		)
		sends, suppressed, claimed, status, lives, wanted, address = self.cursor.fetchone() or _GONE
		if status == "Sending" and claimed:
			return JournalAnswer.GO
		if not sends or (claimed and not lives):
			return JournalAnswer.STOP
		if (
			claimed
			and not suppressed
			and wanted
			and _is_same(address, letter.email)
			and self._send_inexactly(letter)
		):
			return JournalAnswer.GO
		if not claimed:
			return JournalAnswer.FENCED
		self._refuse(letter)
		return JournalAnswer.SKIP

	def _send_inexactly(self, letter: Letter) -> bool:
		"""Mark a mail Sending whose record spells its address otherwise; return whether it may leave."""
		values = {"next0": letter.name, "id0": letter.message_id, **self.shared}
		return self._execute(_statement(self.conditions, 0, 1, exact=False), values) == 1

	def _refuse(self, letter: Letter) -> None:
		"""Leave the decision on a mail to the next claim; the second time in this job, to a later one."""
		if letter.name in self.refused:
			later = f"m.send_after = UNIX_TIMESTAMP() + {REFUSED_SECONDS}"
			self._end(letter, "Queued", later)
		self.refused.add(letter.name)


def _is_same(address: str | None, email: str) -> bool:
	return address_key(normalise_or_empty(address)) == address_key(email)
