"""The addresses that tracked links may lead to, and the parameters added to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.tracking.links import LinkMaker, automatic_id
from email_campaigns.tracking.target import problem_with_url, utm, with_parameters
from email_campaigns.tracking.tokens import TokenRing

UTM = utm("Spring", "News & more", "Shop")


@pytest.mark.parametrize(
	"url",
	[
		"https://a.example",
		"http://a.example:8080/x?y=1#z",
		"HTTPS://A.example/",
		"https://münchen.example/ö?q=ü",
	],
)
def test_a_good_address_has_no_problem(url):
	assert str(problem_with_url(url)) == ""


@pytest.mark.parametrize(
	"url",
	[
		"",
		"a.example",
		"//a.example/",
		"/page",
		"javascript:alert(1)",
		"data:text/html,x",
		"ftp://a.example/",
		"https://",
		"https:///x",
		"https://a.example/ x",
		"https://a.example/\r\nSet-Cookie: x=1",
		"https://a.example/\0",
		"https://a.example:port/",
		"https://[::1/",
		"https://jo:secret@a.example/",
		"https://a.example/" + "x" * 2000,
	],
)
def test_the_problem_of_a_bad_address_is_a_sentence(url):
	assert str(problem_with_url(url)).endswith(".")


@pytest.mark.parametrize(
	("url", "expected"),
	[
		(
			"https://a.example/",
			"https://a.example/?utm_source=News%20%26%20more&utm_medium=email&utm_campaign=Spring&utm_content=Shop",
		),
		(
			"https://a.example/x?b=%20a+c&utm_source=mine&UTM_MEDIUM=#part",
			"https://a.example/x?b=%20a+c&utm_source=mine&UTM_MEDIUM=&utm_campaign=Spring&utm_content=Shop#part",
		),
		(
			"https://a.example?utm_source=&utm_medium=a&utm_campaign=b&utm_content=c",
			"https://a.example?utm_source=&utm_medium=a&utm_campaign=b&utm_content=c",
		),
	],
)
def test_utm_parameters_never_replace_those_that_are_there(url, expected):
	assert with_parameters(url, UTM) == expected


def test_empty_values_are_not_added():
	assert with_parameters("https://a.example/", utm("", "", "")) == "https://a.example/?utm_medium=email"


@given(st.text(max_size=40), st.text(max_size=40))
def test_an_address_stays_good_whatever_its_parameters_are(campaign, link):
	target = with_parameters("https://a.example/p", utm(campaign[:30], "M", link[:30]))
	assert str(problem_with_url(target)) == ""


def test_links_of_one_mail_are_what_signing_one_by_one_gives():
	ring = TokenRing({"k1": b"secret"})
	maker = LinkMaker("https://site.example/", ring)
	assert maker.clicks(9)("abcdefghij") == f"https://site.example/ec/c/{ring.sign('click', 9, 'abcdefghij')}"
	assert maker.open(9) == f"https://site.example/ec/o/{ring.sign('open', 9)}.gif"


def test_the_name_of_a_plain_link_is_its_mailings_own():
	names = {automatic_id(source, url) for source in ("M-1", "M-2") for url in ("https://a/", "https://b/")}
	assert len(names) == 4
	assert all(len(name) == 10 and name.isalnum() for name in names)
	assert automatic_id("M-1", "https://a/") in names
