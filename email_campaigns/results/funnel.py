"""The funnel of a mailing: how many people reached each step, from planned to replied. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from email_campaigns.results.rates import Counts, share

STEPS = ("planned", "sent", "delivered", "opened", "clicked", "replied")


@dataclass(frozen=True, slots=True)
class FunnelStep:
	"""One step: `count` people, `raw` with bots.

	`share` is the step's part of the first step, from 0 to 1, None where nobody was planned.
	"""

	name: str
	count: int
	raw: int
	share: float | None


def funnel(counts: Counts) -> list[FunnelStep]:
	"""Return the steps in the order of STEPS. A reply needs no click, so the last step may be larger."""
	return [
		FunnelStep(
			name, getattr(counts, name), counts.raw(name), share(getattr(counts, name), counts.planned)
		)
		for name in STEPS
	]
