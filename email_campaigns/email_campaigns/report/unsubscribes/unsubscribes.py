"""Every wish to get no more mail, and the mailing that it came from."""

import frappe
from frappe import _

from email_campaigns.results.logged_store import columns, rows


def execute(filters=None):
	return columns(_("What They Left")), rows("Opted Out", frappe._dict(filters or {}))
