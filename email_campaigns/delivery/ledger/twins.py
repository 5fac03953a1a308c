"""Twins: mails of a campaign's sequences to one address, from several enrolments. Pure.

Under “One mail per address” an address gets each step once, from whichever enrolment was planned first. A
twin counts where its enrolment is under way, or where it was written, sent or answered since the other
enrolment was made: a finished sequence may be followed by another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from email_campaigns.text import _lt

TAKEN = _lt("The address has this step by another Email Campaign: {0}")
WAITS = _lt("Waits for another Email Campaign that has this step for the same address")
OPEN = ("Queued", "Sending")
# An Uncertain mail counts as sent: nobody is mailed twice.
ARRIVED = ("Sent", "Uncertain")


@dataclass(frozen=True, slots=True)
class TwinMail:
	"""A mail of a step to an address; `latest` is when it was last written, sent or answered (the site's
	clock), `running` whether its enrolment is under way.

	`number` is that of its row, 0 where it is about to be written.
	"""

	number: int
	source: str
	step: int
	status: str
	running: bool
	latest: datetime
	opened: bool = False
	clicked: bool = False
	replied: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
	"""The enrolment that a step of an address is left to; `waiting` while its mail is still open."""

	source: str
	waiting: bool


def twins_of(mails: Iterable[TwinMail], source: str, since: datetime) -> list[TwinMail]:
	"""Return those of an address's mails that count for the enrolment `source`, made at `since`."""
	return [mail for mail in mails if mail.source != source and (mail.running or mail.latest >= since)]


def taken_steps(twins: Collection[TwinMail], before: int = 0) -> dict[int, Taken]:
	"""Return {step: who has it}. With `before`, only rows with lower numbers count while they are open.

	Of two rows that wait for each other, the elder goes on.
	"""
	taken: dict[int, Taken] = {}
	for mail in twins:
		is_open = mail.status in OPEN and (not before or mail.number < before)
		if is_open and mail.step not in taken:
			taken[mail.step] = Taken(mail.source, waiting=True)
		elif mail.status in ARRIVED:
			taken[mail.step] = Taken(mail.source, waiting=False)
	return taken
