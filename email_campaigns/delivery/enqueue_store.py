"""Writes the mails of one slice to the ledger, and the copies (CC) beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import frappe
from frappe.utils import now

from email_campaigns.delivery.copies.decide_store import read_copies
from email_campaigns.delivery.copies.rules import Copy
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, LedgerEntry
from email_campaigns.delivery.mailing.mailing import Mailing

_COPY_COLUMNS = (
	"name, creation, modified, owner, modified_by, source_doctype, source, campaign, step, target_list,"
	" member, recipient_doctype, recipient_name, language, cc_of, cc_field, email, domain, dedupe_key,"
	" status, reason, send_after, claim"
)
_COPY_ROW = f"(NEXTVAL(`campaign_message_id_seq`), {'%s, ' * 21}'')"
_MAIL_COLUMNS = (
	"name, creation, modified, owner, modified_by, source_doctype, source, campaign, step, target_list,"
	" member, email, domain, recipient_doctype, recipient_name, language, version, is_seed, send_after,"
	" dedupe_key, status, reason, claim"
)
_MAIL_ROW = f"(NEXTVAL(`campaign_message_id_seq`), {'%s, ' * 21}'')"


def taken_keys(source: str, step: int, keys: list[str]) -> set[str]:
	"""Return those of `keys` that the ledger has of a mailing (step 0), or of a step of an enrolment."""
	return set(
		frappe.db.sql(
			"""SELECT dedupe_key FROM `tabCampaign Message`
			WHERE source = %s AND step = %s AND dedupe_key IN %s""",
			(source, step, tuple(keys)),
			pluck=True,
		)
	)


def enqueue(mailing: Mailing, entries: list[LedgerEntry]) -> None:
	"""Write one row a member, Queued or Skipped with its reason, and its copies.

	The unique key absorbs a replay.
	"""
	stamp = now()
	_insert(_MAIL_COLUMNS, _MAIL_ROW, [_mail_values(mailing, entry, stamp) for entry in entries])
	if mailing.cc_fields:
		enqueue_copies(mailing, entries)


def _mail_values(mailing: Mailing, entry: LedgerEntry, stamp: str) -> tuple:
	decision, candidate = entry.decision, entry.decision.candidate
	return (
		*_shared_values(mailing, entry, stamp),
		*(candidate.email, candidate.domain, candidate.doctype, candidate.record),
		*(entry.language, entry.version, entry.is_seed, entry.send_after, decision.dedupe_key),
		*("Skipped" if decision.reason else "Queued", decision.reason),
	)


def _shared_values(mailing: Mailing, entry: LedgerEntry, stamp: str) -> tuple:
	"""Return the values from `creation` to `member`."""
	user, candidate = mailing.sender_user, entry.decision.candidate
	return (
		*(stamp, stamp, user, user, mailing.doctype, entry.source or mailing.name),
		*(mailing.campaign, mailing.step, candidate.target_list, candidate.member),
	)


def enqueue_copies(mailing: Mailing, entries: Iterable[LedgerEntry]) -> None:
	"""Write the copies of one slice's mails, which are in the ledger already; each copy waits for its mail.

	The mails of the seed group have none: the people of those fields have no part in them.
	"""
	planned = [entry for entry in entries if not entry.decision.reason and not entry.is_seed]
	mains = _mains(mailing, planned)
	planned = [entry for entry in planned if _ledger_place(mailing, entry) in mains]
	numbers = [mains[_ledger_place(mailing, entry)] for entry in planned]
	copy_lists = read_copies(mailing, [entry.decision.candidate for entry in planned], numbers)
	stamp = now()
	rows = [
		_copy_values(mailing, entry, number, copy, stamp)
		for entry, number, copies in zip(planned, numbers, copy_lists, strict=True)
		for copy in copies
	]
	if not rows:
		return
	_insert(_COPY_COLUMNS, _COPY_ROW, rows)
	if not mailing.stream:
		wanted = sum(not copy.reason for copies in copy_lists for copy in copies)
		counts_store.add_to_counts(mailing.name, cc=wanted)


def _insert(columns: str, row: str, rows: Sequence[tuple]) -> None:
	frappe.db.sql(
		f"INSERT IGNORE INTO `tabCampaign Message` ({columns}) VALUES " + ", ".join([row] * len(rows)),
		[value for values in rows for value in values],
	)


def _copy_values(mailing: Mailing, entry: LedgerEntry, main: int, copy: Copy, stamp: str) -> tuple:
	candidate = entry.decision.candidate
	return (
		*_shared_values(mailing, entry, stamp),
		*(candidate.doctype, candidate.record, entry.language, main),
		*(copy.field, copy.email, copy.domain, copy.key),
		*("Skipped" if copy.reason else "Queued", copy.reason, WAITS_FOR_MAIL),
	)


def _ledger_place(mailing: Mailing, entry: LedgerEntry) -> tuple[str, str]:
	return entry.source or mailing.name, entry.decision.dedupe_key


def _mains(mailing: Mailing, entries: Sequence[LedgerEntry]) -> dict[tuple[str, str], int]:
	"""Return {(source, dedupe key): number} of the mails that are Queued and have no copies yet."""
	places = [_ledger_place(mailing, entry) for entry in entries] or [("", "")]
	rows = frappe.db.sql(
		"""SELECT m.source, m.dedupe_key, m.name FROM `tabCampaign Message` m
		WHERE m.source IN %s AND m.step = %s AND m.dedupe_key IN %s AND m.status = 'Queued'
			AND NOT EXISTS (SELECT 1 FROM `tabCampaign Message` c WHERE c.cc_of = m.name)""",
		(tuple({source for source, _key in places}), mailing.step, tuple(key for _source, key in places)),
	)
	return {(source, key): number for source, key, number in rows}
