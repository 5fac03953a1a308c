"""Jobs of A/B tests: they choose winners that are due, and release the rest of the audience with them."""

from __future__ import annotations

import frappe

from email_campaigns.compat import change_latest_rows
from email_campaigns.jobs.isolation import isolate_mailing
from email_campaigns.mass_mailing import ab_winner_store
from email_campaigns.site_time import database_epoch


def choose_winners(epoch: int) -> None:
	"""Choose the winners that are due at `epoch` (Unix seconds), and release mails that wait for a winner."""
	for name in ab_winner_store.mailings_under_test():
		with isolate_mailing(name, "the choice of the winner"):
			ab_winner_store.choose_if_due(name, epoch)
			frappe.db.commit()
			_release(name, epoch)


def release_rest(name: str) -> None:
	"""Release the rest of a mailing for which somebody has chosen a version, slice by slice, each durable."""
	change_latest_rows()
	_release(name, database_epoch())


def _release(name: str, epoch: int) -> None:
	while ab_winner_store.release_rest(name, epoch):
		frappe.db.commit()
