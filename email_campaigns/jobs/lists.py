"""Jobs of target lists: members that join in the background, and the feeds that keep lists up to date."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import frappe
from frappe import _
from frappe.utils import now_datetime

from email_campaigns.audience import sources_store
from email_campaigns.audience.feeds import rows_store, run_store
from email_campaigns.audience.feeds.rules import FeedFault
from email_campaigns.audience.lists import members_store, progress_store
from email_campaigns.audience.lists.copy_store import ListCopy
from email_campaigns.audience.lists.import_report_store import ImportReport
from email_campaigns.audience.lists.import_store import CsvImport, open_file
from email_campaigns.audience.lists.rows import UnusableFile
from email_campaigns.audience.lists.table import Layout, open_table
from email_campaigns.audience.suppression import opt_outs_store
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.jobs.isolation import isolate
from email_campaigns.results import list_store
from email_campaigns.translation import translate

FEED_SECONDS = 3600


def add_members(target_list: str, doctype: str, names: list[str]) -> None:
	"""Add records to a target list slice by slice, each committed, and show the progress."""
	change_latest_rows()
	source, added, done = sources_store.source(doctype), 0, 0
	with progress_store.report_progress(target_list) as show_progress:
		for batch in members_store.slices(names):
			added += members_store.add_records(target_list, source, batch)
			done += len(batch)
			frappe.db.commit()
			show_progress(done, len(names))
		sentences = [_("{0} of {1} records joined.").format(added, len(names))]
		if added < len(names):
			sentences.append(_("The others were on the list already, or may not join it."))
		_save_report(target_list, " ".join(sentences))


def import_members(
	target_list: str,
	file_url: str,
	mapping: dict[str, int] | None = None,
	record_type: str = "",
	layout: dict[str, Any] | None = None,
) -> None:
	"""Add the addresses of a file to a target list, plain or as records, and save the report on its form.

	`mapping` is {field: number of its column}, `record_type` the doctype of records to link to, `layout` has
	the fields of a table.Layout.
	"""
	change_latest_rows()
	with progress_store.report_progress(target_list) as show_progress, ImportReport() as report:
		fault = ""
		try:
			with open_file(file_url) as stream:
				table = open_table(stream, Layout(**layout or {}), frappe.local.lang or "")
				lines = table.estimate_lines()
				for done in CsvImport(target_list, table, report, mapping, record_type).run():
					frappe.db.commit()
					show_progress(done, lines)
		except UnusableFile as error:
			frappe.db.rollback()
			fault = translate(error)
		# A workbook may be damaged in its middle.
		text = report.text() if report.lines or not fault else ""
		_save_report(target_list, "\n".join(filter(None, [fault, text])), report.save(target_list))


def copy_members(target_list: str, sources: list[str], part: str = "", other: str = "") -> None:
	"""Copy the members of the lists `sources`, or a part of them, to a list, slice by slice, each committed.

	`part` and `other` are as in ListCopy.
	"""
	change_latest_rows()
	total = sum(frappe.db.count("Target List Member", {"target_list": source}) for source in sources)
	done = 0
	sentences: list[str] = []
	with progress_store.report_progress(target_list) as show_progress:
		for source in sources:
			run, looked_at = ListCopy(source, target_list, part, other), 0
			for looked_at in run.run():
				frappe.db.commit()
				show_progress(done + looked_at, total)
			done += looked_at
			sentences.append(_("{0} of {1} members of “{2}” joined.").format(run.joined, looked_at, source))
		_save_report(target_list, " ".join(sentences))


def _save_report(target_list: str, report: str, file_url: str = "") -> None:
	"""Show on the form of a list how many members it has now and how they joined."""
	members_store.update_counts(target_list)
	values = {"import_report": report, "import_file": file_url}
	frappe.db.set_value("Target List", target_list, values)
	frappe.db.commit()


def add_from_behaviour(target_list: str, mailing: str, behaviour: str, link: str = "") -> None:
	"""Add the people of a mailing who have shown a behaviour to a target list, each slice committed."""
	change_latest_rows()
	joined = 0
	with progress_store.report_progress(target_list) as show_progress:
		for done, total, added in list_store.add_people(target_list, mailing, behaviour, link):
			joined += added
			frappe.db.commit()
			show_progress(done, total)
		title = frappe.db.get_value("Mass Email", mailing, "title") or mailing
		_save_report(target_list, _("{0} people joined from the mailing {1}.").format(joined, title))


def follow_opt_outs() -> None:
	"""Follow the opt-out fields of all records, for changes that no document event has seen."""
	change_latest_rows()
	opt_outs_store.follow_records()
	frappe.db.commit()


def run_feeds() -> None:
	"""Enqueue the feeds that are due: they keep target lists up to date with filters and reports."""
	change_latest_rows()
	for target_list in rows_store.due_lists():
		with isolate(f"enqueueing the feeds of {target_list}"):
			feed_list_soon(target_list)


def feed_list_soon(target_list: str, feed: str = "", *, asked: bool = False) -> None:
	"""Enqueue the feeds of a list: those that are due, or with `asked` those that a user wants to run now.

	`feed` is the row of one feed, "" for all.
	"""
	# A title may have any character, the id of a job may not.
	digest = sha256(f"{target_list}\n{feed}\n{asked}".encode()).hexdigest()[:24]
	arguments = {"target_list": target_list, "feed": feed, "asked": asked}
	enqueue_once(feed_list, f"ec-feed-{digest}", queue="long", timeout=FEED_SECONDS, **arguments)


def feed_list(target_list: str, feed: str = "", asked: bool = False) -> None:
	"""Run the feeds of a list one after the other. One that fails shows why on the form and stops no
	other."""
	change_latest_rows()
	with (
		run_store.feed_lock(target_list) as locked,
		progress_store.report_progress(target_list) as show_progress,
	):
		if not locked:
			return  # another job feeds the list; what it does not do is due at the next tick
		feeds = rows_store.read_feeds(target_list, feed) if asked else rows_store.due_feeds(target_list)
		for row in feeds:
			_run_feed(row, show_progress)
		members_store.update_counts(target_list)
		# A changed form that waits is reloaded. A list that only was due stays unmodified, so that a form
		# which somebody edits can still be saved.
		if asked:
			frappe.db.set_value("Target List", target_list, "modified", now_datetime(), update_modified=False)
		frappe.db.commit()


def _run_feed(row, show_progress: Callable[[int, int], None]) -> None:
	"""Run one row of the table of feeds; a failure is shown on the form."""
	run = run_store.FeedRun(row)
	try:
		for done, total in run.run():
			frappe.db.commit()
			show_progress(done, total)
		run.save_result()
	except FeedFault as fault:
		frappe.db.rollback()
		run.save_failure(translate(fault))
	except Exception:
		frappe.db.rollback()
		frappe.log_error(f"Email Campaigns: the feed {row.title} of {row.parent} failed")
		run.save_failure(_("It stopped with an error, which is in the Error Log."))
	frappe.db.commit()
