"""Jobs of A/B tests: they choose winners that are due, and release the rest of the audience with them."""

from __future__ import annotations

import time

import frappe

from email_campaigns.compat import change_latest_rows
from email_campaigns.mass_mailing import ab_winner_store


def choose_winners(epoch: int) -> None:
	"""Choose the winners that are due at `epoch` (Unix seconds), and release mails that wait for a winner."""
	for name in ab_winner_store.mailings_under_test():
		try:
			ab_winner_store.choose_if_due(name, epoch)
			frappe.db.commit()
			_release(name, epoch)
		except Exception:
			# A mailing that can't be judged holds up no other; a deadlock is over in a minute.
			frappe.db.rollback()
			frappe.log_error(f"Email Campaigns: no winner of {name}")
			frappe.db.commit()


def release_rest(name: str) -> None:
	"""Release the rest of a mailing for which somebody has chosen a version, slice by slice, each durable."""
	change_latest_rows()
	_release(name, int(time.time()))


def _release(name: str, epoch: int) -> None:
	while ab_winner_store.release_rest(name, epoch):
		frappe.db.commit()
