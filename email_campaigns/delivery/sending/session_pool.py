"""Several SMTP sessions side by side in one thread: while one waits for its server, the others work.

Pure. Each session has a Page of its own, which runs in a greenlet and gives up its turn where it waits for the server,
and where it has something to say to the journal. What all have said is written at once, as a database does with its
own log: a statement for eight mails costs little more than one for one mail. Threads would wait for each other, and
for the interpreter, at each call of the system.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from math import ceil, inf
from select import POLLIN, POLLOUT, poll
from time import monotonic
from typing import NamedTuple, Protocol, TypeVar

from greenlet import getcurrent, greenlet

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.sending.send_loop import JournalAnswer, JournalStep, MailEnds, SendLoop, Tally

T = TypeVar("T")


class GroupJournal(MailEnds, Protocol):
	"""A journal that takes the steps of several pages at once."""

	def advance_all(self, steps: Sequence[JournalStep]) -> list[JournalAnswer]: ...


class _Run(greenlet):
	"""A page under way."""

	def __init__(self, page: SendLoop, letters: Iterator[Letter]):
		super().__init__()
		self.gr_context = copy_context()
		self.page, self.letters = page, letters
		self.tally = Tally()

	def run(self) -> None:
		self.tally = self.page.run(self.letters)


class _Wait(NamedTuple):
	run: greenlet
	deadline: float


class SessionPool:
	"""The pages of one job, taking turns. They use it as their journal; their sessions wait by `wait`, and are opened
	by `aside`.

	Made and used in one thread. `close` it in the end.
	"""

	def __init__(self, journal: GroupJournal):
		self._journal = journal
		self.fail, self.postpone = journal.fail, journal.postpone
		self.give_back, self.doubt = journal.give_back, journal.doubt
		self._steps: list[tuple[JournalStep, greenlet]] = []
		self._waiting: dict[int, _Wait] = {}
		self._poll = poll()
		self._main = getcurrent()
		self._error: BaseException | None = None
		self._helper = ThreadPoolExecutor(1)

	def run(self, pages: Sequence[SendLoop], letters: Iterable[Letter]) -> Tally:
		"""Send letters on all pages at once and return the sum of their tallies.

		When one raises, the others end after the mail that they are at, and its error is raised. A page that the
		server had no room for takes no part any more.
		"""
		shared = iter(letters)
		runs = [_Run(page, shared) for page in pages if not page.retired] or [_Run(pages[0], shared)]
		for run in runs:
			self._resume(run.switch)
		while not all(run.dead for run in runs):
			self._resume(self._next)
			if self._error:
				pages[0].halt.set()
		if self._error:
			raise self._error
		return sum((run.tally for run in runs), Tally())

	def advance(self, accepted: Letter | None, following: Letter | None) -> JournalAnswer:
		"""Say one step to the journal, with those of the other pages; durable when it returns."""
		self._steps.append((JournalStep(accepted, following), getcurrent()))
		return self._main.switch()

	def wait(self, connection: socket.socket, deadline: float, *, to_write: bool = False) -> None:
		"""Let others work until a socket can be read, or written. Raises TimeoutError at `deadline` (time.monotonic)."""
		if getcurrent() is self._main:
			return
		number = connection.fileno()
		self._waiting[number] = _Wait(getcurrent(), deadline)
		self._poll.register(number, POLLOUT if to_write else POLLIN)
		try:
			in_time = self._main.switch()
		finally:
			self._poll.unregister(number)
			del self._waiting[number]
		if not in_time:
			raise TimeoutError

	def aside(self, work: Callable[[], T]) -> T:
		"""Return what `work` does in a thread while others go on; one such work at a time."""
		if getcurrent() is self._main:
			return work()
		ours, theirs = socket.socketpair()
		with ours, theirs:
			done = self._helper.submit(copy_context().run, work)
			done.add_done_callback(lambda _: theirs.send(b"."))
			self.wait(ours, inf)
			return done.result()

	def close(self) -> None:
		self._helper.shutdown()

	def _next(self) -> None:
		"""Let those go on whose server has answered; where there is none, write what all have said; else wait."""
		if answered := self._poll.poll(0):
			self._let_go_on(answered)
		elif late := self._late():
			self._end(late)
		elif self._steps:
			self._write()
		else:
			self._let_go_on(self._poll.poll(self._patience()))

	def _let_go_on(self, answered: list[tuple[int, int]]) -> None:
		for number, _event in answered:
			self._resume(self._waiting[number].run.switch, True)

	def _write(self) -> None:
		steps, self._steps = self._steps, []
		try:
			verdicts = self._journal.advance_all([step for step, _run in steps])
		except BaseException as error:
			for _step, run in steps:
				self._resume(run.throw, error)
			return
		for (_step, run), verdict in zip(steps, verdicts, strict=True):
			self._resume(run.switch, verdict)

	def _late(self) -> list[greenlet]:
		now = monotonic()
		return [wait.run for wait in self._waiting.values() if wait.deadline <= now]

	def _end(self, late: list[greenlet]) -> None:
		for run in late:
			self._resume(run.switch, False)

	def _patience(self) -> int | None:
		"""Milliseconds until the first deadline."""
		first = min((wait.deadline for wait in self._waiting.values()), default=inf)
		return None if first == inf else max(0, ceil((first - monotonic()) * 1000))

	def _resume(self, go_on: Callable, *value: object) -> None:
		# What ends one page, or a signal to the job, must not leave the others in the middle of a mail.
		try:
			go_on(*value)
		except BaseException as error:
			self._error = self._error or error
