"""The calendar of a drip sequence: when its steps are due, what is caught up, and where an enrolment stands. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from email_campaigns.schedule.clock import UnknownZone, to_epoch

RECIPIENTS = "The recipient's"  # a step's time zone that is each recipient's own
SCHEDULED, IN_PROGRESS, COMPLETED = "Scheduled", "In Progress", "Completed"
DAY = 86400
LOOK_NOW = 1  # Unix seconds long past: whatever is next due then is looked at in the next round


@dataclass(frozen=True, slots=True)
class DripStep:
	"""One step of a sequence. `number` is its own for ever, `days` count from the start date; `at` and `zone` say
	when on that day, in the time of which clocks ("" the site's, RECIPIENTS each recipient's)."""

	number: int
	days: int
	template: str
	at: time | None = None
	zone: str = ""
	send_if: str = ""


@dataclass(frozen=True, slots=True)
class Clocks:
	"""What holds where a step names no time: the site's time zone, and an hour from 0 to 23."""

	zone: str
	hour: int = 9


def time_of_day(text: str) -> time | None:
	"""Return what a user has written as "9", "9:30" or "21:05", None for nothing. Raises ValueError with a sentence."""
	if not text.strip():
		return None
	hour, _colon, minute = text.strip().partition(":")
	try:
		return time(int(hour), int(minute[:2] or 0))
	except ValueError:
		raise ValueError(f"“{text}” is no time of day; one is written 9:30.") from None


def end_date(start: date, steps: Iterable[DripStep]) -> date:
	"""Return the day of the last step."""
	return start + timedelta(days=max((step.days for step in steps), default=0))


def status_on(today: date, start: date, end: date) -> str:
	"""Return where an enrolment stands that nothing has ended: by ERPNext's rule, on dates of the site's clock."""
	if start > today:
		return SCHEDULED
	return IN_PROGRESS if end >= today else COMPLETED


def due(step: DripStep, start: date, clocks: Clocks, recipient_zone: str = "") -> int:
	"""Return when a step may leave, in Unix seconds. A recipient without a known time zone lives by the site's clock."""
	day = start + timedelta(days=step.days)
	local = datetime.combine(day, step.at or time(min(23, max(0, clocks.hour))))
	zone = (recipient_zone if step.zone == RECIPIENTS else step.zone) or clocks.zone
	try:
		return to_epoch(local, zone)
	except UnknownZone:
		return to_epoch(local, clocks.zone)


def is_missed(due_epoch: int, now: int, catch_up_days: int) -> bool:
	"""Tell whether a step that was due at `due_epoch` (Unix seconds) can't be caught up any more."""
	return now - due_epoch > catch_up_days * DAY + DAY


def next_due(times: dict[int, int], done: Collection[int], now: int) -> int:
	"""Return when there is something to do next, in Unix seconds, 0 where there is nothing: `times` are those of
	all steps by their number, `done` the steps that need nothing any more."""
	return min((at for number, at in times.items() if number not in done and at > now), default=0)
