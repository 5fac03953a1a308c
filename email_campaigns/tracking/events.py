"""The opens and clicks of one mail, judged together: a later hit can show that earlier ones were a machine's. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from email_campaigns.tracking.verdict import (
	BURST_LINKS,
	BURST_SECONDS,
	CLICK,
	INTERNAL,
	MACHINE_SECONDS,
	Hit,
	HitVerdict,
	judge_hit,
)

PREFETCH = "prefetch"
BURST = timedelta(seconds=BURST_SECONDS)
MOST_AT_ONCE = 200  # clicks that one is compared with: more make it no clearer


@dataclass(frozen=True, slots=True)
class Event:
	"""A hit as the log keeps it. `at` on the site's clock; `verdict` as it was judged before, where it was; `request` is
	PREFETCH, or the method of a request that is no GET."""

	kind: str
	at: datetime
	agent: str
	link: str = ""
	verdict: str = ""
	request: str = ""


def judge_events(
	events: Sequence[Event], sent: datetime | None, machine_seconds: int = MACHINE_SECONDS
) -> list[HitVerdict]:
	"""Return the verdict of each event of one mail that was sent at `sent`, in their order."""
	links = _links_around(events)
	bursts = [(event.at, event.agent, n) for event, n in zip(events, links, strict=True) if n >= BURST_LINKS]
	return [
		judge_hit(
			Hit(
				event.kind,
				event.agent,
				method="GET" if event.request in ("", PREFETCH) else event.request,
				prefetch=event.request == PREFETCH,
				seconds=(event.at - sent).total_seconds() if sent else None,
				links=max([number, *_bursts_of(event, bursts)]),
				internal=event.verdict == INTERNAL,
			),
			machine_seconds,
		)
		for event, number in zip(events, links, strict=True)
	]


def _links_around(events: Sequence[Event]) -> list[int]:
	"""Return for each event how many different links were followed in the fullest BURST_SECONDS that it lies in.

	What was only looked at is not followed: a browser that fetches all links ahead makes no machine of who then clicks.
	"""
	numbers = [0] * len(events)
	clicks = sorted(
		(event.at, place) for place, event in enumerate(events) if event.kind == CLICK and not event.request
	)
	for first, (start, _place) in enumerate(clicks):
		window = [place for at, place in clicks[first : first + MOST_AT_ONCE] if at <= start + BURST]
		links = len({events[place].link for place in window})
		for place in window:
			numbers[place] = max(numbers[place], links)
	return numbers


def _bursts_of(event: Event, bursts: list[tuple[datetime, str, int]]) -> list[int]:
	"""The image that a scanner loads together with the links is no person's open."""
	return [n for at, agent, n in bursts if agent == event.agent and abs(at - event.at) <= BURST]
