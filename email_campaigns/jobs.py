"""Every entry point of the scheduler and of the queue, and, but for api/public.py, the only place that commits.

Any of them may run twice, be killed, or find that there is nothing left to do: the truth is in the ledger,
Redis only says what to look at next.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from hashlib import sha256

import frappe
from frappe.utils import add_days, cint, get_datetime, getdate, now_datetime, nowdate

from email_campaigns.audience import feed_rows_store, feed_run_store, progress_store, signup_store
from email_campaigns.audience import store as audience
from email_campaigns.audience.feed import FeedFault
from email_campaigns.audience.import_store import Import, read_file
from email_campaigns.audience.members import UnusableFile
from email_campaigns.audience.sets_store import Copy
from email_campaigns.compat import change_latest_rows, enqueue_once, is_job_enqueued
from email_campaigns.delivery import (
	approval_store,
	ledger_store,
	limits_store,
	mailing_store,
	missing_store,
	plan_store,
	send_store,
	store,
	transport,
)
from email_campaigns.delivery.mailing import Tally
from email_campaigns.message.compile import TemplateError
from email_campaigns.message.headers import HeaderError
from email_campaigns.results import digest_store, list_store
from email_campaigns.results import store as results
from email_campaigns.tracking import events_store

PAGE_SECONDS = 240  # a page job lasts less than five minutes, whatever the size of the mailing
REJUDGED_MAILS = 500  # at a time
PROVED_DAYS = 3  # a night that was missed is made up for
FEED_SECONDS = 3600


def tick() -> None:
	"""Recover what dead workers held, start what is due, and see that everything under way goes on."""
	change_latest_rows()
	epoch = int(time.time())
	recover(epoch)
	for name in store.due(epoch):
		if approval_store.stands(name):
			store.move(name, "In Process", started_on=now_datetime())
		frappe.db.commit()
	for name in store.in_process(frozen=False):
		enqueue_once(freeze, f"ec-freeze-{name}", queue="long", name=name)
	for name in store.looking_for_missing():
		enqueue_once(resend_missing, f"ec-missing-{name}", queue="long", name=name)
	top_up()


def recover(epoch: int) -> None:
	"""Take back the claims whose lease ended before `epoch` (Unix seconds)."""
	send_store.recover(epoch)
	frappe.db.commit()


def top_up() -> None:
	"""Enqueue pages for the mailings in process, as far as mails are due and the limits leave room.

	Runs every minute, so that room in the sliding hour is used soon after it opens.
	"""
	change_latest_rows()
	_expire_late(int(time.time()))
	for name in store.in_process(frozen=True):
		_enqueue_pages(name)


def _continue(name: str, own_slot: int | None = None, predecessor: int | None = None) -> None:
	"""Let a mailing go on after a job of its own; a page names itself as predecessor."""
	_expire_late(int(time.time()))
	_enqueue_pages(name, own_slot, predecessor)


def _enqueue_pages(name: str, own_slot: int | None = None, predecessor: int | None = None) -> None:
	"""Finish a mailing that has no open mails, else enqueue its pages."""
	if _finish(name):
		return
	epoch, settings = int(time.time()), store.settings()
	if not _has_room(name, epoch):
		return
	batch = max(1, cint(settings.batch_size))
	due = ledger_store.due_mails(name, epoch, batch * max(1, cint(settings.parallel_jobs)))
	for slot in range(-(-due // batch)):
		_enqueue_page(name, slot, predecessor if slot == own_slot else None)


def _has_room(name: str, epoch: int) -> bool:
	"""Tell whether the limits let mail go now. A mailing that can't be loaded pauses, and holds up no other."""
	opens = None
	with _pausing(name):
		opens = limits_store.of(name, epoch).opens(epoch)[0]
	return opens is not None and opens <= epoch


def _expire_late(epoch: int) -> None:
	"""What could not leave by its deadline never does, also where nobody looked at the deadline itself."""
	for name in store.past_deadline(epoch):
		if ledger_store.expire(name, frappe._("The deadline passed before this mail could leave.")):
			ledger_store.recount(name)
		frappe.db.commit()


def _finish(name: str) -> bool:
	if ledger_store.is_open(name):
		return False
	# Looked at once more under the lock: somebody may have opened a mail again since.
	frappe.db.commit()
	row = store.lock(name)
	if not row or row.missing_cursor or ledger_store.is_open(name):
		frappe.db.commit()
		return False
	ledger_store.recount(name)
	store.finish(name)
	frappe.db.commit()
	return True


def _enqueue_page(name: str, slot: int, predecessor: int | None) -> None:
	"""Enqueue a page unless this slot of the mailing has one. A job can't enqueue itself under the id that it
	runs under, so a page and its successor take turns with two ids."""
	ids = [f"ec-page-{name}-{slot}-{turn}" for turn in (0, 1)]
	if any(is_job_enqueued(job_id) for turn, job_id in enumerate(ids) if turn != predecessor):
		return
	turn = 0 if predecessor is None else 1 - predecessor
	enqueue_once(page, ids[turn], queue="long", mailing=name, slot=slot, turn=turn)


def freeze(name: str) -> None:
	"""Freeze the audience of a mailing, each slice durable, then let its first pages go."""
	change_latest_rows()
	with _pausing(name):
		plan_store.refresh(approval_store.load(name))
		frappe.db.commit()
		while plan_store.freeze_next(name):
			frappe.db.commit()
	frappe.db.commit()
	if store.may_send(name):
		_continue(name)


def resend_missing(name: str) -> None:
	"""Let the members that got nothing have the mailing, each slice durable, then let its pages go."""
	change_latest_rows()
	try:
		plan_store.refresh(mailing_store.load(name))
		frappe.db.commit()
		while missing_store.take_next(name):
			frappe.db.commit()
	except frappe.ValidationError as error:
		frappe.db.rollback()
		missing_store.stop(name, str(error))
	frappe.db.commit()
	if store.may_send(name):
		_continue(name)


def page(mailing: str, slot: int, turn: int = 0) -> None:
	"""Send mails of one mailing for up to PAGE_SECONDS, then leave the rest to a successor."""
	change_latest_rows()
	if not store.may_send(mailing) or not _way_is_free(mailing):
		return
	sending = _open(mailing)
	if not sending:
		return
	try:
		found = _send_batch(sending)
		while found and not sending.stopped and _send_batch(sending):
			pass
	finally:
		sending.close()
	if found and store.may_send(mailing):
		_continue(mailing, slot, turn)
	elif store.may_send(mailing):
		# Others hold what is due or fill the limit: a successor would only come to ask again at once.
		_finish(mailing)


def _way_is_free(mailing: str) -> bool:
	held = transport.held()
	if held != store.problem(mailing):
		store.note(mailing, held)
		frappe.db.commit()
	return not held


def _open(mailing: str) -> send_store.Sending | None:
	sending = None
	with _pausing(mailing):
		sending = send_store.Sending(approval_store.load(mailing), time.monotonic() + PAGE_SECONDS)
	return sending


@contextmanager
def _pausing(mailing: str):
	"""Pause the mailing, with the reason on its form, where its template, its sender or its records are of no use."""
	try:
		yield
	except approval_store.Void as error:
		frappe.db.rollback()
		approval_store.pause(mailing, str(error))
		frappe.db.commit()
	except (TemplateError, HeaderError, frappe.ValidationError) as error:
		frappe.db.rollback()
		store.move(mailing, "Paused", problem=str(error))
		frappe.db.commit()


def _send_batch(sending: send_store.Sending) -> bool:
	"""Claim, send and settle once; tell whether there was anything to claim."""
	# What was read so far is of a moment before the lock, and the limits must be seen as they are under it.
	frappe.db.commit()
	with ledger_store.one_claimer() as alone:
		rows = sending.claim() if alone else []
		frappe.db.commit()
	if not rows:
		return False
	tally = Tally()
	try:
		tally = sending.send(rows)
	finally:
		sending.settle()
		frappe.db.commit()
	if tally.problem:
		store.move(sending.mailing.name, "Paused", problem=tally.problem)
		frappe.db.commit()
	return True


def update_statuses() -> None:
	"""Bring campaigns to Active and Complete by their dates, and the counts of target lists up to date."""
	change_latest_rows()
	today = getdate(nowdate())
	for status, target, field, condition in (
		("Planning", "Active", "start_date", "<="),
		("Active", "Complete", "end_date", "<"),
	):
		frappe.db.sql(
			f"UPDATE `tabCampaign` SET status = %s WHERE status = %s AND {field} {condition} %s",
			(target, status, today),
		)
	for name in frappe.get_all("Target List", pluck="name"):
		audience.update_counts(name)
	signup_store.clean()
	frappe.db.commit()


def add_members(target_list: str, doctype: str, names: list[str]) -> None:
	"""Add records to a target list slice by slice, each durable, with progress for whoever asked."""
	change_latest_rows()
	origin, added, done = audience.source(doctype), 0, 0
	with progress_store.under_way(target_list) as tell:
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
	with progress_store.under_way(target_list) as tell:
		try:
			text = read_file(file_url)
			lines, run = max(1, text.count("\n")), Import(target_list, text, mapping, record_type)
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
	with progress_store.under_way(target_list) as tell:
		for source in sources:
			run, looked_at = Copy(source, target_list, part, other), 0
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


def rejudge_hits(since: str) -> None:
	"""Judge the opens and clicks since a time of the site's clock by the rules as they are now, slice by slice."""
	change_latest_rows()
	after = 0
	while after := events_store.rejudge(get_datetime(since), after, REJUDGED_MAILS):
		frappe.db.commit()
	for name in results.changed_since(get_datetime(since)):
		frappe.db.commit()  # a count is of the moment when its transaction begins
		results.recount(name)
	frappe.db.commit()


def add_from_behaviour(target_list: str, mailing: str, behaviour: str, link: str = "") -> None:
	"""Add the people of a mailing who have shown a behaviour to a target list, each slice durable."""
	change_latest_rows()
	joined = 0
	with progress_store.under_way(target_list) as tell:
		for done, among, added in list_store.add(target_list, mailing, behaviour, link):
			joined += added
			frappe.db.commit()
			tell(done, among)
		title = frappe.db.get_value("Mass Email", mailing, "title") or mailing
		_members_changed(
			target_list, frappe._("{0} people joined from the mailing {1}.").format(joined, title)
		)


def prove_counts() -> None:
	"""Compare the counters of people of every mailing that something happened to lately with its ledger, mend and
	report what differs."""
	change_latest_rows()
	for name in results.changed_since(add_days(now_datetime(), -PROVED_DAYS)):
		frappe.db.commit()  # a count is of the moment when its transaction begins
		different = results.recount(name)
		if different:
			results.report(name, different)
		frappe.db.commit()


def send_digests() -> None:
	"""Tell the owners of mailings that were completed a day ago what came of them, each once."""
	change_latest_rows()
	at = now_datetime()
	for name in digest_store.due(at):
		try:
			if digest_store.claim(name, at):
				digest_store.send(name)
		except Exception:
			# Once is at most once: a digest that can't be sent is not tried every hour.
			frappe.db.rollback()
			digest_store.claim(name, at)
			frappe.log_error(f"Email Campaigns: no digest of {name}")
		frappe.db.commit()


def run_feeds() -> None:
	"""Start what is due of the feeds that keep target lists in step with filters and reports."""
	change_latest_rows()
	for target_list in feed_rows_store.due_lists():
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
	with feed_run_store.alone(target_list) as alone, progress_store.under_way(target_list) as tell:
		if not alone:
			return  # whoever feeds the list now goes on; what it leaves is due at the next tick
		feeds = feed_rows_store.named(target_list, feed) if asked else feed_rows_store.due(target_list)
		for row in feeds:
			_feed(row, tell)
		audience.update_counts(target_list)
		if asked:  # a form that waits is loaded anew; one that somebody works on could not be saved any more
			frappe.db.set_value("Target List", target_list, "modified", now_datetime(), update_modified=False)
		frappe.db.commit()


def _feed(row, tell) -> None:
	run = feed_run_store.Run(row)
	try:
		for done, total in run.run():
			frappe.db.commit()
			tell(done, total)
		run.tell()
	except FeedFault as fault:
		frappe.db.rollback()
		run.tell_failure(str(fault))
	except Exception:
		frappe.db.rollback()
		frappe.log_error(f"Email Campaigns: the feed {row.title} of {row.parent} failed")
		run.tell_failure(frappe._("It stopped with an error, which is in the Error Log."))
	frappe.db.commit()
