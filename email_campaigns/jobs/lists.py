"""Lists: members that join in the background, and the feeds that keep lists in step."""

from __future__ import annotations

from hashlib import sha256

import frappe
from frappe.utils import now_datetime

from email_campaigns.audience import sources_store
from email_campaigns.audience.feeds import rows_store, run_store
from email_campaigns.audience.feeds.rules import FeedFault
from email_campaigns.audience.lists import members_store as audience
from email_campaigns.audience.lists import progress_store
from email_campaigns.audience.lists.copy_store import ListCopy
from email_campaigns.audience.lists.csv_file import UnusableFile
from email_campaigns.audience.lists.import_store import CsvImport, read_file
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.results import list_store

FEED_SECONDS = 3600


def add_members(target_list: str, doctype: str, names: list[str]) -> None:
	"""Add records to a target list slice by slice, each durable, with progress for whoever asked."""
	change_latest_rows()
	origin, added, done = sources_store.source(doctype), 0, 0
	with progress_store.report_progress(target_list) as tell:
		for batch in audience.slices(names):
			added += audience.add_records(target_list, origin, batch)
			done += len(batch)
			frappe.db.commit()
			tell(done, len(names))
		report = frappe._("{0} of {1} records joined.").format(added, len(names))
		if added < len(names):
			report += " " + frappe._("The others were on the list already, or may not join it.")
		_members_changed(target_list, report)


def import_members(
	target_list: str, file_url: str, mapping: dict[str, int] | None = None, record_type: str = ""
) -> None:
	"""Add the addresses of a CSV file to a target list, plain or as records, and keep the report of what was left out."""
	change_latest_rows()
	with progress_store.report_progress(target_list) as tell:
		try:
			text = read_file(file_url)
			lines, run = max(1, text.count("\n")), CsvImport(target_list, text, mapping, record_type)
			for done in run.run():
				frappe.db.commit()
				tell(done, lines)
			report = run.report
		except UnusableFile as error:
			report = str(error)
		_members_changed(target_list, report)


def copy_members(target_list: str, sources: list[str], part: str = "", other: str = "") -> None:
	"""Put the members of other lists, or of a part of them, on a list, slice by slice, each durable."""
	change_latest_rows()
	total = sum(frappe.db.count("Target List Member", {"target_list": source}) for source in sources)
	done, told = 0, []
	with progress_store.report_progress(target_list) as tell:
		for source in sources:
			run, looked_at = ListCopy(source, target_list, part, other), 0
			for looked_at in run.run():
				frappe.db.commit()
				tell(done + looked_at, total)
			done += looked_at
			told.append(frappe._("{0} of {1} members of “{2}” joined.").format(run.joined, looked_at, source))
		_members_changed(target_list, " ".join(told))


def _members_changed(target_list: str, report: str) -> None:
	audience.update_counts(target_list)
	frappe.db.set_value("Target List", target_list, "import_report", report)
	frappe.db.commit()


def add_from_behaviour(target_list: str, mailing: str, behaviour: str, link: str = "") -> None:
	"""Add the people of a mailing who have shown a behaviour to a target list, each slice durable."""
	change_latest_rows()
	joined = 0
	with progress_store.report_progress(target_list) as tell:
		for done, among, added in list_store.add_people(target_list, mailing, behaviour, link):
			joined += added
			frappe.db.commit()
			tell(done, among)
		title = frappe.db.get_value("Mass Email", mailing, "title") or mailing
		_members_changed(
			target_list, frappe._("{0} people joined from the mailing {1}.").format(joined, title)
		)


def run_feeds() -> None:
	"""Start what is due of the feeds that keep target lists in step with filters and reports."""
	change_latest_rows()
	for target_list in rows_store.due_lists():
		feed_list_soon(target_list)


def feed_list_soon(target_list: str, feed: str = "", *, asked: bool = False) -> None:
	"""Enqueue the feeding of a list: of what is due, or of what a person has asked for."""
	# Titles may have any sign, ids of jobs may not.
	digest = sha256(f"{target_list}\n{feed}\n{asked}".encode()).hexdigest()[:24]
	which = {"target_list": target_list, "feed": feed, "asked": asked}
	enqueue_once(feed_list, f"ec-feed-{digest}", queue="long", timeout=FEED_SECONDS, **which)


def feed_list(target_list: str, feed: str = "", asked: bool = False) -> None:
	"""Run the feeds of a list one after the other; one that can't says so on the form and stops no other."""
	change_latest_rows()
	with run_store.feed_lock(target_list) as alone, progress_store.report_progress(target_list) as tell:
		if not alone:
			return  # whoever feeds the list now goes on; what it leaves is due at the next tick
		feeds = rows_store.read_feeds(target_list, feed) if asked else rows_store.due_feeds(target_list)
		for row in feeds:
			_feed(row, tell)
		audience.update_counts(target_list)
		if asked:  # a form that waits is loaded anew; one that somebody works on could not be saved any more
			frappe.db.set_value("Target List", target_list, "modified", now_datetime(), update_modified=False)
		frappe.db.commit()


def _feed(row, tell) -> None:
	run = run_store.FeedRun(row)
	try:
		for done, total in run.run():
			frappe.db.commit()
			tell(done, total)
		run.save_result()
	except FeedFault as fault:
		frappe.db.rollback()
		run.save_failure(str(fault))
	except Exception:
		frappe.db.rollback()
		frappe.log_error(f"Email Campaigns: the feed {row.title} of {row.parent} failed")
		run.save_failure(frappe._("It stopped with an error, which is in the Error Log."))
	frappe.db.commit()
