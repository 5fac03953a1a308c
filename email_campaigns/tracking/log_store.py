"""The only place that inserts into Campaign Log: one fact, or one fact for each of many mails.

Rows are only appended, but for three changes: events_store corrects the verdict of a hit, a row stands for
further ones of a mail that is hit too often (`count_on`), and whoever asks to be forgotten is taken out
(audience.suppression.erase_store).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import frappe
from frappe.utils import now

# Facts of one kind about one mail that get a row each in a minute. A mail has a few dozen links: whoever asks
# for more fills the log, and tells nothing new.
MOST_A_MINUTE = 100

_HEAD = ("name", "creation", "modified", "owner", "modified_by", "action")
_NEXT_NAME = "NEXTVAL(`campaign_log_id_seq`)"
# {column of the log: the ledger's column that it is copied from}
_FROM_MAIL = {
	"email": "email",
	"campaign": "campaign",
	"source_doctype": "source_doctype",
	"source": "source",
	"message": "name",
	"recipient_doctype": "recipient_doctype",
	"recipient_name": "recipient_name",
}


def append(action: str, at: datetime | str, **fields: object) -> None:
	"""Append one fact, in the name of the session's user.

	`action` is an option of Campaign Log's field, `at` a time of the site's clock. `fields` are further
	columns; what is not given has the column's default. What a person reads in them (details, reason) comes
	in translated.
	"""
	append_many(action, at, [fields])


def append_many(action: str, at: datetime | str, rows: Sequence[Mapping[str, object]]) -> None:
	"""Append one fact for each of `rows`, as `append` does; all have the same columns."""
	if not rows:
		return
	user = frappe.session.user
	row = f"({_NEXT_NAME}, {', '.join(['%s'] * (len(_HEAD) - 1 + len(rows[0])))})"
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Log` ({", ".join((*_HEAD, *rows[0]))})
		VALUES {", ".join([row] * len(rows))}""",
		[value for fields in rows for value in (at, at, user, user, action, *fields.values())],
	)


def last_of_many(message: int, action: str, most: int) -> int:
	"""Return the last row of a mail's facts of a kind, 0 where the last minute has had fewer than `most`."""
	names = frappe.db.sql(
		"""SELECT name FROM `tabCampaign Log` WHERE message = %s AND action = %s
			AND creation >= %s - INTERVAL 1 MINUTE ORDER BY name DESC LIMIT %s""",
		(message, action, now(), most),
		pluck=True,
	)
	return names[0] if len(names) == most else 0


def count_on(name: int) -> None:
	"""Let the row `name` stand for one more fact of its kind, which gets no row of its own."""
	frappe.db.sql("UPDATE `tabCampaign Log` SET further = further + 1 WHERE name = %s", name)


def append_from_mails(  # noqa: PLR0913  (the parts of one statement, each by its name)
	tables: str,
	condition: str,
	values: Mapping[str, object],
	*,
	at: str,
	action: str,
	details: str,
	user: str,
) -> None:
	"""Append one fact for each mail that a condition holds for, with the mail's address, source and record.

	All but `values` is SQL. `tables` is what stands after FROM, in which `m` is the ledger's row that the
	fact is about, such as "`tabCampaign Message` m"; the other expressions are over its rows. `values` has
	what %(name)s in them stands for.
	"""
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Log` ({", ".join((*_HEAD, "details", *_FROM_MAIL))})
		SELECT {_NEXT_NAME}, {at}, {at}, {user}, {user}, {action}, {details},
			{", ".join(f"m.{column}" for column in _FROM_MAIL.values())}
		FROM {tables} WHERE {condition}""",
		values,
	)
