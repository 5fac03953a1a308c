"""The hits of one mail judged together: a later hit can change the verdict of earlier ones."""

from datetime import datetime, timedelta

from email_campaigns.tracking.events import Event, judge_events
from email_campaigns.tracking.verdict import BURST_SECONDS, CLICK, OPEN

SENT = datetime(2026, 3, 1, 9)
CHROME = (
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
	" Chrome/126.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"


def click(link, seconds, agent=CHROME, **values):
	return Event(CLICK, SENT + timedelta(seconds=seconds), agent, link, **values)


def opened(seconds, agent=CHROME):
	return Event(OPEN, SENT + timedelta(seconds=seconds), agent)


def verdicts(*events, sent=SENT):
	return [verdict.verdict for verdict in judge_events(events, sent)]


def test_a_person_opens_and_clicks_with_pauses():
	assert verdicts(opened(60), click("a", 70), click("b", 100), opened(300)) == ["human"] * 4


def test_a_burst_makes_machines_of_those_before_it():
	events = [click(link, 60 + n / 10) for n, link in enumerate("abcd")]
	assert verdicts(*events[:3]) == ["human"] * 3
	assert verdicts(*events) == ["machine"] * 4


def test_one_link_followed_many_times_is_no_burst():
	assert verdicts(*[click("a", 60 + n / 10) for n in range(20)]) == ["human"] * 20


def test_a_burst_ends():
	burst = [click(link, 60) for link in "abcd"]
	later = click("e", 60 + BURST_SECONDS + 1)
	assert verdicts(*burst, later) == ["machine"] * 4 + ["human"]


def test_links_that_are_spread_over_more_than_the_window_are_no_burst():
	assert verdicts(*[click(link, 60 + 2 * n) for n, link in enumerate("abcdefgh")]) == ["human"] * 8


def test_the_image_that_was_loaded_with_the_burst_goes_with_it():
	burst = [click(link, 60) for link in "abcd"]
	assert verdicts(opened(59), opened(59, FIREFOX), *burst) == ["machine", "human"] + ["machine"] * 4


def test_an_internal_hit_stays_internal():
	assert verdicts(click("a", 1, verdict="internal")) == ["internal"]


def test_an_unknown_time_of_sending_makes_no_machine():
	assert verdicts(opened(0), sent=None) == ["human"]
	assert verdicts(opened(0)) == ["machine"]


def test_thousands_of_hits_are_judged_at_once():
	assert set(verdicts(*[click(str(n), 60) for n in range(3000)])) == {"machine"}


def test_no_hits_have_no_verdicts():
	assert judge_events([], SENT) == []
