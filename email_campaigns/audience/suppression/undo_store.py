"""Undoing hard bounces: what one refusal of a server has suppressed, and lifting it slice by slice.

A server with a fault of its own can call every mailbox unknown. The records of such an hour have the same key
of a refusal, and their origin begins with the mailing: "MAIL-2026-0001: The server refused the address: …".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import frappe

from email_campaigns.audience.suppression.suppression import HARD_BOUNCE
from email_campaigns.audience.suppression.suppression_store import SLICE, keep_hidden_wish

SHOWN = 50  # refusals, or mailings of one of them

# "Mass Email" or "Campaign" (that of a sequence) and its name; two empty texts for a mailing that is gone
Mailing = tuple[str, str]

_NO_MAILING = ("None", "")  # no doctype has this name

_SOURCE = "SUBSTRING_INDEX(origin, ': ', 1)"
_MASS_EMAILS = f"(SELECT name FROM `tabMass Email` WHERE name = {_SOURCE})"
_CAMPAIGNS = f"(SELECT campaign_name FROM `tabEmail Campaign` WHERE name = {_SOURCE})"
_DOCTYPE = f"IF({_MASS_EMAILS} IS NOT NULL, 'Mass Email', IF({_CAMPAIGNS} IS NOT NULL, 'Campaign', ''))"
_NAME = f"COALESCE({_MASS_EMAILS}, {_CAMPAIGNS}, '')"
_SUPPRESSED = "refusal = %(refusal)s AND reason = %(reason)s"


def read_refusals() -> list[dict[str, Any]]:
	"""Return the refusals that have suppressed addresses, the latest first: {"refusal", "count", "last"}."""
	return frappe.db.sql(
		f"""SELECT refusal, COUNT(*) AS count, MAX(creation) AS last FROM `tabSuppressed Email`
		WHERE refusal != '' AND reason = %s GROUP BY refusal ORDER BY last DESC LIMIT {SHOWN}""",
		HARD_BOUNCE,
		as_dict=True,
	)


def read_refusal(refusal: str) -> dict[str, Any]:
	"""Return what the refusal with a key has suppressed.

	{"count", "first", "last" (times of the site, None without records), "words": the origin of the latest
	record, "mailings": [{"doctype", "name", "count"}], the latest first, at most SHOWN}.
	"""
	values = {"refusal": refusal, "reason": HARD_BOUNCE}
	answer = frappe.db.sql(
		f"""SELECT COUNT(*) AS count, MIN(creation) AS first, MAX(creation) AS last
		FROM `tabSuppressed Email` WHERE {_SUPPRESSED}""",
		values,
		as_dict=True,
	)[0]
	latest = frappe.get_all("Suppressed Email", values, pluck="origin", order_by="creation desc", limit=1)
	mailings = frappe.db.sql(
		f"""SELECT {_DOCTYPE} AS doctype, {_NAME} AS name, COUNT(*) AS count FROM `tabSuppressed Email`
		WHERE {_SUPPRESSED} GROUP BY 1, 2 ORDER BY MAX(creation) DESC LIMIT {SHOWN}""",
		values,
		as_dict=True,
	)
	return {**answer, "words": latest[0] if latest else "", "mailings": mailings}


def count_suppressed(refusal: str, mailings: Sequence[Mailing] | None = None) -> int:
	"""Return how many addresses `lift_slice` would lift if it had no limit."""
	condition, values = _condition(refusal, mailings)
	return frappe.db.sql(f"SELECT COUNT(*) FROM `tabSuppressed Email` WHERE {condition}", values)[0][0]


def lift_slice(refusal: str, mailings: Sequence[Mailing] | None = None) -> list[tuple[str, str]]:
	"""Lift up to SLICE of the hard bounces of a refusal, and return their (address, origin).

	`mailings` are those whose bounces are lifted, all where it is None. A person's own wish for no mail,
	which the bounce has hidden, holds.
	"""
	condition, values = _condition(refusal, mailings)
	# One statement, so that two people who lift the same refusal get each record once.
	rows = frappe.db.sql(
		f"DELETE FROM `tabSuppressed Email` WHERE {condition} ORDER BY name LIMIT {SLICE}"
		" RETURNING email, origin",
		values,
	)
	for email, _origin in rows:
		keep_hidden_wish(email)
	return list(rows)


def source_of(origin: str) -> str:
	"""Return the name of the mailing or enrolment that the origin of a bounce begins with."""
	return origin.partition(": ")[0]


def _condition(refusal: str, mailings: Sequence[Mailing] | None) -> tuple[str, dict[str, Any]]:
	values: dict[str, Any] = {"refusal": refusal, "reason": HARD_BOUNCE}
	if mailings is None:
		return _SUPPRESSED, values
	values["mailings"] = tuple(tuple(mailing) for mailing in mailings) or (_NO_MAILING,)
	return f"{_SUPPRESSED} AND ({_DOCTYPE}, {_NAME}) IN %(mailings)s", values
