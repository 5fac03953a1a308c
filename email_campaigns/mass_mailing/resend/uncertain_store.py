"""Uncertain mails: nobody knows whether they arrived. A person decides, and the log says who that was."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import cint, get_system_timezone, now_datetime

from email_campaigns import lifecycle
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.compose import timeline_store
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing import status_store
from email_campaigns.mass_mailing.resend import requeue_store, resend_store
from email_campaigns.mass_mailing.resend.resend import LedgerRow, ResendPlan
from email_campaigns.results import store as results
from email_campaigns.schedule.clock import in_zone
from email_campaigns.schedule.limits import HOUR
from email_campaigns.settings import app_settings

_UNCERTAIN = "status = 'Uncertain' AND lease_until = 0"
_UNCERTAIN_NAMES = f"name IN %(names)s AND {_UNCERTAIN}"


def settle_by_event(message: int) -> bool:
	"""Settle an Uncertain mail that a person or bot opened, clicked or answered: that shows that it arrived.

	Return whether the mail was an Uncertain one.
	"""
	row = frappe.db.get_value(
		"Campaign Message", message, ["status", "source_doctype", "source"], as_dict=True
	)
	if not row or row.status != "Uncertain":
		return False
	reason = _("What happened to it shows that it arrived.")
	if row.source_doctype != lifecycle.MASS_EMAIL:
		return _mark_step_arrived(message, reason)
	return bool(mark_arrived(row.source, [message], reason))


def _mark_step_arrived(message: int, reason: str) -> bool:
	change_latest_rows()
	rows = resend_store.read_rows(_UNCERTAIN_NAMES, {"names": (message,)}, fresh=True)
	if rows:
		_mark_sent(rows)
		_log((message,), "Sent", reason)
		copies_store.follow_mails([message], again=True)
		timeline_store.write_unsettled([message])
	return bool(rows)


def mark_arrived(name: str, messages: Collection[int] | None = None, reason: str = "") -> int:
	"""Take Uncertain mails of a mailing, all or those named, for Sent; return how many were changed.

	The log has the `reason`, by default that the user decided so.
	"""
	reason = reason or _("{0} decided that it arrived.").format(frappe.session.user)
	change_latest_rows()
	hindrance, changed, copies = resend_store.current_hindrance(status_store.lock(name)), 0, 0
	for rows in _uncertain_slices(name, messages):
		names = tuple(row.name for row in rows)
		_mark_sent(rows)
		results.count_left(names)
		_log(names, "Sent", reason)
		changed += len(rows)
		# Their copies waited for this decision; where nothing can be sent, they stay as they are.
		copies += 0 if hindrance else requeue_store.follow_copies(name, names)
	counts_store.add_to_counts(name, **counts_store.count_deltas("Uncertain", "Sent", changed))
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
	settings = app_settings()
	limited = (
		cint(settings.hourly_limit)
		or mailing.hourly_rate
		or mailing.domain_rates
		or len(settings.domain_rates)
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


def _mark_sent(rows: list[LedgerRow]) -> None:
	names_by_epoch = defaultdict(list)
	for row in rows:
		names_by_epoch[row.sent_epoch].append(row.name)
	for epoch, names in names_by_epoch.items():
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Sent', reason = '', sent_at = %s
			WHERE name IN %s AND status = 'Uncertain'""",
			(_site_time(epoch), tuple(names)),
		)


def _site_time(epoch: int) -> datetime:
	return in_zone(epoch, get_system_timezone()).replace(tzinfo=None) if epoch else now_datetime()


def _log(names: tuple[int, ...], action: str, details: str) -> None:
	frappe.db.sql(
		"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, details,
			email, campaign, source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), %(now)s, %(now)s, %(user)s, %(user)s, %(action)s, %(details)s,
			email, campaign, source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` WHERE name IN %(names)s""",
		{
			"now": now_datetime(),
			"user": frappe.session.user,
			"action": action,
			"details": details,
			"names": names,
		},
	)
