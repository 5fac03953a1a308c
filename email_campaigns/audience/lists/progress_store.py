"""How far the adding of members to a target list has got, for a form that waits.

It is kept in Redis, for its loss costs nothing but a bar on a form. A job that died is forgotten after a
while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import frappe

FORGOTTEN_AFTER = 900  # seconds without news


def save_progress(target_list: str, done: int, total: int) -> None:
	"""Save that `done` of `total` records or lines were looked at; `done` is 0 while the job waits."""
	frappe.cache.set_value(
		_key(target_list), {"done": min(done, total), "total": total}, expires_in_sec=FORGOTTEN_AFTER
	)


@contextmanager
def report_progress(target_list: str) -> Iterator[Callable[[int, int], None]]:
	"""Yield a function that saves progress, (done, total). When the job ends or fails, it is deleted."""
	try:
		yield partial(save_progress, target_list)
	finally:
		frappe.cache.delete_value(_key(target_list))


def read_progress(target_list: str) -> dict[str, int] | None:
	"""Return {"done", "total"} while a job adds members, else None."""
	return frappe.cache.get_value(_key(target_list), expires=True)


def _key(target_list: str) -> str:
	return f"email_campaigns_adding:{target_list}"
