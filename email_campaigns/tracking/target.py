"""The addresses that a tracked link may lead to, and the parameters that are added to them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from email_campaigns.text import Sentence, _lt

LONGEST = 2000  # characters; mail programs and proxies cut longer ones
SCHEMES = ("http", "https")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content")


def problem_with_url(url: str) -> Sentence:
	"""Return why a link can't lead to an address; an empty sentence where it can."""
	if not url:
		return Sentence(_lt("Write the address to which the link leads."))
	if len(url) > LONGEST:
		return Sentence(_lt("The address is too long: at most {0} characters."), LONGEST)
	if any(character.isspace() or not character.isprintable() for character in url):
		return Sentence(_lt("The address contains a space, a line break or an invisible character."))
	return _problem_with_parts(url)


def _problem_with_parts(url: str) -> Sentence:
	try:
		parts = urlsplit(url)
		host, _port = parts.hostname, parts.port
	except ValueError:
		return Sentence(_lt("This is not a valid address."))
	if parts.scheme.lower() not in SCHEMES or not host:
		return Sentence(_lt("The address must begin with http:// or https:// and name a site."))
	if parts.username is not None:
		return Sentence(
			_lt("The address must not contain a user name or a password: every recipient would see it.")
		)
	return Sentence("")


def is_plain(url: str) -> bool:
	"""Tell whether a link can lead to an address."""
	return not problem_with_url(url)


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
	"""Return the address with the parameters that it lacks; its own stay as they are, character by character.

	A parameter without a value is not added.
	"""
	parts = urlsplit(url)
	present = {name.lower() for name, _value in parse_qsl(parts.query, keep_blank_values=True)}
	missing = {name: value for name, value in parameters.items() if value and name not in present}
	if not missing:
		return url
	query = "&".join(filter(None, (parts.query, urlencode(missing, quote_via=quote))))
	return urlunsplit(parts._replace(query=query))


def utm(campaign: str, mailing: str, link: str) -> dict[str, str]:
	"""Return the UTM parameters, from which web statistics know where a visitor comes from."""
	return dict(zip(UTM, (mailing, "email", campaign, link), strict=True))
