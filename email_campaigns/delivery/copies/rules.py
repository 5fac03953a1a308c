"""Copies of a mail (CC): who among those whom the fields of a record name gets one, and how it fares with its mail. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from email_campaigns.audience.address import InvalidAddress, address_key, normalise
from email_campaigns.audience.decide import NO_ADDRESS, OPTED_OUT, UNSUBSCRIBED, suppression_reason
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL
from email_campaigns.message.headers import HeaderError, encode_address

MOST_OFFERED = 25  # fields in the settings
MOST_CHOSEN = 5  # fields of a mailing

IS_RECIPIENT = "Is the recipient already"
TWICE = "Gets a copy already"
SWITCHED_OFF = "CC field switched off"
GONE = "CC field no longer exists"
# A header with such an address would need an extension of SMTP that the recipient's server may not have.
BEYOND_ASCII = "Letters beyond ASCII in the address"
NOT_SENT = "The mail itself was not sent"
UNSURE = "It is not certain that the mail itself was sent"

# What the dedupe keys begin with: of copies that the Cc header names, and of those that it does not
PLANNED, NOTED = "c", "n"

# What Frappe gives its own two users for an address: nobody reads it.
PLACEHOLDERS = frozenset({"admin@example.com", "guest@example.com"})
TEXT_SHOWN = 140


@dataclass(frozen=True, slots=True)
class FieldValue:
	"""What a CC field of a record says; `problem` is why nobody is copied from it, whatever it says."""

	field: str
	text: str = ""
	opted_out: bool = False
	problem: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
	"""One copy of a mail, or with a `reason` one that is not sent. `key` is unique in the ledger of a mailing."""

	email: str
	field: str
	key: str
	reason: str = ""

	@property
	def domain(self) -> str:
		return self.email.rpartition("@")[2].lower()


def user_value(
	field: str, user: str | None, email: str | None, enabled: bool, opted_out: bool, problem: str = ""
) -> FieldValue:
	"""Return what a field says that links to a User; one that is disabled or gone has no valid address."""
	if not user:
		return FieldValue(field, problem=problem)
	usable = enabled and email and email.lower() not in PLACEHOLDERS
	return FieldValue(field, email or user, opted_out, problem or ("" if usable else NO_ADDRESS))


def valid_addresses(named: Iterable[FieldValue]) -> set[str]:
	"""Return the valid addresses among what fields say."""
	return {address for one in named if (address := _address(one.text))}


def decide_copies(
	main: int,
	recipient: str,
	named: Iterable[FieldValue],
	suppressed: Callable[[str], str],
	*,
	informational: bool = False,
) -> list[Copy]:
	"""Return the copies of the mail `main` to `recipient`, and the reasons why others named get none.

	`suppressed` gives the reason of the Suppressed Email that covers an address, "" where none does. A field that is
	empty names nobody, which is no reason.
	"""
	taken, copies = {address_key(recipient)}, []
	for place, one in enumerate(named):
		if not one.text.strip() and one.problem != GONE:
			continue
		address = _address(one.text)
		reason = one.problem or _reason(address, one.opted_out, suppressed, informational)
		if not reason and address_key(address) in taken:
			reason = IS_RECIPIENT if address_key(address) == address_key(recipient) else TWICE
		if reason:
			shown = address or " ".join(one.text.split())[:TEXT_SHOWN]
			copies.append(Copy(shown, one.field, f"{NOTED}:{main}:{place}", reason))
		else:
			taken.add(address_key(address))
			copies.append(Copy(address, one.field, f"{PLANNED}:{main}:{address_key(address)}"))
	return copies


def _reason(address: str, opted_out: bool, suppressed: Callable[[str], str], informational: bool) -> str:
	if not address:
		return NO_ADDRESS
	if not address.isascii():
		return BEYOND_ASCII
	kept_back = suppressed(address)
	reason = suppression_reason(kept_back) if kept_back else OPTED_OUT if opted_out else ""
	return "" if informational and reason in (UNSUBSCRIBED, OPTED_OUT) else reason


def _address(text: str) -> str:
	"""Return the normalised address, "" where nothing can be sent there or a header can't name it."""
	try:
		address = normalise(text)
		encode_address("", address)
	except (InvalidAddress, HeaderError):
		return ""
	return address


def copy_fate(status: str) -> tuple[str, str, int]:
	"""Return (status, reason, send_after) of a copy whose mail is in `status`: it leaves once its mail has."""
	if status == "Sent":
		return "Queued", "", 0
	if status in ("Queued", "Sending"):
		return "Queued", "", WAITS_FOR_MAIL
	return "Skipped", UNSURE if status == "Uncertain" else NOT_SENT, WAITS_FOR_MAIL
