"""What was sent, in the database: each text once by its hash, and for each mail its Cc and its fields.

Both are written before the first such mail leaves; the caller commits. A mail's part is personal data, so it
has a table of its own, which nobody reads in the Desk and which forgets an address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import frappe
from frappe.utils import now

from email_campaigns.delivery.compose.composer import Composer, Record, used_fields
from email_campaigns.delivery.compose.sent_text import SentText, name_of, read_text
from email_campaigns.delivery.ledger.row import ClaimedMail, MailHeading
from email_campaigns.message.plain_json import load_json, write_json

SHOWN = 140  # characters of the subject and the sender, which lists show
CC = "$cc"  # the key, beside those of fields, of the addresses that Cc named
LONGEST_STATEMENT = 1_000_000  # characters of values; MariaDB's default for a whole statement is 16 MB


def save_texts(composers: Mapping[str, Composer]) -> dict[str, str]:
	"""Store the texts of a mailing's editions, each once, and return {edition: name of its text}."""
	names = {}
	for edition, composer in composers.items():
		content = composer.text.content
		names[edition] = name_of(content)
		_save_text(names[edition], content, composer.text)
	return names


def _save_text(name: str, content: str, text: SentText) -> None:
	stamp, user = now(), frappe.session.user
	sender = f"{text.sender_name} <{text.sender_address}>"
	values = (name, stamp, stamp, user, user, text.mailing, text.campaign, text.edition)
	# Of a text that is stored, only an address that was forgotten since can differ; it is in use again.
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Mail Text` (name, creation, modified, owner, modified_by, mailing,
			campaign, edition, subject, sender, content) VALUES ({", ".join(["%s"] * 11)})
		ON DUPLICATE KEY UPDATE content = VALUES(content)""",
		(*values, text.source.subject[:SHOWN], sender[:SHOWN], content),
	)


def load_text(name: str) -> SentText | None:
	"""Return a stored text, None where there is none. Raises ValueError for a format of a later version."""
	content = frappe.db.get_value("Campaign Mail Text", name, "content") if name else None
	return read_text(content) if content else None


def save_values(
	rows: Iterable[ClaimedMail],
	records: Mapping[tuple[str, str], Record],
	composers: Mapping[str, Composer],
	headings: Mapping[int, MailHeading] = MappingProxyType({}),
) -> None:
	"""Store, for each mail of a batch, the fields of its record that its text uses, and its Cc.

	`headings` is {number of a mail: heading}. A copy may get another address after its mail has left.
	"""
	for part in _parts(_used_values(rows, records, composers, headings)):
		frappe.db.sql(
			"INSERT INTO `tabCampaign Mail Values` (name, content) VALUES "
			+ ", ".join(["(%s, %s)"] * len(part))
			+ " ON DUPLICATE KEY UPDATE content = VALUES(content)",
			[value for pair in part for value in pair],
		)


def _used_values(
	rows: Iterable[ClaimedMail],
	records: Mapping[tuple[str, str], Record],
	composers: Mapping[str, Composer],
	headings: Mapping[int, MailHeading],
) -> Iterator[tuple[int, str]]:
	# In one order, so that no two jobs wait for each other.
	for row in sorted(rows, key=lambda row: row.name):
		record = records.get((row.doctype, row.record))
		composer = composers.get(row.edition, composers[""])
		if record is None:
			continue
		fields = used_fields(composer.compiled, record)
		if composer.text.names_copies and row.mail in headings:
			fields = {**(fields or {}), CC: list(headings[row.mail].cc)}
		if fields is not None:
			yield row.name, write_json(fields)


def _parts(values: Iterable[tuple[int, str]]) -> Iterator[Sequence[tuple[int, str]]]:
	"""Yield the values in parts that a statement can hold."""
	part: list[tuple[int, str]] = []
	size = 0
	for name, content in values:
		if part and size + len(content) > LONGEST_STATEMENT:
			yield part
			part, size = [], 0
		part.append((name, content))
		size += len(content)
	if part:
		yield part


def load_values(names: Collection[int]) -> dict[int, dict[str, Any]]:
	"""Return {number of a mail: fields, and Cc} of those mails that have any, for the two below."""
	if not names:
		return {}
	return {
		name: cast(dict[str, Any], load_json(content))
		for name, content in frappe.db.sql(
			"SELECT name, content FROM `tabCampaign Mail Values` WHERE name IN %s", (tuple(names),)
		)
	}


def forget_values(names: Collection[int]) -> None:
	"""Delete the fields of those mails whose recipient was forgotten while their batch was under way."""
	if names:
		frappe.db.sql(
			"""DELETE v FROM `tabCampaign Mail Values` v JOIN `tabCampaign Message` m ON m.name = v.name
			WHERE v.name IN %s AND m.email = ''""",
			(tuple(names),),
		)


def values_of(composer: Composer, values: Mapping[int, Record], message: int) -> Record | None:
	"""Return the fields that a mail shows, from those of `load_values`; None where they were forgotten."""
	uses_fields = composer.compiled.record_fields or composer.compiled.uses_whole_record
	if not uses_fields:
		return {}
	fields = values.get(message)
	return None if fields is None else {field: value for field, value in fields.items() if field != CC}


def cc_of(values: Mapping[int, Record], message: int) -> tuple[str, ...] | None:
	"""Return the addresses in the Cc of a mail, from those of `load_values`.

	None where it is not stored. An address that was forgotten since is another text without @.
	"""
	cc = values.get(message, {}).get(CC)
	return None if cc is None else tuple(cast(list[str], cc))


def count_texts(mailing: str) -> list[dict[str, Any]]:
	"""Return {"text", "edition", "subject", "mails", "first", "last"} for each text of a mailing, in order.

	The answer is empty where no edition has more than one: it then says nothing new, and is quick.
	"""
	fields = ["name", "edition", "subject"]
	texts = frappe.get_all("Campaign Mail Text", {"mailing": mailing}, fields, order_by="creation")
	if len(texts) == len({text.edition for text in texts}):
		return []
	counts = {
		name: {"mails": mails, "first": first, "last": last}
		for name, mails, first, last in frappe.db.sql(
			"""SELECT sent_text, COUNT(*), MIN(sent_at), MAX(sent_at) FROM `tabCampaign Message`
			WHERE source = %s AND status IN ('Sent', 'Sending', 'Uncertain') GROUP BY sent_text""",
			mailing,
		)
	}
	rows = [
		{"text": text.name, "edition": text.edition or "", "subject": text.subject, **counts[text.name]}
		for text in texts
		if text.name in counts
	]
	return sorted(rows, key=lambda row: row["edition"])
