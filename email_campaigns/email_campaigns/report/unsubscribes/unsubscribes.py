"""Every wish to get no more mail, and the mailing that it came from."""

import frappe
from frappe import _

from email_campaigns.results.logged_store import log_columns, log_rows


def execute(filters=None):
	return log_columns(_("What They Left")), log_rows("Opted Out", frappe._dict(filters or {}))
