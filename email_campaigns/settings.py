"""The settings of the app, one document, cached by the framework."""

from __future__ import annotations

import frappe


def app_settings():
	"""Return the document Email Campaign Settings, which nobody may change: all jobs of a worker share it."""
	return frappe.get_cached_doc("Email Campaign Settings")
