"""The versions of an A/B test compared: which did best, and how sure that is. Pure.

The test is the z-test for two proportions with the pooled share, two-sided (NIST/SEMATECH e-Handbook of
Statistical Methods, 7.3.3), of the best version against the second. Which two these are is known only after
looking, so with more than two versions the probability is multiplied by the number of pairs (O. J. Dunn, J.
Am. Stat. Assoc. 56, 1961, 52-64). Where fewer than FEWEST of any kind are expected in a group, the normal
distribution does not hold, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import comb, sqrt
from statistics import NormalDist

from email_campaigns.results.lift import CONFIDENCE, LiftGroup
from email_campaigns.results.rates import Counts
from email_campaigns.text import Sentence, _lt

FEWEST = 5
_KINDS = {"opened": _lt("opened"), "clicked": _lt("clicked"), "replied": _lt("replied")}


@dataclass(frozen=True, slots=True)
class ABVerdict:
	"""The outcome of a comparison; `groups` is {version: people who did something of those delivered}.

	`winner` is the version with the highest share. Of several that are `level` it is the first, and then
	`second` is ""; "A" where nobody has done anything. `p_value` is the probability of such a difference by
	chance, None where that can't be said.
	"""

	winner: str
	groups: Mapping[str, LiftGroup]
	level: tuple[str, ...] = ()
	second: str = ""
	p_value: float | None = None

	@property
	def significant(self) -> bool:
		"""Tell whether the difference is larger than chance explains, with CONFIDENCE."""
		return self.p_value is not None and self.p_value < 1 - CONFIDENCE

	@property
	def without_events(self) -> bool:
		"""Tell whether nobody in the test has done anything."""
		return not any(group.events for group in self.groups.values())


def compare(counts: Mapping[str, Counts], kind: str) -> ABVerdict:
	"""Compare versions by a kind of Counts ("opened", "clicked", "replied"), as a share of those delivered.

	`counts` is {version: counts} in the order of the versions, A first.
	"""
	groups = {
		label: LiftGroup(min(getattr(version, kind), version.delivered), version.delivered)
		for label, version in counts.items()
	}
	ranked = sorted(groups, key=lambda label: -_share(groups[label]))
	level = tuple(label for label in groups if _share(groups[label]) == _share(groups[ranked[0]]))
	if len(level) > 1 or len(ranked) < 2:
		return ABVerdict(level[0], groups, level)
	best, second = ranked[:2]
	return ABVerdict(best, groups, level, second, p_value(groups[best], groups[second], comb(len(groups), 2)))


def _share(group: LiftGroup) -> Fraction:
	return Fraction(group.events, group.size) if group.size else Fraction(0)


def p_value(first: LiftGroup, second: LiftGroup, pairs: int = 1) -> float | None:
	"""Return the probability, from 0 to 1, of a difference as large as this by chance.

	`pairs` is the number of pairs that could have been compared. None where a group is too small to say.
	"""
	if not (first.size and second.size):
		return None
	pooled = (first.events + second.events) / (first.size + second.size)
	if min(first.size, second.size) * min(pooled, 1 - pooled) < FEWEST:
		return None
	z = (first.share - second.share) / sqrt(pooled * (1 - pooled) * (1 / first.size + 1 / second.size))
	return min(1.0, 2 * NormalDist().cdf(-abs(z)) * pairs)


def describe_comparison(verdict: ABVerdict, kind: str) -> Sentence:
	"""Return what a comparison by `kind` ("opened", "clicked", "replied") shows, in words."""
	did = Sentence(_KINDS[kind])
	if verdict.without_events:
		return Sentence(_lt("Of those in the test nobody has {0}."), did)
	winner = _figures(verdict, verdict.winner)
	if not verdict.second:
		return Sentence(_lt("{0} are level: {1} {2}."), ", ".join(verdict.level), winner, did)
	values = (verdict.winner, verdict.second, winner, did, _figures(verdict, verdict.second))
	comparison = Sentence(_lt("{0} is ahead of {1}: {2} {3}, against {4}."), *values)
	return Sentence("{0} {1}", comparison, _describe_confidence(verdict))


def _describe_confidence(verdict: ABVerdict) -> Sentence:
	if verdict.p_value is None:
		return Sentence(_lt("These are too few people to tell a difference from chance."))
	if verdict.significant:
		return Sentence(_lt("With {0} % confidence this is not chance."), round(100 * CONFIDENCE))
	return Sentence(_lt("The difference may be chance."))


def _figures(verdict: ABVerdict, label: str) -> str:
	group = verdict.groups[label]
	return f"{100 * float(_share(group)):.1f} % ({group.events:,}/{group.size:,})"


def winner_reason(verdict: ABVerdict, kind: str) -> Sentence:
	"""Return why the winner of a comparison by `kind` was chosen, in words."""
	comparison = describe_comparison(verdict, kind)
	if verdict.without_events or not verdict.second:
		choice = Sentence(_lt("So the first of them was chosen: {0}."), verdict.winner)
		return Sentence("{0} {1}", comparison, choice)
	return comparison
