"""Where a tracked link leads: which addresses may stand there, and what is added to them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

LONGEST = 2000  # characters; longer ones are cut by mail programs and proxies
SCHEMES = ("http", "https")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content")


def problem_with_url(url: str) -> str:
	"""Return why a link can't lead to an address, as a sentence; "" where it can."""
	if not url:
		return "Write the address to which the link leads."
	if len(url) > LONGEST:
		return "The address is too long: at most 2000 characters."
	if any(character.isspace() or not character.isprintable() for character in url):
		return "The address holds a space, a line break or an invisible character."
	try:
		parts = urlsplit(url)
		host, _port = parts.hostname, parts.port
	except ValueError:
		return "This is not a valid address."
	if parts.scheme.lower() not in SCHEMES or not host:
		return "The address must begin with http:// or https:// and name a site."
	if parts.username is not None:
		return "The address must not hold a user name or a password: every recipient would see it."
	return ""


def is_plain(url: str) -> bool:
	return not problem_with_url(url)


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
	"""Return the address with those parameters that it does not have; what it has stays character by character."""
	parts = urlsplit(url)
	present = {name.lower() for name, _value in parse_qsl(parts.query, keep_blank_values=True)}
	missing = {name: value for name, value in parameters.items() if value and name not in present}
	if not missing:
		return url
	query = "&".join(filter(None, (parts.query, urlencode(missing, quote_via=quote))))
	return urlunsplit(parts._replace(query=query))


def utm(campaign: str, mailing: str, link: str) -> dict[str, str]:
	"""Return the parameters by which web statistics know where a visitor comes from."""
	return dict(zip(UTM, (mailing, "email", campaign, link), strict=True))
