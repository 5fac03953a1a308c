"""The site's clock: what a time in Unix seconds is where the site's users live."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from frappe.utils import get_system_timezone


def site_time(epoch: int) -> datetime:
	"""Return the naive wall-clock time of the site at `epoch` (Unix seconds), as Frappe stores it."""
	return datetime.fromtimestamp(epoch, ZoneInfo(get_system_timezone())).replace(tzinfo=None)
