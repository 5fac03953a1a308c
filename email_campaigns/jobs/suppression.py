"""Lifting what one refusal of a server has suppressed, with an entry in the log for each address."""

from __future__ import annotations

from collections.abc import Sequence

import frappe
from frappe.utils import now

from email_campaigns.audience.suppression import undo_store
from email_campaigns.compat import change_latest_rows
from email_campaigns.tracking import log_store


def lift_refusal(refusal: str, mailings: Sequence[undo_store.Mailing] | None = None) -> None:
	"""Lift all hard bounces of a refusal, or of some of its mailings, slice by slice, each committed.

	A killed job has lifted whole slices; whoever presses the button again lifts the others.
	"""
	change_latest_rows()
	while lift_slice(refusal, mailings):
		frappe.db.commit()


def lift_slice(refusal: str, mailings: Sequence[undo_store.Mailing] | None = None) -> int:
	"""Lift up to a slice of them, and log each; returns how many. The caller commits."""
	rows = undo_store.lift_slice(refusal, mailings)
	sources = _sources({undo_store.source_of(origin or "") for _email, origin in rows})
	for email, origin in rows:
		fields = sources.get(undo_store.source_of(origin or ""), {})
		log_store.append("Suppression Lifted", now(), email=email, details=origin or "", **fields)
	return len(rows)


def _sources(names: set[str]) -> dict[str, dict[str, str]]:
	"""Return {name: the log's columns of its mailing} of those that still exist."""
	columns = {}
	for doctype, campaign in (("Mass Email", "campaign"), ("Email Campaign", "campaign_name")):
		fields = ["name", f"{campaign} as campaign"]
		for row in frappe.get_all(doctype, {"name": ("in", list(names) or [""])}, fields):
			columns[row.name] = {"source_doctype": doctype, "source": row.name, "campaign": row.campaign}
	return columns
