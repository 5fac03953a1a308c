"""Several SMTP sessions side by side in one thread: while one waits for its server, the others work.

Pure. Each session has a SendLoop of its own, which runs in a greenlet. It gives up its turn where it waits
for the server and where it writes to the journal. The journal gets the steps of all sessions at once, as a
database does with its own log: a statement for eight mails costs little more than one for one mail. Threads
would wait for each other, and for the interpreter, at each system call.
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
from email_campaigns.delivery.sending.journal import JournalAnswer, JournalStep, MailEnds, Tally
from email_campaigns.delivery.sending.send_loop import SendLoop

# For which a statement waits for the steps of other sessions, as a group commit of a database does: a server
# nearby answers all within it.
GROUP_MILLISECONDS = 1
T = TypeVar("T")


class GroupJournal(MailEnds, Protocol):
	"""A journal that takes the steps of several sessions at once."""

	def advance_all(self, steps: Sequence[JournalStep]) -> list[JournalAnswer]:
		"""Write all steps in one durable statement and return the answer to each."""


class _Run(greenlet):  # type: ignore[misc] # greenlet has no types
	"""A send loop under way."""

	def __init__(self, loop: SendLoop, letters: Iterator[Letter]):
		super().__init__()
		self.gr_context = copy_context()
		self.loop, self.letters = loop, letters
		self.tally = Tally()

	def run(self) -> None:
		self.tally = self.loop.run(self.letters)


class _Wait(NamedTuple):
	run: greenlet
	deadline: float


class SessionPool:
	"""The send loops of one job, which take turns. The pool is their journal.

	Their sessions wait with `wait` and are opened with `run_in_thread`. Made and used in one thread; `close`
	it in the end.
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

	def run(self, loops: Sequence[SendLoop], letters: Iterable[Letter]) -> Tally:
		"""Send letters with all loops at once and return the sum of their tallies.

		When one raises, the others end after their present mail, and its error is raised. A loop that got no
		session from the server takes no part any more.
		"""
		shared = iter(letters)
		runs = [_Run(loop, shared) for loop in loops if not loop.retired] or [_Run(loops[0], shared)]
		for run in runs:
			self._resume(run.switch)
		while not all(run.dead for run in runs):
			self._resume(self._work)
			if self._error:
				loops[0].halt.set()
		if self._error:
			raise self._error
		return sum((run.tally for run in runs), Tally())

	def advance(self, accepted: Letter | None, following: Letter | None) -> JournalAnswer:
		"""Write one step to the journal, with those of the other loops; durable when it returns."""
		self._steps.append((JournalStep(accepted, following), getcurrent()))
		answer: JournalAnswer = self._main.switch()
		return answer

	def wait(self, connection: socket.socket, deadline: float, *, to_write: bool = False) -> None:
		"""Let other loops work until a socket can be read, or written.

		Raises TimeoutError at `deadline` (time.monotonic).
		"""
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

	def run_in_thread(self, work: Callable[[], T]) -> T:
		"""Return the result of `work`, which runs in a thread while other loops go on. One at a time."""
		if getcurrent() is self._main:
			return work()
		signal, sender = socket.socketpair()
		with signal, sender:
			future = self._helper.submit(copy_context().run, work)
			future.add_done_callback(lambda _future: sender.send(b"."))
			self.wait(signal, inf)
			return future.result()

	def close(self) -> None:
		"""End the thread that opens sessions."""
		self._helper.shutdown()

	def _work(self) -> None:
		"""Continue the loops whose server has answered, else write the steps of all, else wait."""
		if answered := self._poll.poll(0):
			self._continue(answered)
		elif overdue := self._overdue():
			self._expire(overdue)
		elif self._steps:
			self._write_together()
		else:
			self._continue(self._poll.poll(self._patience()))

	def _continue(self, answered: list[tuple[int, int]]) -> None:
		for number, _event in answered:
			self._resume(self._waiting[number].run.switch, True)

	def _write_together(self) -> None:
		"""Write the steps that wait, unless another loop may bring its own within a moment."""
		if answered := self._waiting and self._poll.poll(GROUP_MILLISECONDS):
			self._continue(answered)
		else:
			self._write()

	def _write(self) -> None:
		steps, self._steps = self._steps, []
		try:
			answers = self._journal.advance_all([step for step, _run in steps])
		except BaseException as error:
			for _step, run in steps:
				self._resume(run.throw, error)
			return
		for (_step, run), answer in zip(steps, answers, strict=True):
			self._resume(run.switch, answer)

	def _overdue(self) -> list[greenlet]:
		now = monotonic()
		return [wait.run for wait in self._waiting.values() if wait.deadline <= now]

	def _expire(self, runs: list[greenlet]) -> None:
		for run in runs:
			self._resume(run.switch, False)

	def _patience(self) -> int | None:
		"""Return the milliseconds until the first deadline, None where there is none."""
		first = min((wait.deadline for wait in self._waiting.values()), default=inf)
		return None if first == inf else max(0, ceil((first - monotonic()) * 1000))

	def _resume(self, switch: Callable[..., object], *value: object) -> None:
		# An error in one loop, or a signal to the job, must not leave the others in the middle of a mail.
		try:
			switch(*value)
		except BaseException as error:
			self._error = self._error or error
