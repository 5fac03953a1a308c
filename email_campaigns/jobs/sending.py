"""Sending: the scheduler's regular work, and the queued jobs that a mailing goes through."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import frappe

from email_campaigns.compat import change_latest_rows, enqueue_once, is_job_enqueued
from email_campaigns.delivery import send_store
from email_campaigns.delivery.ledger import claims_store, counts_store
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.sending.journal import Tally
from email_campaigns.delivery.sending.watchdog import Watchdog
from email_campaigns.delivery.smtp import transport
from email_campaigns.drip import streams_store
from email_campaigns.jobs import ab_winner, endings, opt_outs, outcomes, overdue, queues
from email_campaigns.jobs.counts import mend_counts
from email_campaigns.jobs.isolation import error_sentence, isolate, isolate_mailing
from email_campaigns.jobs.queues import DripQueue, MailingQueue, Queue
from email_campaigns.mass_mailing import approval_store, freeze_store, status_store
from email_campaigns.mass_mailing.resend import missing_store
from email_campaigns.message.compile import TemplateError
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.settings import setting_number
from email_campaigns.site_time import database_epoch, site_now

OPT_OUT_SECONDS = 10  # for the opt-outs that wait, before mails leave
SETTLE_ATTEMPTS = 5  # for a batch that loses a deadlock
BATCH_SECONDS = 240  # a job sends batches for less than five minutes, whatever the size of the mailing
# Until RQ kills it: its last mail may wait for its server at each stage (RFC 5321 §4.5.3.2), and for a new
# session, which is less than an hour.
JOB_SECONDS = BATCH_SECONDS + 3600


def tick() -> None:
	"""Recover the mails of dead workers, start the mailings that are due, and continue those under way."""
	change_latest_rows()
	opt_outs.carry_out(OPT_OUT_SECONDS)
	epoch = database_epoch()
	recover(epoch)
	for name in status_store.due_mailings(epoch):
		with isolate_mailing(name, "the start"):
			_start(name)
	for name in status_store.ended_with_queued():
		with isolate_mailing(name, "the end"):
			endings.end_stranded(name)
	for name in mailing_store.in_process(frozen=False):
		with isolate_mailing(name, "the freeze"):
			enqueue_once(freeze, f"ec-freeze-{name}", queue="long", name=name)
	for name in status_store.unfinished_cancellations():
		with isolate_mailing(name, "the cancellation"):
			endings.cancel_soon(name)
			frappe.db.commit()
	for name in status_store.searching_mailings():
		with isolate_mailing(name, "the search for missing members"):
			enqueue_once(resend_missing, f"ec-missing-{name}", queue="long", name=name)
	top_up()


def _start(name: str) -> None:
	if approval_store.may_start(name):
		status_store.move(name, "In Process", started_on=site_now())
	frappe.db.commit()


def recover(epoch: int) -> None:
	"""Take back the claims whose lease ended before `epoch` (Unix seconds)."""
	frappe.db.commit()
	for campaign in claims_store.campaigns_to_recover(epoch):
		with isolate(f"the recovery of mails of {campaign}"):
			frappe.db.commit()  # a transaction reads rows as they are when it begins
			send_store.recover_claims(epoch, campaign)
			frappe.db.commit()


def top_up() -> None:
	"""Enqueue batches for the mailings in process and the due steps, as far as the limits leave room.

	Runs every minute, so that room in the sliding hour is used soon after it opens.
	"""
	change_latest_rows()
	epoch = database_epoch()
	_expire_late(epoch)
	ab_winner.choose_winners(epoch)
	for name in mailing_store.in_process(frozen=True):
		with (queue := MailingQueue(name)).isolate():
			_enqueue_batches(queue)
	for stream in streams_store.due_streams(epoch):
		with (step := DripQueue(stream)).isolate():
			_enqueue_batches(step)


def _continue(queue: Queue, own_slot: int | None = None, predecessor: int | None = None) -> None:
	"""Continue a mailing or a stream after one of its jobs; a batch's job names itself as predecessor."""
	_expire_late(database_epoch())
	_enqueue_batches(queue, own_slot, predecessor)


def _enqueue_batches(queue: Queue, own_slot: int | None = None, predecessor: int | None = None) -> None:
	"""Finish a mailing that has no open mails, else enqueue its batches."""
	if _finish(queue.name):
		return
	epoch, batch = database_epoch(), setting_number("batch_size")
	if not _has_room(queue, epoch):
		_show_hold(queue)
		return
	due = counts_store.count_due(queue.mails, epoch, batch * setting_number("parallel_jobs"))
	for slot in range(-(-due // batch)):
		_enqueue_batch(queue, slot, predecessor if slot == own_slot else None)


def _has_room(queue: Queue, epoch: int) -> bool:
	"""Tell whether the limits let mail leave now.

	A mailing that can't be loaded is paused and stops no other.
	"""
	opens = None
	with _pausing(queue):
		opens = queue.limits(epoch).opens(epoch)[0]
	return opens is not None and opens <= epoch


def _show_hold(queue: Queue) -> None:
	with _pausing(queue):
		if queue.show_hold():
			frappe.db.commit()


def _expire_late(epoch: int) -> None:
	"""Expire the mails that could not leave by their deadline, also where no other job looks at it."""
	for name in status_store.past_deadline(epoch):
		with isolate_mailing(name, "the expiry"):
			endings.expire(name)


def _finish(name: str) -> bool:
	"""End a mailing that has no open mail; tell whether it has ended. A stream has no name and never ends."""
	if not name or counts_store.is_open(name):
		return False
	# Before the lock: who opens or leaves the mailing must not wait while a million mails are counted.
	mend_counts(name)
	# Looked at once more under the lock: a person may have queued a mail again since.
	row = status_store.lock(name)
	if not row or row.missing_cursor or counts_store.is_open(name):
		frappe.db.commit()
		return False
	status_store.finish(name)
	frappe.db.commit()
	return True


def _enqueue_batch(queue: Queue, slot: int, predecessor: int | None) -> None:
	"""Enqueue a batch unless this slot has one.

	A job can't enqueue another one under its own id, so a batch and its successor take turns with two ids.
	"""
	ids = [f"ec-page-{queue.key}-{slot}-{turn}" for turn in (0, 1)]
	if any(is_job_enqueued(job_id) for turn, job_id in enumerate(ids) if turn != predecessor):
		return
	turn = 0 if predecessor is None else 1 - predecessor
	enqueue_once(
		send_batch, ids[turn], queue="long", timeout=JOB_SECONDS, slot=slot, turn=turn, **queue.arguments
	)


def freeze(name: str) -> None:
	"""Freeze the audience of a mailing, each slice durable, then enqueue its first batches."""
	change_latest_rows()
	with _pausing(MailingQueue(name)):
		_refresh_lists(approval_store.load_approved(name))
		while freeze_store.freeze_next(name):
			frappe.db.commit()
	frappe.db.commit()
	if mailing_store.may_send(name):
		_continue(MailingQueue(name))


def _refresh_lists(mailing: Mailing) -> None:
	for _changed in mailing_store.refresh_slices(mailing):
		frappe.db.commit()
	frappe.db.commit()


def resend_missing(name: str) -> None:
	"""Queue the mailing for the members that got nothing, each slice durable, then enqueue its batches."""
	change_latest_rows()
	try:
		_refresh_lists(mailing_store.load_mass_email(name))
		while missing_store.queue_next(name):
			frappe.db.commit()
	except frappe.ValidationError as error:
		frappe.db.rollback()
		missing_store.stop_search(name, str(error))
	frappe.db.commit()
	if mailing_store.may_send(name):
		_continue(MailingQueue(name))


def send_batch(mailing: str = "", slot: int = 0, turn: int = 0, stream: Sequence = ()) -> None:
	"""Send mails of one mailing, or of one stream of drip sequences, for up to BATCH_SECONDS.

	A successor sends the rest.
	"""
	change_latest_rows()
	queue = queues.make_queue(mailing, stream)
	with queue.isolate():
		_send_batches(queue, slot, turn)


def _send_batches(queue: Queue, slot: int, turn: int) -> None:
	if not queue.may_send() or not _may_leave(queue):
		return
	watchdog = Watchdog(overdue.pause_command(queue), overdue.MAIL_SECONDS)
	try:
		_send_watched(queue, slot, turn, watchdog)
	finally:
		watchdog.close()


def _send_watched(queue: Queue, slot: int, turn: int, watchdog: Watchdog) -> None:
	with watchdog.step():
		sending = _open(queue, watchdog)
	if not sending:
		return
	queue.start_again(sending.mailing.account)
	try:
		has_claimed = _send_batch(sending, queue)
		while has_claimed and not sending.stopped and _send_batch(sending, queue):
			pass
	finally:
		sending.close()
	if has_claimed and queue.may_send():
		_continue(queue, slot, turn)
	elif queue.may_send():
		# Other jobs hold the due mails or fill the limit: a successor would find nothing to claim either.
		_finish(queue.name)


def _may_leave(queue: Queue) -> bool:
	hindrance = transport.sending_hindrance()
	# An error is shown until a batch goes well, so that it is logged once, however often it is tried.
	if hindrance or queue.shown_problem() != error_sentence():
		_show_hindrance(queue, hindrance)
	return not hindrance


def _show_hindrance(queue: Queue, hindrance: str) -> None:
	if queue.show_hindrance(hindrance):
		frappe.db.commit()


def _may_go_on(queue: Queue) -> bool:
	"""Tell whether mails may leave at this moment; begin a transaction that sees it as it is."""
	frappe.db.commit()
	return queue.may_send() and not transport.sending_hindrance()


def _open(queue: Queue, watchdog: Watchdog) -> send_store.SendJob | None:
	with _pausing(queue):
		deadline = time.monotonic() + BATCH_SECONDS
		sending = send_store.SendJob(queue.load(), queue.mails, deadline, watchdog.each)
		frappe.db.commit()  # other jobs of the mailing write the same texts
		return sending
	return None


@contextmanager
def _pausing(queue: Queue) -> Iterator[None]:
	"""Pause a queue whose template, sender or records are unusable, with the reason on the form."""
	try:
		yield
	except (TemplateError, HeaderError, frappe.ValidationError) as error:
		frappe.db.rollback()
		queue.halt(error)
		frappe.db.commit()


def _send_batch(sending: send_store.SendJob, queue: Queue) -> bool:
	"""Claim, send and settle once; tell whether there was anything to claim."""
	opt_outs.carry_out(OPT_OUT_SECONDS)
	with claims_store.claim_lock() as alone:
		# It begins a transaction: the limits must be read under the lock, and not as they were before it.
		rows = sending.claim() if _may_go_on(queue) and alone else []
		frappe.db.commit()
	if not sending.rows:
		return False
	with _pausing(queue):
		if problem := _send_claimed(sending, queue, rows).problem:
			queue.halt(problem)
			frappe.db.commit()
		elif queue.shown_problem() == error_sentence():
			_show_hindrance(queue, "")
	_guard(queue)
	return True


def _guard(queue: Queue) -> None:
	"""Pause a mailing whose server has refused too many addresses as dead; nobody watches a stream."""
	if queue.name and outcomes.check_refused(queue.name):
		frappe.db.commit()


def _send_claimed(sending: send_store.SendJob, queue: Queue, rows: list[ClaimedMail]) -> Tally:
	try:
		rows = sending.prepare(rows)
		# What the mails are made of is durable before they leave, and no row of theirs is locked.
		frappe.db.commit()
		return sending.send(rows, lambda: _may_go_on(queue))
	finally:
		_settle(sending)


def _settle(sending: send_store.SendJob) -> None:
	"""Settle the present batch, again where that loses a deadlock: its mails would wait for 20 minutes."""
	for _attempt in range(SETTLE_ATTEMPTS - 1):
		frappe.db.commit()  # a transaction reads rows as they are when it begins
		try:
			sending.settle()
		except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
			frappe.db.rollback()
		else:
			frappe.db.commit()
			return
	sending.settle()
	frappe.db.commit()
