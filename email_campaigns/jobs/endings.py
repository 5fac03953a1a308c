"""The end of mails that must not leave any more, slice by slice: Cancelled, or past the deadline."""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.delivery.ledger import counts_store, ends_store
from email_campaigns.jobs.counts import mend_counts
from email_campaigns.mass_mailing import status_store

ENDED_AT_ONCE = 2000  # mails of one transaction


def cancel_soon(name: str) -> None:
	"""Enqueue the end of a Cancelled mailing's mails; the tick does so again where a worker has died."""
	enqueue_once(cancel, f"ec-cancel-{name}", queue="long", name=name, enqueue_after_commit=True)


def cancel(name: str) -> None:
	"""Cancel what is Queued of a Cancelled mailing, each slice durable, and count its mails at the end."""
	change_latest_rows()
	frappe.db.commit()  # a transaction reads rows as they are when it begins
	while cancel_next(name):
		frappe.db.commit()
	mend_counts(name)


def cancel_next(name: str, *, unclaimed: bool = False) -> bool:
	"""Cancel the next slice of a Cancelled mailing's mails; return whether there may be more.

	With `unclaimed`, mails of a batch under way and copies that wait for a mail are left out. Whoever has
	locked the mailing before needs that: a batch locks these rows first, then the mailing.
	"""
	reason = status_store.cancel_reason(name)
	if reason is None:
		return False
	names = ends_store.queued_slice(name, ENDED_AT_ONCE, unclaimed=unclaimed, waiting=not unclaimed)
	_count(name, "Cancelled", ends_store.cancel(names, _("Cancelled: {0}").format(reason)))
	return len(names) == ENDED_AT_ONCE


def end_stranded(name: str) -> None:
	"""End mails that are Queued in a mailing that has ended: a server's late answer queued them again."""
	frappe.db.commit()
	if reason := status_store.queued_end_reason(name):
		names = ends_store.queued_slice(name, ENDED_AT_ONCE, unclaimed=True)
		_count(name, "Cancelled", ends_store.cancel(names, reason))
	frappe.db.commit()


def expire(name: str) -> None:
	"""Expire what no batch has claimed of a mailing past its deadline, each slice durable."""
	expired = False
	frappe.db.commit()
	while names := ends_store.queued_slice(name, ENDED_AT_ONCE, unclaimed=True):
		ended = ends_store.expire(names, _("The deadline passed before this mail could leave."))
		_count(name, "Expired", ended)
		frappe.db.commit()
		expired = True
	if expired:
		mend_counts(name)


def _count(name: str, status: str, number: int) -> None:
	if number:
		counts_store.move_counts(name, "Queued", status, number)
