"""Freezing the audience of a mailing into the ledger, slice by slice, and counting it beforehand.

Pure: members, taken keys and times come in, ledger entries go out. Freezing and counting decide by the same
rules, so that the number shown before a mailing is the number sent, as long as nobody joins or leaves
meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from email_campaigns.audience import chance
from email_campaigns.audience.decide import Candidate, Decision, decide, exclusion, wanted_keys
from email_campaigns.delivery.ledger.row import LedgerEntry
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing.ab_versions import VersionChooser, draw_versions, waits_until

DOMAINS_SHOWN = 10
AT_ONCE: Mapping[int, int] = MappingProxyType({})

Copies = Callable[[list[Decision]], int]  # how many copies the mails of some decisions have


def no_copies(decisions: list[Decision]) -> int:
	"""Return 0: the number of copies that the mails of a mailing without CC have."""
	return 0


def mailable_candidates(mailing: Mailing, candidates: Iterable[Candidate]) -> list[Candidate]:
	"""Return the candidates whom nothing of their own excludes; some may still be duplicates, or held out."""
	return [
		candidate for candidate in candidates if not exclusion(candidate, informational=mailing.informational)
	]


def mail_keys(mailing: Mailing, candidates: Collection[Candidate]) -> list[str]:
	"""Return the ledger keys that mails to candidates would have; the caller looks up which are taken."""
	return wanted_keys(candidates, mailing.duplicate_policy, informational=mailing.informational)


def freeze_slice(  # noqa: PLR0913 (what a freeze depends on, each a fact of its own)
	mailing: Mailing,
	candidates: list[Candidate],
	taken: Collection[str] = (),
	times: Mapping[int, int] = AT_ONCE,
	*,
	seeds: bool = False,
	versions: VersionChooser | None = None,
) -> list[LedgerEntry]:
	"""Decide over one slice of members and return an entry of the ledger for each, in their order.

	`taken` has those of `mail_keys` that the ledger of this mailing has already; `times` is {member: Unix
	seconds before which its mail waits}; `seeds` marks the seed group; `versions` gives the versions of an
	A/B test where they are not to be drawn. The caller freezes each slice once: frozen again, its members
	would be duplicates of themselves.
	"""
	decisions = _decide(mailing, candidates, taken, seeds=seeds)
	versions = versions or draw_versions(mailing.ab_test, mailing.ab_winner, seeds=seeds)
	return [
		_entry(decision, language, version, times, seeds)
		for decision, language, version in _with_versions(mailing, decisions, versions)
	]


def _with_versions(
	mailing: Mailing, decisions: list[Decision], versions: VersionChooser
) -> list[tuple[Decision, str, str]]:
	"""Return (decision, language of its version, its version in an A/B test)."""
	mails = [(decision, mailing.language_for(decision.candidate.language)) for decision in decisions]
	return [(*mail, version) for mail, version in zip(mails, versions(mails), strict=True)]


def _entry(
	decision: Decision, language: str, version: str, times: Mapping[int, int], seeds: bool
) -> LedgerEntry:
	due = 0 if decision.reason else times.get(decision.candidate.member, 0)
	return LedgerEntry(decision, language, waits_until(version, due), seeds, version=version)


def _decide(
	mailing: Mailing, candidates: list[Candidate], taken: Collection[str], *, seeds: bool
) -> list[Decision]:
	# Colleagues who watch over a mailing are no part of the experiment.
	held_out = (
		chance.hold_out_nobody if seeds else chance.hold_out(mailing.holdout_seed, mailing.holdout_percent)
	)
	return decide(
		candidates,
		mailing.duplicate_policy,
		taken,
		informational=mailing.informational,
		held_out=held_out,
	)


@dataclass(slots=True)
class _Tally:
	"""Counts of an audience, and the keys of its mails: `reasons` counts members, the others count mails."""

	taken: set[str] = field(default_factory=set)
	reasons: Counter[str] = field(default_factory=Counter)
	languages: Counter[str] = field(default_factory=Counter)
	domains: Counter[str] = field(default_factory=Counter)
	versions: Counter[str] = field(default_factory=Counter)

	def add(self, decision: Decision, language: str, version: str) -> None:
		self.reasons[decision.reason] += 1
		if not decision.reason:
			self.taken.add(decision.dedupe_key)
			self.languages[language] += 1
			self.domains[decision.candidate.domain] += 1
			self.versions[version] += 1

	def figures(self) -> dict[str, Any]:
		return {
			"members": self.reasons.total(),
			"planned": self.reasons[""],
			"skipped": {reason: number for reason, number in self.reasons.most_common() if reason},
			"languages": dict(self.languages.most_common()),
			"domains": self.domains.most_common(DOMAINS_SHOWN),
		}


def count_slices(
	mailing: Mailing,
	slices: Iterable[list[Candidate]],
	seeds: Iterable[Candidate] = (),
	copies: Copies = no_copies,
) -> dict[str, Any]:
	"""Count the mails of an audience that comes in `slices` of members, in the order of their numbers.

	Return {"members", "planned", "skipped": {reason: number}, "languages": {language: number}, "domains":
	[(domain, number)], "versions": {version: number}, "seeds", "copies"}; planned + all skipped = members.
	The numbers by language ("" is the text for everybody), by domain and by version of an A/B test are of
	mails to members; `seeds` is the number of mails to the seed group and `copies` that of copies (CC), which
	come on top.
	"""
	tally, draw, copy_count = _Tally(), draw_versions(mailing.ab_test), 0
	for candidates in slices:
		decisions = _decide(mailing, candidates, tally.taken, seeds=False)
		copy_count += copies([decision for decision in decisions if not decision.reason])
		for mail in _with_versions(mailing, decisions, draw):
			tally.add(*mail)
	seed_decisions = _decide(mailing, list(seeds), tally.taken, seeds=True)
	return {
		**tally.figures(),
		"versions": dict(sorted(tally.versions.items())) if mailing.ab_test else {},
		"seeds": sum(not decision.reason for decision in seed_decisions),
		"copies": copy_count,
	}
