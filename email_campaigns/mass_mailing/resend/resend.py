"""Rules of sending again: which mails of a mailing may be, and why the others may not. Pure.

A mail that was Sent gets a row of its own, since the first one stays a fact; a mail that never left is Queued
again in its own row. A recipient who must not be mailed today gets nothing, whatever held when the mailing
went out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from email_campaigns.audience.decide import (
	DUPLICATE_ADDRESS,
	DUPLICATE_RECORD,
	HELD_OUT,
	PER_ADDRESS,
	Candidate,
	dedupe_key,
	exclusion,
)
from email_campaigns.text import _lt

STARTED = ("In Process", "Paused", "Complete", "Failed")
RECENT = 300  # seconds in which a second person hardly knows of the first one's click

ON_ITS_WAY = _lt("It is on its way already.")
JUST_SENT = _lt("It was sent again less than five minutes ago.")
UNDECIDED = _lt("Nobody knows whether it arrived. Decide that first.")
IS_COPY = _lt("A copy is not sent again by itself, but with the mail that it is a copy of.")
SPOILS_COMPARISON = _lt("They belong to the hold-out group: a mail to them would spoil the comparison.")

NOT_STARTED = _lt("The mailing has not been sent yet.")
CANCELLED = _lt("The mailing is cancelled, so nothing of it is sent again.")
NOT_FROZEN = _lt("The list of recipients is still being prepared.")
PAST_DEADLINE = _lt("The deadline of the mailing has passed.")
INACTIVE = _lt("The campaign is Inactive. Set it to Active first.")


@dataclass(frozen=True, slots=True)
class LedgerRow:
	"""A row of the ledger; `settled` is False while a job still holds it, `sent_epoch` is in Unix seconds."""

	name: int
	status: str
	reason: str
	email: str
	target_list: str
	member: int
	doctype: str
	record: str
	language: str
	dedupe_key: str
	is_seed: bool = False
	cc_of: int = 0
	resend_of: int = 0
	sent_epoch: int = 0
	settled: bool = True

	@property
	def original(self) -> int:
		"""The number of the mail that this one repeats, its own where it is the first."""
		return self.resend_of or self.name


@dataclass(frozen=True, slots=True)
class ResendRules:
	"""The rules of the mailing by which its recipients were chosen.

	`held_out` says of an address whether it is in the hold-out group; `decided` that a person has said of the
	Uncertain mails that they did not arrive.
	"""

	policy: str = PER_ADDRESS
	informational: bool = False
	held_out: Callable[[str], bool] = field(default=lambda email: False)
	decided: bool = False


@dataclass(frozen=True, slots=True)
class ResendPlan:
	"""The decision over a row to be sent again.

	`reason` says why it is not, "" where it is; `key` is its key in the ledger; `today` has what is known of
	the recipient today.
	"""

	row: LedgerRow
	today: Candidate
	key: str = ""
	reason: str = ""

	@property
	def moved(self) -> bool:
		"""Return whether the recipient's address, or the row's key, is another one today."""
		return self.today.email != self.row.email or self.key != self.row.dedupe_key


def resend_hindrance(*, status: str, frozen: bool, deadline: int, campaign: str, epoch: int) -> str:
	"""Return the sentence for which nothing of a mailing can be sent again, "" where it can.

	`campaign` is the campaign's status; `epoch` is now and `deadline` 0 where there is none, in Unix seconds.
	"""
	checks = (
		(status == "Cancelled", CANCELLED),
		(status not in STARTED, NOT_STARTED),
		(not frozen, NOT_FROZEN),
		(0 < deadline <= epoch, PAST_DEADLINE),
		(campaign == "Inactive", INACTIVE),
	)
	return next((sentence for applies, sentence in checks if applies), "")


def resend_refusal(
	row: LedgerRow, today: Candidate, rules: ResendRules, resends: Iterable[LedgerRow] = (), epoch: int = 0
) -> str:
	"""Return why a row can't be sent again at `epoch` (Unix seconds), "" where it can or is a duplicate.

	`today` has what is known of its recipient today; `resends` are the rows that were made for the same
	original.
	"""
	return (
		_problem_with_row(row, rules)
		or _problem_with_resends(row, resends, epoch)
		or _problem_with_recipient(row, today, rules)
	)


def _problem_with_row(row: LedgerRow, rules: ResendRules) -> str:
	if row.status == "Uncertain" and row.settled and rules.decided:
		return ""
	if row.cc_of:
		return IS_COPY
	if row.status in ("Queued", "Sending") or not row.settled:
		return ON_ITS_WAY
	return UNDECIDED if row.status == "Uncertain" else ""


def _problem_with_resends(row: LedgerRow, resends: Iterable[LedgerRow], epoch: int) -> str:
	others = [other for other in resends if other.name != row.name]
	if row.status != "Sent":
		return ""
	if any(other.status in ("Queued", "Sending") or not other.settled for other in others):
		return ON_ITS_WAY
	if any(other.status == "Uncertain" for other in others):
		return UNDECIDED
	newest = max((other.sent_epoch for other in resends), default=0)
	return JUST_SENT if newest and newest > epoch - RECENT else ""


def _problem_with_recipient(row: LedgerRow, today: Candidate, rules: ResendRules) -> str:
	if reason := exclusion(today, informational=rules.informational):
		return reason
	held_out = row.reason == HELD_OUT or rules.held_out(today.email)
	return SPOILS_COMPARISON if row.status == "Skipped" and not row.is_seed and held_out else ""


def plan_requeue(
	rows: Sequence[LedgerRow], today: Mapping[int, Candidate], holders: Mapping[str, int], rules: ResendRules
) -> Iterator[ResendPlan]:
	"""Decide over rows that never left, in their order.

	`today` is {row: what is known of its recipient today}, `holders` {key: the row that has it}. Of several
	recipients with one key, the one who has it keeps it.
	"""
	seen: set[str] = set()
	for row in rows:
		candidate = today[row.name]
		reason, key = resend_refusal(row, candidate, rules), wanted_key(row, candidate, rules.policy)
		if not reason and (key in seen or holders.get(key, row.name) != row.name):
			reason = DUPLICATE_ADDRESS if rules.policy == PER_ADDRESS else DUPLICATE_RECORD
		if not reason:
			seen.add(key)
		yield ResendPlan(row, candidate, key, reason)


def wanted_key(row: LedgerRow, today: Candidate, policy: str) -> str:
	"""Return the key that a row has once it is Queued again: a second mail, or a copy, keeps its own."""
	return row.dedupe_key if row.resend_of or row.cc_of else dedupe_key(today, policy)


def resend_key(original: int, number: int) -> str:
	"""Return the key of the mail that is sent again for the `number`th time, counted from 1."""
	return f"x:{original}:{number}"
