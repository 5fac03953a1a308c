"""The send loop over one batch: its order of journal and wire, and the effect of each reply of a server."""

from dataclasses import replace

import pytest

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.sending.runs import LOSS_LIMIT
from email_campaigns.delivery.smtp.session import Unavailable
from email_campaigns.tests.support.fakes import SENDER, Killed, MemoryJournal
from email_campaigns.tests.unit.delivery.sending.loop_kit import FIVE, Bench


def test_every_mail_leaves_once_in_one_session():
	bench = Bench().run()
	assert bench.states() == ["Sent"] * 5
	assert (bench.server.delivered, bench.server.connections, bench.tally.sent) == (FIVE, 1, 5)


def test_the_id_that_the_server_gives_is_written_with_the_mail_and_costs_no_further_write():
	bench = Bench({2: ("refuse", "rcpt", 550, "", "User unknown")}).run()
	known = {row.email: row.provider_id for row in bench.ledger.rows.values()}
	assert known == {email: "" if email == FIVE[1] else f"id-of-{email}" for email in FIVE}


def test_a_mail_costs_one_write_of_the_journal_and_the_batch_one_more():
	bench = Bench().run()
	assert bench.journal.writes == 6


def test_a_mail_is_on_its_way_in_the_journal_before_its_body_leaves():
	bench = Bench({3: ("die", "content")})
	with pytest.raises(Killed):
		bench.run()
	assert bench.states() == ["Sent", "Sent", "Sending", "Queued", "Queued"]


def test_a_mail_that_was_refused_before_the_body_was_never_on_its_way_to_anybody():
	bench = Bench({3: ("die", "rcpt")})
	with pytest.raises(Killed):
		bench.run()
	assert "p3@example.org" not in bench.server.delivered


def test_a_permanent_refusal_fails_the_mail_and_the_session_goes_on():
	bench = Bench({2: ("refuse", "rcpt", 550, "", "User unknown")}).run()
	assert bench.states() == ["Sent", "Failed", "Sent", "Sent", "Sent"]
	assert bench.row(2).bounced
	assert bench.row(2).reason
	assert bench.server.connections == 1
	assert [failure.letter.email for failure in bench.tally.failures] == [FIVE[1]]


def test_a_refusal_that_names_no_unknown_recipient_fails_the_mail_and_not_the_address():
	bench = Bench({2: ("refuse", "rcpt", 550, "", "Local problem")}).run()
	assert bench.states()[1] == "Failed"
	assert not bench.row(2).bounced


def test_a_temporary_refusal_postpones_it_with_growing_delay():
	bench = Bench({1: ("refuse", "rcpt", 450)}).run()
	first = bench.row(1).delay
	assert (bench.row(1).status, bench.row(1).attempts, bench.tally.postponed) == ("Queued", 1, 1)
	bench.loop.drop()
	bench.server.script = {6: ("refuse", "content", 452)}
	bench.run()
	assert (bench.row(1).status, bench.row(1).attempts) == ("Queued", 2)
	assert bench.row(1).delay > first
	bench.run()
	assert bench.states() == ["Sent"] * 5


def test_it_is_given_up_at_the_last_attempt():
	bench = Bench(dict.fromkeys(range(1, 9), ("refuse", "rcpt", 450)), FIVE[:1], max_attempts=3)
	assert [bench.run().row(1).status for _attempt in range(3)] == ["Queued", "Queued", "Failed"]
	assert bench.row(1).reason.startswith("Given up after 3 attempts.")
	assert not bench.row(1).bounced


def test_a_refused_sender_pauses_and_uses_up_nobody():
	bench = Bench({2: ("refuse", "rcpt", 530)}).run()
	assert bench.tally.problem
	assert bench.loop.halt.is_set()
	assert bench.states() == ["Sent", "Queued", "Queued", "Queued", "Queued"]
	assert bench.row(2).attempts == 0


def test_a_loss_before_the_body_is_made_up_for_in_a_new_session():
	bench = Bench({2: ("lose", "rcpt")}).run()
	assert bench.states() == ["Sent"] * 5
	assert (bench.server.connections, bench.row(2).attempts) == (2, 1)


def test_a_mail_at_which_two_connections_break_waits():
	bench = Bench({2: ("lose", "rcpt"), 3: ("lose", "rcpt")}).run()
	assert bench.states() == ["Sent", "Queued", "Sent", "Sent", "Sent"]
	assert (bench.server.connections, bench.row(2).attempts) == (3, 1)


@pytest.mark.parametrize("delivered", [True, False])
def test_a_loss_after_the_body_is_a_doubt_for_ever(delivered):
	bench = Bench({2: ("lose", "content", delivered)}).run().run()
	assert bench.states() == ["Sent", "Uncertain", "Sent", "Sent", "Sent"]
	assert "may have taken" in bench.row(2).reason
	assert bench.server.delivered.count(FIVE[1]) == delivered


def test_several_losses_in_a_row_pause():
	bench = Bench(dict.fromkeys(range(2, 9), ("lose", "rcpt"))).run()
	assert f"{LOSS_LIMIT} times in a row" in str(bench.tally.problem)
	assert bench.states()[0] == "Sent"
	assert set(bench.states()[1:]) == {"Queued"}
	assert {row.attempts for row in bench.ledger.rows.values()} == {1, 0}, "nobody is used up by it"


def test_no_session_pauses_with_the_reason():
	def refuse():
		raise Unavailable("The server is gone.")

	bench = Bench(connect=refuse).run()
	assert str(bench.tally.problem) == "The server is gone."
	assert bench.states() == ["Queued"] * 5


def test_a_letter_with_a_problem_fails_alone():
	bench = Bench()
	letters = bench.ledger.claim("batch")
	letters[1] = Letter(2, FIVE[1], problem="The record no longer exists")
	bench.loop.run(letters)
	assert bench.states() == ["Sent", "Failed", "Sent", "Sent", "Sent"]
	assert bench.row(2).reason == "The record no longer exists"


def test_a_suppressed_address_is_skipped_and_its_envelope_never_becomes_a_mail():
	bench = Bench()
	bench.ledger.suppressed.add(FIVE[2])
	bench.run()
	assert bench.states() == ["Sent", "Sent", "Skipped", "Sent", "Sent"]
	assert FIVE[2] not in bench.server.delivered
	assert bench.tally.skipped == 1


def test_a_pause_stops_after_the_mail_that_is_leaving():
	class PausedMeanwhile(MemoryJournal):
		def advance(self, accepted, following):
			self.ledger.in_process = self.writes < 3
			return super().advance(accepted, following)

	bench = Bench(journal=PausedMeanwhile).run()
	assert bench.states() == ["Sent", "Sent", "Sent", "Queued", "Queued"]
	assert bench.server.delivered == FIVE[:3]


def test_the_deadline_ends_the_batch_between_two_mails():
	ticks = iter(range(100))
	bench = Bench(clock=lambda: next(ticks), deadline=3).run()
	assert bench.states() == ["Sent", "Sent", "Sent", "Queued", "Queued"]
	assert bench.loop.halt.is_set()


def test_rows_that_another_took_over_are_left_alone():
	bench = Bench()
	letters = bench.ledger.claim("batch")
	bench.ledger.recover()
	bench.ledger.claim("another")
	bench.loop.run(letters)
	assert bench.server.delivered == []
	assert {row.claim for row in bench.ledger.rows.values()} == {"another"}


class FailingJournal(MemoryJournal):
	"""A journal whose third step fails once, as where the database had no time for it."""

	def advance(self, accepted, following):
		if self.writes == 2:
			self.writes += 1
			raise OSError("no time")
		return super().advance(accepted, following)


def test_a_mail_that_the_server_has_taken_is_sent_though_the_journal_failed_once():
	bench = Bench(journal=FailingJournal)
	with pytest.raises(OSError, match="no time"):
		bench.run()
	assert bench.server.delivered == FIVE[:2]
	assert bench.states() == ["Sent", "Sent", "Queued", "Queued", "Queued"]


def test_closing_says_goodbye_and_dropping_does_not():
	bench = Bench().run()
	bench.loop.close()
	assert bench.server.quits == 1
	bench = Bench().run()
	bench.loop.drop()
	assert bench.server.quits == 0


def test_each_mail_leaves_with_its_own_sender_where_it_has_one():
	bench = Bench()
	senders = []
	bench.server.note = lambda sender, recipient: senders.append((sender, recipient))
	letters = [
		replace(letter, sender=f"{letter.name}@bounce.example") for letter in bench.ledger.claim("batch")
	]
	bench.loop.run([replace(letters[0], sender=""), *letters[1:]])
	assert senders == [(SENDER, FIVE[0]), *((f"{n}@bounce.example", FIVE[n - 1]) for n in range(2, 6))]
