"""An A/B test: versions of one mailing, of which a share of its recipients gets one each, and the rest the best. Pure.

Every mail of the test has its version in the ledger's column `version`: "A" to "D" where chance chose it, REST where it
waits for the winner, "Rest B" where B was chosen for it. The rest stays in the one ledger of the mailing, so that
nobody can get a second mail: it waits with a send_after beyond any time, until the winner is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from email_campaigns.audience.chance import shares
from email_campaigns.audience.decide import Decision
from email_campaigns.delivery.ledger.row import WAITS_FOR_WINNER
from email_campaigns.delivery.mailing.mailing import REST, ABTest

LABELS = ("A", "B", "C", "D")
OPENS, CLICKS, REPLIES, BY_HAND = "Opens", "Clicks", "Replies", "By hand"
KINDS = {OPENS: "opened", CLICKS: "clicked", REPLIES: "replied"}


def rest_version(test: ABTest | None, winner: str) -> str:
	"""Return the version of whoever is no part of the test: "" where there is none, and for REST it has to wait."""
	if not test:
		return ""
	return f"{REST} {winner}" if winner else REST


Versions = Callable[[Sequence[tuple[Decision, str]]], list[str]]


def draw_versions(test: ABTest | None, winner: str = "", *, seeds: bool = False) -> Versions:
	"""Return what gives each of some (decision, language of its version) its version when an audience is frozen.

	Whoever gets a language version, or no mail, has none. The seed group gets the versions in turn, so that the colleagues
	who watch over a mailing see them all, and waits for no winner.
	"""
	if not test:
		return no_versions
	if seeds:
		return lambda mails: versions_in_turn(test.labels, mails)
	draw = shares(test.seed, test.percent, test.labels, rest_version(test, winner))
	return lambda mails: [draw(who.candidate.email) if takes_part(who, lang) else "" for who, lang in mails]


def versions_after_freeze(test: ABTest | None, winner: str) -> Versions:
	"""Return what gives a version to those who join when the test is under way: they are of the rest."""
	rest = rest_version(test, winner)
	return lambda mails: [rest if takes_part(who, language) else "" for who, language in mails]


def no_versions(mails: Sequence[tuple[Decision, str]]) -> list[str]:
	return [""] * len(mails)


def versions_in_turn(labels: Sequence[str], mails: Sequence[tuple[Decision, str]]) -> list[str]:
	taken, found = 0, []
	for who, language in mails:
		part = takes_part(who, language)
		found.append(labels[taken % len(labels)] if part else "")
		taken += part
	return found


def takes_part(decision: Decision, language: str) -> bool:
	return not (decision.reason or language)


def waits_until(version: str, send_after: int) -> int:
	"""Return the send_after of a mail of a version that would leave at `send_after` (Unix seconds)."""
	return WAITS_FOR_WINNER + send_after if version == REST else send_after
