"""The verdict of a hit: a corpus of real user agents, and what each rule is for."""

from pathlib import Path

import pytest

from email_campaigns.tracking.verdict import BURST_LINKS, CLICK, OPEN, Hit, judge_hit

CORPUS = Path(__file__).parents[2] / "data" / "hits.tsv"
CHROME = (
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
	" Chrome/126.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def corpus():
	lines = [line.split("\t") for line in CORPUS.read_text("utf-8").splitlines() if not line.startswith("#")]
	return [
		(Hit(kind, agent, method=method, seconds=float(seconds), links=int(links)), label)
		for agent, kind, method, seconds, links, label in lines
	]


def test_the_corpus_is_large_and_has_both_kinds():
	labels = [label for _hit, label in corpus()]
	assert len(labels) >= 150
	assert min(labels.count("human"), labels.count("machine")) >= 60


def test_machines_are_distinguished_from_people():
	judged = [(judge_hit(hit).verdict, label, hit) for hit, label in corpus()]
	called_machines = [label for verdict, label, _hit in judged if verdict == "machine"]
	machines = [verdict for verdict, label, _hit in judged if label == "machine"]
	wrong = [(verdict, hit) for verdict, label, hit in judged if verdict != label]
	assert called_machines.count("machine") / len(called_machines) >= 0.99, wrong
	assert machines.count("machine") / len(machines) >= 0.95, wrong


def test_every_machine_has_a_reason():
	for hit, _label in corpus():
		verdict = judge_hit(hit)
		assert bool(verdict.reason) or verdict.verdict == "human"


@pytest.mark.parametrize(
	("hit", "verdict", "reason"),
	[
		(Hit(OPEN, CHROME), "human", ""),
		(Hit(OPEN, GMAIL), "human", "Opened through Gmail's image proxy"),
		(Hit(OPEN, GMAIL, seconds=2), "machine", "Within 5 seconds of sending"),
		(Hit(CLICK, GMAIL), "machine", "Gmail's image proxy, which a person uses for images only"),
		(Hit(OPEN, "Mozilla/5.0"), "machine", "Apple Mail Privacy Protection"),
		(Hit(CLICK, "Barracuda Sentinel (EE)"), "machine", "Security scanner: Barracuda"),
		(Hit(CLICK, CHROME, method="HEAD"), "machine", "A HEAD request, which asks for no content"),
		(Hit(CLICK, CHROME, prefetch=True), "machine", "Fetched before anybody asked to see it"),
		(Hit(CLICK, CHROME, links=BURST_LINKS), "machine", "4 links of the mail within seconds"),
		(Hit(CLICK, CHROME, links=BURST_LINKS - 1), "human", ""),
		(Hit(CLICK, " "), "machine", "No user agent"),
		(Hit(CLICK, CHROME, seconds=-1), "machine", "Within 5 seconds of sending"),
		(Hit(CLICK, CHROME, seconds=5), "human", ""),
		(
			Hit(CLICK, "curl/8.0", internal=True),
			"internal",
			"A device on which a user of this site signed in",
		),
	],
)
def test_each_rule_gives_its_verdict_and_reason(hit, verdict, reason):
	judged = judge_hit(hit)
	assert (judged.verdict, str(judged.reason)) == (verdict, reason)


def test_the_seconds_after_sending_can_be_turned_off():
	assert judge_hit(Hit(OPEN, CHROME, seconds=0), machine_seconds=0).verdict == "human"


@pytest.mark.parametrize("agent", ["x" * 100_000, "bot" * 30_000, "(" * 50_000, "\0", "é" * 1000])
def test_no_user_agent_is_too_strange(agent):
	assert judge_hit(Hit(OPEN, agent)).verdict in ("human", "machine")
