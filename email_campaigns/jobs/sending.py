"""Sending: what the scheduler starts every few minutes, and the queue's jobs that a mailing goes through."""

from __future__ import annotations

import time
from contextlib import contextmanager

import frappe
from frappe.utils import cint, now_datetime

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
from email_campaigns.jobs import ab_test
from email_campaigns.message.compile import TemplateError
from email_campaigns.message.headers import HeaderError

PAGE_SECONDS = 240  # a page job lasts less than five minutes, whatever the size of the mailing


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
	ab_test.look(int(time.time()))
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
