"""A target list that is merged into another, and the question whether a list may be deleted."""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.audience.lists import members_store, renames_store
from email_campaigns.compat import change_latest_rows

_OF_BOTH = """SELECT m.name FROM `tabTarget List Member` m JOIN `tabTarget List Member` o
	ON o.target_list = %(other)s AND o.member_key = m.member_key WHERE m.target_list = %(list)s"""


def merge_list(old: str, new: str) -> None:
	"""Prepare a list to be merged into another, so that nobody is a member or has asked to join twice.

	The framework then moves what is left. Members of `old` whom its feeds have brought stay as if a person
	had added them, for these feeds end.
	"""
	change_latest_rows()
	members_store.keep_fed_members(old, frappe.get_all("Target List Feed", {"parent": old}, pluck="name"))
	for names in members_store.slices(_names_of_both(old, new)):
		_merge_members(names, new)
	frappe.db.sql(
		"""DELETE s FROM `tabTarget List Sign Up` s JOIN `tabTarget List Sign Up` o
			ON o.target_list = %s AND o.email_key = s.email_key WHERE s.target_list = %s""",
		(new, old),
	)


def _names_of_both(old: str, new: str) -> list[int]:
	"""Return the numbers of the members of `old` who are members of `new` too."""
	return frappe.db.sql(_OF_BOTH, {"list": old, "other": new}, pluck=True)


def _merge_members(names: list[int], new: str) -> None:
	"""Give what a person did for members to their twins on `new`, and delete them."""
	frappe.db.sql(
		"""UPDATE `tabTarget List Member` o JOIN `tabTarget List Member` m
			ON m.member_key = o.member_key AND m.name IN %s
		SET o.by_person = GREATEST(o.by_person, m.by_person),
			o.consent_text = IF(o.consent_at IS NULL, m.consent_text, o.consent_text),
			o.consent_evidence = IF(o.consent_at IS NULL, m.consent_evidence, o.consent_evidence),
			o.consent_at = COALESCE(o.consent_at, m.consent_at)
		WHERE o.target_list = %s""",
		(tuple(names), new),
	)
	renames_store.log_twins(names)
	frappe.db.delete("Target List Member", {"name": ("in", names)})


def check_deletable(target_list: str) -> None:
	"""Raise ValidationError where mails went to a list, or are to go to it, by a mailing or a sequence."""
	mailings = frappe.get_all(
		"Campaign Target List",
		{"target_list": target_list, "parenttype": "Mass Email"},
		pluck="parent",
		distinct=True,
		order_by=None,
	)
	mailings += frappe.get_all("Mass Email", {"seed_list": target_list}, pluck="name")
	enrolments = frappe.get_all(
		"Email Campaign", {"email_campaign_for": "Target List", "recipient": target_list}, pluck="name"
	)
	if names := sorted({*mailings, *enrolments}):
		frappe.throw(
			_(
				"The Target List {0} can't be deleted, because these mails go or went to it: {1}. Take it off"
				" those that have not started, or delete its members instead."
			).format(frappe.bold(target_list), ", ".join(names[:5]) + (", …" if names[5:] else "")),
			title=_("It Is Still Known"),
		)
