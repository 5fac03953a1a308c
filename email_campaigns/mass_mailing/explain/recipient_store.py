"""The mails of one recipient over all mailings, and which of them could be sent again."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import frappe
from frappe import _

from email_campaigns.audience import recipients_store
from email_campaigns.audience.address import address_key
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.mass_mailing.explain import explain_store
from email_campaigns.mass_mailing.resend import resend, resend_store
from email_campaigns.mass_mailing.resend.resend import LedgerRow
from email_campaigns.translation import translate


def mails_of(doctype: str, record: str, readable: Collection[str], writable: Collection[str]) -> list[dict]:
	"""Return the mails of a record, the newest first, of the mailings that the user may read.

	`readable` and `writable` choose among the names of mailings. Each mail is {"message", "mailing", "title", "status",
	"email", "at", "reason", "sentence", "refusal"}; `refusal` is None where it can be sent again, else why not.
	"""
	found = [row for row in _rows(doctype, record) if row.source in readable]
	tellers = {name: _teller(name) for name in {row.source for row in found}}
	refusals = _refusals(found, writable)
	return [_told(row, tellers[row.source], refusals[row.name]) for row in found]


def sources_of(doctype: str, record: str) -> list[str]:
	"""Return the mailings of which the ledger has a row for a record."""
	return sorted({row.source for row in _rows(doctype, record)})


def _rows(doctype: str, record: str) -> list:
	"""By the address of today, by membership, and by the log where neither holds any more."""
	email = recipients_store.read_candidates([Recipient(0, "", 0, doctype, record)], ())[0].email
	values = {"email": email or "\n", "doctype": doctype, "record": record}
	return explain_store.ledger_rows(
		"""l.source_doctype = 'Mass Email' AND l.name IN (
			SELECT name FROM `tabCampaign Message` WHERE email = %(email)s
			UNION SELECT c.name FROM `tabTarget List Member` m JOIN `tabCampaign Message` c ON c.member = m.name
				WHERE m.member_name = %(record)s AND m.member_doctype = %(doctype)s AND c.cc_of = 0
			UNION SELECT message FROM `tabCampaign Log`
				WHERE recipient_name = %(record)s AND recipient_doctype = %(doctype)s AND message > 0)""",
		values,
		lambda row: address_key(row.email) == address_key(email) or _is_of(row, doctype, record),
		newest_first=True,
	)


def _is_of(row, doctype: str, record: str) -> bool:
	return not row.cc_of and (row.recipient_doctype, row.recipient_name) == (doctype, record)


def _teller(name: str) -> explain_store.Explainer | str:
	try:
		return explain_store.Explainer(name)
	except frappe.ValidationError as error:
		frappe.clear_last_message()
		return str(error)


def _told(row, teller: explain_store.Explainer | str, refusal: str | None) -> dict:
	lost = isinstance(teller, str)
	return {
		"message": row.name,
		"mailing": row.source,
		"title": frappe.db.get_value("Mass Email", row.source, "title"),
		"status": row.status,
		"email": row.email,
		"at": row.sent_at or row.creation,
		"reason": row.reason,
		"sentence": teller if lost else teller.sentence(row),
		"refusal": teller if lost else refusal,
	}


def _refusals(found: Sequence, writable: Collection[str]) -> dict[int, str | None]:
	refusals: dict[int, str | None] = {}
	for source in {row.source for row in found}:
		names = tuple(row.name for row in found if row.source == source)
		if source in writable:
			refusals |= refusals_of(source, resend_store.read_rows("name IN %(names)s", {"names": names}))
		else:
			refusals |= dict.fromkeys(names, _("You may not change this mailing."))
	return refusals


def refusals_of(source: str, rows: Sequence[LedgerRow]) -> dict[int, str | None]:
	"""Return {number: why a row of a mailing can't be sent again now, None where it can}."""
	try:
		sentence, mailing = resend_store.inspect_mailing(source)
	except frappe.ValidationError as error:
		frappe.clear_last_message()
		sentence = str(error)
	if sentence:
		return dict.fromkeys((row.name for row in rows), sentence)
	rules, today, epoch = (
		resend_store.resend_rules(mailing),
		resend_store.current_candidates(mailing, rows),
		int(time.time()),
	)
	return {
		row.name: translate(
			resend.resend_refusal(
				row, today[row.name], rules, resend_store.read_resends(source, row.original), epoch
			)
		)
		or None
		for row in rows
	}
