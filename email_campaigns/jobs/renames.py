"""Jobs after renamings that concern more rows than one transaction should change."""

from __future__ import annotations

from collections.abc import Callable

import frappe
from frappe.model.document import Document

from email_campaigns.audience.lists import renames_store as members
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.delivery import renames_store as mails

REPAIR_SECONDS = 3600


def follow_renamed_doctype(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename of DocType: repair the keys of members and mails, which have the doctype's name."""
	if members.is_source(new):
		enqueue_once(
			repair_keys, "ec-repair-keys", queue="long", timeout=REPAIR_SECONDS, enqueue_after_commit=True
		)


def repair_keys() -> None:
	"""Repair the stale keys of all members and mails slice by slice, each committed."""
	change_latest_rows()
	_work_through(members.repair_members)
	_work_through(mails.repair_keys)


def _work_through(repair: Callable[[int], int]) -> None:
	"""Call `repair` with the number that the slice before has ended with, until it returns 0."""
	last = 0
	while last := repair(last):
		frappe.db.commit()
	frappe.db.commit()
