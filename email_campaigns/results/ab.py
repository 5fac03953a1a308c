"""Which version of a mailing did best, and how sure that is. Pure: counts of people in, a verdict and a sentence out.

The test is the z-test for two proportions with the pooled share, two-sided (NIST/SEMATECH e-Handbook of Statistical
Methods, 7.3.3), of the best version against the second. Which two these are is known only after looking, so with more than
two versions the probability is multiplied by the number of pairs (O. J. Dunn, J. Am. Stat. Assoc. 56, 1961, 52-64). Where
fewer than FEWEST of any kind are expected in a group, the normal distribution does not hold, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import comb, sqrt
from statistics import NormalDist

from email_campaigns.results.lift import CONFIDENCE, LiftGroup
from email_campaigns.results.rates import Counts

FEWEST = 5


@dataclass(frozen=True, slots=True)
class ABVerdict:
	"""`winner` is the version with the highest share, the first of those that are `level` with it; "A" where nobody has done
	anything. `p_value` is the probability of such a difference by chance, None where it can't be told.
	"""

	winner: str
	groups: Mapping[str, LiftGroup]
	level: tuple[str, ...] = ()
	second: str = ""
	p_value: float | None = None

	@property
	def significant(self) -> bool:
		return self.p_value is not None and self.p_value < 1 - CONFIDENCE

	@property
	def nothing(self) -> bool:
		"""Tell whether nobody in the test has done anything."""
		return not any(group.events for group in self.groups.values())


def compare(counts: Mapping[str, Counts], kind: str) -> ABVerdict:
	"""Judge versions by a kind of Counts, as a share of those delivered. `counts` in the order of the versions, A first."""
	groups = {
		label: LiftGroup(min(getattr(one, kind), one.delivered), one.delivered)
		for label, one in counts.items()
	}
	ranked = sorted(groups, key=lambda label: -_share(groups[label]))
	level = tuple(label for label in groups if _share(groups[label]) == _share(groups[ranked[0]]))
	if len(level) > 1 or len(ranked) < 2:
		return ABVerdict(level[0], groups, level)
	best, second = ranked[:2]
	return ABVerdict(best, groups, level, second, p_value(groups[best], groups[second], comb(len(groups), 2)))


def _share(group: LiftGroup) -> Fraction:
	return Fraction(group.events, group.size) if group.size else Fraction(0)


def p_value(one: LiftGroup, other: LiftGroup, pairs: int = 1) -> float | None:
	"""Return the probability of a difference as large as this by chance, None where a group is too small to tell."""
	if not (one.size and other.size):
		return None
	pooled = (one.events + other.events) / (one.size + other.size)
	if min(one.size, other.size) * min(pooled, 1 - pooled) < FEWEST:
		return None
	z = (one.share - other.share) / sqrt(pooled * (1 - pooled) * (1 / one.size + 1 / other.size))
	return min(1.0, 2 * NormalDist().cdf(-abs(z)) * pairs)


def describe_comparison(found: ABVerdict, kind: str, _: Callable[[str], str]) -> str:
	"""Return what the comparison shows, in words."""
	did = {"opened": _("opened"), "clicked": _("clicked"), "replied": _("replied")}[kind]
	if found.nothing:
		return _("Of those in the test nobody has {0}.").format(did)
	if not found.second:
		return _("{0} are level: {1} {2}.").format(", ".join(found.level), _told(found, found.winner), did)
	words = _("{0} is ahead of {1}: {2} {3}, against {4}.")
	told = words.format(
		found.winner, found.second, _told(found, found.winner), did, _told(found, found.second)
	)
	return f"{told} {_surety(found, _)}"


def _surety(found: ABVerdict, _: Callable[[str], str]) -> str:
	if found.p_value is None:
		return _("So few tell no difference from chance.")
	if found.significant:
		return _("With {0} % confidence this is not chance.").format(round(100 * CONFIDENCE))
	return _("The difference may be chance.")


def _told(found: ABVerdict, label: str) -> str:
	group = found.groups[label]
	return f"{100 * float(_share(group)):.1f} % ({group.events:,}/{group.size:,})"


def winner_reason(found: ABVerdict, kind: str, _: Callable[[str], str]) -> str:
	"""Return why the winner was chosen, in words."""
	told = describe_comparison(found, kind, _)
	if found.nothing or not found.second:
		return told + " " + _("So the first of them was chosen: {0}.").format(found.winner)
	return told
