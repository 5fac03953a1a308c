"""Uncertain mails: nobody knows whether they arrived. A person decides, and the log says who that was."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

import frappe
from frappe import _

from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.ledger import arrivals_store, counts_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing import status_store
from email_campaigns.mass_mailing.resend import requeue_store, resend_store
from email_campaigns.mass_mailing.resend.resend import LedgerRow, ResendPlan
from email_campaigns.results import store as results
from email_campaigns.schedule.limits import HOUR
from email_campaigns.settings import app_settings, setting_number

_UNCERTAIN = "status = 'Uncertain' AND lease_until = 0"
_UNCERTAIN_NAMES = f"name IN %(names)s AND {_UNCERTAIN}"


def mark_arrived(name: str, messages: Collection[int] | None = None, reason: str = "") -> int:
	"""Take Uncertain mails of a mailing, all or those named, for Sent; return how many were changed.

	The log has the `reason`, by default that the user decided so.
	"""
	reason = reason or _("{0} decided that it arrived.").format(frappe.session.user)
	change_latest_rows()
	hindrance, changed, copies = resend_store.current_hindrance(status_store.lock(name)), 0, 0
	for rows in _uncertain_slices(name, messages):
		names = tuple(row.name for row in rows)
		arrivals_store.mark_sent({row.name: row.sent_epoch for row in rows}, reason)
		results.count_left(names)
		changed += len(rows)
		# Their copies waited for this decision; where nothing can be sent, they stay as they are.
		copies += 0 if hindrance else requeue_store.follow_copies(name, names)
	counts_store.move_counts(name, "Uncertain", "Sent", changed)
	if copies:
		status_store.reopen(name)
	return changed


def resend_uncertain(name: str, messages: Collection[int] | None = None) -> dict:
	"""Queue Uncertain mails again, all or those named.

	Return {"queued": number, "left_out": {reason: number}}.
	"""
	mailing, queued = resend_store.begin_resend(name), 0
	left_out: Counter[str] = Counter()
	rules = resend_store.resend_rules(mailing, decided=True)
	for rows in _uncertain_slices(name, messages):
		plans = resend_store.plan_rows(mailing, rows, rules)
		left_out.update(plan.reason for plan in plans if plan.reason)
		allowed = [plan for plan in plans if not plan.reason]
		for send_after, plans_of_time in _group_by_time(mailing, allowed).items():
			queued += requeue_store.requeue(mailing, plans_of_time, send_after)
	if queued:
		resend_store.continue_sending(mailing)
	return {"queued": queued, "left_out": dict(left_out.most_common())}


def _group_by_time(mailing: Mailing, plans: list[ResendPlan]) -> dict[int, list[ResendPlan]]:
	"""Return {Unix seconds: the plans of mails that may leave from then on}.

	The server may have taken the first of the two mails: under an hourly limit the second waits until the
	first no longer counts.
	"""
	limited = (
		setting_number("hourly_limit")
		or mailing.hourly_rate
		or mailing.domain_rates
		or app_settings().domain_rates
	)
	groups = defaultdict(list)
	for plan in plans:
		sent_epoch = plan.row.sent_epoch
		groups[sent_epoch + HOUR if limited and sent_epoch else 0].append(plan)
	return groups


def _uncertain_slices(name: str, messages: Collection[int] | None) -> Iterator[list[LedgerRow]]:
	"""Yield the rows that are still Uncertain, slice by slice, each locked as it is now."""
	condition = _UNCERTAIN if messages is None else f"name IN %(messages)s AND {_UNCERTAIN}"
	values = {"messages": tuple(messages or ()) or (0,)}
	for rows in resend_store.row_slices(name, condition, values):
		names = tuple(row.name for row in rows)
		if locked := resend_store.read_rows(_UNCERTAIN_NAMES, {"names": names}, fresh=True):
			yield locked
