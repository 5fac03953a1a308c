"""The mails of which nobody knows whether they arrived: a person decides, and who that was is in the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
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
from email_campaigns.mass_mailing.resend.resend import LedgerRow
from email_campaigns.results import store as results
from email_campaigns.schedule.clock import in_zone
from email_campaigns.schedule.limits import HOUR
from email_campaigns.settings import app_settings


def settle_by_event(message: int) -> bool:
	"""Settle an Uncertain mail that was opened, followed or answered by whomever, for so it has arrived; tell whether it
	was one."""
	row = frappe.db.get_value(
		"Campaign Message", message, ["status", "source_doctype", "source"], as_dict=True
	)
	if not row or row.status != "Uncertain":
		return False
	why = _("What happened to it shows that it arrived.")
	if row.source_doctype != lifecycle.MASS_EMAIL:
		return _arrived_in_sequence(message, why)
	return bool(mark_arrived(row.source, [message], why))


def _arrived_in_sequence(message: int, why: str) -> bool:
	change_latest_rows()
	condition = "name IN %(names)s AND status = 'Uncertain' AND lease_until = 0"
	found = resend_store.read_rows(condition, {"names": (message,)}, fresh=True)
	if found:
		_mark_sent(found)
		_log((message,), "Sent", why)
		copies_store.follow_mails([message], again=True)
		timeline_store.write_unsettled([message])
	return bool(found)


def mark_arrived(name: str, messages: Collection[int] | None = None, why: str = "") -> int:
	"""Have Uncertain mails of a mailing, all or those named, for sent; return how many that changed.

	The log says `why`, by default that the user decided so.
	"""
	why = why or _("{0} decided that it arrived.").format(frappe.session.user)
	change_latest_rows()
	held, changed, copies = resend_store.current_hindrance(status_store.lock(name)), 0, 0
	for found in _uncertain(name, messages):
		names = tuple(row.name for row in found)
		_mark_sent(found)
		results.count_left(names)
		_log(names, "Sent", why)
		changed += len(found)
		# Copies waited to hear whether their mail had left; where nothing can be sent, they stay as they are.
		copies += 0 if held else requeue_store.follow_copies(name, names)
	counts_store.add_to_counts(name, **counts_store.count_deltas("Uncertain", "Sent", changed))
	if copies:
		status_store.reopen(name)
	return changed


def resend_uncertain(name: str, messages: Collection[int] | None = None) -> dict:
	"""Queue Uncertain mails again, all or those named; return {"queued": number, "left_out": {reason: number}}."""
	mailing, queued, left_out = resend_store.begin_resend(name), 0, Counter()
	by = resend_store.resend_rules(mailing, decided=True)
	for found in _uncertain(name, messages):
		plans = resend_store.plan_rows(mailing, found, by)
		left_out.update(plan.reason for plan in plans if plan.reason)
		for send_after, rows in _by_time(mailing, [plan.row for plan in plans if not plan.reason]).items():
			queued += requeue_store.requeue(mailing, [plan for plan in plans if plan.row in rows], send_after)
	if queued:
		resend_store.continue_sending(mailing)
	return {"queued": queued, "left_out": dict(left_out.most_common())}


def _by_time(mailing: Mailing, rows: list[LedgerRow]) -> dict[int, list[LedgerRow]]:
	"""Return {Unix seconds: the rows that may leave from then on}.

	The server may have taken the first of the two mails: under an hourly limit the second waits until the first no
	longer counts.
	"""
	settings = app_settings()
	limited = (
		cint(settings.hourly_limit)
		or mailing.hourly_rate
		or mailing.domain_rates
		or len(settings.domain_rates)
	)
	times = defaultdict(list)
	for row in rows:
		times[row.sent_epoch + HOUR if limited and row.sent_epoch else 0].append(row)
	return times


def _uncertain(name: str, messages: Collection[int] | None):
	"""Yield the rows that are still Uncertain, slice by slice, each locked as it is now."""
	among = "" if messages is None else "name IN %(messages)s AND "
	values = {"messages": tuple(messages or ()) or (0,)}
	for found in resend_store.row_slices(name, f"{among}status = 'Uncertain' AND lease_until = 0", values):
		condition = "name IN %(names)s AND status = 'Uncertain' AND lease_until = 0"
		names = tuple(row.name for row in found)
		if still := resend_store.read_rows(condition, {"names": names}, fresh=True):
			yield still


def _mark_sent(rows: list[LedgerRow]) -> None:
	times = defaultdict(list)
	for row in rows:
		times[row.sent_epoch].append(row.name)
	for epoch, names in times.items():
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Sent', reason = '', sent_at = %s
			WHERE name IN %s AND status = 'Uncertain'""",
			(_at(epoch), tuple(names)),
		)


def _at(epoch: int) -> datetime:
	return in_zone(epoch, get_system_timezone()).replace(tzinfo=None) if epoch else now_datetime()


def _log(names: tuple[int, ...], action: str, details: str) -> None:
	frappe.db.sql(
		"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, details, email,
			campaign, source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), %(now)s, %(now)s, %(user)s, %(user)s, %(action)s, %(details)s, email,
			campaign, source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` WHERE name IN %(names)s""",
		{
			"now": now_datetime(),
			"user": frappe.session.user,
			"action": action,
			"details": details,
			"names": names,
		},
	)
