"""The opens and clicks of one mail, judged together, for a later hit can show that a machine made earlier
ones. Pure."""

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
MOST_COMPARED = 200  # clicks that one click is compared with: more make it no clearer


@dataclass(frozen=True, slots=True)
class Event:
	"""A hit as the log keeps it, of kind OPEN or CLICK.

	`at` is a time of the site's clock, `verdict` the verdict that was stored before, "" for a new hit.
	`request` is PREFETCH, or the method of a request that is no GET, else "".
	"""

	kind: str
	at: datetime
	agent: str
	link: str = ""
	verdict: str = ""
	request: str = ""


def judge_events(
	events: Sequence[Event], sent: datetime | None, machine_seconds: int = MACHINE_SECONDS
) -> list[HitVerdict]:
	"""Return the verdict of each event of one mail, in their order.

	`sent` is when the mail was sent, on the site's clock, None where that is not known. A hit less than
	`machine_seconds` later is a machine's.
	"""
	link_counts = _count_links_around(events)
	bursts = [
		(event.at, event.agent, number)
		for event, number in zip(events, link_counts, strict=True)
		if number >= BURST_LINKS
	]
	return [
		judge_hit(
			Hit(
				event.kind,
				event.agent,
				method="GET" if event.request in ("", PREFETCH) else event.request,
				prefetch=event.request == PREFETCH,
				seconds=(event.at - sent).total_seconds() if sent else None,
				links=max([number, *_bursts_around(event, bursts)]),
				internal=event.verdict == INTERNAL,
			),
			machine_seconds,
		)
		for event, number in zip(events, link_counts, strict=True)
	]


def _count_links_around(events: Sequence[Event]) -> list[int]:
	"""Return for each event the number of different links followed in the fullest BURST_SECONDS that it lies
	in.

	A prefetch or a HEAD follows no link: a browser may fetch all links ahead, and a person clicks one of them
	then.
	"""
	counts = [0] * len(events)
	clicks = sorted(
		(event.at, place) for place, event in enumerate(events) if event.kind == CLICK and not event.request
	)
	for first, (start, _place) in enumerate(clicks):
		window = [place for at, place in clicks[first : first + MOST_COMPARED] if at <= start + BURST]
		links = len({events[place].link for place in window})
		for place in window:
			counts[place] = max(counts[place], links)
	return counts


def _bursts_around(event: Event, bursts: list[tuple[datetime, str, int]]) -> list[int]:
	"""Return the numbers of links of the bursts by the same agent that an event lies in.

	A scanner loads the image together with the links: that is no person's open.
	"""
	return [number for at, agent, number in bursts if agent == event.agent and abs(at - event.at) <= BURST]
