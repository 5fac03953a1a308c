"""Rules of feeds, which keep a target list in step with a filter or a report. Pure.

They say when a feed is due, which members join and leave, and which columns of a report it can use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from email_campaigns.text import Sentence, SentenceError, _lt

FINE, FAILED, WAITING = "Fine", "Failed", "Waiting"

HOUR = 3600
INTERVALS = {"Hourly": HOUR, "Daily": 24 * HOUR, "Weekly": 7 * 24 * HOUR}  # seconds
# The tick comes every five minutes; without this a feed would run five minutes later every day.
EARLY = 150  # seconds

ADDRESSES = ""  # in the place of a doctype: the column holds plain addresses
_NO_TEXT = frozenset({"Check", "Currency", "Date", "Datetime", "Duration", "Float", "Int", "Percent", "Time"})


class FeedFault(SentenceError):
	"""A feed can't run as it is; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class FeedStep:
	"""The changes of one run, as member keys.

	Where `waits` is true, the members who would leave stay until somebody or a second run confirms it.
	"""

	joining: frozenset[str] = frozenset()
	leaving: frozenset[str] = frozenset()
	waits: bool = False


@dataclass(frozen=True, slots=True)
class Column:
	"""A column of a report that names records or addresses; `doctype` is the records', or ADDRESSES."""

	fieldname: str
	label: str
	doctype: str


def is_due(schedule: str, status: str, since: float | None) -> bool:
	"""Tell whether a feed is due; `since` is the number of seconds since its last run began, None for never.

	A feed that failed runs again after an hour, for its cause may be mended.
	"""
	if since is None:
		return True
	interval = HOUR if status == FAILED else INTERVALS.get(schedule, INTERVALS["Daily"])
	return since >= interval - EARLY


def decide_feed(
	matching: Collection[str], brought: Collection[str], *, leave: bool, confirmed: bool
) -> FeedStep:
	"""Return the changes for the keys that match now and the keys that the feed has brought before.

	With `leave`, members who match no longer leave. A member whom a person has removed does not join again as
	long as they match. An empty answer after one with members is more often a fault than the truth: it must
	be `confirmed`, by a second such answer or by a person.
	"""
	joining = frozenset(matching).difference(brought)
	leaving = frozenset(brought).difference(matching) if leave else frozenset()
	if leaving and not matching and not confirmed:
		return FeedStep(waits=True)
	return FeedStep(joining, leaving)


def usable_columns(
	columns: Iterable[Mapping[str, Any]], ref_doctype: str, sources: Collection[str], *, lists_documents: bool
) -> list[Column]:
	"""Return the columns of a report that a feed can use: links to recipient sources, the ID, and texts.

	`columns` are Frappe's, with fieldname, label, fieldtype and options. `sources` are the doctypes of
	recipient sources. With `lists_documents` the rows are documents of `ref_doctype` (Report Builder), and
	their `name` is the ID. The likeliest columns come first.
	"""
	ranked = []
	for column in columns:
		fieldtype, options = column.get("fieldtype") or "Data", column.get("options") or ""
		if column.get("fieldname") == "name" and lists_documents:
			fieldtype, options = "Link", ref_doctype
		if fieldtype == "Link" and options in sources:
			ranked.append((0, _column(column, options)))
		elif fieldtype not in _NO_TEXT and fieldtype != "Link":
			ranked.append((1 if _sounds_like_address(column) else 2, _column(column, ADDRESSES)))
	return [column for _rank, column in sorted(ranked, key=lambda item: item[0])]


def _column(column: Mapping[str, Any], doctype: str) -> Column:
	return Column(column["fieldname"], column.get("label") or column["fieldname"], doctype)


def _sounds_like_address(column: Mapping[str, Any]) -> bool:
	return (
		column.get("options") == "Email" or "mail" in f"{column['fieldname']} {column.get('label')}".lower()
	)


def choose_column(columns: Iterable[Column], wanted: str) -> Column:
	"""Return the column with the name `wanted`. Raises FeedFault where there is no such usable column."""
	columns = list(columns)
	if column := next((column for column in columns if column.fieldname == wanted), None):
		return column
	raise FeedFault(
		_lt("The report has no column “{0}” that names a record or an address. Columns that do: {1}."),
		wanted,
		", ".join(f"“{column.label}”" for column in columns) or Sentence(_lt("none")),
	)
