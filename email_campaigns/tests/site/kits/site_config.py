"""For tests of what the site's configuration says: a value of it, until the test ends."""

from __future__ import annotations

from unittest import TestCase

import frappe
from frappe.installer import update_site_config

REMOVED = "None"  # what Frappe takes for the wish to remove a value


def configure(test: TestCase, **values: object) -> None:
	"""Write values into site_config.json, REMOVED to take one out; the end of the test takes them back."""
	for key, value in values.items():
		before = frappe.get_site_config().get(key)
		test.addCleanup(_write, key, REMOVED if before is None else before)
		_write(key, value)


def _write(key: str, value: object) -> None:
	update_site_config(key, value)
	if value == REMOVED:
		frappe.local.conf.pop(key, None)
	else:
		frappe.local.conf[key] = value
