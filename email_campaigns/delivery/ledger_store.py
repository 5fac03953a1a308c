"""The ledger, tabCampaign Message: claiming pages, recovery and counting.

All by bulk SQL. A row of a living lease belongs to one page; a lease that ran out belongs to nobody, and
whoever held it finds its token gone and stops (a fencing token).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import frappe
from frappe.utils import now_datetime

from email_campaigns.compat import affected_rows
from email_campaigns.delivery.ledger_columns import TOLD, VERSION
from email_campaigns.delivery.mailing.mailing import Claimed, Stream
from email_campaigns.results import store as results

LEASE = 600  # seconds: twice what a page job may last
COUNTS = {
	"planned": ("Queued", "Sending", "Sent", "Failed", "Uncertain", "Expired", "Cancelled"),
	"sent": ("Sent",),
	"failed": ("Failed", "Expired"),
	"skipped": ("Skipped",),
	"uncertain": ("Uncertain",),
	"cancelled": ("Cancelled",),
}
_NOT_ACCEPTED_AGAIN = (
	"The connection or the worker broke off while this mail was leaving; the server may have taken it."
)


@dataclass(frozen=True, slots=True)
class Queue:
	"""Mails that leave together, as a condition over the ledger with its values."""

	condition: str
	values: Mapping


def of_source(name: str) -> Queue:
	return Queue("source = %(source)s", {"source": name})


def of_stream(stream: Stream) -> Queue:
	# The name of a user who sends is the owner of the rows.
	return Queue(
		"campaign = %(campaign)s AND source_doctype = 'Email Campaign' AND step = %(step)s AND owner = %(sender)s",
		{"campaign": stream.campaign, "step": stream.step, "sender": stream.sender},
	)


@dataclass(frozen=True, slots=True)
class Ended:
	"""What became of one claimed mail; `late` if its lease was taken back before the server's acceptance was known.

	A copy has the number of its mail in `cc_of`.
	"""

	source_doctype: str
	source: str
	email: str
	status: str
	reason: str
	bounced: bool
	late: bool
	name: int
	cc_of: int


@contextmanager
def one_claimer():
	"""Let one job at a time look at the limits and claim under them; the lock dies with its connection."""
	lock = f"{frappe.conf.db_name}.ec_claim"
	got = frappe.db.sql("SELECT GET_LOCK(%s, 20)", lock)[0][0]
	try:
		yield bool(got)
	finally:
		if got:
			frappe.db.sql("SELECT RELEASE_LOCK(%s)", lock)


def claim(
	queue: Queue, size: int, token: str, epoch: int, domains: Mapping[str, int] | None = None
) -> list[Claimed]:
	"""Claim up to `size` due rows of a queue for `token`; rows that another job looks at are passed over.

	`domains` says how many of them may go to each domain that has a limit.
	"""
	domains = domains or {}
	limits = {domain: min(most, size) for domain, most in domains.items() if most > 0}
	parts = [("domain = %(domain)s", domain, most) for domain, most in limits.items()]
	parts.append(("domain NOT IN %(limited)s" if domains else "TRUE", "", size))
	rows: list[tuple] = []
	for condition, domain, most in parts:
		rows += _due_rows(queue, epoch, min(most, size - len(rows)), condition, domain, tuple(domains))
	if rows:
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET claim = %s, lease_until = %s WHERE name IN %s",
			(token, epoch + LEASE, tuple(row[0] for row in rows)),
		)
	return [Claimed(*row) for row in rows]


def _due_rows(queue, epoch, most, condition, domain, limited) -> tuple:
	if most <= 0:
		return ()
	return frappe.db.sql(
		f"""SELECT name, email, recipient_doctype, recipient_name, attempts, COALESCE(language, ''), cc_of, {VERSION}
		FROM `tabCampaign Message` c
		WHERE {queue.condition} AND status = 'Queued' AND claim = '' AND send_after <= %(epoch)s AND {condition}
		ORDER BY send_after, name LIMIT %(most)s FOR UPDATE SKIP LOCKED""",
		{**queue.values, "epoch": epoch, "most": most, "domain": domain, "limited": limited},
	)


def settle(token: str, names: list[int], *, copies: bool = False) -> list[Ended]:
	"""End a page: free its rows but for a mail that is still leaving, log what became of them and return it.

	`names` are the rows that were claimed for `token`; one that another page holds meanwhile is left alone. With
	`copies` (CC) the log of a mail tells who gets one.
	"""
	return _free(_lock(names, "claim = %s AND status != 'Sending'", token), copies)


def recover(epoch: int) -> list[Ended]:
	"""Take back what leases that ended before `epoch` hold, log what became of it and return it.

	A mail that was leaving becomes Uncertain, for only a person or an event can tell whether it arrived; it
	counts in the window of the hourly limit. What was claimed is Queued again.
	"""
	dead = "lease_until > 0 AND lease_until < %s"
	# By primary key and the condition once more: a range of the index would be locked with its neighbours.
	found = frappe.db.sql(f"SELECT name FROM `tabCampaign Message` WHERE {dead}", epoch, pluck=True)
	names = _lock(found, dead, epoch)
	if names:
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Uncertain', reason = %s, sent_epoch = %s
			WHERE name IN %s AND status = 'Sending'""",
			(_NOT_ACCEPTED_AGAIN, epoch, names),
		)
	return _free(names, copies=True)


def _lock(names: list[int], condition: str, value) -> tuple[int, ...]:
	if not names:
		return ()
	return tuple(
		frappe.db.sql(
			f"SELECT name FROM `tabCampaign Message` WHERE name IN %s AND {condition} FOR UPDATE",
			(tuple(names), value),
			pluck=True,
		)
	)


def _free(names: tuple[int, ...], copies: bool) -> list[Ended]:
	if not names:
		return []
	rows = frappe.db.sql(
		"""SELECT source_doctype, source, email, status, reason, bounced_at IS NOT NULL, lease_until = 0, name,
			COALESCE(cc_of, 0)
		FROM `tabCampaign Message` WHERE name IN %s FOR UPDATE""",
		(names,),
	)
	_log_ends(names, copies)
	results.count_left(names)
	frappe.db.sql("UPDATE `tabCampaign Message` SET claim = '', lease_until = 0 WHERE name IN %s", (names,))
	return [Ended(*row) for row in rows]


def _log_ends(names: tuple[int, ...], copies: bool) -> None:
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, details, email,
			campaign, source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), COALESCE(sent_at, %(now)s), COALESCE(sent_at, %(now)s), owner, owner,
			CASE WHEN cc_of > 0 AND status IN ('Sent', 'Skipped') THEN CONCAT('CC ', status)
				WHEN status = 'Failed' AND bounced_at IS NOT NULL THEN 'Bounced' ELSE status END,
			{TOLD if copies else "reason"}, email,
			campaign, source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` m
		WHERE name IN %(names)s AND (status IN ('Sent', 'Failed', 'Uncertain') OR status = 'Skipped' AND cc_of > 0)""",
		{"now": now_datetime(), "names": names},
	)


def cancel_queued(source: str, reason: str) -> int:
	"""End every mail of a mailing that has not left yet, and return how many there were."""
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` SET status = 'Cancelled', reason = %s, claim = '', lease_until = 0
		WHERE source = %s AND status = 'Queued'""",
		(reason, source),
	)
	return affected_rows()


def expire(source: str, reason: str) -> int:
	"""End every mail of a mailing that has not left by its deadline, and return how many there were."""
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` SET status = 'Expired', reason = %s WHERE source = %s AND status = 'Queued'
			AND claim = ''""",
		(reason, source),
	)
	return affected_rows()


def rate(source: str, epoch: int) -> int:
	"""Return how many mails of a mailing leave, in mails an hour: what the last five minutes held, twelve times."""
	return 12 * frappe.db.count("Campaign Message", {"source": source, "sent_epoch": (">", epoch - 300)})


def waiting(source: str) -> int:
	"""Return how many mails of a mailing nobody has claimed yet."""
	return frappe.db.sql(
		"SELECT COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND status = 'Queued' AND claim = ''",
		source,
	)[0][0]


def left(source: str) -> int:
	"""Return how many mails of a mailing have still to leave."""
	numbers = by_status(source)
	return numbers.get("Queued", 0) + numbers.get("Sending", 0)


def is_open(source: str) -> bool:
	"""Tell whether a mail of a mailing is still to come or under way, or a page has not been settled yet."""
	return bool(
		frappe.db.sql(
			"""SELECT EXISTS(SELECT 1 FROM `tabCampaign Message` WHERE source = %(source)s
				AND status IN ('Queued', 'Sending'))
			OR EXISTS(SELECT 1 FROM `tabCampaign Message` WHERE source = %(source)s AND lease_until > 0)""",
			{"source": source},
		)[0][0]
	)


def due_mails(queue: Queue, epoch: int, limit: int) -> int:
	"""Return how many mails of a queue could leave now, counted up to `limit`."""
	return frappe.db.sql(
		f"""SELECT COUNT(*) FROM (SELECT 1 FROM `tabCampaign Message` WHERE {queue.condition}
			AND status = 'Queued' AND claim = '' AND send_after <= %(epoch)s LIMIT %(limit)s) few""",
		{**queue.values, "epoch": epoch, "limit": limit},
	)[0][0]


def by_status(source: str) -> dict[str, int]:
	"""Return {status: number of mails} of a mailing, from an index alone."""
	return dict(
		frappe.db.sql(
			"SELECT status, COUNT(*) FROM `tabCampaign Message` WHERE source = %s GROUP BY status", source
		)
	)


def by_reason(source: str) -> dict[str, int]:
	"""Return {reason: number} of the members that were skipped, the most frequent first."""
	return dict(
		frappe.db.sql(
			"""SELECT reason, COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND status = 'Skipped'
			GROUP BY reason ORDER BY COUNT(*) DESC""",
			source,
		)
	)


def deltas(status: str, target: str, number: int) -> dict[str, int]:
	"""Return what so many mails that go from one status to another add to the figures of their mailing."""
	return {
		kind: number * ((target in states) - (status in states))
		for kind, states in COUNTS.items()
		if (target in states) != (status in states)
	}


def recount(source: str) -> None:
	"""Count the mails of a mailing anew and put the figures on its form.

	An end that a page has still to settle is not counted as such, for the page adds it when it settles.
	"""
	numbers = Counter(by_status(source))
	for status, number in frappe.db.sql(
		"""SELECT status, COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND lease_until > 0
			AND status NOT IN ('Queued', 'Sending') GROUP BY status""",
		source,
	):
		numbers[status] -= number
		numbers["Sending"] += number
	values = {f"{kind}_count": sum(numbers[status] for status in states) for kind, states in COUNTS.items()}
	frappe.db.set_value("Mass Email", source, values, update_modified=False)
	results.recount(source)
