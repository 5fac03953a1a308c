"""How far the adding of members to a target list has got, for a form that waits.

Kept in Redis: losing it costs nothing but a bar on a form. A job that died is forgotten after a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import frappe

FORGOTTEN_AFTER = 900  # seconds without news


def save_progress(target_list: str, done: int, total: int) -> None:
	"""Keep that `done` of `total` records or lines have been looked at; 0 while the job waits for a worker."""
	frappe.cache.set_value(
		_key(target_list), {"done": min(done, total), "total": total}, expires_in_sec=FORGOTTEN_AFTER
	)


@contextmanager
def report_progress(target_list: str) -> Iterator[Callable[[int, int], None]]:
	"""Give a function to tell progress with, as done and total, and forget the job at its end, whether well or not."""
	try:
		yield partial(save_progress, target_list)
	finally:
		frappe.cache.delete_value(_key(target_list))


def read_progress(target_list: str) -> dict | None:
	"""Return {"done", "total"} while members are being added, else None."""
	return frappe.cache.get_value(_key(target_list), expires=True)


def _key(target_list: str) -> str:
	return f"email_campaigns_adding:{target_list}"
