"""The journal of a job: the ledger's rows under one claim, each mail durable before it leaves.

It has a connection of its own with autocommit, so that each statement is a transaction and commits no other
work of the job. It reads in READ COMMITTED, so that it locks no suppression that it looks at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import frappe
from frappe.utils import get_system_timezone

from email_campaigns import lifecycle
from email_campaigns.audience.decide import UNSUBSCRIBED, suppression_reason
from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.mailing.mailing_store import CAMPAIGN_SENDS, MASS_EMAIL_SENDS
from email_campaigns.delivery.sending.send_loop import JournalAnswer, JournalStep
from email_campaigns.lifecycle import EMAIL_CAMPAIGN, MASS_EMAIL
from email_campaigns.text import Sentence
from email_campaigns.translation import translate

DEADLOCK, LOCK_WAIT = 1213, 1205  # MariaDB's error numbers
LOCK_ATTEMPTS = 5

_SUPPRESSED = """SELECT s.reason FROM `tabSuppressed Email` s
	WHERE s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
		AND COALESCE(s.target_list, '') IN ('', m.target_list) AND s.reason != %(ignored)s"""
# All mails of a Mass Email stop together. A person who leaves a drip sequence has no Queued mail in it any
# more, and the others go on.
_GOING = {
	MASS_EMAIL: f"""SELECT 1 FROM `tabMass Email` p JOIN `tabCampaign` c ON c.name = p.campaign
		WHERE p.name = m.source AND {MASS_EMAIL_SENDS}""",
	EMAIL_CAMPAIGN: f"SELECT 1 FROM `tabCampaign` c WHERE c.name = m.campaign AND {CAMPAIGN_SENDS}",
}
_VALUE = re.compile(r"%\((\w+)\)s")


def _statement(source_doctype: str, accepted: int, following: int) -> str:
	"""Return the statement that marks mails Sent, and others Sending if they may still leave.

	`accepted` and `following` are their numbers.

	Among its rows, the Queued ones are those that follow. It writes the claim once more: a lease that ended
	before the server's acceptance must not hide the mail from its batch.
	"""
	sent, next_ones = _numbered("sent", accepted), _numbered("next", following)
	parts = []
	if sent:
		parts.append(f"m.name IN ({', '.join(sent)}) AND m.status IN {_states('Sent')}")
	if next_ones:
		parts.append(
			f"""m.name IN ({", ".join(next_ones)}) AND m.claim = %(claim)s
				AND m.status IN {_states("Sending")}
			AND NOT EXISTS ({_SUPPRESSED}) AND EXISTS ({_GOING[source_doctype]})"""
		)
	ids = zip(next_ones, _numbered("id", following), strict=True)
	own_id = "".join(f" WHEN {name} THEN {message_id}" for name, message_id in ids)
	message_id = (
		f"IF(m.status = 'Queued', CASE m.name{own_id} END, m.message_id)" if own_id else "m.message_id"
	)
	return f"""UPDATE `tabCampaign Message` m SET
		m.sent_at = IF(m.status = 'Queued', m.sent_at, %(at)s),
		m.sent_epoch = IF(m.status = 'Queued', m.sent_epoch, %(epoch)s),
		m.reason = IF(m.status = 'Queued', m.reason, ''),
		m.attempts = IF(m.status = 'Queued', m.attempts + 1, m.attempts),
		m.message_id = {message_id},
		m.claim = %(claim)s,
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
_SHARED = ("claim", "ignored", "at", "epoch")


def _execution(name: str, statement: str) -> str:
	"""Return the statement that executes a prepared one with its values."""
	values = _VALUE.findall(statement)
	return f"EXECUTE {name} USING " + ", ".join(
		f"@ec_{value}" if value in _SHARED else f"%({value})s" for value in values
	)


class LedgerJournal:
	"""Implements session_pool.GroupJournal on MariaDB.

	`claim` is the token of its rows, `clock` gives Unix seconds.
	"""

	def __init__(self, mailing: Mailing, claim: str, clock: Callable[[], float]):
		self.source_doctype = mailing.doctype
		self.claim = claim
		self.clock = clock
		self.ignored = UNSUBSCRIBED if mailing.informational else ""
		self.zone = ZoneInfo(get_system_timezone())
		self.now: dict[str, str | int] = {"at": "", "epoch": 0}
		self.prepared: dict[tuple[int, int], str] = {}
		self.connection = frappe.db.get_connection()
		self.connection.autocommit(True)
		self.cursor = self.connection.cursor()
		self.cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
		self.cursor.execute("SET @ec_claim = %s, @ec_ignored = %s", (claim, self.ignored))

	def close(self) -> None:
		"""Close the journal's own connection."""
		self.connection.close()

	def advance_all(self, steps: Sequence[JournalStep]) -> list[JournalAnswer]:
		"""Mark the accepted mails of several sessions Sent and those that follow Sending, in one statement.

		Returns the answer to each step: GO only if the mail that follows may still leave.
		"""
		self._read_clock()
		sent = [step.accepted for step in steps if step.accepted]
		following = [step.following for step in steps if step.following]
		values: dict[str, str | int] = {f"sent{index}": letter.name for index, letter in enumerate(sent)}
		for index, letter in enumerate(following):
			values[f"next{index}"], values[f"id{index}"] = letter.name, letter.message_id
		changed = self._execute(self._prepare(len(sent), len(following)), values)
		if changed == len(sent) + len(following):
			return [JournalAnswer.GO] * len(steps)
		return [self._answer(step.following) if step.following else JournalAnswer.GO for step in steps]

	def _prepare(self, accepted: int, following: int) -> str:
		"""Return a statement that executes a prepared one, which the database parses once a job."""
		if (accepted, following) not in self.prepared:
			name = f"ec_{accepted}_{following}"
			statement = _statement(self.source_doctype, accepted, following)
			self.cursor.execute(f"PREPARE {name} FROM %s", (_VALUE.sub("?", statement),))
			self.prepared[accepted, following] = _execution(name, statement)
		return self.prepared[accepted, following]

	def fail(self, letter: Letter, reason: Sentence | str, *, bounced: bool = False) -> None:
		"""Mark a mail Failed; `bounced` where the address itself is at fault."""
		stamp = ", m.bounced_at = %(at)s" if bounced else ""
		self._end(letter, "Failed", f", m.reason = %(reason)s{stamp}", reason=translate(reason))

	def postpone(self, letter: Letter, reason: Sentence | str, delay: int) -> None:
		"""Queue a mail again, to be tried after `delay` seconds."""
		self._end(
			letter,
			"Queued",
			", m.reason = %(reason)s, m.send_after = %(send_after)s, m.attempts = %(attempts)s",
			reason=translate(reason),
			send_after=int(self.clock()) + delay,
			attempts=letter.attempts + 1,
		)

	def give_back(self, letter: Letter) -> None:
		"""Queue a mail again as if it had not been tried: it was not at fault."""
		self._end(letter, "Queued", ", m.attempts = %(attempts)s", attempts=letter.attempts)

	def doubt(self, letter: Letter, reason: Sentence | str) -> None:
		"""Mark a mail Uncertain. It may have left, so it counts in the window of the hourly limit."""
		self._end(
			letter,
			"Uncertain",
			", m.reason = %(reason)s, m.sent_epoch = %(epoch)s",
			reason=translate(reason),
		)

	def _end(self, letter: Letter, status: str, assignments: str, **values: str | int) -> None:
		"""Give a mail that this job holds another status; one that was not tried may stay Queued."""
		self._read_clock()
		self._execute(
			f"""UPDATE `tabCampaign Message` m SET m.status = %(status)s{assignments}
			WHERE m.name = %(name)s AND m.claim = %(claim)s
				AND m.status IN {_states(status, "Queued", "Sending")}""",
			{"name": letter.name, "claim": self.claim, "status": status, **self.now, **values},
		)

	def _read_clock(self) -> None:
		# Rounded up to the second, so that a mail leaves the sliding hour late rather than early.
		epoch = math.ceil(self.clock())
		if epoch != self.now["epoch"]:
			at = datetime.fromtimestamp(epoch, self.zone).strftime("%Y-%m-%d %H:%M:%S")
			self.now = {"at": at, "epoch": epoch}
			self._execute("SET @ec_at = %(at)s, @ec_epoch = %(epoch)s", self.now)

	def _execute(self, statement: str, values: dict) -> int:
		# A statement that lost a deadlock or waited too long has changed nothing and may be repeated.
		for _attempt in range(LOCK_ATTEMPTS - 1):
			try:
				return self.cursor.execute(statement, values)
			except Exception as error:
				if error.args[:1] not in ((DEADLOCK,), (LOCK_WAIT,)):
					raise
		return self.cursor.execute(statement, values)

	def _answer(self, letter: Letter) -> JournalAnswer:
		"""Look at one mail that follows; skip it with the reason where its address is suppressed."""
		values = {"name": letter.name, "claim": self.claim, "ignored": self.ignored}
		self.cursor.execute(
			f"""SELECT EXISTS({_GOING[self.source_doctype]}), ({_SUPPRESSED} LIMIT 1),
				m.claim = %(claim)s, m.status
			FROM `tabCampaign Message` m WHERE m.name = %(name)s""",
			values,
		)
		in_process, suppressed, claimed, status = self.cursor.fetchone() or (0, None, 0, "")
		if status == "Sending" and claimed:
			return JournalAnswer.GO
		if not in_process:
			return JournalAnswer.STOP
		if suppressed and claimed:
			reason = suppression_reason(suppressed)
			self._end(letter, "Skipped", ", m.reason = %(reason)s", reason=reason)
		return JournalAnswer.SKIP if claimed else JournalAnswer.FENCED
