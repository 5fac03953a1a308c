"""What an outcome does outside this room, as functions that a job hands over. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from email_campaigns.text import Sentence


@dataclass(frozen=True, slots=True)
class Effects:
	"""The functions that change sequences, wishes and mailings. All but the last take the mail's number.

	`record_reply(message, details)` counts a person's reply, and returns whether it was the first.
	`hold(message, back_on, reason)` lets the person's sequences wait, and returns until when (Unix seconds, 0
	for no wait). `opt_out(message, how)` does what the unsubscribe link does. `end_sequences(email)` ends all
	sequences of an address. `settle(message)` makes an Uncertain mail Sent. `pause(mailing, why, pauses)`
	pauses a Mass Email, and returns whether it was sending.
	"""

	record_reply: Callable[[int, str], bool]
	hold: Callable[[int, date, str], int]
	opt_out: Callable[[int, str], object]
	end_sequences: Callable[[str], None]
	settle: Callable[[int], bool]
	pause: Callable[[str, Sentence, int], bool]
