"""The mails of one recipient over all mailings, and which of them could be sent again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import frappe
from frappe import _

from email_campaigns.audience import recipients_store
from email_campaigns.audience.address import address_key
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.mass_mailing.explain import explain_store
from email_campaigns.mass_mailing.explain.explain_store import Explainer
from email_campaigns.mass_mailing.resend import resend, resend_store
from email_campaigns.mass_mailing.resend.resend import LedgerRow
from email_campaigns.site_time import database_epoch
from email_campaigns.translation import translate


def mails_of(doctype: str, record: str, readable: Collection[str], writable: Collection[str]) -> list[dict]:
	"""Return the mails of a record, the newest first, of the mailings that the user may read.

	`readable` and `writable` choose among the names of mailings. Each mail is {"message", "mailing", "title",
	"status", "email", "at", "reason", "sentence", "refusal"}; `refusal` says why it can't be sent again, None
	where it can.
	"""
	rows = [row for row in _rows(doctype, record) if row.source in readable]
	explainers = {name: _load_explainer(name) for name in {row.source for row in rows}}
	refusals = _refusals(rows, writable)
	return [_mail(row, explainers[row.source], refusals[row.name]) for row in rows]


def sources_of(doctype: str, record: str) -> list[str]:
	"""Return the mailings of which the ledger has a row for a record."""
	return sorted({row.source for row in _rows(doctype, record)})


def _rows(doctype: str, record: str) -> list:
	"""Return the ledger's rows of a record, the newest first.

	They have its address of today, or its membership, or the log names it where neither holds any more.
	"""
	email = recipients_store.read_candidates([Recipient(0, "", 0, doctype, record)], ())[0].email
	values = {"email": email or "\n", "doctype": doctype, "record": record}
	return explain_store.ledger_rows(
		"""l.source_doctype = 'Mass Email' AND l.name IN (
			SELECT name FROM `tabCampaign Message` WHERE email = %(email)s
			UNION SELECT c.name FROM `tabTarget List Member` m
				JOIN `tabCampaign Message` c ON c.member = m.name
				WHERE m.member_name = %(record)s AND m.member_doctype = %(doctype)s AND c.cc_of = 0
			UNION SELECT message FROM `tabCampaign Log`
				WHERE recipient_name = %(record)s AND recipient_doctype = %(doctype)s AND message > 0)""",
		values,
		lambda row: address_key(row.email) == address_key(email) or _is_written_to(row, doctype, record),
		newest_first=True,
	)


def _is_written_to(row, doctype: str, record: str) -> bool:
	return not row.cc_of and (row.recipient_doctype, row.recipient_name) == (doctype, record)


def _load_explainer(name: str) -> Explainer | str:
	"""Return what explains the mails of a mailing, or the sentence for which the mailing can't be loaded."""
	try:
		return Explainer(name)
	except frappe.ValidationError as error:
		frappe.clear_last_message()
		return str(error)


def _mail(row, explainer: Explainer | str, refusal: str | None) -> dict:
	sentence = explainer if isinstance(explainer, str) else explainer.sentence(row)
	return {
		"message": row.name,
		"mailing": row.source,
		"title": frappe.db.get_value("Mass Email", row.source, "title"),
		"status": row.status,
		"email": row.email,
		"at": row.sent_at or row.creation,
		"reason": row.reason,
		"sentence": sentence,
		"refusal": explainer if isinstance(explainer, str) else refusal,
	}


def _refusals(rows: Sequence, writable: Collection[str]) -> dict[int, str | None]:
	refusals: dict[int, str | None] = {}
	for source in {row.source for row in rows}:
		names = tuple(row.name for row in rows if row.source == source)
		if source in writable:
			refusals |= refusals_of(source, resend_store.read_rows("name IN %(names)s", {"names": names}))
		else:
			refusals |= dict.fromkeys(names, _("You may not change this mailing."))
	return refusals


def refusals_of(source: str, rows: Sequence[LedgerRow]) -> dict[int, str | None]:
	"""Return {number: why a row of a mailing can't be sent again now, None where it can}."""
	try:
		hindrance, mailing = resend_store.inspect_mailing(source)
	except frappe.ValidationError as error:
		frappe.clear_last_message()
		hindrance = str(error)
	if hindrance:
		return dict.fromkeys((row.name for row in rows), hindrance)
	rules = resend_store.resend_rules(mailing)
	candidates = resend_store.current_candidates(mailing, rows)
	epoch = database_epoch()
	refusals: dict[int, str | None] = {}
	for row in rows:
		resends = resend_store.read_resends(source, row.original)
		reason = resend.resend_refusal(row, candidates[row.name], rules, resends, epoch)
		refusals[row.name] = translate(reason) or None
	return refusals
