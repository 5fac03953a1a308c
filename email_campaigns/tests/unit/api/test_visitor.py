"""Whom a request is counted for: nobody can write the address by which they are counted."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.api.public.visitor import visitor_address

JO, EVIL, EDGE = "198.51.100.7", "203.0.113.66", "192.0.2.1"


@pytest.mark.parametrize(
	("peer", "forwarded", "counted"),
	[
		("127.0.0.1", JO, JO),  # a proxy that writes the header anew
		("127.0.0.1", f"{EVIL}, {JO}", JO),  # one that adds to it
		("", f"{EVIL},{JO}", JO),  # gunicorn on a socket
		("172.18.0.5", f"{EVIL}, {JO}, 172.18.0.2", JO),  # containers: nginx behind another proxy
		(JO, EVIL, JO),  # no proxy: the header is the visitor's own
		(JO, "", JO),
		("127.0.0.1", "", "127.0.0.1"),
		("127.0.0.1", "10.0.0.5", "10.0.0.5"),  # the company's own network
		("127.0.0.1", f"x, {JO}", JO),
		("127.0.0.1", "unknown", "127.0.0.1"),
		("127.0.0.1", f"{EVIL}, unknown, 10.0.0.5", "10.0.0.5"),
		("127.0.0.1", f"{JO}:51234", JO),
		("::ffff:127.0.0.1", f"::ffff:{JO}", JO),
		("::1", "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
		("fe80::1%eth0", "2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
	],
)
def test_the_first_address_outside_our_own_networks_counts(peer, forwarded, counted):
	assert visitor_address(peer, forwarded) == counted


@pytest.mark.parametrize(
	("proxies", "counted"), [(0, "127.0.0.1"), (1, EDGE), (2, JO), (3, EVIL), (9, EVIL), (-1, "127.0.0.1")]
)
def test_so_many_proxies_are_believed_as_the_configuration_says(proxies, counted):
	assert visitor_address("127.0.0.1", f"{EVIL}, {JO}, {EDGE}", proxies) == counted


@given(st.text(), st.integers(0, 3))
def test_whatever_a_visitor_writes_they_are_counted_by_the_proxys_word(written, more):
	chain = ", ".join([written, JO, *["10.1.1.1"] * more])
	assert visitor_address("127.0.0.1", chain) == JO
	assert visitor_address("127.0.0.1", chain, 1 + more) == JO


@given(st.text(), st.text(), st.none() | st.integers(-3, 5))
def test_it_always_returns_an_address(peer, forwarded, proxies):
	assert ip_network(visitor_address(peer, forwarded, proxies))
