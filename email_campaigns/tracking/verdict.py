"""The verdict of one hit on a link or an open pixel: was it a person? Pure.

A hit is judged by its user agent, its request and its time. Every hit is kept; its verdict decides whether
figures of people count it. RULES has the rules in their order, docs/tracking.md explains them to users.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from email_campaigns.text import Sentence, _lt
from email_campaigns.tracking.agents import PROXIES, known_bot, prefetcher, scanner

OPEN, CLICK = "Opened", "Clicked"
HUMAN, MACHINE, INTERNAL = "human", "machine", "internal"
MACHINE_SECONDS = 5  # from sending: mail is not delivered, noticed and opened by a person in less
# Nobody reads four links in four seconds; a person who opens them in tabs takes longer to find them.
BURST_LINKS, BURST_SECONDS = 4, 4
NO_REASON = Sentence("")


class HitVerdict(NamedTuple):
	"""HUMAN, MACHINE or INTERNAL, and the reason as a sentence, which is empty where a person needs none."""

	verdict: str
	reason: Sentence


@dataclass(frozen=True, slots=True)
class Hit:
	"""One request, of kind OPEN or CLICK, by the user agent `agent`.

	`seconds` is the time since the mail was sent, None where that is not known. `links` is the number of
	different links of the mail that were followed in the BURST_SECONDS around it. `internal` means a device
	of this site's users.
	"""

	kind: str
	agent: str
	method: str = "GET"
	prefetch: bool = False
	seconds: float | None = None
	links: int = 1
	internal: bool = False


def judge_hit(hit: Hit, machine_seconds: int = MACHINE_SECONDS) -> HitVerdict:
	"""Return the verdict of the first rule that gives a reason; a hit that no rule knows is a person's.

	A hit less than `machine_seconds` after sending is a machine's; 0 turns that rule off.
	"""
	if hit.internal:
		return HitVerdict(INTERNAL, Sentence(_lt("A device on which a user of this site signed in")))
	for rule in RULES:
		if reason := rule(hit):
			return HitVerdict(MACHINE, reason)
	if hit.seconds is not None and hit.seconds < machine_seconds:
		return HitVerdict(MACHINE, Sentence(_lt("Within {0} seconds of sending"), machine_seconds))
	proxy = PROXIES.find_name(hit.agent)
	if proxy and hit.kind == CLICK:
		return HitVerdict(MACHINE, Sentence(_lt("{0}, which a person uses for images only"), proxy))
	return HitVerdict(HUMAN, Sentence(_lt("Opened through {0}"), proxy) if proxy else NO_REASON)


def _request_without_reader(hit: Hit) -> Sentence:
	if hit.prefetch:
		return Sentence(_lt("Fetched before anybody asked to see it"))
	if hit.method == "GET":
		return NO_REASON
	return Sentence(_lt("A {0} request, which asks for no content"), hit.method)


def _no_agent(hit: Hit) -> Sentence:
	return NO_REASON if hit.agent.strip() else Sentence(_lt("No user agent"))


def _burst(hit: Hit) -> Sentence:
	if hit.links < BURST_LINKS:
		return NO_REASON
	return Sentence(_lt("{0} links of the mail within seconds"), hit.links)


RULES: tuple[Callable[[Hit], Sentence], ...] = (
	_request_without_reader,
	_no_agent,
	lambda hit: prefetcher(hit.agent),
	lambda hit: scanner(hit.agent),
	_burst,
	lambda hit: NO_REASON if PROXIES.find_name(hit.agent) else known_bot(hit.agent),
)
