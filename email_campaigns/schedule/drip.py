"""The calendar of a drip sequence: due times, steps that are too late, status of an enrolment. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from email_campaigns.schedule.clock import UnknownZone, to_epoch
from email_campaigns.text import SentenceError, _lt

RECIPIENTS = "The recipient's"  # a step's time zone that is each recipient's own
SCHEDULED, IN_PROGRESS, COMPLETED = "Scheduled", "In Progress", "Completed"
DAY = 86400
LOOK_NOW = 1  # Unix seconds long past: the next round looks at an enrolment with this due time


class InvalidTime(SentenceError, ValueError):
	"""A text is not a time of day; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class DripStep:
	"""One step of a sequence. `number` identifies it and never changes; `days` count from the start date.

	`at` is the time on that day, None for the hour of the settings. `zone` is the time zone of `at`: "" for
	the site's, RECIPIENTS for each recipient's own.
	"""

	number: int
	days: int
	template: str
	at: time | None = None
	zone: str = ""
	send_if: str = ""


@dataclass(frozen=True, slots=True)
class Clocks:
	"""The site's time zone and the hour (0 to 23) that hold for steps without a time of their own."""

	zone: str
	hour: int = 9


def time_of_day(text: str) -> time | None:
	"""Return the time that a user wrote as "9" or "9:30", None for an empty text. Raises InvalidTime."""
	if not text.strip():
		return None
	hour, _colon, minute = text.strip().partition(":")
	try:
		return time(int(hour), int(minute[:2] or 0))
	except ValueError:
		raise InvalidTime(_lt("“{0}” is no time of day. A time is written like 9:30."), text) from None


def end_date(start: date, steps: Iterable[DripStep]) -> date:
	"""Return the day of the last step."""
	return start + timedelta(days=max((step.days for step in steps), default=0))


def status_on(today: date, start: date, end: date) -> str:
	"""Return the status of an enrolment that nothing has ended: ERPNext's rule, on the site's dates."""
	if start > today:
		return SCHEDULED
	return IN_PROGRESS if end >= today else COMPLETED


def due(step: DripStep, start: date, clocks: Clocks, recipient_zone: str = "") -> int:
	"""Return when a step may leave (Unix seconds). An unknown `recipient_zone` is replaced by the site's."""
	day = start + timedelta(days=step.days)
	local = datetime.combine(day, step.at or time(min(23, max(0, clocks.hour))))
	zone = (recipient_zone if step.zone == RECIPIENTS else step.zone) or clocks.zone
	try:
		return to_epoch(local, zone)
	except UnknownZone:
		return to_epoch(local, clocks.zone)


def is_missed(due_epoch: int, now: int, catch_up_days: int) -> bool:
	"""Tell whether it is too late for a step that was due at `due_epoch` (Unix seconds)."""
	return now - due_epoch > catch_up_days * DAY + DAY


def next_due(times: dict[int, int], done: Collection[int], now: int) -> int:
	"""Return when the next step is due, in Unix seconds, 0 where none is.

	`times` has the due time of every step by its number, `done` the numbers of the steps that need nothing
	more.
	"""
	return min((at for number, at in times.items() if number not in done and at > now), default=0)
