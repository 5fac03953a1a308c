"""Freezing the audience of a mailing into the ledger, slice by slice, and counting it beforehand.

Pure: reading members and writing rows are passed in. Freezing and counting decide by the same rules, so
that the number shown before a mailing is the number sent, as long as nobody joins or leaves meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from email_campaigns.audience.decide import Candidate, Decision, decide, wanted_keys
from email_campaigns.delivery.mailing import Mailing

Read = Callable[[int], list[Candidate]]  # the members after a number, in order; empty at the end


def freeze_slice(
	mailing: Mailing,
	candidates: list[Candidate],
	taken: Callable[[list[str]], Collection[str]],
	write: Callable[[list[Decision]], None],
) -> int:
	"""Decide over one slice, write its rows, and return the number of its last member to go on from.

	`taken` tells which of some keys the ledger of this mailing has already. The caller sees to it that a
	slice is frozen once: frozen again, its members would be duplicates of themselves.
	"""
	keys = wanted_keys(candidates, mailing.duplicate_policy, heeds_opt_out=mailing.heeds_opt_out)
	write(
		decide(
			candidates,
			mailing.duplicate_policy,
			taken(keys) if keys else (),
			heeds_opt_out=mailing.heeds_opt_out,
		)
	)
	return candidates[-1].member


def count(mailing: Mailing, read: Read) -> dict:
	"""Return {"members", "planned", "skipped": {reason: number}}; planned + all skipped = members."""
	after, reasons, seen = 0, Counter(), set()
	while candidates := read(after):
		after = candidates[-1].member
		for decision in decide(
			candidates, mailing.duplicate_policy, seen, heeds_opt_out=mailing.heeds_opt_out
		):
			reasons[decision.reason] += 1
			if not decision.reason:
				seen.add(decision.dedupe_key)
	planned = reasons.pop("", 0)
	return {
		"members": planned + reasons.total(),
		"planned": planned,
		"skipped": dict(sorted(reasons.items(), key=lambda item: -item[1])),
	}
