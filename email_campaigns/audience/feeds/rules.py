"""Rules of feeds, which keep a target list in step with a filter or a report: when one is due, who comes, who goes,
and which column of a report says who. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

FINE, FAILED, WAITING = "Fine", "Failed", "Waiting"

HOUR = 3600
INTERVALS = {"Hourly": HOUR, "Daily": 24 * HOUR, "Weekly": 7 * 24 * HOUR}  # seconds
# The tick comes every five minutes; without this a feed would run five minutes later from day to day.
EARLY = 150

ADDRESSES = ""  # in the place of a doctype: the column holds plain addresses
_NO_TEXT = frozenset({"Check", "Currency", "Date", "Datetime", "Duration", "Float", "Int", "Percent", "Time"})


class FeedFault(Exception):
	"""A feed can't run as it is; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class FeedStep:
	"""What one run changes, as member keys. `waits` tells that those who would leave stay until that is confirmed."""

	come: frozenset[str] = frozenset()
	go: frozenset[str] = frozenset()
	waits: bool = False


@dataclass(frozen=True, slots=True)
class Column:
	"""A column of a report that says who; `doctype` is that of its records, or ADDRESSES."""

	fieldname: str
	label: str
	doctype: str


def is_due(schedule: str, status: str, since: float | None) -> bool:
	"""Tell whether a feed runs now; `since` is the number of seconds since its last run began, None for never.

	What failed is tried again within the hour, for its cause may be mended.
	"""
	if since is None:
		return True
	interval = HOUR if status == FAILED else INTERVALS.get(schedule, INTERVALS["Daily"])
	return since >= interval - EARLY


def decide_feed(
	matching: Collection[str], brought: Collection[str], *, leave: bool, confirmed: bool
) -> FeedStep:
	"""Return who comes and who goes, of those who match now and those whom the feed has brought before.

	Who was brought and has been taken off by a person does not come again for as long as they match. An answer
	without anybody, where there were some, is more often a fault than the truth: it needs to be `confirmed`, by a
	second such answer or by a person.
	"""
	come = frozenset(matching).difference(brought)
	go = frozenset(brought).difference(matching) if leave else frozenset()
	if go and not matching and not confirmed:
		return FeedStep(waits=True)
	return FeedStep(come, go)


def usable_columns(
	columns: Iterable[Mapping], ref_doctype: str, sources: Collection[str], *, lists_documents: bool
) -> list[Column]:
	"""Return the columns of a report that can say who: links to recipient sources, the ID, and columns of text.

	`columns` are Frappe's, with fieldname, label, fieldtype and options. `lists_documents` tells that the rows are
	documents of `ref_doctype` (Report Builder), whose `name` is their ID. The likeliest come first.
	"""
	found = []
	for column in columns:
		fieldtype, options = column.get("fieldtype") or "Data", column.get("options") or ""
		if column.get("fieldname") == "name" and lists_documents:
			fieldtype, options = "Link", ref_doctype
		if fieldtype == "Link" and options in sources:
			found.append((0, _column(column, options)))
		elif fieldtype not in _NO_TEXT and fieldtype != "Link":
			found.append((1 if _sounds_like_address(column) else 2, _column(column, ADDRESSES)))
	return [column for _rank, column in sorted(found, key=lambda item: item[0])]


def _column(column: Mapping, doctype: str) -> Column:
	return Column(column["fieldname"], column.get("label") or column["fieldname"], doctype)


def _sounds_like_address(column: Mapping) -> bool:
	return (
		column.get("options") == "Email" or "mail" in f"{column['fieldname']} {column.get('label')}".lower()
	)


def choose_column(columns: Iterable[Column], wanted: str) -> Column:
	"""Return the column by its name. Raises FeedFault where the report has it no longer, or it can't say who."""
	columns = list(columns)
	found = next((column for column in columns if column.fieldname == wanted), None)
	if found:
		return found
	names = ", ".join(f"“{column.label}”" for column in columns) or "none"
	raise FeedFault(
		f"The report has no column “{wanted}” that names a record or an address. Columns that can: {names}."
	)
