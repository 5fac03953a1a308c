"""The domains of one mail provider, whose servers judge a sender alike. Pure."""

from __future__ import annotations

# Where a provider blocks one of its domains, mails to all of them wait.
# Source: the providers' sign-up pages.
FAMILIES = (
	frozenset({"gmail.com", "googlemail.com"}),
	frozenset(
		{"outlook.com", "hotmail.com", "live.com", "msn.com", "hotmail.co.uk", "hotmail.fr", "live.nl"}
	),
	frozenset({"yahoo.com", "ymail.com", "rocketmail.com", "aol.com", "yahoo.co.uk", "yahoo.fr"}),
	frozenset({"icloud.com", "me.com", "mac.com"}),
	frozenset({"gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "mail.com"}),
	frozenset({"orange.fr", "wanadoo.fr"}),
	frozenset({"proton.me", "protonmail.com", "pm.me"}),
)


def domains_of_provider(domain: str) -> frozenset[str]:
	"""Return all known domains of the provider of a domain, itself among them, in lower case."""
	name = domain.lower()
	return next((family for family in FAMILIES if name in family), frozenset({name}))
