"""The database's own settings, as far as it may forget with them that a mail has left."""

from __future__ import annotations

import frappe

from email_campaigns.delivery.ledger.durability import VARIABLES, durability_problems
from email_campaigns.text import Sentence


def read_durability_problems() -> list[Sentence]:
	"""Return what can happen with the database's settings as they are now; every user may read these."""
	rows = frappe.db.sql("SHOW GLOBAL VARIABLES WHERE Variable_name IN %s", (VARIABLES,))
	return list(durability_problems(dict(rows)))
