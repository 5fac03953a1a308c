"""Addresses: one spelling for storing (`normalise`), one key for comparing (`address_key`). Pure.

The database's collation takes é and e for the same letter, so no address may be compared or made unique by
itself; whatever must tell josé@ from jose@ uses the key.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from email_validator import EmailNotValidError, validate_email

from email_campaigns.characters import blank_character
from email_campaigns.text import SentenceError, _lt

LOCAL_OCTETS = 64  # RFC 5321, section 4.5.3.1.1
ADDRESS_OCTETS = 254  # RFC 3696, erratum 1690
KEY_LENGTH = 240  # leaves room for a prefix in a column of 255 characters

# Top levels that no public server knows, but the mail server inside a company or a test may.
PRIVATE_DOMAINS = ("local", "localhost", "test")
# The library also refuses these: nothing can ever be delivered there.
_LIBRARY_DECIDES = frozenset({*PRIVATE_DOMAINS, "arpa", "invalid", "onion"})

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORDINARY = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+([a-z]{{2,63}})", re.IGNORECASE | re.ASCII)
# RFC 2047, section 5: no encoded word stands in an address. Mail programs decode it there all the same, and
# show another address than the one that gets the mail.
ENCODED_WORD = "=?"
# Here dots before the @ make no difference, and one mailbox has both domains.
_WITHOUT_DOTS = frozenset({"gmail.com", "googlemail.com"})
_INVISIBLE_EDGES = "\ufeff\u200b\u200e\u200f\u2060"


class InvalidAddress(SentenceError, ValueError):
	"""A text is not an address to which mail can be sent; the message is a sentence for the user."""


def normalise(raw: str) -> str:
	"""Return a new address as it is stored and given to the mail server, as `normalise_known` does.

	Raises InvalidAddress, also for an address that mail programs show as another one.
	"""
	address = normalise_known(raw)
	_check_shown(address)
	return address


def normalise_known(raw: str) -> str:
	"""Return the address of somebody who may be known already, without the blanks around it.

	For wishes: lists of earlier versions may have addresses that `normalise` refuses.

	The domain becomes lowercase A-labels (RFC 5890), so that only the part before the @ can need SMTPUTF8;
	that part stays as written, in NFC (RFC 6532, section 3.1). An ordinary address takes a microsecond,
	because lists have 100,000s of them; email-validator judges any other. Raises InvalidAddress.
	"""
	text = _trim(raw)
	local, _at, domain = text.rpartition("@")
	match = _ORDINARY.fullmatch(text)
	if match and _is_simple(text, local, domain, match[1]):
		return f"{local}@{domain.lower()}"
	return _normalise_by_library(text)


def normalise_or_empty(raw: str | None) -> str:
	"""Return the normalised address, "" where `raw` is not an address to which mail can be sent."""
	try:
		return normalise(raw or "")
	except InvalidAddress:
		return ""


def address_key(email: str) -> str:
	"""Return the ASCII form by which a normalised address is compared and made unique; never raises.

	It is lowercase, has backslash escapes for characters beyond ASCII (no address has a backslash of its
	own), and is at most KEY_LENGTH long: a hash replaces the end of a longer one.
	"""
	text = email.lower()
	if not text.isascii():
		text = unicodedata.normalize("NFC", text).encode("ascii", "backslashreplace").decode().lower()
	if len(text) <= KEY_LENGTH:
		return text
	return text[: KEY_LENGTH - 65] + "~" + sha256(text.encode()).hexdigest()


def spellings(email: str) -> list[str]:
	"""Return the spellings that records may have of a normalised address: with A-labels and with U-labels."""
	if "@xn--" not in email and ".xn--" not in email:
		return [email]
	stand_in, private = _without_private_domain(email)
	domain = validate_email(stand_in, check_deliverability=False).domain
	return [email, f"{email.rpartition('@')[0]}@{domain.removesuffix(private[::-1]) + private}"]


def _trim(raw: object) -> str:
	text = raw.strip().strip(_INVISIBLE_EDGES).strip() if isinstance(raw, str) else ""
	if not text:
		raise InvalidAddress(_lt("There is no email address."))
	return text


def _is_simple(text: str, local: str, domain: str, top: str) -> bool:
	"""Tell whether the pattern alone can judge. Hyphen pairs may be Punycode, which has its own rules."""
	return (
		len(local) <= LOCAL_OCTETS
		and len(text) <= ADDRESS_OCTETS
		and "--" not in domain
		and top.lower() not in _LIBRARY_DECIDES
	)


def _normalise_by_library(text: str) -> str:
	stand_in, private = _without_private_domain(text)
	try:
		parsed = validate_email(stand_in, check_deliverability=False)
	except EmailNotValidError as error:
		raise InvalidAddress(str(error)) from error
	# Not parsed.local_part: the library lowercases some local parts, and one address has one spelling here.
	local = unicodedata.normalize("NFC", text.rpartition("@")[0])
	if len(local.encode()) > LOCAL_OCTETS:
		raise InvalidAddress(_lt("The email address is too long before the @-sign."))
	domain = parsed.ascii_domain.lower()
	return f"{local}@{domain.removesuffix(private[::-1]) + private}"


def _check_shown(text: str) -> None:
	"""Raise InvalidAddress for an address that mail programs show as another one."""
	if ENCODED_WORD in text:
		raise InvalidAddress(_lt("The email address has an encoded word (“=?”) in it."))
	if blank := blank_character(text):
		raise InvalidAddress(
			_lt("The email address has an invisible character in it ({0})."), f"U+{ord(blank):04X}"
		)


def mailbox_key(email: str) -> str:
	"""Return the key of the mailbox that a normalised address most likely leads to: a limit counts by it.

	What follows a + is a tag (RFC 5233), which most servers leave out. Mail goes to the address as it is.
	"""
	local, _at, domain = address_key(email).rpartition("@")
	box = local.partition("+")[0] or local
	if domain in _WITHOUT_DOTS:
		box, domain = box.replace(".", ""), "gmail.com"
	return f"{box}@{domain}"


def _without_private_domain(text: str) -> tuple[str, str]:
	"""Replace a private top level by one that the library accepts: ("a@b.lacol", "local") for "a@b.local"."""
	for name in PRIVATE_DOMAINS:
		if text.lower().endswith(f".{name}"):
			return text[: -len(name)] + name[::-1], name
	return text, ""


def record_key(doctype: str, name: str) -> str:
	"""Return the identity of a record within a list."""
	return f"{doctype}/{name}"


def plain_key(email: str) -> str:
	"""Return the identity of a plain address within a list; `email` is normalised."""
	return f"@{address_key(email)}"
