"""Wall-clock times of a zone to Unix seconds and back. Pure: the zone database is the only thing it reads."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND = timedelta(seconds=1)
# The areas of the zone database (its theory.html, "Timezone identifiers"). What lies outside them are links kept for
# old programs (US/Eastern, Japan, GMT+0), offsets without a place (Etc/GMT-5, EST5EDT) and files of a system's own.
_AREAS = frozenset(
	[
		"Africa",
		"America",
		"Antarctica",
		"Arctic",
		"Asia",
		"Atlantic",
		"Australia",
		"Europe",
		"Indian",
		"Pacific",
	]
)


class UnknownZone(ValueError):
	"""The zone database has no zone of that name. The message is a sentence for the user."""

	def __init__(self, zone: str):
		super().__init__(f"“{zone}” is not a time zone that this server knows; one is called Europe/Paris.")
		self.zone = zone


def to_epoch(local: datetime, zone: str) -> int:
	"""Return the Unix seconds, rounded down, of a wall-clock time (naive) in a zone.

	A time that does not exist, for the clock was set forward over it, lies as far after the gap as the gap is long
	(RFC 5545 3.3.5: the offset before the gap counts); of a time that comes twice it is the first.
	Raises UnknownZone.
	"""
	return (local.replace(tzinfo=_zone(zone), fold=0) - _EPOCH) // _SECOND


def in_zone(epoch: int, zone: str) -> datetime:
	"""Return what the clocks of a zone show at `epoch` (Unix seconds), as a naive datetime. Raises UnknownZone."""
	return datetime.fromtimestamp(epoch, _zone(zone)).replace(tzinfo=None, fold=0)


def zone_names() -> list[str]:
	"""Return the zones that a form offers, sorted: those of places, and UTC. Older names are understood as well."""
	return list(_names())


@cache
def _names() -> tuple[str, ...]:
	return tuple(
		sorted(name for name in available_timezones() if name == "UTC" or name.split("/")[0] in _AREAS)
	)


def _zone(name: str) -> ZoneInfo:
	# Besides its own error, ZoneInfo lets through what the file system says to "Europe" or a path out of it.
	try:
		return ZoneInfo(name)
	except (KeyError, ValueError, OSError, TypeError):
		raise UnknownZone(name) from None
