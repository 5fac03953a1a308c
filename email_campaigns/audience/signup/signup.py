"""Rules of signing up for a list: lifetime of a link, limits of requests, reading of a form. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import category

from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.audience.lists.csv_file import NAME_LENGTH
from email_campaigns.text import _lt

LIFETIME = 3 * 24 * 3600  # seconds that the link of a confirmation mail holds

# Limits as (requests, seconds). An office of fifty people shares one IP address; a mailbox needs one mail,
# and another where the first got lost.
HOUR = 3600
PER_VISITOR = (30, HOUR)
PER_ADDRESS = (3, 24 * HOUR)
# In site_config.json: how many confirmation mails all forms of the site send in an hour.
SITE_LIMIT = "email_campaigns_sign_ups_per_hour"
MOST_OF_SITE = 1000

# What names have: letters, their marks, numbers and blanks, by the first letter of Unicode's category, and a
# few signs
_OF_NAMES = "LMNZ"
_SIGNS_OF_NAMES = frozenset("'’‘ʼ.,()&·-\u200c\u200d")
_NOT_AT_START = " .,)&·-"
# With these a spreadsheet begins a formula; no mailbox of a person does.
_NOT_OF_ADDRESSES = ("=", "+", "-")
_BAIT = "website"  # a field that people do not see; only bots fill it in


class ConsentMissing(Exception):
	"""The visitor did not tick the box with the consent."""


@dataclass(frozen=True, slots=True)
class SignUpRequest:
	"""The values that a visitor filled in; `email` is normalised."""

	email: str
	first_name: str = ""
	last_name: str = ""
	by_bot: bool = False


def read_form(form: Mapping[str, str], *, with_names: bool) -> SignUpRequest:
	"""Read a form, names only where it asks for them. Raises InvalidAddress and ConsentMissing."""
	email = normalise(form.get("email") or "")
	if email.startswith(_NOT_OF_ADDRESSES):
		raise InvalidAddress(_lt("An address that begins with “{0}” can't sign up."), email[0])
	if form.get("consent") != "1":
		raise ConsentMissing
	first_name, last_name = (
		_clean_name(form.get(field)) if with_names else "" for field in ("first_name", "last_name")
	)
	return SignUpRequest(email, first_name, last_name, by_bot=bool(form.get(_BAIT)))


def _clean_name(text: str | None) -> str:
	"""Return a name without markup, placeholders, formulas and what a mail program makes a link of."""
	kept = "".join(character if _is_of_names(character) else " " for character in text or "")
	# With a blank behind each dot “example.com” is no link, and “J.R.” a name.
	spaced = " ".join(kept.replace(".", ". ").split())
	return spaced.lstrip(_NOT_AT_START)[:NAME_LENGTH].rstrip()


def _is_of_names(character: str) -> bool:
	return category(character)[0] in _OF_NAMES or character in _SIGNS_OF_NAMES


def limits_of_forms(most: int = 0) -> tuple[tuple[int, int], tuple[int, int]]:
	"""Return the limits of one form and of all forms of the site; `most` is the latter's requests an hour."""
	most = most if most > 0 else MOST_OF_SITE
	return (max(most // 2, 1), HOUR), (most, HOUR)


def expiry_stamp(now: float) -> str:
	"""Return the end of a link's life as a token carries it, in hex digits; `now` in Unix seconds."""
	return f"{int(now) + LIFETIME:x}"


def has_expired(link: str, now: float) -> bool:
	"""Tell whether the life of a verified token's `link` is over; `now` in Unix seconds."""
	try:
		return int(link, 16) < now
	except ValueError:
		return True
