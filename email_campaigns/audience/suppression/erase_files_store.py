"""Forgetting an address in the reports of imports, which are files attached to target lists."""

from __future__ import annotations

import os
import re
from tempfile import NamedTemporaryFile

import frappe
from frappe.core.doctype.file.utils import get_content_hash

from email_campaigns.audience.address import spellings

REPORT_FIELD = "import_file"  # of Target List; it marks the files that the app has written itself


def clear_reports(address: str) -> None:
	"""Take a normalised address out of the reports of all imports; a file that is gone is passed over."""
	filters = {"attached_to_doctype": "Target List", "attached_to_field": REPORT_FIELD}
	pattern = _pattern(address)
	for name in frappe.get_all("File", filters, pluck="name"):
		path = frappe.get_doc("File", name).get_full_path()
		if os.path.exists(path) and _clear(path, pattern):
			# The framework takes files of one hash for the same.
			with open(path, "rb") as changed:
				frappe.db.set_value("File", name, "content_hash", get_content_hash(changed.read()))


def _pattern(address: str) -> re.Pattern[str]:
	"""Return a pattern for the spellings of an address, not for the end of a longer one."""
	known = "|".join(re.escape(spelling) for spelling in spellings(address))
	return re.compile(rf"(?<![\w.+-])(?:{known})(?![\w-]|\.\w)", re.IGNORECASE)


def _clear(path: str, pattern: re.Pattern[str]) -> bool:
	"""Replace what matches in a file, line by line; tell whether anything did."""
	changed = 0
	folder = os.path.dirname(path)
	with (
		open(path, encoding="utf-8", newline="") as old,
		NamedTemporaryFile("w", encoding="utf-8", newline="", dir=folder, delete=False) as new,
	):
		for line in old:
			text, times = pattern.subn("…", line)
			changed += times
			new.write(text)
	if changed:
		os.chmod(new.name, os.stat(path).st_mode)
		os.replace(new.name, path)
	else:
		os.remove(new.name)
	return bool(changed)
