"""The check list names pictures that nobody can see, and a host_name with which every link is dead."""

import pytest

from email_campaigns.mass_mailing.prepare import checks
from email_campaigns.mass_mailing.prepare.checks import ERROR, WARNING
from email_campaigns.mass_mailing.prepare.picture_checks import picture_findings
from email_campaigns.message.links.pictures import pictures
from email_campaigns.site_address import site_address


@pytest.mark.parametrize(
	("host_name", "level", "words"),
	[
		("https://", ERROR, "No link in the mail works"),
		("htps://mail.example", ERROR, "“htps://mail.example”"),
		("https://mail.example:80x0", ERROR, "No link in the mail works"),
		("https://mail .example", ERROR, "No link in the mail works"),
		("https://<host>", ERROR, "No link in the mail works"),
		("mail.example", WARNING, "begin with http://mail.example,"),
		("https://mail.example/crm", WARNING, "begin with https://mail.example/crm."),
	],
)
def test_a_host_name_with_which_links_are_dead_is_named(host_name, level, words):
	(finding,) = checks.address_findings(host_name, site_address({"host_name": host_name}, "one.localhost"))
	assert finding.level == level
	assert words in str(finding.sentence)


OWN = "https://mail.example"


@pytest.mark.parametrize(
	("pictures", "links", "found"),
	[
		([f"{OWN}/files/a.png", "https://cdn.example/b.png", "data:image/gif;base64,R0=="], [OWN], []),
		([f"{OWN}/private/files/Our%20logo.png?fid=1a2b"], [], [(ERROR, "“Our logo.png”")]),
		(["/private/files/a.png"], [], [(ERROR, "“a.png”")]),
		([], [f"{OWN}/private/files/prices.pdf"], [(WARNING, "“prices.pdf”")]),
		# Of another site nobody knows whether it is Frappe
		([f"{OWN}.example/private/files/a.png", "https://b.example/private/files/a.png"], [], []),
		# As Frappe 16 stores a picture, with the host by which its author reached the Desk
		(
			["http://crm.local/files/a.png"],
			[],
			[(WARNING, "only your own network can reach: “http://crm.local")],
		),
		(["logo.png"], [], [(WARNING, "“logo.png”")]),
		(["/files/a.png", "cid:1", "file:///C:/a.png", "//:0"], [], [(WARNING, "“cid:1”")]),
	],
)
def test_pictures_that_nobody_can_see_are_named(pictures, links, found):
	findings = list(picture_findings(pictures, links, OWN))
	assert [finding.level for finding in findings] == [level for level, _words in found]
	for finding, (_level, words) in zip(findings, found, strict=True):
		assert words in str(finding.sentence)


def test_pictures_are_those_of_tags_backgrounds_and_style_sheets():
	html = """<style>@media screen { a { background: url( 'h.png' ) } }</style>
	<img src="a.png?x=1&amp;y=2" srcset="b.png 1x, data:image/gif;base64,R0== 2x,c,d.png 3x"><a href="no.png">
	<td background=e.png style="background:url(&quot;f.png&quot;)"><!-- <img src="no.png"> -->
	<!--[if mso]><v:fill src="g.png"/><![endif]--><img src="">
	<img src="a.png?x=1&amp;y=2"><script src="no.js"></script>"""
	assert pictures(html) == [
		*("h.png", "a.png?x=1&y=2", "b.png", "data:image/gif;base64,R0==", "c,d.png"),
		*("e.png", "f.png", "g.png"),
	]


def test_an_address_of_a_picture_is_what_a_browser_reads():
	"""`&copy` before = is no sign of copyright, a reference is decoded once, and none stands in a sheet."""
	html = """<style>a { background: url(/a.png?x=1&amp;y=2) }</style><img src="/b.png?a=1&copy=2">
	<p style="background: url(/c.png?a=1&amp;amp=2)"><img srcset="/d.png?a=1&reg=2 2x">"""
	assert pictures(html) == [
		*("/a.png?x=1&amp;y=2", "/b.png?a=1&copy=2", "/c.png?a=1&amp=2", "/d.png?a=1&reg=2")
	]
