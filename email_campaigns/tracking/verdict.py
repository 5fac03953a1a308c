"""Was it a person? One hit on a link or an open pixel is judged from what it says of itself and when it came. Pure.

Every hit is kept; only its verdict decides whether figures of people count it. The rules, in their order, are in RULES,
and docs/tracking.md tells users of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from email_campaigns.tracking.agents import PROXIES, known_robot, prefetcher, scanner

OPEN, CLICK = "Opened", "Clicked"
HUMAN, MACHINE, INTERNAL = "human", "machine", "internal"
MACHINE_SECONDS = 5  # from sending: mail is not delivered, noticed and opened by a person in less
# Nobody reads four links in four seconds; whoever opens them in tabs takes longer to find them.
BURST_LINKS, BURST_SECONDS = 4, 4


class HitVerdict(NamedTuple):
	"""What a hit is taken for, and why as a sentence; "" where a person needs no reason."""

	verdict: str
	reason: str


@dataclass(frozen=True, slots=True)
class Hit:
	"""One request. `seconds` since the mail was sent, None where that is not known; `links` is how many different
	links of the mail were followed in the BURST_SECONDS around it; `internal` where the device is one of our own."""

	kind: str
	agent: str
	method: str = "GET"
	prefetch: bool = False
	seconds: float | None = None
	links: int = 1
	internal: bool = False


def judge_hit(hit: Hit, machine_seconds: int = MACHINE_SECONDS) -> HitVerdict:
	"""Return the verdict of the first rule that has one; whoever none of them knows is a person."""
	if hit.internal:
		return HitVerdict(INTERNAL, "A device on which a user of this site signed in")
	for rule in RULES:
		if reason := rule(hit):
			return HitVerdict(MACHINE, reason)
	if hit.seconds is not None and hit.seconds < machine_seconds:
		return HitVerdict(MACHINE, f"Within {machine_seconds} seconds of sending")
	proxy = PROXIES.name_of(hit.agent)
	if proxy and hit.kind == CLICK:
		return HitVerdict(MACHINE, f"{proxy}, which a person uses for images only")
	return HitVerdict(HUMAN, f"Opened through {proxy}" if proxy else "")


def _only_looked(hit: Hit) -> str:
	if hit.prefetch:
		return "Fetched ahead of any wish to see it"
	return "" if hit.method == "GET" else f"A {hit.method} request, which asks for no content"


def _nameless(hit: Hit) -> str:
	return "" if hit.agent.strip() else "No user agent"


def _burst(hit: Hit) -> str:
	return f"{hit.links} links of the mail within seconds" if hit.links >= BURST_LINKS else ""


RULES: tuple[Callable[[Hit], str], ...] = (
	_only_looked,
	_nameless,
	lambda hit: prefetcher(hit.agent),
	lambda hit: scanner(hit.agent),
	_burst,
	lambda hit: "" if PROXIES.name_of(hit.agent) else known_robot(hit.agent),
)
