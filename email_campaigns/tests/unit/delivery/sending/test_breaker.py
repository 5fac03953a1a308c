"""The breaker: no order of replies lets a server that refuses everybody be asked for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.sending.breaker import (
	ANY_LIMIT,
	SAME_LIMITS,
	Advice,
	Breaker,
	Suspect,
	is_about_this_mail,
)
from email_campaigns.delivery.sending.runs import LOSS_LIMIT, RETRIAL, NoBook, Run, hold_seconds
from email_campaigns.delivery.smtp.replies import ConnectionLost, Refused, ReplyMeaning, make_reply
from email_campaigns.text import Sentence

NO = Sentence("no")
STOPS = (Advice.HOLD, Advice.PAUSE)
COUNTED = tuple(SAME_LIMITS)


class Loop:
	"""A send loop as the breaker sees it: sessions one after another, and letters with growing numbers."""

	def __init__(self, breaker, name=1):
		self.breaker, self.name, self.letters = breaker, name, 0
		breaker.join(name)
		self.session = breaker.open_session(name)

	def suspect(self, meaning, letter=None):
		self.letters += 1
		number = letter or 1000 * self.name + self.letters
		return Suspect(Letter(number, "a@example.org"), meaning, NO, self.session)

	def refuse(self, meaning=ReplyMeaning.FAILED, text=b"550 No", letter=None):
		suspect = self.suspect(meaning, letter)
		verdict = self.breaker.refuse(suspect, Refused("rcpt", make_reply(int(text[:3]), text[4:])))
		return self.follow(verdict)

	def lose(self, *, maybe_accepted=False, letter=None):
		loss = ConnectionLost("content", maybe_accepted, NO)
		verdict = self.breaker.lose(self.suspect(ReplyMeaning.RETRY, letter), loss)
		self.session = self.breaker.open_session(self.name)
		return self.follow(verdict)

	def follow(self, verdict):
		if verdict.advice is Advice.NEW_SESSION:
			self.session = self.breaker.open_session(self.name)
		if verdict.advice is Advice.FEWER:
			self.breaker.leave(self.name)
		return verdict

	def accept(self):
		return [suspect.letter.name for suspect in self.breaker.accept(self.session)]


def times_asked(loop, **refusal):
	"""Return how many mails a server refuses until the breaker stops the loop, and by which advice."""
	for asked in range(1, 200):
		advice = loop.refuse(**refusal).advice
		if advice in STOPS:
			return asked, advice
	return 200, None


@pytest.mark.parametrize(
	("meaning", "text", "end"),
	[
		(ReplyMeaning.FAILED, b"550 Rate exceeded", (10, Advice.PAUSE)),
		(ReplyMeaning.BOUNCED, b"550 5.1.1 No such user", (25, Advice.PAUSE)),
		(ReplyMeaning.THROTTLED, b"452 4.5.3 Too many", (5, Advice.HOLD)),
		(ReplyMeaning.RETRY, b"451 4.3.0 Later", (5, Advice.HOLD)),
	],
)
def test_a_server_that_says_one_thing_to_everybody_is_asked_so_many_times(meaning, text, end):
	assert times_asked(Loop(Breaker()), meaning=meaning, text=text) == end


words = st.sampled_from((b"No", b"Not now", b"Local problem", b"Go away"))
refusals = st.tuples(
	st.just("refuse"), st.sampled_from(COUNTED), st.sampled_from((b"450 ", b"452 ", b"550 ")), words
)
losses = st.tuples(st.just("lose"), st.booleans())


@given(
	st.lists(st.tuples(st.integers(1, 4), refusals | losses), min_size=200, max_size=200), st.integers(1, 4)
)
def test_a_server_that_refuses_all_is_asked_so_many_times_whatever_it_says(answers, loops):
	breaker = Breaker()
	active = {name: Loop(breaker, name) for name in range(1, loops + 1)}
	asked = 0
	for name, answer in answers:
		if name not in active:
			continue
		loop, asked = active[name], asked + 1
		if answer[0] == "lose":
			advice = loop.lose(maybe_accepted=answer[1]).advice
		else:
			advice = loop.refuse(answer[1], answer[2] + answer[3]).advice
		if advice is Advice.FEWER:
			del active[name]
		if advice in STOPS:
			break
	# A loop more than one retires at its first refusal beyond the limit; a loss can be part of another one
	assert asked <= ANY_LIMIT + 2 * (loops - 1)


@given(st.lists(st.sampled_from(COUNTED), max_size=9), st.integers(1, 5))
def test_an_acceptance_ends_the_run_and_its_mails_get_their_ends(meanings, times):
	loop = Loop(Breaker())
	for _time in range(times):
		before = loop.letters
		stopped = any(loop.refuse(meaning).advice in STOPS for meaning in meanings)
		judged = loop.accept()
		if stopped:
			assert judged == []
			return
		retried = loop.letters - before - len(judged)
		assert not retried or loop.breaker.run == Run()
		assert loop.breaker.run == Run()


def test_a_trip_leaves_its_mails_untried():
	loop = Loop(Breaker())
	for _mail in range(SAME_LIMITS[ReplyMeaning.FAILED]):
		verdict = loop.refuse()
	assert (verdict.advice, verdict.length) == (Advice.PAUSE, 10)
	assert loop.breaker.leave(1) == []


def test_a_batch_that_ends_within_a_run_decides_with_its_last_loop():
	breaker = Breaker()
	first, second = Loop(breaker, 1), Loop(breaker, 2)
	first.refuse(letter=7)
	second.refuse(letter=8)
	assert breaker.leave(1) == []
	assert [suspect.letter.name for suspect in breaker.leave(2)] == [7, 8]
	assert breaker.run.same == 2, "the next batch goes on counting"


@pytest.mark.parametrize(("dead", "meaning"), [(5, ReplyMeaning.BOUNCED), (6, ReplyMeaning.FAILED)])
def test_many_dead_addresses_and_no_living_one_prove_nothing_at_the_end_of_a_batch(dead, meaning):
	loop = Loop(Breaker())
	for _mail in range(dead):
		loop.refuse(ReplyMeaning.BOUNCED, b"550 5.1.1 No such user")
	assert {suspect.meaning for suspect in loop.breaker.leave(1)} == {meaning}


def test_one_acceptance_decides_about_the_mails_of_its_own_loop():
	breaker = Breaker()
	first, second = Loop(breaker, 1), Loop(breaker, 2)
	first.refuse(letter=7)
	second.refuse(letter=8)
	assert (first.accept(), second.accept()) == ([7], [8])


def test_a_limit_of_the_connection_asks_for_a_new_one_and_the_same_mail():
	loop = Loop(Breaker())
	loop.accept()
	verdict = loop.refuse(ReplyMeaning.THROTTLED, b"452 4.5.3 Too many", letter=7)
	assert verdict.advice is Advice.NEW_SESSION
	assert [letter.name for letter in verdict.again] == [7]
	assert loop.breaker.run == Run()


def test_a_limit_that_does_not_say_so_is_seen_at_the_second_refusal():
	loop = Loop(Breaker())
	loop.accept()
	assert loop.refuse(ReplyMeaning.RETRY, b"451 4.3.0 Later", letter=7).advice is Advice.GO_ON
	verdict = loop.refuse(ReplyMeaning.RETRY, b"451 4.3.0 Later", letter=8)
	assert [letter.name for letter in verdict.again] == [7, 8]


def test_a_mail_is_tried_again_at_once_one_time_only():
	loop = Loop(Breaker())
	loop.accept()
	for advice in (Advice.NEW_SESSION, Advice.GO_ON):
		assert loop.refuse(ReplyMeaning.THROTTLED, b"452 Too many", letter=7).advice is advice
	loop.accept()
	loop.accept()
	assert loop.refuse(ReplyMeaning.THROTTLED, b"452 Too many", letter=7).advice is Advice.GO_ON


def test_a_session_that_gets_nothing_but_refusals_ends_while_others_go_on():
	breaker = Breaker()
	first, second = Loop(breaker, 1), Loop(breaker, 2)
	advices = []
	for _mail in range(2):
		first.accept()
		advices.append(second.refuse(ReplyMeaning.THROTTLED, b"421 Too many connections").advice)
	assert advices == [Advice.GO_ON, Advice.FEWER]
	assert not breaker.tripped


def test_the_restart_of_a_server_counts_once():
	breaker = Breaker()
	loops = [Loop(breaker, name) for name in range(1, 9)]
	assert {loop.lose(maybe_accepted=True).advice for loop in loops} == {Advice.GO_ON}
	assert breaker.run.losses == 1


def test_three_losses_in_a_row_pause_also_behind_the_final_dot():
	loop = Loop(Breaker())
	advices = [loop.lose(maybe_accepted=True).advice for _time in range(LOSS_LIMIT)]
	assert advices == [Advice.GO_ON, Advice.GO_ON, Advice.PAUSE]


def test_after_a_hold_one_refusal_holds_again():
	loop = Loop(Breaker(probing=True))
	assert loop.refuse(ReplyMeaning.RETRY, b"451 Later").advice is Advice.HOLD


def test_after_a_pause_a_few_more_pause_again_and_a_person_gets_further_each_time():
	breaker = Breaker(run=Run(refusals=9, same=9, key="rcpt 5 no"))
	assert times_asked(Loop(breaker)) == (1, Advice.PAUSE)
	breaker.leave(1)
	assert times_asked(Loop(breaker)) == (RETRIAL, Advice.PAUSE)
	breaker.leave(1)
	breaker.run = Run(resumed=1)
	assert times_asked(Loop(breaker)) == (20, Advice.PAUSE)


class CountingBook(NoBook):
	"""Another job counts three refusals for each of ours."""

	cleared = 0

	def add(self, run, step):
		return step(step(step(step(run))))

	def clear(self):
		self.cleared += 1


def test_what_other_jobs_count_counts():
	breaker = Breaker(CountingBook())
	assert times_asked(Loop(breaker)) == (3, Advice.PAUSE)


def test_a_server_that_accepts_costs_the_book_nothing():
	breaker = Breaker(CountingBook())
	loop = Loop(breaker)
	for _mail in range(5):
		loop.accept()
	assert breaker.book.cleared == 0
	loop.refuse()
	loop.accept()
	loop.accept()
	assert breaker.book.cleared == 1


@pytest.mark.parametrize(
	("text", "own"),
	[
		(b"450 4.2.0 Greylisted, come back later", True),
		(b"451 4.7.1 Greylisting in action", True),
		(b"452 4.2.2 Mailbox full", True),
		(b"450 4.1.8 Sender address rejected: Domain not found", True),
		(b"451 4.0.0 host mx.example.net said: 451 Try later", True),
		(b"451 4.3.0 Temporary lookup failure", False),
		(b"450 Too many mails", False),
	],
)
def test_greylisting_and_mailboxes_are_about_one_mail(text, own):
	reply = make_reply(int(text[:3]), text[4:])
	assert is_about_this_mail(ReplyMeaning.RETRY, reply) is own
	assert is_about_this_mail(ReplyMeaning.THROTTLED, reply) is own
	assert not is_about_this_mail(ReplyMeaning.FAILED, reply)


def test_holds_grow():
	assert [hold_seconds(level) // 60 for level in range(6)] == [5, 15, 45, 120, 120, 120]
