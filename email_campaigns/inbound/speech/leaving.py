"""Whether a person's words wish for no more mail. Pure; never raises.

A wish in words is a guess, which the owner of the mailing sees; only the signed address is certain.
"""

from __future__ import annotations

import re

from email_campaigns.inbound.speech.automatic import flat, words
from email_campaigns.inbound.speech.leaving_words import COMMAND, NO_WISH, WISH

TEXT = 2000  # characters in which a person says so
LINES = 4  # in which a mere “STOP” stands, below a greeting and above a name

_COMMAND = re.compile(
	rf"\W*(?:(?:please|pls|bitte|merci de|s'il vous plaît|por favor|per favore|graag|proszę"
	r"|prosím|hi|hello),? )?"
	rf"(?:{'|'.join(COMMAND)})(?:,? (?:please|bitte|svp|thanks|danke|thank you|por favor|grazie|merci))?\W*",
)
_WISH = words(WISH)
_NO_WISH = words(NO_WISH)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n\s*\n")


def asks_to_leave(text: str) -> bool:
	"""Tell whether a text without quotes asks to get no more mail."""
	text = text[:TEXT]
	lines = [line for line in text.split("\n") if line.strip()][:LINES]
	if any(len(line) < 60 and _COMMAND.fullmatch(flat(line)) for line in lines):
		return True
	sentences = (flat(sentence) for sentence in _SENTENCE.split(text))
	return any(_WISH.search(sentence) and not _NO_WISH.search(sentence) for sentence in sentences)
