"""Runs of refusals and losses of an Email Account, and how long the account waits for them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from email_campaigns.text import Sentence

LOSS_LIMIT = 3  # connections broken in a row; behind the final dot each leaves a mail in doubt
# Mails that may be tried after a pause, so that a dead address at their head does not hide a repaired server.
RETRIAL = 3
HOLD_MINUTES = (5, 15, 45, 120)  # of an account, growing while no mail is accepted


@dataclass(frozen=True, slots=True)
class Run:
	"""Refusals and losses in a row of an Email Account.

	`same` counts those with `key`, `refusals` all. `resumed` says how often a person, or a sequence after
	its wait, has resumed sending since the last accepted mail. Each time doubles the limits of permanent
	refusals, so that sending gets past a list of dead addresses.
	"""

	refusals: int = 0
	same: int = 0
	key: str = ""
	losses: int = 0
	resumed: int = 0

	def refused(self, key: str) -> Run:
		"""Return the run with one more refusal."""
		same = self.same + 1 if key == self.key else 1
		return replace(self, refusals=self.refusals + 1, same=same, key=key)

	def lost(self) -> Run:
		"""Return the run with one more broken connection."""
		return replace(self, refusals=self.refusals + 1, losses=self.losses + 1)

	def rested(self) -> Run:
		"""Return the run after a trip: RETRIAL more refusals trip it again, or one more loss."""
		same, refusals = max(0, self.same - RETRIAL), max(0, self.refusals - RETRIAL)
		return replace(self, same=same, refusals=refusals, losses=min(LOSS_LIMIT - 1, self.losses))


def merge(stored: Run, own: Run) -> Run:
	"""Return the run of an account from what is stored and what a job has counted itself, each the longer."""
	same = max(stored.same, own.same) if stored.key == own.key else own.same
	return replace(
		own,
		same=same,
		refusals=max(stored.refusals, own.refusals),
		losses=max(stored.losses, own.losses),
		resumed=stored.resumed,
	)


class Book(Protocol):
	"""The runs and holds of one Email Account over all its jobs. Every call is durable when it returns."""

	def add(self, run: Run, step: Callable[[Run], Run]) -> Run:
		"""Store one more step of a run, and return the run with what other jobs have counted."""

	def clear(self) -> None:
		"""End the run and the hold: the server has accepted a mail."""

	def rest(self, run: Run) -> None:
		"""Store the run after a trip for which a person has to look."""

	def hold(self, words: Sentence | str) -> None:
		"""Let the account wait, with the server's words; longer than the last time."""


class NoBook:
	"""A Book for a single job that keeps nothing."""

	def add(self, run: Run, step: Callable[[Run], Run]) -> Run:
		"""Return the run with the step."""
		return step(run)

	def clear(self) -> None:
		"""Do nothing."""

	def rest(self, run: Run) -> None:
		"""Do nothing."""

	def hold(self, words: Sentence | str) -> None:
		"""Do nothing."""


def hold_seconds(level: int) -> int:
	"""Return how long an account is held that has been held `level` times since its last accepted mail."""
	return 60 * HOLD_MINUTES[min(level, len(HOLD_MINUTES) - 1)]
