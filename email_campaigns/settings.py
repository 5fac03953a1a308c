"""The settings of the app, one document, cached by the framework."""

from __future__ import annotations

import frappe
from frappe.model.document import Document


def app_settings() -> Document:
	"""Return the document Email Campaign Settings. Do not change it: all jobs of a worker share it."""
	return frappe.get_cached_doc("Email Campaign Settings")
