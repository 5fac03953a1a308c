"""Freezing the audience of a mailing into the ledger, slice by slice, and counting it beforehand.

Pure: reading members and writing rows are passed in. Freezing and counting decide by the same rules, so
that the number shown before a mailing is the number sent, as long as nobody joins or leaves meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from email_campaigns.audience import chance
from email_campaigns.audience.decide import Candidate, Decision, decide, wanted_keys
from email_campaigns.delivery.ledger.row import LedgerEntry
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing.ab_versions import Versions, draw_versions, waits_until

DOMAINS_SHOWN = 10

Read = Callable[[int], list[Candidate]]  # the members after a number, in order; empty at the end
Copies = Callable[[list[Decision]], int]  # how many copies the mails of some decisions have
Times = Callable[[list[Candidate]], Mapping[int, int]]  # {member: Unix seconds before which its mail waits}


def no_copies(decisions: list[Decision]) -> int:
	return 0


def at_once(candidates: list[Candidate]) -> Mapping[int, int]:
	return {}


def freeze_slice(
	mailing: Mailing,
	candidates: list[Candidate],
	taken: Callable[[list[str]], Collection[str]],
	write: Callable[[list[LedgerEntry]], None],
	*,
	times: Times = at_once,
	seeds: bool = False,
	versions: Versions | None = None,
) -> int:
	"""Decide over one slice, write its rows, and return the number of its last member to go on from.

	`taken` tells which of some keys the ledger of this mailing has already, `versions` who gets which version where that
	is not to be drawn. The caller sees to it that a slice is frozen once: frozen again, its members would be duplicates of
	themselves.
	"""
	keys = wanted_keys(candidates, mailing.duplicate_policy, informational=mailing.informational)
	decisions = _decide(mailing, candidates, taken(keys) if keys else (), seeds=seeds)
	due = times([decision.candidate for decision in decisions if not decision.reason])
	versions = versions or draw_versions(mailing.ab_test, mailing.ab_winner, seeds=seeds)
	write([_entry(*each, due, seeds) for each in _versions(mailing, decisions, versions)])
	return candidates[-1].member


def _versions(
	mailing: Mailing, decisions: list[Decision], versions: Versions
) -> list[tuple[Decision, str, str]]:
	"""Return (decision, language of its version, its version in an A/B test)."""
	mails = [(each, mailing.language_for(each.candidate.language)) for each in decisions]
	return [(*mail, version) for mail, version in zip(mails, versions(mails), strict=True)]


def _entry(
	decision: Decision, language: str, version: str, due: Mapping[int, int], seeds: bool
) -> LedgerEntry:
	send_after = waits_until(version, due.get(decision.candidate.member, 0))
	return LedgerEntry(decision, language, send_after, seeds, version=version)


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


def count_slices(
	mailing: Mailing, read: Read, seeds: Iterable[Candidate] = (), copies: Copies = no_copies
) -> dict:
	"""Return {"members", "planned", "skipped": {reason: number}, "languages": {language: number}, "domains":
	[(domain, number)], "versions": {version: number}, "seeds", "copies"}; planned + all skipped = members.

	The numbers by language ("" is the version for everybody), by domain and by version of an A/B test are of mails to
	members; `seeds` is the number of mails to the seed group and `copies` that of copies (CC), which come on top.
	"""
	after, reasons, seen, draw = 0, Counter(), set(), draw_versions(mailing.ab_test)
	languages, domains, versions, copied = Counter(), Counter(), Counter(), 0
	while candidates := read(after):
		after = candidates[-1].member
		decisions = _decide(mailing, candidates, seen, seeds=False)
		copied += copies([decision for decision in decisions if not decision.reason])
		for decision, language, version in _versions(mailing, decisions, draw):
			reasons[decision.reason] += 1
			if not decision.reason:
				seen.add(decision.dedupe_key)
				languages[language] += 1
				versions[version] += 1
				domains[decision.candidate.domain] += 1
	planned = reasons.pop("", 0)
	seeded = _decide(mailing, list(seeds), seen, seeds=True)
	return {
		"members": planned + reasons.total(),
		"planned": planned,
		"skipped": dict(reasons.most_common()),
		"languages": dict(languages.most_common()),
		"domains": domains.most_common(DOMAINS_SHOWN),
		"versions": dict(sorted(versions.items())) if mailing.ab_test else {},
		"seeds": sum(not decision.reason for decision in seeded),
		"copies": copied,
	}
