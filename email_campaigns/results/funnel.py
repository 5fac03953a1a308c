"""How many of the people that a mailing was planned for came how far. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from email_campaigns.results.rates import Counts, share

STEPS = ("planned", "sent", "delivered", "opened", "clicked", "replied")


@dataclass(frozen=True, slots=True)
class FunnelStep:
	"""`share` of the first step, from 0 to 1, None where nobody was planned; `raw` has what programs did too."""

	name: str
	count: int
	raw: int
	share: float | None


def funnel(counts: Counts) -> list[FunnelStep]:
	"""Return the steps in their order. A reply needs no click, so the last two need not grow smaller."""
	return [
		FunnelStep(
			name, getattr(counts, name), counts.raw(name), share(getattr(counts, name), counts.planned)
		)
		for name in STEPS
	]
