"""The guard: when a mailing pauses by itself because too many of its mails come back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from email_campaigns.text import Sentence, _lt

HARD, BLOCKED, COMPLAINTS = "hard", "blocked", "complaints"
FOREVER = 100  # per cent

# {kind: (what has happened, what to do)}
_TEXTS = {
	HARD: (
		_lt("{0} of {1} mails came back because the address is dead ({2} %, the limit is {3} %)."),
		_lt("Check where these addresses come from: a list that is old or bought ruins the sender's name."),
	),
	BLOCKED: (
		_lt("{0} of {1} mails were refused because of their sender or content ({2} %, the limit is {3} %)."),
		_lt("Check SPF, DKIM and DMARC of the sender's domain, block lists, and the text."),
	),
	COMPLAINTS: (
		_lt("{0} recipients of {1} mails complained about spam ({2} %, the limit is {3} %)."),
		_lt("Check whether these people have asked for the mails, and how easily they can leave."),
	),
}
_WORDS = _lt("The last report said: {0}")
_GOES_ON = _lt("Resume goes on, with limits twice as high.")


@dataclass(frozen=True, slots=True)
class GuardLimits:
	"""Shares in per cent for each kind, 0 for no limit, and the least number that counts, 0 for no guard."""

	shares: Mapping[str, float]
	minimum: int


@dataclass(frozen=True, slots=True)
class CameBack:
	"""The mails of a mailing that have left, and those of each kind that came back."""

	sent: int
	numbers: Mapping[str, int]


def exceeded(came_back: CameBack, limits: GuardLimits, pauses: int) -> str:
	"""Return the kind that is beyond its limit, "" for none; each of earlier `pauses` doubled the limits."""
	for kind, share in limits.shares.items():
		number = came_back.numbers.get(kind, 0)
		limit = share * 2**pauses
		enough = limits.minimum > 0 and share > 0 and number >= limits.minimum
		if enough and 100 * number > limit * max(came_back.sent, number) and limit < FOREVER:
			return kind
	return ""


def pause_sentence(kind: str, came_back: CameBack, limits: GuardLimits, pauses: int, words: str) -> Sentence:
	"""Return why a mailing is paused, with the words of the last report, and what to do."""
	number, sent = came_back.numbers[kind], max(came_back.sent, came_back.numbers[kind])
	what, advice = _TEXTS[kind]
	limit = limits.shares[kind] * 2**pauses
	parts = [Sentence(what, number, sent, _percent(100 * number / sent), _percent(limit))]
	parts += [Sentence(_WORDS, words)] if words else []
	parts += [Sentence(advice), Sentence(_GOES_ON)]
	return Sentence(" ".join(f"{{{place}}}" for place in range(len(parts))), *parts)


def _percent(share: float) -> str:
	return f"{share:.2f}".rstrip("0").rstrip(".")
