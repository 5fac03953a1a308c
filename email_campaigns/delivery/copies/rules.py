"""The rules for copies of a mail (CC). Pure.

They decide who among the people that the fields of a record name gets a copy, and what the status of the mail
means for its copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from email_campaigns.audience.address import InvalidAddress, address_key, normalise
from email_campaigns.audience.decide import (
	NO_ADDRESS,
	OPT_OUTS,
	OPTED_OUT,
	OPTED_OUT_ELSEWHERE,
	suppression_reason,
)
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL
from email_campaigns.message.mime.headers import HeaderError, encode_address
from email_campaigns.text import _lt

MOST_OFFERED = 25  # fields in the settings
MOST_CHOSEN = 5  # fields of a mailing

# Reasons for getting no copy, as the ledger stores them.
IS_RECIPIENT = _lt("Is the recipient already")
TWICE = _lt("Gets a copy already")
SWITCHED_OFF = _lt("CC field switched off")
GONE = _lt("CC field no longer exists")
# A header with such an address would need an extension of SMTP that the recipient's server may not have.
BEYOND_ASCII = _lt("Letters beyond ASCII in the address")
NOT_SENT = _lt("The mail itself was not sent")
UNSURE = _lt("It is not certain that the mail itself was sent")

# The first part of dedupe keys: of copies that the Cc header names, and of those that it does not
PLANNED, NOTED = "c", "n"

# The addresses of Frappe's own two users: nobody reads them.
PLACEHOLDERS = frozenset({"admin@example.com", "guest@example.com"})
TEXT_SHOWN = 140  # characters of a field's text that is no address


@dataclass(frozen=True, slots=True)
class FieldValue:
	"""The text of a CC field of a record; `problem` is the reason why nobody is copied from the field at all.

	`field` is its key, `opted_out` is true of a User who has opted out.
	"""

	field: str
	text: str = ""
	opted_out: bool = False
	problem: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
	"""One copy of a mail; one with a `reason` is not sent. `key` is unique in the ledger of a mailing."""

	email: str
	field: str
	key: str
	reason: str = ""

	@property
	def domain(self) -> str:
		"""The domain of the address in lowercase."""
		return self.email.rpartition("@")[2].lower()


def user_value(  # noqa: PLR0913 -- the columns of one field, as they are read
	field: str, user: str | None, email: str | None, enabled: bool, opted_out: bool, problem: str = ""
) -> FieldValue:
	"""Return the value of a field that links to a User; a disabled or deleted User has no valid address."""
	if not user:
		return FieldValue(field, problem=problem)
	usable = enabled and email and email.lower() not in PLACEHOLDERS
	return FieldValue(field, email or user, opted_out, problem or ("" if usable else NO_ADDRESS))


def valid_addresses(named: Iterable[FieldValue]) -> set[str]:
	"""Return the valid addresses in the values of fields."""
	return {address for value in named if (address := _address(value.text))}


def decide_copies(
	main: int,
	recipient: str,
	named: Iterable[FieldValue],
	suppressed: Callable[[str], str],
	*,
	informational: bool = False,
) -> list[Copy]:
	"""Return the copies of the mail number `main` to `recipient`, and those not sent with their reason.

	`named` are the values of the CC fields. `suppressed` returns the reason of the Suppressed Email that
	covers an address, "" where none does. An empty field gives no copy and no reason.
	"""
	taken, copies = {address_key(recipient)}, []
	for place, value in enumerate(named):
		if not value.text.strip() and value.problem != GONE:
			continue
		address = _address(value.text)
		reason = value.problem or _reason(address, value.opted_out, suppressed, informational)
		if not reason and address_key(address) in taken:
			reason = IS_RECIPIENT if address_key(address) == address_key(recipient) else TWICE
		if reason:
			shown = address or " ".join(value.text.split())[:TEXT_SHOWN]
			copies.append(Copy(shown, value.field, f"{NOTED}:{main}:{place}", reason))
		else:
			taken.add(address_key(address))
			copies.append(Copy(address, value.field, f"{PLANNED}:{main}:{address_key(address)}"))
	return copies


def _reason(address: str, opted_out: bool, suppressed: Callable[[str], str], informational: bool) -> str:
	if not address:
		return NO_ADDRESS
	if not address.isascii():
		return BEYOND_ASCII
	suppression = suppressed(address)
	own = opted_out and suppression in ("", OPTED_OUT_ELSEWHERE)
	reason = OPTED_OUT if own else suppression_reason(suppression) if suppression else ""
	return "" if informational and reason in OPT_OUTS else reason


def _address(text: str) -> str:
	"""Return the normalised address, "" where it can't get mail or stand in a header."""
	try:
		address = normalise(text)
		encode_address("", address)
	except (InvalidAddress, HeaderError):
		return ""
	return address


def copy_fate(status: str) -> tuple[str, str, int]:
	"""Return (status, reason, send_after) of a copy whose mail has `status`: it leaves after its mail."""
	if status == "Sent":
		return "Queued", "", 0
	if status in ("Queued", "Sending"):
		return "Queued", "", WAITS_FOR_MAIL
	return "Skipped", UNSURE if status == "Uncertain" else NOT_SENT, WAITS_FOR_MAIL
