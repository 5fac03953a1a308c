"""The two clocks of the site: the database's, by which mail leaves, and the wall clock of the site's users."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import frappe
from frappe.utils import get_system_timezone


def database_epoch() -> int:
	"""Return the present time in Unix seconds by the database's clock.

	Workers on several machines share it. Leases, limits and the times of sending depend on it alone, so a
	machine whose own clock is wrong changes nothing.
	"""
	return int(frappe.db.sql("SELECT UNIX_TIMESTAMP()")[0][0])


def site_time(epoch: int) -> datetime:
	"""Return the naive wall-clock time of the site at `epoch` (Unix seconds), as Frappe stores it."""
	return datetime.fromtimestamp(epoch, ZoneInfo(get_system_timezone())).replace(tzinfo=None)
