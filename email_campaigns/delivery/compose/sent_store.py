"""What was sent, in the database: each text once by its hash, and for each mail the fields that it shows.

Both are written before the first such mail leaves; the caller commits. Fields are personal data, so they have
a table of their own, which nobody reads in the Desk and which forgets an address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import frappe
from frappe.utils import now

from email_campaigns.delivery.compose.composer import Composer, Record, used_fields
from email_campaigns.delivery.compose.plain_json import load_json, write_json
from email_campaigns.delivery.compose.sent_text import SentText, name_of, read_text
from email_campaigns.delivery.ledger.row import ClaimedMail

SHOWN = 140  # characters of the subject and the sender, which lists show
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
	rows: Iterable[ClaimedMail], records: Mapping[tuple[str, str], Record], composers: Mapping[str, Composer]
) -> None:
	"""Store, for each mail of a batch, the fields of its record that its text uses."""
	for part in _parts(_used_values(rows, records, composers)):
		frappe.db.sql(
			"INSERT INTO `tabCampaign Mail Values` (name, content) VALUES "
			+ ", ".join(["(%s, %s)"] * len(part))
			+ " ON DUPLICATE KEY UPDATE content = VALUES(content)",
			[value for pair in part for value in pair],
		)


def _used_values(
	rows: Iterable[ClaimedMail], records: Mapping[tuple[str, str], Record], composers: Mapping[str, Composer]
) -> Iterator[tuple[int, str]]:
	# In one order, so that no two jobs wait for each other.
	for row in sorted(rows, key=lambda row: row.name):
		record = records.get((row.doctype, row.record))
		composer = composers.get(row.edition, composers[""])
		if record is not None and (fields := used_fields(composer.compiled, record)) is not None:
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
	"""Return {number of a mail: fields} of those mails whose text uses fields."""
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
	return values.get(message) if uses_fields else {}


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
