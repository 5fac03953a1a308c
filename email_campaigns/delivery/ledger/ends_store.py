"""The one statement that ends Queued mails, whatever ends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import frappe

from email_campaigns import lifecycle
from email_campaigns.audience.decide import FORGOTTEN
from email_campaigns.compat import affected_rows
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL

# Further assignments to an ended row `c`: no batch holds it any more; it no longer names the recipient.
RELEASE = "c.claim = '', c.lease_until = 0"
FORGET = """c.email = '', c.domain = '', c.dedupe_key = CONCAT('f:', c.name),
	c.recipient_doctype = NULL, c.recipient_name = NULL"""
MAILS = "`tabCampaign Message` c"
COPIES = f"{MAILS} STRAIGHT_JOIN `tabCampaign Message` m ON m.name = c.cc_of"


def end_queued(
	condition: str, values: Mapping, status: str, reason: str, *also: str, tables: str = MAILS
) -> int:
	"""Give the Queued mails `c` that meet a condition in SQL an end with its reason; return their number.

	`values` are those of the condition, `also` further assignments in SQL, `tables` MAILS, or COPIES with the
	mail `m` of each copy. Raises ValueError for a status that no Queued mail may have.
	"""
	if "Queued" not in lifecycle.origins("Campaign Message", status):
		raise ValueError(f"A Queued mail can't become {status}")
	assignments = ", ".join(("c.status = %(status)s", "c.reason = %(reason)s", *also))
	frappe.db.sql(
		f"UPDATE {tables} SET {assignments} WHERE {condition} AND c.status = 'Queued'",
		{**values, "status": status, "reason": reason},
	)
	return affected_rows()


def queued_slice(source: str, most: int, *, unclaimed: bool = False, waiting: bool = True) -> tuple[int, ...]:
	"""Return the numbers of up to `most` Queued mails of a mailing, with `unclaimed` of no batch.

	Without `waiting`, copies that wait for their mail are left out: who settles the mail locks them too.

	They are read without a lock, so that whoever ends them locks these rows and no range of an index.
	"""
	condition = " AND claim = ''" if unclaimed else ""
	if not waiting:
		condition += " AND send_after != %(waits)s"
	return tuple(
		frappe.db.sql(
			f"""SELECT name FROM `tabCampaign Message`
			WHERE source = %(source)s AND status = 'Queued'{condition} LIMIT %(most)s""",
			{"source": source, "most": most, "waits": WAITS_FOR_MAIL},
			pluck=True,
		)
	)


def cancel(names: tuple[int, ...], reason: str) -> int:
	"""Cancel those of some mails that are still Queued, and return their number."""
	if not names:
		return 0
	return end_queued("c.name IN %(names)s", {"names": names}, "Cancelled", reason, RELEASE)


def expire(names: tuple[int, ...], reason: str) -> int:
	"""Expire those of some Queued mails that no batch has claimed, and return their number."""
	if not names:
		return 0
	return end_queued("c.name IN %(names)s AND c.claim = ''", {"names": names}, "Expired", reason)


def forget(names: tuple[int, ...]) -> dict[str, int]:
	"""Delete the recipient from rows of the ledger; those that have not left are Cancelled.

	A mail that is leaving at this moment ends by the number of its row. Returns {Mass Email: number of mails
	that were Cancelled}.
	"""
	if not names:
		return {}
	values = {"names": names, "why": FORGOTTEN}
	cancelled = _lock_queued(names)
	end_queued("c.name IN %(names)s", values, "Cancelled", FORGOTTEN, RELEASE)
	# A reason may quote the address, as a server's reply does.
	frappe.db.sql(
		f"""UPDATE {MAILS} SET {FORGET}, c.member = 0,
			c.reason = IF(c.reason LIKE '%%@%%', %(why)s, c.reason)
		WHERE c.name IN %(names)s""",
		values,
	)
	return cancelled


def _lock_queued(names: tuple[int, ...]) -> dict[str, int]:
	"""Return {Mass Email: number of its mails among `names` that are Queued now}."""
	sources = frappe.db.sql(
		f"""SELECT c.source FROM {MAILS}
		WHERE c.name IN %s AND c.source_doctype = %s AND c.status = 'Queued' FOR UPDATE""",
		(names, lifecycle.MASS_EMAIL),
		pluck=True,
	)
	return Counter(sources)
