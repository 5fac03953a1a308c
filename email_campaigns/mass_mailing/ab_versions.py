"""The versions of an A/B test: a share of the recipients gets one each, the rest the one that did best. Pure.

Every mail of the test has its version in the ledger's column `version`: "A" to "D" where chance chose it,
REST where it waits for the winner, "Rest B" where B was chosen for it. The rest stays in the one ledger of
the mailing, so that nobody can get a second mail: it waits with a send_after beyond any time, until the
winner is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from email_campaigns.audience.chance import draw_label
from email_campaigns.audience.decide import Decision
from email_campaigns.delivery.ledger.row import WAITS_FOR_WINNER
from email_campaigns.delivery.mailing.mailing import REST, ABTest

LABELS = ("A", "B", "C", "D")
OPENS, CLICKS, REPLIES, BY_HAND = "Opens", "Clicks", "Replies", "By hand"
KINDS = {OPENS: "opened", CLICKS: "clicked", REPLIES: "replied"}

# From (decision, language of its text) of some mails to the version of each.
VersionChooser = Callable[[Sequence[tuple[Decision, str]]], list[str]]


def rest_version(test: ABTest | None, winner: str) -> str:
	"""Return the version of a recipient outside the test: "" without a test, REST before a winner."""
	if not test:
		return ""
	return f"{REST} {winner}" if winner else REST


def draw_versions(test: ABTest | None, winner: str = "", *, seeds: bool = False) -> VersionChooser:
	"""Return the function that gives mails their versions when an audience is frozen.

	A recipient who gets a language version, or no mail, has no version. The seed group gets the versions in
	turn, so that the colleagues who watch over a mailing see them all, and waits for no winner.
	"""
	if not test:
		return no_versions
	if seeds:
		return lambda mails: versions_in_turn(test.labels, mails)
	draw = draw_label(test.seed, test.percent, test.labels, rest_version(test, winner))
	return lambda mails: [
		draw(decision.candidate.email) if takes_part(decision, language) else ""
		for decision, language in mails
	]


def versions_after_freeze(test: ABTest | None, winner: str) -> VersionChooser:
	"""Return the function that gives members who join during the test the version of the rest."""
	rest = rest_version(test, winner)
	return lambda mails: [rest if takes_part(decision, language) else "" for decision, language in mails]


def no_versions(mails: Sequence[tuple[Decision, str]]) -> list[str]:
	"""Return "" for each mail of a mailing without a test."""
	return [""] * len(mails)


def versions_in_turn(labels: Sequence[str], mails: Sequence[tuple[Decision, str]]) -> list[str]:
	"""Return the version of each mail: the labels in turn for those that take part, "" for the others."""
	count, versions = 0, []
	for decision, language in mails:
		part = takes_part(decision, language)
		versions.append(labels[count % len(labels)] if part else "")
		count += part
	return versions


def takes_part(decision: Decision, language: str) -> bool:
	"""Return whether a mail has a version at all: it is sent, and in the text for everybody."""
	return not (decision.reason or language)


def waits_until(version: str, send_after: int) -> int:
	"""Return the send_after of a mail of a version that would leave at `send_after` (Unix seconds)."""
	return WAITS_FOR_WINNER + send_after if version == REST else send_after
