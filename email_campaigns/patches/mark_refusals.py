"""Patch: hard bounces keep the key of their refusal, so that what one refusal suppressed can be lifted."""

from collections import defaultdict

import frappe
from frappe.utils import create_batch

from email_campaigns.delivery.smtp.refusal_key import key_of_reason

SLICE = 1000


def execute() -> None:
	"""Give earlier hard bounces the key of the refusal that their origin quotes."""
	filters = {"reason": "Hard Bounce", "refusal": ("is", "not set")}
	rows = frappe.get_all("Suppressed Email", filters, ["name", "origin"])
	for batch in create_batch(rows, SLICE):
		names = defaultdict(list)
		for row in batch:
			names[key_of_reason(row.origin or "")].append(row.name)
		for key in filter(None, names):
			frappe.db.set_value(
				"Suppressed Email", {"name": ("in", names[key])}, "refusal", key, update_modified=False
			)
