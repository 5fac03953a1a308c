"""Limits: never more than they say in whatever rhythm jobs look, and hardly less while there is mail."""

from bisect import bisect_right, insort
from itertools import cycle

from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.schedule.limits import (
	HOUR,
	LEAD,
	UNLIMITED,
	Closed,
	Rates,
	Rolling,
	Spread,
	opens,
	strictest,
)

MINUTE = 60
EVERY_MINUTE = (MINUTE,)
irregular = st.lists(st.integers(30, 600), min_size=1, max_size=12)


class Sender:
	"""Claims what its limits grant at each look, and sends it at a pace; a batch may outlast a look."""

	def __init__(self, mails, *hourly, shared=None, spread=None, seconds_a_mail=0.05, batch=10**9):
		self.mails, self.hourly, self.seconds_a_mail, self.batch = mails, hourly, seconds_a_mail, batch
		self.times = []  # when each claimed mail leaves, sorted
		self.shared = shared or []  # (limit, times of everything that counts towards it) of the whole site
		self.spread = spread  # (anchor, ends, mails that had not left at the anchor)

	@property
	def waiting(self):
		return self.mails - len(self.times)

	def limits(self, now):
		counted = [(f"own {limit}", limit, self.times) for limit in self.hourly]
		counted += [("site", limit, times) for limit, times in self.shared]
		limits = [rolling(name, limit, times, now) for name, limit, times in counted]
		return limits + ([Spread("spread", *self.spread, self.waiting)] if self.spread else [])

	def look(self, now):
		granted, _ = strictest(self.limits(now), min(self.waiting, self.batch), now)
		for place in range(granted):
			at = now + (place + 1) * self.seconds_a_mail
			insort(self.times, at)
			for _, times in self.shared:
				insort(times, at)
		return granted

	def run(self, gaps=EVERY_MINUTE, start=0, until=10**9):
		"""Look after each of `gaps` in turn until nothing waits or the time is over; return leaving times."""
		now, gaps = start, cycle(gaps)
		while self.waiting and now < until:
			self.look(now)
			now += next(gaps)
		return self.times


def rolling(name, limit, times, now):
	"""Count an hour as the ledger does: mails that are claimed and leave later are reserved."""
	first, last = bisect_right(times, now - HOUR), bisect_right(times, now)
	return Rolling(name, limit, last - first, len(times) - last, times[first] if first < last else None)


def most_in_an_hour(times):
	most, first = 0, 0
	for index, time in enumerate(times):
		while times[first] <= time - HOUR:
			first += 1
		most = max(most, index - first + 1)
	return most


# PLR0913: an argument for each value that is generated
@settings(max_examples=60)
@given(
	limits=st.lists(st.integers(1, 200), min_size=1, max_size=3),
	mails=st.integers(1, 600),
	gaps=irregular,
	seconds_a_mail=st.floats(0.01, 30),
	batch=st.integers(1, 500),
	start=st.integers(0, 10_000),
)
def test_no_rolling_hour_holds_more_than_any_limit(limits, mails, gaps, seconds_a_mail, batch, start):  # noqa: PLR0913
	times = Sender(mails, *limits, seconds_a_mail=seconds_a_mail, batch=batch).run(gaps, start)
	assert len(times) == mails
	assert most_in_an_hour(times) <= min(limits)


@settings(max_examples=40)
@given(
	site=st.integers(1, 200),
	own=st.tuples(st.integers(1, 200), st.integers(1, 200)),
	gaps=irregular,
	paces=st.tuples(st.floats(0.01, 20), st.floats(0.01, 20)),
)
def test_two_mailings_together_keep_the_limit_of_the_site_and_each_its_own(site, own, gaps, paces):
	everything = []
	senders = [
		Sender(250, limit, shared=[(site, everything)], seconds_a_mail=pace)
		for limit, pace in zip(own, paces, strict=True)
	]
	now = 0
	for turn, gap in zip(range(150), cycle(gaps), strict=False):
		senders[turn % 2].look(now)
		now += gap
	assert most_in_an_hour(everything) <= site
	assert all(most_in_an_hour(s.times) <= limit for s, limit in zip(senders, own, strict=True))


@settings(max_examples=20)
@given(limit=st.integers(10, 400), hours=st.integers(3, 8), start=st.integers(0, 10_000))
def test_a_look_every_minute_uses_98_percent_of_the_quota(limit, hours, start):
	times = Sender(limit * hours, limit).run(start=start)
	assert (hours - 1) * HOUR / (times[-1] - times[0]) >= 0.98


@given(
	limit=st.integers(0, 1000),
	sent=st.integers(0, 2000),
	reserved=st.integers(0, 500),
	wanted=st.integers(0, 5000),
)
def test_a_grant_is_never_negative_and_never_more_than_wanted(limit, sent, reserved, wanted):
	assert 0 <= strictest([Rolling("hour", limit, sent, reserved)], wanted, now=0)[0] <= wanted


def test_what_is_claimed_counts_as_if_it_had_left():
	assert Rolling("hour", limit=100, sent=60, reserved=30).room(now=0) == 10


def test_without_a_limit_everything_may_go():
	assert Rolling("hour", limit=0, sent=10**6).room(now=0) == UNLIMITED
	assert Rolling("hour", limit=0, sent=10**6, oldest=5).opens_at(now=10) == 10
	assert strictest([Rolling("hour", limit=0, sent=10**6)], 500, now=0) == (500, "")


def test_a_full_hour_opens_when_its_oldest_mail_leaves_it():
	assert Rolling("hour", limit=1, sent=1, oldest=1000).opens_at(now=2000) == 1000 + HOUR


def test_an_hour_filled_by_claims_alone_is_looked_at_again_at_once():
	assert Rolling("hour", limit=5, sent=0, reserved=5).opens_at(now=2000) == 2000


def rollings(names="abc"):
	return st.builds(
		Rolling,
		st.sampled_from(names),
		st.integers(0, 50),
		st.integers(0, 60),
		st.integers(0, 20),
		st.none() | st.integers(0, HOUR),
	)


def spreads():
	return st.builds(
		Spread,
		st.just("spread"),
		st.integers(0, 5000),
		st.integers(0, 20_000),
		st.integers(0, 300),
		st.integers(0, 320),
	)


any_limits = st.lists(rollings() | spreads(), max_size=4)


@given(limits=any_limits, wanted=st.integers(-5, 400), now=st.integers(0, 25_000))
def test_the_strictest_exceeds_none_and_names_the_one_that_holds(limits, wanted, now):
	granted, name = strictest(limits, wanted, now)
	assert 0 <= granted <= max(0, wanted)
	assert all(granted <= limit.room(now) for limit in limits)
	assert (name == "") == (granted == max(0, wanted))
	assert not name or any(limit.name == name and limit.room(now) == granted for limit in limits)


@given(limits=any_limits, now=st.integers(0, 25_000))
def test_the_last_to_open_is_named(limits, now):
	at, name = opens(limits, now)
	assert at == max([now, *(limit.opens_at(now) for limit in limits)])
	assert (name == "") == (at == now)
	assert not name or any(limit.name == name and limit.opens_at(now) == at for limit in limits)


@given(spread=spreads(), now=st.integers(0, 25_000))
def test_a_spread_opens_at_the_first_second_with_room(spread, now):
	at = spread.opens_at(now)
	assert at >= now
	assert spread.room(at) > 0
	assert at == now or spread.room(at - 1) == 0


@given(spread=spreads(), now=st.integers(0, 25_000), later=st.integers(0, 5000))
def test_the_line_only_rises_and_is_whole_by_the_end(spread, now, later):
	assert 0 <= spread.line(now) <= spread.line(now + later) <= spread.planned
	assert spread.line(max(spread.anchor, spread.ends)) == spread.planned
	assert spread.room(spread.ends) == UNLIMITED


def allowed(anchor, ends, mails, at):
	"""Return what may have gone by a moment, computed apart from the code under test."""
	return min(mails, mails * (at + LEAD - anchor) / (ends - anchor))


def claimed_by(sender, gaps, start, until):
	"""Return (time of the look, how many are claimed by then) of each look."""
	looks, now, gaps = [], start, cycle(gaps)
	while now < until:
		sender.look(now)
		looks.append((now, len(sender.times)))
		now += next(gaps)
	return looks


@settings(max_examples=50)
@given(mails=st.integers(1, 800), hours=st.integers(1, 12), start=st.integers(0, 10_000), gaps=irregular)
def test_a_spread_mailing_never_runs_ahead_of_its_line(mails, hours, start, gaps):
	ends = start + hours * HOUR
	sender = Sender(mails, spread=(start, ends, mails))
	for now, gone in claimed_by(sender, gaps, start, ends):
		assert gone <= allowed(start, ends, mails, now)
		assert gone >= int(allowed(start, ends, mails, now))


@settings(max_examples=40)
@given(mails=st.integers(1, 800), hours=st.integers(1, 12), start=st.integers(0, 10_000))
def test_a_spread_mailing_ends_on_time(mails, hours, start):
	ends = start + hours * HOUR
	times = Sender(mails, spread=(start, ends, mails)).run(start=start)
	assert ends - 2 * LEAD <= times[-1] <= ends + MINUTE
	assert mails < 10 or abs(times[mails // 2] - (start + ends) / 2) <= hours * HOUR / mails + 2 * LEAD


@settings(max_examples=40)
@given(mails=st.integers(50, 800), before=st.integers(0, 150), pause=st.integers(1, 200), gaps=irregular)
def test_a_pause_is_not_made_up_for_in_a_burst(mails, before, pause, gaps):
	ends = 6 * HOUR
	sender = Sender(mails, spread=(0, ends, mails))
	sender.run(gaps, until=before * MINUTE)
	resumed = (before + pause) * MINUTE
	remaining = sender.waiting
	sender.spread = (resumed, ends, remaining)
	sender.look(resumed)
	assert remaining - sender.waiting <= remaining * LEAD / (ends - resumed)
	for now, gone in claimed_by(sender, gaps, resumed, ends):
		assert gone - (mails - remaining) <= allowed(resumed, ends, remaining, now)
	sender.look(ends)
	assert sender.waiting == 0


def test_an_outage_is_caught_up_with():
	sender = Sender(600, spread=(0, 10 * HOUR, 600))
	sender.run(until=HOUR)
	assert sender.waiting == 540
	sender.look(4 * HOUR)
	assert sender.waiting == 600 - 241


def test_a_spread_mailing_keeps_the_hourly_limit_too():
	sender = Sender(600, 50, spread=(0, 3 * HOUR, 600))
	times = sender.run()
	assert most_in_an_hour(times) <= 50
	assert times[-1] > 3 * HOUR
	assert strictest(Sender(600, 50, spread=(0, 3 * HOUR, 600)).limits(0), 600, 0) == (3, "spread")


def test_what_is_claimed_counts_as_gone_and_what_comes_back_may_go_again():
	spread = Spread("spread", anchor=0, ends=HOUR, planned=60, waiting=40)
	assert spread.room(20 * MINUTE) == 1
	assert Spread("spread", 0, HOUR, planned=60, waiting=45).room(20 * MINUTE) == 6


def test_a_mailing_resumed_after_its_end_goes_out_at_once():
	late = Spread("spread", anchor=2 * HOUR, ends=HOUR, planned=60, waiting=60)
	assert late.room(2 * HOUR) == UNLIMITED
	assert late.opens_at(2 * HOUR) == 2 * HOUR


rates_an_hour = st.integers(0, 50)
domains = st.dictionaries(st.sampled_from(["a.example", "b.example"]), rates_an_hour)
rates = st.builds(Rates, rates_an_hour, rates_an_hour, domains, domains)


def room(held: Rates, sent: int) -> int:
	every = [held.site, held.own, *held.site_domains.values(), *held.own_domains.values()]
	return min(Rolling("", rate, sent).room(0) for rate in every)


@given(rates, rates, st.integers(0, 60))
def test_a_batch_that_may_be_kept_would_have_been_granted_under_the_new_rates(earlier, now, sent):
	if not now.is_below(earlier):
		assert room(now, sent) >= room(earlier, sent)


@given(rates)
def test_the_same_rates_are_not_below_themselves(held):
	assert not held.is_below(held)


def test_each_rate_that_is_lowered_or_new_is_seen():
	held = Rates(100, 50, {"a.example": 10}, {"b.example": 5})
	for now in (
		Rates(99, 50, {"a.example": 10}, {"b.example": 5}),
		Rates(100, 49, {"a.example": 10}, {"b.example": 5}),
		Rates(100, 50, {"a.example": 9}, {"b.example": 5}),
		Rates(100, 50, {"a.example": 10, "c.example": 900}, {"b.example": 5}),
		Rates(100, 50, {"a.example": 10}, {"b.example": 4}),
	):
		assert now.is_below(held)
	assert not Rates(0, 0).is_below(held)
	assert Rates(10_000).is_below(Rates())


def test_a_closed_domain_opens_altogether_at_its_end():
	closed = Closed("gmail.com", 100)
	assert (closed.room(99), closed.room(100)) == (0, UNLIMITED)
	assert (closed.opens_at(50), closed.opens_at(150)) == (100, 150)
