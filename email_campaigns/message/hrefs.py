"""The links of a rendered mail: where they lead, and whether its recipients can follow them. Pure."""

from __future__ import annotations

from html import unescape
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from email_campaigns.message.markup import regular
from email_campaigns.message.visible import links, texts, without_hidden

WEB = ("http", "https")
# Names that no public DNS answers for: RFC 6761, RFC 6762, RFC 8375, and those that ICANN reserves for
# private use.
PRIVATE = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet", ".corp")


def hrefs(html: str) -> list[str]:
	"""Return the addresses that the links of a document name, each once, in order; "" for an empty one.

	Raises Refused for HTML that no parser may read (markup.py).
	"""
	return list(dict.fromkeys(links(regular(html))))


def shows(html: str, address: str) -> bool:
	"""Tell whether a person sees an address in a document, or a link to it. Raises Refused."""
	shown = without_hidden(regular(html))[0]
	return address in links(shown) or any(address in unescape(text) for text in texts(shown))


def leads_nowhere(href: str) -> bool:
	"""Tell whether no mail client can follow a link: neither http, https, mailto, tel nor within the mail."""
	if href.startswith("#"):
		return href == "#"
	parts = _parts(href)
	if parts is None or any(sign in href for sign in "{}<> \t\n"):
		return True
	if parts.scheme in WEB:
		return not parts.hostname
	return parts.scheme not in ("mailto", "tel") or not (parts.path or parts.query)


def leads_inside(href: str) -> bool:
	"""Tell whether only the sender's own machine or network can reach a web address."""
	parts = _parts(href)
	host = (parts and parts.scheme in WEB and parts.hostname) or ""
	try:
		return bool(host) and not ip_address(host).is_global
	except ValueError:
		name = "." + host.rstrip(".")
		return name.endswith(PRIVATE) or name.count(".") == 1


def _parts(href: str) -> SplitResult | None:
	try:
		return urlsplit(href)
	except ValueError:
		return None
