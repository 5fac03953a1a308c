"""The links of a rendered mail: where they lead, and whether its recipients can follow them. Pure.

What an address means is what browsers take it for (https://url.spec.whatwg.org), read by the library `ada`.
"""

from __future__ import annotations

import re
from html import unescape
from ipaddress import ip_address

from ada_url import URL, join_url

from email_campaigns.message.html.markup import regular
from email_campaigns.message.html.visible import base, links, texts, without_hidden

WEB = ("http:", "https:")
# What computers and telephones open: https://www.iana.org/assignments/uri-schemes, and what common apps add
KNOWN = frozenset(
	["mailto", "tel", "sms", "smsto", "callto", "facetime", "facetime-audio", "sip", "sips", "im"]
)
KNOWN |= {"xmpp", "geo", "maps", "google.navigation", "webcal", "webcals", "mid", "news", "magnet", "bitcoin"}
KNOWN |= {"whatsapp", "wa", "tg", "sgnl", "signal", "skype", "threema", "viber", "line"}
KNOWN |= {"msteams", "zoommtg", "zoomus", "spotify", "itms-apps", "market", "intent"}
SCRIPTS = ("javascript:", "vbscript:")
# Names that no public DNS answers for: RFC 6761, RFC 6762, RFC 8375, and those that ICANN reserves for
# private use.
PRIVATE = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet", ".corp")
NOTHING = re.compile(r"#?|(?:mailto|tel|sms):", re.IGNORECASE)
BRACES = re.compile(r"[{}]|%7B|%7D", re.IGNORECASE)

# Where a link may lead; "" is where everybody gets
NOWHERE, EMPTY, UNFILLED, UNUSUAL, INSIDE = "nowhere", "empty", "unfilled", "unusual", "inside"


def hrefs(html: str) -> list[str]:
	"""Return the addresses that the links of a document name, each once, in order; "" for an empty one.

	Relative ones are those that the document's <base> makes of them, where it has one. Raises Refused for
	HTML that no parser may read (markup.py).
	"""
	document = regular(html)
	own_base = base(document)
	return [_join(own_base, href) for href in dict.fromkeys(links(document))]


def shows(html: str, address: str) -> bool:
	"""Tell whether a person sees an address in a document, or a link to it. Raises Refused."""
	shown = without_hidden(regular(html))[0]
	return address in links(shown) or any(address in unescape(text) for text in texts(shown))


def _join(base: str, href: str) -> str:
	if not base or href.startswith("#") or _parsed(href):
		return href
	try:
		return join_url(base, href)
	except ValueError:
		return href


def fault_of_link(href: str) -> str:
	"""Return why not everybody gets where a link should lead, "" where nothing is wrong.

	NOWHERE: no browser can follow it, because the URL standard knows no such address without a page that it
	is relative to, or because it is a script, which mail programs remove. EMPTY: it has no destination.
	UNFILLED: it has braces, as placeholders have. UNUSUAL: only some devices know this kind of address.
	INSIDE: only the sender's own machine or network can reach it.
	"""
	if NOTHING.fullmatch(href):
		return EMPTY
	if href.startswith("#"):
		return ""
	url = _parsed(href)
	if url is None or url.protocol in SCRIPTS:
		return NOWHERE
	if BRACES.search(href):
		return UNFILLED
	if url.protocol in WEB:
		return INSIDE if _is_inside(url.hostname) else ""
	return "" if url.protocol[:-1] in KNOWN else UNUSUAL


def leads_inside(href: str) -> bool:
	"""Tell whether only the sender's own machine or network can reach a web address."""
	return fault_of_link(href) == INSIDE


def _parsed(href: str) -> URL | None:
	try:
		return URL(href)
	except (ValueError, UnicodeEncodeError):
		return None


def _is_inside(host: str) -> bool:
	try:
		return not ip_address(host.strip("[]")).is_global
	except ValueError:
		name = "." + host.rstrip(".")
		return name.endswith(PRIVATE) or name.count(".") == 1
