"""Rules of signing up for a list: how long a link holds, how often may be asked, what is taken from a form. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from email_campaigns.audience.address import normalise
from email_campaigns.audience.lists.csv_file import NAME_LENGTH

LIFETIME = 3 * 24 * 3600  # seconds that the link of a confirmation mail holds

# An office of fifty people shares one address of the internet; a mailbox needs one mail, and another where it got lost.
PER_VISITOR = (30, 3600)  # requests, in seconds
PER_ADDRESS = (3, 24 * 3600)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_BAIT = "website"  # a field that people do not see; what fills it in is no person


class ConsentMissing(Exception):
	"""The box with the consent has no tick."""


@dataclass(frozen=True, slots=True)
class SignUpRequest:
	"""What a visitor filled in; `email` is normalised."""

	email: str
	first_name: str = ""
	last_name: str = ""
	by_machine: bool = False


def read_form(form: Mapping[str, str], *, with_names: bool) -> SignUpRequest:
	"""Read a form. Raises InvalidAddress, and NotAgreed."""
	email = normalise(form.get("email") or "")
	if form.get("consent") != "1":
		raise ConsentMissing
	names = [_name(form.get(field)) if with_names else "" for field in ("first_name", "last_name")]
	return SignUpRequest(email, *names, by_machine=bool(form.get(_BAIT)))


def _name(text: str | None) -> str:
	return _CONTROL.sub(" ", text or "").strip()[:NAME_LENGTH]


def expiry_stamp(now: float) -> str:
	"""Return the end of a link's life in the form that a token carries."""
	return f"{int(now) + LIFETIME:x}"


def has_expired(link: str, now: float) -> bool:
	"""Tell whether the life that a verified token carries is over."""
	try:
		return int(link, 16) < now
	except ValueError:
		return True
