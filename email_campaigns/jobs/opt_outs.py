"""Opt-outs that could not be carried out when they came: each is, before the next mail leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import frappe

from email_campaigns.api.public import preferences
from email_campaigns.audience.suppression import waiting_store
from email_campaigns.audience.suppression.waiting_store import WaitingWish
from email_campaigns.compat import lock_wait
from email_campaigns.tracking.store import read_mail

AT_ONCE = 100
LOCK_SECONDS = 2  # that one of them waits for a row


def carry_out(seconds: float) -> None:
	"""Carry out the waiting opt-outs, each in a transaction of its own, for about `seconds` at most.

	One whose rows are still held waits on, and its address gets no mail.
	"""
	until = time.monotonic() + seconds
	_take_in_files()
	for name, wish in waiting_store.read_waiting(AT_ONCE):
		if time.monotonic() < until:
			_try(name, wish)


def _take_in_files() -> None:
	for path, wish in waiting_store.read_files():
		waiting_store.add(wish)
		frappe.db.commit()
		waiting_store.remove_file(path)
	frappe.db.commit()  # the reports of files that can't be read


def _try(name: int, wish: WaitingWish) -> None:
	frappe.db.commit()  # a fresh snapshot
	try:
		with lock_wait(LOCK_SECONDS), as_guest():
			_act(wish)
			waiting_store.remove(name)
	except Exception:
		frappe.db.rollback()
		if waiting_store.count_try(name) == 1:
			frappe.log_error("Email Campaigns: an opt-out still waits")
	frappe.db.commit()


def _act(wish: WaitingWish) -> None:
	mail = read_mail(wish.message)
	if not mail or not mail.email:
		frappe.log_error(f"Email Campaigns: an opt-out by mail {wish.message}, which the ledger has no more")
	elif not waiting_store.is_withdrawn(mail.email, wish.asked_at):
		how = wish.how or preferences.BY_PAGE
		preferences.act(wish.message, wish.action, f"{how}, on {wish.asked_at[:19]}")


@contextmanager
def as_guest() -> Iterator[None]:
	"""Let the log name nobody of the site: the recipient has asked for it."""
	user = frappe.session.user
	frappe.set_user("Guest")
	try:
		yield
	finally:
		frappe.set_user(user)
