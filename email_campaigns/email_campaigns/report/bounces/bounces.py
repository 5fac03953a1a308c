"""Every mail that could not be delivered, and why."""

import frappe
from frappe import _

from email_campaigns.results.logged_store import columns, rows


def execute(filters=None):
	return columns(_("What the Server Said")), rows("Bounced", frappe._dict(filters or {}))
