"""All the limits on one mailing at one moment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from email_campaigns.schedule.limits import Limit, opens, strictest


@dataclass(frozen=True, slots=True)
class Limits:
	"""`shared` holds for every mail, `domains` for those to recipients of a domain that has a limit.

	`deadline` in Unix seconds, 0 where there is none: from then on nothing may go.
	"""

	shared: tuple[Limit, ...] = ()
	domains: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
	deadline: int = 0

	def grant(self, wanted: int, now: int) -> int:
		"""Return how many of `wanted` mails may be claimed now."""
		return 0 if self.expired(now) else strictest(self.shared, wanted, now)[0]

	def by_domain(self, wanted: int, now: int) -> dict[str, int]:
		"""Return how many of `wanted` mails may go to each domain that has a limit."""
		return {domain: strictest(limits, wanted, now)[0] for domain, limits in self.domains.items()}

	def opens(self, now: int) -> tuple[int, str]:
		"""Return when the next mail may go (Unix seconds), and the name of the limit that holds it, "" where none does."""
		return opens(self.shared, now)

	def expired(self, now: int) -> bool:
		return 0 < self.deadline <= now
