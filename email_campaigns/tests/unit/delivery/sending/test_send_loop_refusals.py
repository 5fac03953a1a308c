"""The send loop between a breaker and a server that refuses everybody: nobody is used up by it."""

from collections import Counter
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.delivery.sending.breaker import SAME_LIMITS, Breaker
from email_campaigns.delivery.sending.send_loop import SendLoop
from email_campaigns.delivery.sending.session_pool import SessionPool
from email_campaigns.delivery.smtp.replies import ReplyMeaning
from email_campaigns.delivery.smtp.session import TemporarilyUnavailable
from email_campaigns.tests.support.fakes import SENDER, Ledger, MemoryJournal, MemoryServer
from email_campaigns.tests.unit.delivery.sending.loop_kit import Bench

FORTY = [f"p{number}@example.org" for number in range(1, 41)]
RATE = ("refuse", "rcpt", 550, "5.2.0", "Local problem")
BUSY = ("refuse", "content", 451, "4.3.0", "Try later")
GREY = ("refuse", "rcpt", 450, "4.2.0", "Greylisted, come back later")


class Always(dict):
	"""A script with one answer for the mails from `first` on."""

	def __init__(self, answer, first=1):
		self.answer, self.first = answer, first

	def get(self, number, default=()):
		return self.answer if number >= self.first else default

	def __bool__(self):
		return True


def run_pool(ledger, server, loops, breaker=None):
	"""Send a batch over several sessions, and return its tally."""
	pool, halt, breaker = SessionPool(MemoryJournal(ledger)), Event(), breaker or Breaker()
	options = {"max_attempts": 5, "clock": lambda: 0, "deadline": 1, "halt": halt, "breaker": breaker}
	crew = [SendLoop(SENDER, pool, server.connect, **options) for _loop in range(loops)]
	try:
		return pool.run(crew, ledger.claim("batch"))
	finally:
		ledger.settle("batch")
		pool.close()


def test_a_server_that_refuses_everybody_for_good_pauses_and_fails_nobody():
	bench = Bench(Always(RATE), FORTY).run()
	assert "refused 10 mails in a row" in str(bench.tally.problem)
	assert "Local problem" in str(bench.tally.problem)
	assert (bench.server.seen, bench.ledger.statuses()) == (10, {"Queued": 40})
	assert {row.attempts for row in bench.ledger.rows.values()} == {0}


def test_a_server_that_refuses_everybody_for_now_holds_and_uses_nobody_up():
	bench = Bench(Always(BUSY), FORTY).run()
	assert ("Try later" in str(bench.tally.hold), bench.tally.problem) == (True, "")
	# The sixth is the envelope behind the fifth content
	assert (bench.server.seen, bench.ledger.statuses()) == (6, {"Queued": 40})
	assert {(row.attempts, row.delay) for row in bench.ledger.rows.values()} == {(0, 0)}


def test_a_refusal_among_accepted_mails_is_about_its_mail():
	bench = Bench({3: RATE, 4: RATE, 20: BUSY}, FORTY).run()
	assert bench.ledger.statuses() == {"Sent": 37, "Failed": 2, "Queued": 1}
	assert (bench.row(20).attempts, bench.server.connections) == (1, 1)


def test_greylisting_of_all_holds_nobody_back():
	bench = Bench(Always(GREY), [f"p{number}@example.org" for number in range(1000)]).run()
	assert (bench.tally.postponed, bench.tally.hold, bench.server.seen) == (1000, "", 1000)
	bench.server.script = {}
	assert bench.run().ledger.statuses() == {"Sent": 1000}
	assert {row.attempts for row in bench.ledger.rows.values()} == {2}


@pytest.mark.parametrize("loops", [1, 3])
def test_a_limit_of_each_connection_costs_connections_and_no_attempts(loops):
	ledger, server = Ledger(FORTY), MemoryServer(most=7)
	tally = run_pool(ledger, server, loops)
	assert (tally.sent, ledger.statuses()) == (40, {"Sent": 40})
	assert {row.attempts for row in ledger.rows.values()} == {1}
	assert server.connections <= 40 // 7 + loops


@given(
	st.integers(1, 8),
	st.sampled_from([RATE, BUSY, ("refuse", "content", 554), ("refuse", "rcpt", 452)]),
	st.integers(1, 20),
)
def test_each_session_more_asks_at_most_twice_more(loops, answer, first):
	ledger = Ledger(f"p{number}@example.org" for number in range(300))
	server = MemoryServer(Always(answer, first), ledger)
	tally = run_pool(ledger, server, loops)
	assert tally.hold or tally.problem
	# The envelope behind a content counts as asked too; each session may have one in flight at the trip
	assert server.seen - first + 1 <= SAME_LIMITS[ReplyMeaning.FAILED] + 3 * loops
	sent = len(server.delivered)
	assert ledger.statuses() == +Counter({"Sent": sent, "Queued": 300 - sent})
	assert {row.attempts for row in ledger.rows.values() if row.status == "Queued"} == {0}


def test_losses_behind_the_final_dot_pause_after_three():
	bench = Bench(Always(("lose", "content", False)), FORTY).run()
	assert "3 times in a row" in str(bench.tally.problem)
	assert bench.ledger.statuses() == {"Uncertain": 3, "Queued": 37}


def test_no_session_for_now_holds_the_account():
	def refuse():
		raise TemporarilyUnavailable("Back at six.")

	bench = Bench(connect=refuse).run()
	assert (str(bench.tally.hold), bench.tally.problem) == ("Back at six.", "")
	assert bench.states() == ["Queued"] * 5


def test_a_reconnection_that_fails_leaves_the_mails_before_it_untried():
	def connect():
		if bench.server.connections == 1:
			raise TemporarilyUnavailable("Back at six.")
		return bench.server.connect()

	bench = Bench({2: BUSY, 3: ("refuse", "rcpt", 421)}, FORTY)
	bench.loop.connect = connect
	bench.run()
	assert bench.tally.hold
	assert (bench.row(2).status, bench.row(2).attempts, bench.row(2).delay) == ("Queued", 0, 0)


def test_a_refused_mail_is_queued_again_before_anything_else_happens():
	"""A worker killed within a run leaves no doubt about the mails that the server has refused."""

	class KilledAtTheFourth(MemoryJournal):
		def advance(self, accepted, following):
			if following and following.name == 4:
				assert [row.status for row in self.ledger.rows.values()][:3] == ["Sent", "Queued", "Queued"]
				self.seen = True
			return super().advance(accepted, following)

	bench = Bench({2: RATE, 3: RATE}, FORTY, journal=KilledAtTheFourth).run()
	assert bench.journal.seen


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_batch_that_another_job_has_taken_over_is_left_at_its_first_mail(pipelining):
	bench = Bench(emails=FORTY, pipelining=pipelining)
	letters = bench.ledger.claim("batch")
	bench.ledger.recover()
	bench.ledger.claim("another")
	bench.loop.run(letters)
	assert (bench.server.connections, bench.server.delivered) == (1, [])
	assert bench.loop.halt.is_set()


def test_one_mail_that_is_no_longer_held_ends_nothing():
	class Forgetting(MemoryJournal):
		def advance(self, accepted, following):
			if following and following.name == 3:
				self.ledger.rows[3].claim = ""
			return super().advance(accepted, following)

	bench = Bench(journal=Forgetting).run()
	assert bench.states() == ["Sent", "Sent", "Queued", "Sent", "Sent"]


def test_a_mail_that_may_not_leave_costs_no_connection_where_its_body_is_not_awaited():
	bench = Bench(pipelining=False)
	bench.ledger.suppressed.add("p3@example.org")
	assert bench.run().states() == ["Sent", "Sent", "Skipped", "Sent", "Sent"]
	assert bench.server.connections == 1


def test_an_acceptance_that_comes_after_the_claim_was_taken_back_is_written_down():
	class TakenBack(MemoryJournal):
		def advance(self, accepted, following):
			if accepted and accepted.name == 2:
				self.ledger.recover()
				assert self.ledger.rows[2].status == "Uncertain"
			return super().advance(accepted, following)

	bench = Bench(journal=TakenBack).run()
	assert bench.states()[:3] == ["Sent", "Sent", "Queued"]
	assert bench.server.delivered == ["p1@example.org", "p2@example.org"]


def test_an_error_behind_an_acceptance_does_not_put_the_mail_in_doubt():
	class Broken(Exception):
		pass

	def letters():
		yield bench.ledger.claim("batch")[0]
		raise Broken

	bench = Bench(pipelining=False)
	bench.loop._next_envelope = lambda: None
	with pytest.raises(Broken):
		bench.loop.run(letters())
	assert bench.states()[0] == "Sent"
