"""The network address by which the requests of one visitor are counted. Pure.

Each proxy adds to X-Forwarded-For the address that it was called from. Whatever stands before that, the
visitor may have written: only the end of the header, which our own proxies wrote, is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Of our own machine, and of the networks of companies and containers (RFC 1918, 3927, 4193, 4291)
_NEAR = tuple(
	map(
		ip_network,
		(
			*("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
			*("::1/128", "fc00::/7", "fe80::/10"),
		),
	)
)
_HOUSEHOLD = 64  # bits of an IPv6 network, of which one visitor has all addresses (RFC 6177)


def visitor_address(peer: str, forwarded: str, proxies: int | None = None) -> str:
	"""Return the address of a visitor, of IPv6 that of the network.

	`peer` is the address that the request came from, "" for a socket of this machine; `forwarded` is the
	header X-Forwarded-For. `proxies` is the number of proxies before the site. Where it is None, addresses
	of private networks are taken for proxies, and the first other one is the visitor's.
	"""
	hops = list(_hops(peer, forwarded))
	if proxies is None:
		place = next((place for place, hop in enumerate(hops) if not _is_near(hop)), 1)
	else:
		place = max(proxies, 0)
	return _counted(hops[min(place, len(hops) - 1)])


def _hops(peer: str, forwarded: str) -> Iterator[Address]:
	"""Yield the addresses that a request came through, the nearest first, up to what is no address."""
	yield _parsed(peer) or ip_address("127.0.0.1")
	for entry in reversed(forwarded.split(",")):
		address = _parsed(entry)
		if not address:
			return
		yield address


def _parsed(entry: str) -> Address | None:
	"""Return an address; some proxies write its port behind it."""
	text = entry.strip()
	if text.startswith("["):
		text = text[1:].partition("]")[0]
	elif text.count(":") == 1:
		text = text.partition(":")[0]
	try:
		address = ip_address(text.partition("%")[0])
	except ValueError:
		return None
	return getattr(address, "ipv4_mapped", None) or address


def _is_near(address: Address) -> bool:
	return any(address in network for network in _NEAR)


def _counted(address: Address) -> str:
	if isinstance(address, IPv4Address):
		return str(address)
	return str(ip_network((address, _HOUSEHOLD), strict=False))
