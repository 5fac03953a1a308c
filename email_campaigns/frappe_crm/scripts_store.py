"""Our CRM Form Scripts: how actions come into the lists and forms of Frappe CRM's front end.

They are standard scripts: of these an administrator can only change whether they are enabled, and a migration
leaves that as it is.
"""

from __future__ import annotations

from pathlib import Path

import frappe

from email_campaigns.frappe_crm.names import DOCTYPES, FORM_SCRIPT

VIEWS = ("Form", "List")
_FILE = Path(__file__).parent / "scripts.js"
_NAME = "Email Campaigns: {0} ({1})"


def put_scripts() -> None:
	"""Make the scripts that are missing, and bring the others up to date. Without Frappe CRM: nothing."""
	if not is_here():
		return
	for doctype in filter(_exists, DOCTYPES):
		for view in VIEWS:
			_put(doctype, view)


def is_here() -> bool:
	"""Tell whether this site has a Frappe CRM whose lists and forms take scripts."""
	return _exists(FORM_SCRIPT) and frappe.get_meta(FORM_SCRIPT).has_field("view")


def _exists(doctype: str) -> bool:
	return bool(frappe.db.exists("DocType", doctype))


def _put(doctype: str, view: str) -> None:
	name, script = _NAME.format(doctype, view), read_script(doctype)
	if not frappe.db.exists(FORM_SCRIPT, name):
		values = {"name": name, "dt": doctype, "view": view, "script": script, "enabled": 1, "is_standard": 1}
		frappe.get_doc({"doctype": FORM_SCRIPT, **values}).insert(ignore_permissions=True)
	elif frappe.db.get_value(FORM_SCRIPT, name, "script") != script:
		# The doctype refuses to change a standard script.
		frappe.db.set_value(FORM_SCRIPT, name, "script", script)


def read_script(doctype: str) -> str:
	"""Return the script for the lists and forms of a doctype."""
	return _FILE.read_text("utf-8").replace("DOCTYPE", doctype)


def remove_scripts() -> None:
	"""Delete our scripts."""
	if _exists(FORM_SCRIPT):
		frappe.db.delete(FORM_SCRIPT, {"name": ("like", f"{_NAME.split('{')[0]}%")})
