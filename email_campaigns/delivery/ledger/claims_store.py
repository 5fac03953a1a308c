"""The ledger, tabCampaign Message: claiming pages, recovery and counting.

All by bulk SQL. A row of a living lease belongs to one page; a lease that ran out belongs to nobody, and
whoever held it finds its token gone and stops (a fencing token).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager

import frappe

from email_campaigns.audience.decide import FORGOTTEN
from email_campaigns.audience.suppression import forgotten_store
from email_campaigns.compat import affected_rows
from email_campaigns.delivery.ledger.log_store import log_ends
from email_campaigns.delivery.ledger.row import ClaimedMail, EndedMail, MailQueue
from email_campaigns.results import store as results

LEASE = 600  # seconds: twice what a page job may last
_NOT_ACCEPTED_AGAIN = (
	"The connection or the worker broke off while this mail was leaving; the server may have taken it."
)
# Of a row `c`: a copy has the version of its mail.
VERSION = """IF(c.cc_of > 0, COALESCE((SELECT m.version FROM `tabCampaign Message` m WHERE m.name = c.cc_of), ''),
	COALESCE(c.version, ''))"""


@contextmanager
def claim_lock():
	"""Let one job at a time look at the limits and claim under them; the lock dies with its connection."""
	lock = f"{frappe.conf.db_name}.ec_claim"
	got = frappe.db.sql("SELECT GET_LOCK(%s, 20)", lock)[0][0]
	try:
		yield bool(got)
	finally:
		if got:
			frappe.db.sql("SELECT RELEASE_LOCK(%s)", lock)


def claim(
	queue: MailQueue, size: int, token: str, epoch: int, domains: Mapping[str, int] | None = None
) -> list[ClaimedMail]:
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
	return [ClaimedMail(*row) for row in rows]


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


def settle(token: str, names: list[int], *, copies: bool = False) -> list[EndedMail]:
	"""End a page: free its rows but for a mail that is still leaving, log what became of them and return it.

	`names` are the rows that were claimed for `token`; one that another page holds meanwhile is left alone. With
	`copies` (CC) the log of a mail tells who gets one.
	"""
	return _free(_lock(names, "claim = %s AND status != 'Sending'", token), copies)


def recover(epoch: int) -> list[EndedMail]:
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


def _free(names: tuple[int, ...], copies: bool) -> list[EndedMail]:
	if not names:
		return []
	rows = frappe.db.sql(
		"""SELECT source_doctype, source, email, status, reason, bounced_at IS NOT NULL, lease_until = 0, name,
			COALESCE(cc_of, 0)
		FROM `tabCampaign Message` WHERE name IN %s FOR UPDATE""",
		(names,),
	)
	log_ends(names, copies)
	results.count_left(names)
	frappe.db.sql("UPDATE `tabCampaign Message` SET claim = '', lease_until = 0 WHERE name IN %s", (names,))
	return [EndedMail(*row) for row in rows]


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


def without_forgotten(rows: list[ClaimedMail]) -> list[ClaimedMail]:
	"""Return the claimed mails that may leave; the others are Skipped, without the address that the ledger had learnt."""
	forgotten = forgotten_store.find_forgotten([row.email for row in rows])
	refused = tuple(row.name for row in rows if row.email in forgotten)
	if refused:
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Skipped', reason = %s, email = '', domain = '',
				dedupe_key = CONCAT('f:', name), recipient_doctype = NULL, recipient_name = NULL
			WHERE name IN %s AND status = 'Queued'""",
			(FORGOTTEN, refused),
		)
	return [row for row in rows if row.email not in forgotten]
