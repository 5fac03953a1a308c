"""A/B tests: the winner is chosen when its time has come, and the rest of the audience is released with it."""

from __future__ import annotations

import time

import frappe

from email_campaigns.compat import change_latest_rows
from email_campaigns.mass_mailing import ab_winner_store


def choose_winners(epoch: int) -> None:
	"""Choose the winners that are due at `epoch` (Unix seconds), and release what a choice has not released yet."""
	for name in ab_winner_store.mailings_under_test():
		try:
			ab_winner_store.choose_if_due(name, epoch)
			frappe.db.commit()
			_release(name, epoch)
		except Exception:
			# One that can't be judged holds up no other mailing; a deadlock is over in a minute.
			frappe.db.rollback()
			frappe.log_error(f"Email Campaigns: no winner of {name}")
			frappe.db.commit()


def release_rest(name: str) -> None:
	"""Release the rest of a mailing whose version somebody has chosen, slice by slice, each durable."""
	change_latest_rows()
	_release(name, int(time.time()))


def _release(name: str, epoch: int) -> None:
	while ab_winner_store.release_rest(name, epoch):
		frappe.db.commit()
