"""The ledger follows a recipient's record when it gets another name, or is merged into another record.

Under “One mail per record” the key of a mail has the name of the record. Where two records become one, one of
two such mails stays: the one that has left, else the elder of those that can leave.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import frappe
from frappe.model.document import Document

from email_campaigns.audience.address import record_key
from email_campaigns.audience.decide import DUPLICATE_MERGED
from email_campaigns.audience.lists.renames_store import is_source
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.ledger.ends_store import RELEASE, end_queued

SLICE = 5000  # rows
_ROW = "name, source_doctype, source, step, status, claim, dedupe_key"
# Which of two mails to one record stays.
_RANK = {"Sent": 0, "Sending": 1, "Uncertain": 2, "Queued": 4}
_CLAIMED, _ENDED = 3, 5


def wait_for_freezes(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""before_rename of any document: let no slice of an audience be frozen while a recipient is renamed.

	A slice that has read the old name is committed first; the next one reads the new name.
	"""
	if is_source(doc.doctype) or doc.doctype in ("Campaign", "Target List"):
		change_latest_rows()
		frappe.db.sql(
			"""SELECT name FROM `tabMass Email`
			WHERE status = 'In Process' AND (frozen = 0 OR missing_cursor > 0) ORDER BY name FOR UPDATE"""
		)


def follow_renaming(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename of any document: let the mails to this record have its name, in the log as well."""
	if not is_source(doc.doctype):
		return
	change_latest_rows()
	rows = frappe.db.sql(
		f"""SELECT {_ROW} FROM `tabCampaign Message`
		WHERE recipient_doctype = %s AND recipient_name IN (%s, %s) AND cc_of = 0 FOR UPDATE""",
		(doc.doctype, old, new),
		as_dict=True,
	)
	# Sorted here: to read them in this order, MariaDB may go through the whole table, and lock it.
	rows.sort(key=lambda row: row.name)
	keys = {mail_key(doc.doctype, old), mail_key(doc.doctype, new)}
	rename_keys([row for row in rows if row.dedupe_key in keys], mail_key(doc.doctype, new))
	# Written by a job that had read the old name before.
	for table in ("Campaign Message", "Campaign Log", "Inbound Event"):
		frappe.db.sql(
			f"""UPDATE `tab{table}` SET recipient_name = %s
			WHERE recipient_doctype = %s AND recipient_name = %s""",
			(new, doc.doctype, old),
		)


def mail_key(doctype: str, record: str) -> str:
	"""Return the key of a record's mail under “One mail per record”, as audience.decide makes it."""
	return f"r:{record_key(doctype, record)}"


def rename_keys(rows: Iterable[frappe._dict], key: str) -> None:
	"""Give mails to one record, rows of any mailings, its `key`: one in each mailing, where others end."""
	mails: dict[tuple[str, int], list[frappe._dict]] = defaultdict(list)
	for row in rows:
		mails[row.source, row.step].append(row)
	skipped: list[frappe._dict] = []
	for twins in mails.values():
		first, *others = sorted(twins, key=_rank)
		for other in others:
			_set_key(other.name, f"m:{other.name}")
		skipped += [other for other in others if other.status == "Queued"]
		if first.dedupe_key != key:
			_set_key(first.name, key)
	_skip(skipped)


def _rank(row: frappe._dict) -> tuple[int, int]:
	claimed = row.status == "Queued" and row.claim
	return _CLAIMED if claimed else _RANK.get(row.status, _ENDED), row.name


def _set_key(name: int, key: str) -> None:
	frappe.db.set_value("Campaign Message", name, "dedupe_key", key, update_modified=False)


def _skip(rows: list[frappe._dict]) -> None:
	"""Skip mails, claimed ones too: their batch finds its claim gone, and passes over them."""
	for source, doctype in sorted({(row.source, row.source_doctype) for row in rows}):
		names = tuple(row.name for row in rows if row.source == source)
		ended = end_queued("c.name IN %(names)s", {"names": names}, "Skipped", DUPLICATE_MERGED, RELEASE)
		deltas = Counter(counts_store.count_deltas("Queued", "Skipped", ended))
		deltas.update(copies_store.follow_mails(names))
		if doctype == "Mass Email":
			# By the difference: a count would be of the moment at which the rename began.
			counts_store.add_to_counts(source, **deltas)


def repair_keys(after: int, size: int = SLICE) -> int:
	"""Repair the keys of the next slice of mails above the number `after`; return its last, 0 at the end.

	They are stale where a record got another name while the app did not follow.
	"""
	last = frappe.db.sql(
		f"""SELECT MAX(name) FROM (SELECT name FROM `tabCampaign Message`
			WHERE name > %s ORDER BY name LIMIT {int(size)}) slice""",
		after,
	)[0][0]
	if not last:
		return 0
	for row in _stale(after, last):
		key = mail_key(row.recipient_doctype, row.recipient_name)
		twins = frappe.db.sql(
			f"""SELECT {_ROW} FROM `tabCampaign Message`
			WHERE source = %s AND step = %s AND dedupe_key IN (%s, %s) ORDER BY name FOR UPDATE""",
			(row.source, row.step, row.dedupe_key, key),
			as_dict=True,
		)
		rename_keys(twins, key)
	return last


def _stale(after: int, last: int) -> list[frappe._dict]:
	return frappe.db.sql(
		f"""SELECT {_ROW}, recipient_doctype, recipient_name FROM `tabCampaign Message`
		WHERE name > %s AND name <= %s AND dedupe_key LIKE 'r:%%' AND recipient_name != ''
			AND recipient_doctype != 'Target List Member'
			AND BINARY dedupe_key != BINARY CONCAT('r:', recipient_doctype, '/', recipient_name)
		ORDER BY name""",
		(after, last),
		as_dict=True,
	)
