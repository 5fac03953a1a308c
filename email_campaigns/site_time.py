"""The clocks of the site: the database's, by which mail leaves, and the wall clock of the users."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from zoneinfo import ZoneInfo

import frappe
from frappe.utils import get_system_timezone


def database_epoch() -> int:
	"""Return the present time in Unix seconds by the database's clock.

	Workers on several machines share it. Leases, limits and the times of sending depend on it alone, so a
	machine whose own clock is wrong changes nothing.
	"""
	return int(frappe.db.sql("SELECT UNIX_TIMESTAMP()")[0][0])


def database_clock() -> Callable[[], float]:
	"""Return a clock of Unix seconds that was set by the database's, for what looks at it all the time.

	It goes on by itself, steadily: this machine's own clock may be wrong, or step, and changes nothing.
	"""
	began, epoch = monotonic(), _precise_epoch()
	return lambda: epoch + monotonic() - began


def site_now() -> datetime:
	"""Return the naive wall-clock time of the site at present, by the database's clock."""
	return site_time(_precise_epoch())


def _precise_epoch() -> float:
	# Apart, since a local time that comes twice in autumn has two epochs.
	seconds, microseconds = frappe.db.sql("SELECT UNIX_TIMESTAMP(), MICROSECOND(NOW(6))")[0]
	return seconds + microseconds / 1e6


def site_time(epoch: float) -> datetime:
	"""Return the naive wall-clock time of the site at `epoch` (Unix seconds), as Frappe stores it."""
	return datetime.fromtimestamp(epoch, ZoneInfo(get_system_timezone())).replace(tzinfo=None)
