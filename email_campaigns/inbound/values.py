"""What the parts of this room hand to each other. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from email_campaigns.text import Sentence, _lt


class Kind(Enum):
	"""What an incoming mail or event is. Only REPLY is a person's answer."""

	REPLY = _lt("Reply")
	AUTOMATIC = _lt("Automatic Answer")
	DEPARTED = _lt("Departed")  # an automatic answer: the person works there no more
	RECEIPT = _lt("Read Receipt")
	OPT_OUT = _lt("Opt-out")
	BOUNCE = _lt("Bounce")
	DELAY = _lt("Delay")
	DELIVERY = _lt("Delivery")
	COMPLAINT = _lt("Complaint")
	OTHER = _lt("Other")


class BounceClass(Enum):
	"""HARD: the address is dead. SOFT: it takes no mail now. BLOCKED: the sender or the mail is refused."""

	HARD = _lt("Hard")
	SOFT = _lt("Soft")
	BLOCKED = _lt("Blocked")


@dataclass(frozen=True, slots=True)
class Report:
	"""What somebody's server reports about one address; an unknown value is "".

	`kind` is BOUNCE, DELAY, DELIVERY or COMPLAINT; `bounce_class` is set for BOUNCE alone. `address` is the
	Final-Recipient (RFC 3464 §2.3.2), `original_address` the Original-Recipient, `enhanced` an RFC 3463 code,
	`text` the server's words in one line, `reporter` the host name of the reporting server.
	"""

	kind: Kind
	address: str
	original_address: str = ""
	bounce_class: BounceClass | None = None
	enhanced: str = ""
	text: str = ""
	reporter: str = ""


@dataclass(frozen=True, slots=True)
class Clues:
	"""What may lead to a mail of ours, the surest first; nothing of it is verified yet.

	`senders` are local parts of addresses that the mail came to (VERP, opt-out tokens), `message_ids`
	Message-IDs without angle brackets that it answers or returns, `provider_ids` ids that a server gave.
	"""

	senders: tuple[str, ...] = ()
	message_ids: tuple[str, ...] = ()
	provider_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
	"""What one incoming mail or event says.

	`text` is what the sender wrote, without quotes. `back_on` is the last day of absence that an automatic
	answer names. `asks_to_leave`: a person's words wish for no more mail. `why` says for people what the kind
	was known by. `message_id` is the mail's own Message-ID. `by_machine`: no person wrote it or passed it on.
	"""

	kind: Kind
	clues: Clues
	sender: str = ""
	subject: str = ""
	text: str = ""
	message_id: str = ""
	reports: tuple[Report, ...] = ()
	back_on: date | None = None
	asks_to_leave: bool = False
	why: Sentence | None = None
	by_machine: bool = False
