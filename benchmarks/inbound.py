"""Benchmark of understanding mails that come back, against the standard library's parser of the same mails.

Pure: needs neither a site nor a network. The mails are those of tests/data/inbound. Both take turns round by
round, so that a busy machine is busy for both; the medians of the rounds are compared. The app does all from
the bytes to a Finding: recognise, read, find the clues, judge each report or who speaks.
"""

from __future__ import annotations

import email
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from _results import run_alone

from email_campaigns.inbound.mail.recognise import recognise
from email_campaigns.inbound.understand import understand

MAILS = HERE / "email_campaigns" / "tests" / "data" / "inbound"
ROUNDS = 15
GOAL = 4.0  # times the standard library's parser


def by_app(raw: bytes) -> None:
	"""Recognise one mail, and understand it."""
	recognise(raw, is_own=lambda local_part: False)
	understand(raw)


def milliseconds(read: Callable[[bytes], object], mails: list[bytes]) -> float:
	"""Return the processor time for one mail in one round."""
	begin = time.process_time()
	for raw in mails:
		read(raw)
	return (time.process_time() - begin) * 1000 / len(mails)


def measure(mails: list[bytes]) -> dict[str, object]:
	"""Return a row of the results."""
	app, library = [], []
	for _ in range(ROUNDS):
		app.append(milliseconds(by_app, mails))
		library.append(milliseconds(email.message_from_bytes, mails))
	ratio = median(app) / median(library)
	return {
		"name": f"recognise and understand {len(mails)} mails that come back",
		"value": round(median(app), 4),
		"unit": "ms a mail",
		"compared_with": f"email.message_from_bytes: {median(library):.4f} ms",
		"ratio": round(ratio, 2),
		"goal": f"at most {GOAL:g} times",
		"met": ratio <= GOAL,
	}


def read_mails() -> list[bytes]:
	"""Return the mails that are understood."""
	return [path.read_bytes() for path in sorted(MAILS.glob("*.eml"))]


if __name__ == "__main__":
	run_alone(__doc__, lambda: [measure(read_mails())])
