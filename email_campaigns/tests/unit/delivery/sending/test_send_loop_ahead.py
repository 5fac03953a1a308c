"""The send loop with the next envelope behind a content: faults stay apart, and no stopped mail leaves."""

from threading import Event

import pytest

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.tests.support.fakes import Killed, MemoryJournal
from email_campaigns.tests.unit.delivery.sending.loop_kit import FIVE, Bench


@pytest.mark.parametrize(("pipelining", "proposed"), [(True, 1), (False, 5)])
def test_the_next_envelope_leaves_with_the_content_where_the_server_takes_that(pipelining, proposed):
	bench = Bench(pipelining=pipelining).run()
	assert bench.states() == ["Sent"] * 5
	assert (bench.server.delivered, bench.server.seen, bench.server.proposed) == (FIVE, 5, proposed)


@pytest.mark.parametrize(("code", "state"), [(450, "Queued"), (554, "Failed")])
def test_a_refused_content_leaves_the_next_envelope_valid(code, state):
	bench = Bench({2: ("refuse", "content", code)}).run()
	assert bench.states() == ["Sent", state, "Sent", "Sent", "Sent"]
	assert (bench.server.connections, bench.server.proposed) == (1, 1)


@pytest.mark.parametrize(
	("answer", "state", "proposed"),
	[(("refuse", "content", 421), "Sent", 2), (("lose", "content", True), "Uncertain", 2)],
)
def test_a_connection_that_ends_with_a_content_takes_the_next_envelope_along(answer, state, proposed):
	bench = Bench({2: answer}).run()
	assert bench.states() == ["Sent", state, "Sent", "Sent", "Sent"]
	assert bench.row(3).attempts == 1
	assert not bench.row(3).reason
	assert (bench.server.connections, bench.server.proposed) == (2, proposed)


def test_an_address_that_cannot_be_written_fails_alone():
	bench = Bench({3: ("refuse", "propose", 553)}).run()
	assert bench.states() == ["Sent", "Sent", "Failed", "Sent", "Sent"]
	assert bench.server.connections == 1


def test_a_letter_with_a_problem_is_not_announced():
	bench = Bench()
	letters = bench.ledger.claim("batch")
	letters[2] = Letter(3, FIVE[2], problem="The record no longer exists")
	bench.loop.run(letters)
	assert bench.states() == ["Sent", "Sent", "Failed", "Sent", "Sent"]
	assert (bench.server.seen, bench.server.proposed) == (4, 2)


def test_an_announced_mail_that_nobody_will_send_takes_the_connection_down():
	class HaltedMeanwhile(MemoryJournal):
		def advance(self, accepted, following):
			if self.writes == 1:
				halt.set()
			return super().advance(accepted, following)

	halt = Event()
	bench = Bench(journal=HaltedMeanwhile, halt=halt).run()
	assert bench.states() == ["Sent", "Sent", "Queued", "Queued", "Queued"]
	assert (bench.server.delivered, bench.server.seen, bench.loop.session) == (FIVE[:2], 3, None)
	bench.loop.close()
	assert bench.server.quits == 0


def test_the_next_batch_starts_on_a_new_connection_after_the_deadline():
	ticks = iter([0, 0, 9, 0, 0, 0])
	bench = Bench(clock=lambda: next(ticks), deadline=3).run()
	assert bench.states()[:3] == ["Sent", "Sent", "Queued"]
	assert bench.loop.session is None
	bench.loop.halt.clear()
	assert bench.run().states() == ["Sent"] * 5
	assert (bench.server.connections, bench.server.delivered) == (2, FIVE)


def test_a_letter_that_cannot_be_made_leaves_no_doubt_about_the_one_before_it():
	def letters():
		yield from bench.ledger.claim("batch")[:2]
		raise Killed

	bench = Bench()
	with pytest.raises(Killed):
		bench.loop.run(letters())
	assert (bench.server.delivered, bench.row(2).status) == (FIVE[:1], "Queued")
