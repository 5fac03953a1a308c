"""The journal of one page: the ledger's rows under one claim, written one durable statement a mail.

It has a connection of its own with autocommit, so that a statement is a transaction and no other work of
the job is committed with it, and READ COMMITTED, so that looking at suppressions locks nothing of theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import frappe
from frappe.utils import get_system_timezone

from email_campaigns.audience.decide import UNSUBSCRIBED, suppression_reason
from email_campaigns.delivery.mailing import Letter, Mailing
from email_campaigns.delivery.page import Verdict

DEADLOCK, LOCK_WAIT = 1213, 1205  # MariaDB's error numbers
LOCK_ATTEMPTS = 5

_SUPPRESSED = """SELECT s.reason FROM `tabSuppressed Email` s
	WHERE s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
		AND COALESCE(s.target_list, '') IN ('', m.target_list) AND s.reason != %(ignored)s"""
# Of a Mass Email all mails stop together. Whoever leaves a drip sequence has no Queued mail in it any more; the others go on.
_GOING = {
	"Mass Email": """SELECT 1 FROM `tabMass Email` p JOIN `tabCampaign` c ON c.name = p.campaign
		WHERE p.name = m.source AND p.status = 'In Process' AND c.status != 'Inactive'""",
	"Email Campaign": "SELECT 1 FROM `tabCampaign` c WHERE c.name = m.campaign AND c.status != 'Inactive'",
}
_ACCEPTED = "m.name = %(accepted)s AND m.status IN ('Sending', 'Uncertain')"
# The claim is written once more: a lease that ended before the acceptance came must not hide it from the page.
_SENT_AT = "m.sent_at = %(at)s, m.sent_epoch = %(epoch)s, m.reason = '', m.claim = %(claim)s"

_LAST = f"UPDATE `tabCampaign Message` m SET m.status = 'Sent', {_SENT_AT} WHERE {_ACCEPTED}"
_VALUE = re.compile(r"%\((\w+)\)s")


def _statements(source_doctype: str) -> dict[str, str]:
	may_leave = f"""m.name = %(following)s AND m.claim = %(claim)s AND m.status = 'Queued'
		AND NOT EXISTS ({_SUPPRESSED}) AND EXISTS ({_GOING[source_doctype]})"""
	first = f"""UPDATE `tabCampaign Message` m SET m.status = 'Sending', m.message_id = %(message_id)s,
		m.attempts = m.attempts + 1 WHERE {may_leave}"""
	both = f"""UPDATE `tabCampaign Message` m SET
		m.sent_at = IF(m.name = %(accepted)s, %(at)s, m.sent_at),
		m.sent_epoch = IF(m.name = %(accepted)s, %(epoch)s, m.sent_epoch),
		m.claim = %(claim)s,
		m.reason = IF(m.name = %(accepted)s, '', m.reason),
		m.message_id = IF(m.name = %(accepted)s, m.message_id, %(message_id)s),
		m.attempts = IF(m.name = %(accepted)s, m.attempts, m.attempts + 1),
		m.status = IF(m.name = %(accepted)s, 'Sent', 'Sending')
		WHERE m.name IN (%(accepted)s, %(following)s) AND (({_ACCEPTED}) OR ({may_leave}))"""
	return {"ec_first": first, "ec_last": _LAST, "ec_both": both}


# By name in the server, which then parses each once a page and not once a mail.
_EXECUTE = {
	name: f"EXECUTE {name} USING {', '.join(f'%({value})s' for value in _VALUE.findall(statement))}"
	for name, statement in _statements("Mass Email").items()
}


class LedgerJournal:
	"""Implements delivery.page.Journal on MariaDB. `clock` returns Unix time in seconds."""

	def __init__(self, mailing: Mailing, claim: str, clock: Callable[[], float]):
		self.claim = claim
		self.clock = clock
		self.ignored = "" if mailing.heeds_opt_out else UNSUBSCRIBED
		self.zone = ZoneInfo(get_system_timezone())
		self.now = {"at": "", "epoch": 0}
		self.connection = frappe.db.get_connection()
		self.connection.autocommit(True)
		self.cursor = self.connection.cursor()
		self.cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
		self.going = _GOING[mailing.doctype]
		for name, statement in _statements(mailing.doctype).items():
			self.cursor.execute(f"PREPARE {name} FROM %s", (_VALUE.sub("?", statement),))

	def close(self) -> None:
		self.connection.close()

	def advance(self, accepted: Letter | None, following: Letter | None) -> Verdict:
		"""Mark one mail Sent and the next Sending in one statement; GO only if the next may still leave."""
		statement = "ec_both" if accepted and following else "ec_last" if accepted else "ec_first"
		changed = self._write(
			_EXECUTE[statement],
			accepted=accepted and accepted.name,
			following=following and following.name,
			message_id=following.message_id if following else "",
		)
		if not following or changed == bool(accepted) + 1:
			return Verdict.GO
		return self._why_not(following)

	def fail(self, letter: Letter, reason: str, *, bounced: bool = False) -> None:
		stamp = ", m.bounced_at = %(at)s" if bounced else ""
		self._end(letter, f"m.status = 'Failed', m.reason = %(reason)s{stamp}", reason=reason)

	def postpone(self, letter: Letter, reason: str, delay: int) -> None:
		"""Queue a mail again, to be tried after `delay` seconds."""
		self._end(
			letter,
			"m.status = 'Queued', m.reason = %(reason)s, m.send_after = %(send_after)s, m.attempts = %(attempts)s",
			reason=reason,
			send_after=int(self.clock()) + delay,
			attempts=letter.attempts + 1,
		)

	def give_back(self, letter: Letter) -> None:
		"""Queue a mail again as if it had not been tried: the fault was not its own."""
		self._end(letter, "m.status = 'Queued', m.attempts = %(attempts)s", attempts=letter.attempts)

	def doubt(self, letter: Letter, reason: str) -> None:
		# It may have left, so it counts in the window of the hourly limit.
		self._end(
			letter, "m.status = 'Uncertain', m.reason = %(reason)s, m.sent_epoch = %(epoch)s", reason=reason
		)

	def _end(self, letter: Letter, assignments: str, **values) -> None:
		self._write(
			f"""UPDATE `tabCampaign Message` m SET {assignments}
			WHERE m.name = %(name)s AND m.claim = %(claim)s AND m.status IN ('Queued', 'Sending')""",
			name=letter.name,
			**values,
		)

	def _write(self, statement: str, **values) -> int:
		# A second is rounded up, so that a mail leaves the sliding hour late rather than early.
		epoch = math.ceil(self.clock())
		if epoch != self.now["epoch"]:
			at = datetime.fromtimestamp(epoch, self.zone).strftime("%Y-%m-%d %H:%M:%S")
			self.now = {"at": at, "epoch": epoch}
		return self._execute(statement, {"claim": self.claim, "ignored": self.ignored, **self.now, **values})

	def _execute(self, statement: str, values: dict) -> int:
		# A statement that lost a deadlock or waited too long has changed nothing, and may be said again.
		for _attempt in range(LOCK_ATTEMPTS - 1):
			try:
				return self.cursor.execute(statement, values)
			except Exception as error:
				if error.args[:1] not in ((DEADLOCK,), (LOCK_WAIT,)):
					raise
		return self.cursor.execute(statement, values)

	def _why_not(self, letter: Letter) -> Verdict:
		values = {"name": letter.name, "claim": self.claim, "ignored": self.ignored}
		self.cursor.execute(
			f"""SELECT EXISTS({self.going}), ({_SUPPRESSED} LIMIT 1), m.claim = %(claim)s, m.status
			FROM `tabCampaign Message` m WHERE m.name = %(name)s""",
			values,
		)
		in_process, suppressed, ours, status = self.cursor.fetchone() or (0, None, 0, "")
		if status == "Sending" and ours:
			return Verdict.GO
		if not in_process:
			return Verdict.STOP
		if suppressed and ours:
			reason = suppression_reason(suppressed)
			self._end(letter, "m.status = 'Skipped', m.reason = %(reason)s", reason=reason)
		return Verdict.SKIP
