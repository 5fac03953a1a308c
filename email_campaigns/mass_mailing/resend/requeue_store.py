"""Queues rows of the ledger again, with their copies (CC), and keeps the figures of their mailing.

The caller holds the mailing's lock; nothing here commits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable

import frappe

from email_campaigns import lifecycle
from email_campaigns.audience.decide import Decision
from email_campaigns.compat import affected_rows
from email_campaigns.delivery import enqueue_store
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.ledger.row import WAITS_FOR_WINNER, LedgerEntry
from email_campaigns.delivery.mailing.mailing import REST, Mailing
from email_campaigns.mass_mailing.ab_versions import rest_version
from email_campaigns.mass_mailing.resend.resend import ResendPlan

SETTLED = "lease_until = 0 AND claim = ''"  # no job holds the row, and its end is logged
# A recipient who got nothing so far is of the rest of an A/B test, whose version is `rest`; before there is a
# winner, the mail waits for it.
_OF_REST = """%(rest)s != '' AND COALESCE(version, '') IN ('', %(waits)s) AND COALESCE(language, '') = ''
	AND COALESCE(cc_of, 0) = 0 AND is_seed = 0"""
_QUEUED = f"""status = 'Queued', reason = '', attempts = 0, bounced_at = NULL,
	send_after = IF({_OF_REST} AND %(rest)s = %(waits)s, {WAITS_FOR_WINNER}, %(send_after)s),
	version = IF({_OF_REST}, %(rest)s, version)"""


def requeue(mailing: Mailing, plans: Iterable[ResendPlan], send_after: int = 0) -> int:
	"""Queue those rows again that may be, with today's address; return how many were.

	They wait until `send_after` (Unix seconds). A mail of an A/B test keeps its version.
	"""
	allowed = [
		plan
		for plan in plans
		if not plan.reason and lifecycle.may_change("Campaign Message", plan.row.status, "Queued")
	]
	free_keys(mailing, {plan.key: plan.row.name for plan in allowed if plan.moved})
	values = {
		"send_after": send_after,
		"rest": rest_version(mailing.ab_test, mailing.ab_winner),
		"waits": REST,
	}
	changed: Counter[str] = Counter()
	for plan in allowed:
		if plan.moved:
			changed[plan.row.status] += _queue_moved(plan, values)
	for status in {plan.row.status for plan in allowed}:
		names = [plan.row.name for plan in allowed if plan.row.status == status and not plan.moved]
		changed[status] += _queue_unmoved(names, status, values)
	for status, number in changed.items():
		counts_store.move_counts(mailing.name, status, "Queued", number)
	names = [plan.row.name for plan in allowed]
	follow_copies(mailing.name, names, lambda: _enqueue_first_copies(mailing, allowed))
	return changed.total()


def _enqueue_first_copies(mailing: Mailing, plans: Iterable[ResendPlan]) -> None:
	"""Write the copies of mails whose recipient was left out so far, and that have no copies yet."""
	if not mailing.cc_fields:
		return
	entries = [
		LedgerEntry(Decision(plan.today, plan.key), plan.row.language)
		for plan in plans
		if plan.row.status == "Skipped"
	]
	enqueue_store.enqueue_copies(mailing, entries)


def follow_copies(source: str, mails: Collection[int], prepare: Callable[[], None] = lambda: None) -> int:
	"""Let the copies of mails follow what was decided over these; return how many more copies are Queued.

	`prepare` runs before, within the same count, and may write copies.
	"""
	before = _count_copies(mails)
	prepare()
	copies_store.follow_mails(mails, again=True)
	changed = _count_copies(mails)
	changed.subtract(before)
	for status, number in changed.items():
		counts_store.move_counts(source, "", status, number)
	return changed["Queued"]


def _count_copies(mails: Collection[int]) -> Counter[str]:
	rows = frappe.db.sql(
		"SELECT status, COUNT(*) FROM `tabCampaign Message` WHERE cc_of IN %s GROUP BY status",
		(tuple(mails) or (-1,),),
	)
	return Counter(dict(rows))


def _queue_unmoved(names: list[int], status: str, values: dict) -> int:
	if not names:
		return 0
	frappe.db.sql(
		f"""UPDATE `tabCampaign Message` SET {_QUEUED}
		WHERE name IN %(names)s AND status = %(status)s AND {SETTLED}""",
		{**values, "names": tuple(names), "status": status},
	)
	return affected_rows()


def _queue_moved(plan: ResendPlan, values: dict) -> int:
	# IGNORE: where somebody else has taken the key meanwhile, this row stays as it is.
	frappe.db.sql(
		f"""UPDATE IGNORE `tabCampaign Message` SET {_QUEUED},
			email = %(email)s, domain = %(domain)s, dedupe_key = %(key)s
		WHERE name = %(name)s AND status = %(status)s AND {SETTLED}""",
		{
			**values,
			"email": plan.today.email,
			"domain": plan.today.domain,
			"key": plan.key,
			"name": plan.row.name,
			"status": plan.row.status,
		},
	)
	return affected_rows()


def free_keys(mailing: Mailing, wanted: dict[str, int], giving_way: Collection[int] = ()) -> None:
	"""Take keys from rows whose recipients get nothing, so that other rows can have them.

	`wanted` is {key: the row that is to have it, and keeps it}. Keys are taken from Skipped rows, and from
	those of `giving_way` that are Expired or Cancelled.
	"""
	held = frappe.db.sql(
		f"""SELECT name FROM `tabCampaign Message`
		WHERE source = %(source)s AND step = 0 AND dedupe_key IN %(keys)s AND name NOT IN %(wanted)s
			AND {SETTLED}
			AND (status = 'Skipped' OR status IN ('Expired', 'Cancelled') AND name IN %(giving_way)s)""",
		{
			"source": mailing.name,
			"keys": tuple(wanted) or ("",),
			"wanted": tuple(wanted.values()) or (0,),
			"giving_way": tuple(giving_way) or (0,),
		},
		pluck=True,
	)
	if held:
		# By primary key, so that no row is locked that a job holds while it waits for the mailing's lock.
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET dedupe_key = CONCAT('s:', COALESCE(member, 0), ':', name)
			WHERE name IN %s AND status IN ('Skipped', 'Expired', 'Cancelled')""",
			(tuple(held),),
		)
