"""Wall-clock times of a zone to Unix seconds and back. Pure, but for the zone database, which it reads."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from email_campaigns.text import SentenceError, _lt

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND = timedelta(seconds=1)
# The areas of the zone database (its theory.html, "Timezone identifiers"). All other names are links for old
# programs (US/Eastern, Japan, GMT+0), offsets without a place (Etc/GMT-5, EST5EDT) or files of an operating
# system.
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


class UnknownZone(SentenceError, ValueError):
	"""The zone database has no zone called `zone`; the message is a sentence for the user."""

	def __init__(self, zone: str):
		super().__init__(
			_lt("The server knows no time zone “{0}”. A time zone is written like Europe/Paris."), zone
		)
		self.zone = zone


def to_epoch(local: datetime, zone: str) -> int:
	"""Return the Unix seconds, rounded down, of a wall-clock time (naive) in a zone.

	A time that the clock skipped when it was set forward is moved forward by the length of the gap, because
	the offset before the gap counts (RFC 5545, section 3.3.5). Of a time that comes twice, the first counts.
	Raises UnknownZone.
	"""
	return (local.replace(tzinfo=_zone(zone), fold=0) - _EPOCH) // _SECOND


def in_zone(epoch: int, zone: str) -> datetime:
	"""Return the wall-clock time (naive) of a zone at `epoch` (Unix seconds). Raises UnknownZone."""
	return datetime.fromtimestamp(epoch, _zone(zone)).replace(tzinfo=None, fold=0)


def zone_names() -> list[str]:
	"""Return the zones that a form offers, sorted: those of places, and UTC. Older names are valid too."""
	return list(_zone_names())


@cache
def _zone_names() -> tuple[str, ...]:
	return tuple(
		sorted(name for name in available_timezones() if name == "UTC" or name.split("/")[0] in _AREAS)
	)


def _zone(name: str) -> ZoneInfo:
	# ZoneInfo lets errors of the file system through: for "Europe", which is a folder, or for a path out of
	# it.
	try:
		return ZoneInfo(name)
	except (KeyError, ValueError, OSError, TypeError):
		raise UnknownZone(name) from None
