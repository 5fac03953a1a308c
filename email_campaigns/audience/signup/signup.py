"""Rules of signing up for a list: lifetime of a link, limits of requests, reading of a form. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from email_campaigns.audience.address import normalise
from email_campaigns.audience.lists.csv_file import NAME_LENGTH

LIFETIME = 3 * 24 * 3600  # seconds that the link of a confirmation mail holds

# Limits as (requests, seconds). An office of fifty people shares one IP address; a mailbox needs one mail,
# and another where the first got lost.
PER_VISITOR = (30, 3600)
PER_ADDRESS = (3, 24 * 3600)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
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
	if form.get("consent") != "1":
		raise ConsentMissing
	first_name, last_name = (
		_clean_name(form.get(field)) if with_names else "" for field in ("first_name", "last_name")
	)
	return SignUpRequest(email, first_name, last_name, by_bot=bool(form.get(_BAIT)))


def _clean_name(text: str | None) -> str:
	return _CONTROL.sub(" ", text or "").strip()[:NAME_LENGTH]


def expiry_stamp(now: float) -> str:
	"""Return the end of a link's life as a token carries it, in hex digits; `now` in Unix seconds."""
	return f"{int(now) + LIFETIME:x}"


def has_expired(link: str, now: float) -> bool:
	"""Tell whether the life of a verified token's `link` is over; `now` in Unix seconds."""
	try:
		return int(link, 16) < now
	except ValueError:
		return True
