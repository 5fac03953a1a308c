"""Counts of lists and mailings by jobs: in a fresh snapshot and without a lock, so that nobody waits."""

from __future__ import annotations

from collections.abc import Collection

import frappe

from email_campaigns.audience.lists import members_store
from email_campaigns.compat import change_latest_rows, enqueue_once, lock_wait
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.results import store as results

LOCK_SECONDS = 5  # that a count waits for a list's row


def mend_counts(name: str) -> dict[str, tuple[int, int]]:
	"""Correct the counters of a Mass Email; return {counter: (stored, counted)} of those that differed.

	The mailing is locked only where its counters are wrong.
	"""
	frappe.db.commit()  # a transaction reads rows as they are when it begins
	wrong = counts_store.compare_counts(name)
	frappe.db.commit()
	different = counts_store.recount_mails(name) if wrong else {}
	frappe.db.commit()
	return different


def recount_list(name: str) -> None:
	"""Count a list; one whose row somebody holds is counted with the hourly jobs again."""
	frappe.db.commit()
	try:
		with lock_wait(LOCK_SECONDS):
			members_store.update_counts(name)
		frappe.db.commit()
	except (frappe.QueryTimeoutError, frappe.QueryDeadlockError):
		frappe.db.rollback()


def recount_soon(key: str, lists: Collection[str], mailings: Collection[str]) -> None:
	"""Enqueue the counts of lists, and of the people of mailings, for the end of this transaction.

	`key` names what has changed them. Where the job is lost, the hourly and nightly counts make up for it.
	"""
	arguments = {"lists": sorted(lists), "mailings": sorted(mailings)}
	if lists or mailings:
		enqueue_once(recount, f"ec-recount-{key}", queue="long", enqueue_after_commit=True, **arguments)


def recount(lists: Collection[str], mailings: Collection[str]) -> None:
	"""Count lists and the people of mailings, each in a transaction of its own."""
	change_latest_rows()
	for target_list in lists:
		recount_list(target_list)
	for name in mailings:
		frappe.db.commit()
		if frappe.db.exists(MASS_EMAIL, name):
			results.recount_people(name)
	frappe.db.commit()
