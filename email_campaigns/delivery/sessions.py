"""Several SMTP sessions side by side in one job, so that while one waits for the disk or the server, another works.

Pure. Each session has a thread, a Page and a journal of its own; they take letters from one source in turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock

from email_campaigns.delivery.mailing import Letter, Tally
from email_campaigns.delivery.page import Page


class Shared:
	"""An iterator that several threads may draw from; what lies behind it runs in one of them at a time."""

	def __init__(self, letters: Iterable[Letter]):
		self._letters = iter(letters)
		self._lock = Lock()

	def __iter__(self) -> Iterator[Letter]:
		return self

	def __next__(self) -> Letter:
		with self._lock:
			return next(self._letters)


def run_pages(pages: Sequence[Page], letters: Iterable[Letter]) -> Tally:
	"""Send letters on all pages at once and return the sum of their tallies.

	When one raises, the others end after the mail that they are at, and its error is raised. A page that the
	server had no room for takes no part any more.
	"""
	pages = [page for page in pages if not page.retired] or pages[:1]
	if len(pages) == 1:
		return pages[0].run(letters)
	shared = Shared(letters)
	with ThreadPoolExecutor(len(pages)) as pool:
		runs = [pool.submit(copy_context().run, page.run, shared) for page in pages]
		try:
			return sum((run.result() for run in runs), Tally())
		except BaseException:
			pages[0].halt.set()
			raise
