"""What has come in, before and after it is judged: the only writer of new Inbound Events.

A mail or a provider's event is stored on a connection of its own, which commits at once: whoever has fetched
it may then forget it. While the database is away, a file takes the row's place. The digest makes one row of
a mail, however often it is fetched.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

import frappe
from frappe.utils import now

from email_campaigns.characters import without_tags
from email_campaigns.files_store import SpareFolder

DOCTYPE = "Inbound Event"
MAILBOX, WEBHOOK, BY_HAND = "Mailbox", "Webhook", "By Hand"
FILES = SpareFolder("email_campaigns_arrivals", "the mail")
RAW_BYTES = 2_000_000  # of a mail that are stored; what counts stands before the attachments
LEASE_SECONDS = 600  # for which no other job takes up an event: longer than any is judged
MOST_ATTEMPTS = 5
AT_ONCE = 50  # events that a job claims, and whose bounces it judges in one transaction
_LONGEST = {"source": 140}
_WAITING = "SELECT {} FROM `tabInbound Event` WHERE status = 'Waiting' AND next_epoch <= %s {}"

_INSERT = """INSERT INTO `tabInbound Event` (name, creation, modified, owner, modified_by, status, source,
	source_kind, digest, received_at, raw, message, attempts, next_epoch)
	VALUES (NEXTVAL(`inbound_event_id_seq`), %(at)s, %(at)s, 'Guest', 'Guest', 'Waiting', %(source)s,
		%(source_kind)s, %(digest)s, %(at)s, %(raw)s, 0, 0, 0)
	ON DUPLICATE KEY UPDATE digest = VALUES(digest)"""

_INSERT_MANY = """INSERT IGNORE INTO `tabInbound Event` (name, creation, modified, owner, modified_by, status,
	source, source_kind, digest, received_at, raw, message, attempts, next_epoch) VALUES {}"""
_ROW = """(NEXTVAL(`inbound_event_id_seq`), %s, %s, 'Guest', 'Guest', 'Waiting',
	%s, 'Webhook', %s, %s, %s, 0, 0, 0)"""


@dataclass(frozen=True, slots=True)
class Arrival:
	"""A mail or an event as it is stored: `raw` is packed, `at` the site's time as Frappe stores it."""

	source: str
	source_kind: str
	digest: str
	raw: str
	at: str


@dataclass(frozen=True, slots=True)
class WaitingEvent:
	"""An event that one job has claimed: `raw` is packed, `attempts` counts this one too."""

	name: int
	source: str
	source_kind: str
	raw: str
	attempts: int


def store(raw: bytes, source: str, source_kind: str = MAILBOX) -> None:
	"""Store what has come in, durable when it returns; the same bytes of a mail only once.

	Raises OSError where neither the database nor the disk takes it.
	"""
	arrival = make_arrival(raw, source, source_kind)
	try:
		_insert_durably(arrival)
	except Exception:
		FILES.write(json.dumps(asdict(arrival)))


def _insert_durably(arrival: Arrival) -> None:
	"""Insert on a connection of its own, which lives as long as the request or job."""
	connection = getattr(frappe.local, "ec_arrivals", None)
	if connection is None:
		connection = frappe.db.get_connection()
		connection.autocommit(True)
	frappe.local.ec_arrivals = None  # after an error it is not used again
	connection.cursor().execute(_INSERT, asdict(arrival))
	frappe.local.ec_arrivals = connection


def make_arrival(raw: bytes, source: str, source_kind: str) -> Arrival:
	"""Return what is stored of some bytes. Line ends do not count: POP has others than IMAP."""
	digest = sha256(raw.replace(b"\r\n", b"\n").rstrip()).hexdigest()
	return Arrival(source[: _LONGEST["source"]], source_kind, digest, pack(raw[:RAW_BYTES]), now())


def pack(raw: bytes) -> str:
	"""Return bytes as the table holds them: compressed, in base64."""
	return b64encode(zlib.compress(raw, 1)).decode()


def unpack(packed: str) -> bytes:
	"""Return the bytes of a packed text, b"" where they were cleared."""
	return zlib.decompress(b64decode(packed)) if packed else b""


def read_files() -> Iterator[tuple[Path, Arrival]]:
	"""Yield what files hold; the caller deletes each by `FILES.remove` once `add` is committed."""
	for path in FILES.paths():
		try:
			arrival = Arrival(**json.loads(path.read_text("utf-8")))
			unpack(arrival.raw)
		except FileNotFoundError:
			continue  # another job was faster
		except (OSError, TypeError, ValueError, zlib.error):
			FILES.put_aside(path)
		else:
			yield path, arrival


def add(arrival: Arrival) -> None:
	"""Add an event in the transaction of the caller."""
	frappe.db.sql(_INSERT, asdict(arrival))


def add_events(source: str, events: Sequence[tuple[str, str]]) -> None:
	"""Add the events of one call of a provider, each (digest, JSON), in one statement.

	Those that are stored already change nothing. In the transaction of the caller.
	"""
	at = now()
	values = [value for digest, text in events for value in (at, at, source, digest, at, pack(text.encode()))]
	frappe.db.sql(_INSERT_MANY.format(", ".join([_ROW] * len(events))), values)


def is_any_waiting(epoch: int) -> bool:
	"""Tell whether an event may be judged at `epoch`."""
	return bool(frappe.db.sql(_WAITING.format("name", "LIMIT 1"), epoch))


def claim(epoch: int) -> list[WaitingEvent]:
	"""Return the next events that may be judged, none where there are no more; no other job gets them.

	Their attempt is counted and the caller commits before it judges: one that ends its process has been
	counted. An event that was tried before comes alone, so that it ends no other's attempt.
	"""
	columns = "name, source, source_kind, COALESCE(raw, ''), attempts"
	query = _WAITING.format(columns, "ORDER BY next_epoch, name LIMIT %s FOR UPDATE")
	rows = frappe.db.sql(query, (epoch, AT_ONCE))
	events = [
		WaitingEvent(name, source, kind, raw, attempts + 1) for name, source, kind, raw, attempts in rows
	]
	claimed = list(takewhile(lambda event: event.attempts == 1, events)) or events[:1]
	if claimed:
		frappe.db.sql(
			"UPDATE `tabInbound Event` SET attempts = attempts + 1, next_epoch = %s WHERE name IN %s",
			(epoch + LEASE_SECONDS, tuple(event.name for event in claimed)),
		)
	return claimed


def put_aside(name: int, reason: str) -> None:
	"""End the waiting of an event that can't be judged; `reason` is a sentence for people."""
	frappe.db.sql(
		"""UPDATE `tabInbound Event` SET status = 'Put Aside', reason = %s, modified = %s
		WHERE name = %s AND status = 'Waiting'""",
		(without_tags(reason), now(), name),
	)


def wait_until(name: int, epoch: int, *, uncounted: bool = False) -> None:
	"""Let an event wait until `epoch`; `uncounted` takes back its last attempt."""
	frappe.db.sql(
		"""UPDATE `tabInbound Event` SET next_epoch = %s, attempts = attempts - %s
		WHERE name = %s AND status = 'Waiting'""",
		(epoch, int(uncounted), name),
	)


def forget(name: int) -> None:
	"""Delete an event that waits: it is about no mail of ours."""
	frappe.db.delete(DOCTYPE, {"name": name, "status": "Waiting"})
