"""Patch: what comes back is read by the defaults of its settings."""

import frappe

SETTINGS = "Email Campaign Settings"
FIELDS = (
	"soft_bounces",
	"soft_bounce_days",
	"soft_suppression_days",
	"hold_automatic_days",
	"swallow_machine_mail",
	"hard_bounce_share",
	"blocked_share",
	"complaint_share",
	"guard_minimum",
)


def execute() -> None:
	"""Set the defaults: a single doctype that has been saved does not get those of new fields by itself."""
	stored, meta = frappe.db.get_singles_dict(SETTINGS), frappe.get_meta(SETTINGS)
	for field in FIELDS:
		if field not in stored:
			frappe.db.set_single_value(SETTINGS, field, meta.get_field(field).default, update_modified=False)
