"""Send loops side by side share the letters and the journal's writes; none waits for another's server."""

import smtplib
import socket
from contextlib import ExitStack
from dataclasses import replace
from threading import Event
from time import monotonic

import pytest

from email_campaigns.delivery.sending.send_loop import NoFurtherSession, SendLoop
from email_campaigns.delivery.sending.session_pool import SessionPool
from email_campaigns.delivery.smtp.session import Session
from email_campaigns.tests.support.fakes import SENDER, Killed, Ledger, MemoryJournal, MemoryServer
from email_campaigns.tests.support.smtp_server import HANG, ScriptedServer
from email_campaigns.tests.unit.delivery.smtp.smtp_kit import TIMEOUT, tls_contexts


class Crew:
	"""Some send loops over a ledger of `mails` mails.

	`connects` is {number of a loop: function that connects}.
	"""

	def __init__(self, mails, loops, server=None, connects=None):
		self.ledger = (
			mails if isinstance(mails, Ledger) else Ledger(f"p{n}@example.org" for n in range(mails))
		)
		self.server = server or MemoryServer()
		self.journal = MemoryJournal(self.ledger)
		self.pool, self.halt = SessionPool(self.journal), Event()
		connects = connects or {}
		self.loops = [self._make_loop(connects.get(number, Crew.connect)) for number in range(loops)]

	def _make_loop(self, connect):
		options = {"max_attempts": 5, "clock": lambda: 0, "deadline": 1, "halt": self.halt}
		return SendLoop(SENDER, self.pool, lambda: connect(self), **options)

	def connect(self):
		return self.server.connect()

	def run(self):
		try:
			return self.pool.run(self.loops, self.ledger.claim("batch"))
		finally:
			self.ledger.settle("batch")
			self.pool.close()


def waiting_session(ready, *, patience=30):
	"""Return a function that connects to a server which answers each mail when `ready` can be read."""

	def connect(crew):
		session = crew.connect()
		transmit = session.transmit

		def once_ready(content, following=None):
			crew.pool.wait(ready, monotonic() + patience)
			return transmit(content, following)

		session.transmit = once_ready
		return session

	return connect


@pytest.fixture
def sockets():
	with ExitStack() as stack:
		yield lambda: [stack.enter_context(end) for end in socket.socketpair()]


def test_several_sessions_share_the_letters():
	crew = Crew(300, 4)
	assert crew.run().sent == 300
	assert crew.ledger.statuses() == {"Sent": 300}
	assert len(set(crew.server.delivered)) == len(crew.server.delivered) == 300
	assert crew.server.connections == 4


def test_what_all_have_to_say_is_written_at_once():
	crew = Crew(300, 4)
	crew.run()
	assert len(crew.journal.groups) == 300 / 4 + 1
	assert set(crew.journal.groups) == {4}


def test_an_error_in_one_session_ends_the_others_and_is_raised():
	crew = Crew(300, 3, MemoryServer({50: ("die", "content")}))
	with pytest.raises(Killed):
		crew.run()
	assert crew.ledger.statuses()["Sending"] == 1
	assert crew.ledger.statuses()["Queued"] > 0
	crew.ledger.recover()
	successor = Crew(crew.ledger, 3)
	successor.run()
	assert set(crew.server.delivered).isdisjoint(successor.server.delivered)
	assert crew.ledger.statuses() == {"Sent": 299, "Uncertain": 1}


def test_an_error_of_the_journal_ends_all_of_whom_it_had_steps():
	crew = Crew(300, 3)
	crew.journal.dies = iter([False] * 30 + [True] * 300).__next__
	with pytest.raises(Killed):
		crew.run()
	assert all(loop.session is None for loop in crew.loops)
	assert crew.halt.is_set()
	assert crew.ledger.statuses()["Sending"] <= 3


def test_a_session_that_the_server_has_no_room_for_leaves_its_letters_to_the_others():
	def refuse(crew):
		raise NoFurtherSession

	crew = Crew(5, 2, connects={1: refuse})
	first = crew.run()
	second = crew.run()
	assert (first.sent + second.sent, first.problem, second.problem) == (5, "", "")
	assert crew.ledger.statuses() == {"Sent": 5}


def test_a_slow_server_holds_up_its_own_session_alone(sockets):
	ready, server_end = sockets()

	class Answering(MemoryServer):
		def connect(self):
			session = super().connect()
			transmit = session.transmit

			def and_answer(content, following=None):
				receipt = transmit(content, following)
				if len(self.delivered) == 18:
					server_end.send(b"250 OK")
				return receipt

			session.transmit = and_answer
			return session

	crew = Crew(20, 2, Answering(), connects={0: waiting_session(ready)})
	assert crew.run().sent == 20
	assert crew.server.delivered.index("p0@example.org") >= 18


def test_a_server_that_never_answers_ends_its_own_session_in_time(sockets):
	ready, _server_end = sockets()
	crew = Crew(20, 2, connects={0: waiting_session(ready, patience=0.05)})
	with pytest.raises(TimeoutError):
		crew.run()
	assert crew.ledger.statuses()["Sending"] == 1


def test_a_session_is_opened_while_others_work():
	opened = Event()

	def slowly(crew):
		def work():
			opened.wait(5)
			return crew.connect()

		return crew.pool.run_in_thread(work)

	class Opening(MemoryServer):
		def connect(self):
			opened.set()
			return super().connect()

	crew = Crew(20, 2, Opening(), connects={0: slowly})
	assert crew.run().sent == 20


def test_outside_of_a_run_nothing_has_to_wait_for_its_turn(sockets):
	crew, (ready, _server_end) = Crew(1, 1), sockets()
	crew.pool.wait(ready, monotonic())
	assert crew.pool.run_in_thread(lambda: 5) == 5


def crew_over(opened, mails, loops, size=0):
	"""Return a crew with SMTP sessions to a server on this machine.

	`opened` connects; each mail has `size` bytes more.
	"""

	def connect(crew):
		return crew.pool.run_in_thread(lambda: opened(crew.pool.wait))

	crew = Crew(mails, loops, connects=dict.fromkeys(range(loops), connect))
	claim = crew.ledger.claim
	crew.ledger.claim = lambda token: [
		replace(letter, content=letter.content + b"\r\n" + b"x" * size) for letter in claim(token)
	]
	return crew


def over_tls(server, context):
	def opened(wait):
		smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=10, context=context)
		return Session(smtp, wait)

	return opened


def over_tcp(server, timeout=10):
	def opened(wait):
		smtp = smtplib.SMTP(server.host, server.port, timeout=10)
		smtp.sock.settimeout(timeout)
		return Session(smtp, wait)

	return opened


@pytest.mark.parametrize("size", [0, 5_000_000], ids=["small", "larger than what the system buffers"])
def test_sessions_over_tls_take_turns_too(tmp_path, size):
	theirs, ours = tls_contexts(tmp_path)
	with ScriptedServer(tls=theirs) as server:
		crew = crew_over(over_tls(server, ours), 12, 3, size)
		assert (crew.run().sent, len(server.messages), server.connections) == (12, 12, 3)


def test_large_mails_leave_whole():
	with ScriptedServer() as server:
		crew = crew_over(over_tcp(server), 6, 3, 5_000_000)
		assert crew.run().sent == 6
		assert {len(mail.content) for mail in server.messages} == {5_000_010}


@pytest.mark.parametrize("features", [("PIPELINING",), ()], ids=["pipelined", "in turn"])
def test_a_server_that_hangs_at_one_mail_takes_the_others(features):
	with ScriptedServer({"content": {"p3@example.org": [HANG]}}, features) as server:
		crew = crew_over(over_tcp(server, TIMEOUT), 20, 4)
		tally = crew.run()
		assert (tally.sent, tally.uncertain) == (19, 1)
		assert crew.ledger.rows[4].status == "Uncertain"
