"""The ledger, tabCampaign Message: planning rows, claiming pages, recovery and counting.

All by bulk SQL. A row of a living lease belongs to one page; a lease that ran out belongs to nobody, and
whoever held it finds its token gone and stops (a fencing token).
"""

from __future__ import annotations

from contextlib import contextmanager

import frappe
from frappe.utils import now, now_datetime

from email_campaigns.audience.decide import Decision
from email_campaigns.compat import affected_rows
from email_campaigns.delivery.mailing import Claimed, Mailing
from email_campaigns.schedule.window import HOUR, Window

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

_PLANNED = (
	"name, creation, modified, owner, modified_by, source_doctype, source, campaign, step, target_list, member,"
	" email, recipient_doctype, recipient_name, dedupe_key, status, reason, claim"
)


def taken(mailing: Mailing, keys: list[str]) -> set[str]:
	"""Return which of `keys` the ledger of this mailing has already."""
	return set(
		frappe.db.sql(
			"SELECT dedupe_key FROM `tabCampaign Message` WHERE source = %s AND step = 0 AND dedupe_key IN %s",
			(mailing.name, tuple(keys)),
			pluck=True,
		)
	)


def plan(mailing: Mailing, decisions: list[Decision]) -> None:
	"""Write one row a member: Queued, or Skipped with its reason. A replay is absorbed by the unique key."""
	stamp, values = now(), []
	for decision in decisions:
		who = decision.candidate
		values += [stamp, stamp, mailing.sender_user, mailing.sender_user, mailing.doctype, mailing.name]
		values += [mailing.campaign, who.target_list, who.member, who.email, who.doctype, who.record]
		values += [decision.dedupe_key, "Skipped" if decision.reason else "Queued", decision.reason]
	row = "(NEXTVAL(`campaign_message_id_seq`), %s, %s, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s, %s, %s, %s, %s, '')"
	frappe.db.sql(
		f"INSERT IGNORE INTO `tabCampaign Message` ({_PLANNED}) VALUES " + ", ".join([row] * len(decisions)),
		values,
	)


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


def window(limit: int, epoch: int) -> Window:
	"""Return what left in the hour before `epoch` (Unix seconds) on the whole site, and what is still claimed."""
	if limit <= 0:
		return Window(limit=0, sent=0)
	sent, oldest = frappe.db.sql(
		"SELECT COUNT(*), MIN(sent_epoch) FROM `tabCampaign Message` WHERE sent_epoch > %s", epoch - HOUR
	)[0]
	reserved = frappe.db.sql(
		"SELECT COUNT(*) FROM `tabCampaign Message` WHERE lease_until > %s AND status IN ('Queued', 'Sending')",
		epoch,
	)[0][0]
	return Window(limit=limit, sent=sent, reserved=reserved, oldest=oldest)


def claim(source: str, size: int, token: str, epoch: int) -> list[Claimed]:
	"""Claim up to `size` due rows of a mailing for `token`; rows that another job looks at are passed over."""
	rows = frappe.db.sql(
		"""SELECT name, email, recipient_doctype, recipient_name, attempts FROM `tabCampaign Message`
		WHERE source = %s AND status = 'Queued' AND claim = '' AND send_after <= %s
		ORDER BY send_after, name LIMIT %s FOR UPDATE SKIP LOCKED""",
		(source, epoch, size),
	)
	if rows:
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET claim = %s, lease_until = %s WHERE name IN %s",
			(token, epoch + LEASE, tuple(row[0] for row in rows)),
		)
	return [Claimed(*row) for row in rows]


def settle(token: str) -> None:
	"""End a page: log what was sent under `token`, give back what was not, and free the rows."""
	_log_sent("claim = %s", token)
	frappe.db.sql(
		"UPDATE `tabCampaign Message` SET claim = '', lease_until = 0 WHERE claim = %s AND status != 'Sending'",
		token,
	)


def recover(epoch: int) -> list[str]:
	"""Take back what dead leases hold, and return the mailings concerned.

	A mail that was leaving becomes Uncertain, for only a person or an event can tell whether it arrived;
	what was claimed is Queued again; what was sent is logged.
	"""
	dead = "lease_until > 0 AND lease_until < %s"
	sources = frappe.db.sql(
		f"SELECT DISTINCT source FROM `tabCampaign Message` WHERE {dead}", epoch, pluck=True
	)
	if not sources:
		return []
	_log_sent(dead, epoch)
	frappe.db.sql(
		f"UPDATE `tabCampaign Message` SET status = 'Uncertain', reason = %s WHERE {dead} AND status = 'Sending'",
		(_NOT_ACCEPTED_AGAIN, epoch),
	)
	frappe.db.sql(f"UPDATE `tabCampaign Message` SET claim = '', lease_until = 0 WHERE {dead}", epoch)
	return sources


def _log_sent(condition: str, value) -> None:
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, email, campaign,
			source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), sent_at, sent_at, owner, owner, 'Sent', email, campaign,
			source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` WHERE {condition} AND status = 'Sent'""",
		value,
	)


def cancel_queued(source: str, reason: str) -> int:
	"""End every mail of a mailing that has not left yet, and return how many there were."""
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` SET status = 'Cancelled', reason = %s, claim = '', lease_until = 0
		WHERE source = %s AND status = 'Queued'""",
		(reason, source),
	)
	return affected_rows()


def open_mails(source: str) -> int:
	"""Return how many mails of a mailing are still to come or under way."""
	return frappe.db.sql(
		"SELECT COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND status IN ('Queued', 'Sending')",
		source,
	)[0][0]


def due_mails(source: str, epoch: int, limit: int) -> int:
	"""Return how many mails could leave now, counted up to `limit`."""
	return frappe.db.sql(
		"""SELECT COUNT(*) FROM (SELECT 1 FROM `tabCampaign Message`
		WHERE source = %s AND status = 'Queued' AND claim = '' AND send_after <= %s LIMIT %s) few""",
		(source, epoch, limit),
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


def recount(source: str) -> None:
	"""Count the mails of a mailing anew and put the figures on its form."""
	numbers = by_status(source)
	values = {
		f"{kind}_count": sum(numbers.get(status, 0) for status in states) for kind, states in COUNTS.items()
	}
	frappe.db.set_value("Mass Email", source, values, update_modified=False)


def log(action: str, message: int, details: str = "") -> None:
	"""Append one fact about a mail of the ledger to the log, at this moment."""
	frappe.db.sql(
		"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, details, email, campaign,
			source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), %(at)s, %(at)s, owner, owner, %(action)s, %(details)s, email, campaign,
			source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` WHERE name = %(message)s""",
		{"at": now_datetime(), "action": action, "details": details, "message": message},
	)
