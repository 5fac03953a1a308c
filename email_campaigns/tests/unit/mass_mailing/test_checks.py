"""The check list before a mailing goes: its findings, and what is no finding."""

import pytest

from email_campaigns.mass_mailing.prepare import checks, link_checks
from email_campaigns.mass_mailing.prepare.checks import ERROR, OK, WARNING
from email_campaigns.message.compile import Footer, compile_message
from email_campaigns.message.links.hrefs import (
	EMPTY,
	INSIDE,
	NOWHERE,
	UNFILLED,
	UNUSUAL,
	fault_of_link,
	hrefs,
	leads_inside,
)

OWN = "https://crm.example.org/ec/"


def lines(findings):
	return [(finding.level, str(finding.sentence)) for finding in findings]


def levels(findings):
	return [finding.level for finding in findings]


def rendered(html, *records, subject="Hello"):
	message = compile_message(subject, html, footer=Footer())
	values = {"unsubscribe_url": OWN + "u/token", "campaign": {}, "mass_email": {}, "view_url": ""}
	return checks.render_sample((message, record, values) for record in records)


class TestLinks:
	@pytest.mark.parametrize(
		"href",
		[
			"https://example.org/",
			"HTTP://example.org",
			"https://example.org/a?b=c#d",
			"https://münchen.example/",
			"https://example.org/App (1).png",
			"https://example.org/?name=Anna Maria",
			"https://example.org/a\n  b",
			"mailto:info@example.org",
			"mailto:x@y.example?subject=Hello world",
			"mailto:?subject=Look",
			"tel:+32123",
			"tel:+49 30 123456",
			"sms:+32123&body=I agree",
			"whatsapp://send?text=Hello there",
			"geo:50.85,4.35",
			"facetime:x@y.example",
			"webcal://example.org/a.ics",
			"maps:?q=Antwerp",
			"#prices",
		],
	)
	def test_that_lead_somewhere(self, href):
		assert fault_of_link(href) == ""

	@pytest.mark.parametrize(
		("href", "fault"),
		[
			("www.example.com", NOWHERE),
			("example.com/page", NOWHERE),
			("/page", NOWHERE),
			("//example.com", NOWHERE),
			("javascript:alert(1)", NOWHERE),
			("http://", NOWHERE),
			("https://[::1", NOWHERE),
			("https://exa mple.com/", NOWHERE),
			("https://example.com:99999/", NOWHERE),
			("{trackingUrl}", NOWHERE),
			("", EMPTY),
			("#", EMPTY),
			("mailto:", EMPTY),
			("tel:", EMPTY),
			("https://example.com/{name}", UNFILLED),
			("https://example.com/%7Bname%7D", UNFILLED),
			("data:text/html,x", UNUSUAL),
			("file:///c:/prices.pdf", UNUSUAL),
			("ftp://example.com", UNUSUAL),
			("htps://example.com/", UNUSUAL),
			("http:///page", INSIDE),
			("http://0x7f.1/", INSIDE),
		],
	)
	def test_that_not_everybody_can_follow(self, href, fault):
		assert fault_of_link(href) == fault

	@pytest.mark.parametrize(
		"host",
		[
			"localhost",
			"localhost:8000",
			"crm.localhost",
			"127.0.0.1",
			"10.1.2.3",
			"192.168.0.1:8000",
			"172.20.0.1",
			"169.254.1.1",
			"[::1]",
			"[fd00::1]",
			"intranet",
			"printer.local",
			"wiki.internal",
		],
	)
	def test_that_only_the_sender_can_reach(self, host):
		assert leads_inside(f"http://{host}/page")

	@pytest.mark.parametrize("host", ["example.org", "8.8.8.8", "[2606:4700::1111]", "local.example.org"])
	def test_that_everybody_can_reach(self, host):
		assert not leads_inside(f"http://{host}/page")

	def test_are_read_from_all_places_of_a_document_but_comments(self):
		html = """<A HREF=" https://a.example/ ">x</A><map><area href='b'></map><a href>empty</a>
		<a name="top">no link</a><!-- <a href="c">gone</a> -->
		<a href="https://a.example/">again</a><a href="d&amp;e">x</a>"""
		assert hrefs(html) == ["https://a.example/", "b", "", "d&e"]

	def test_are_relative_to_the_base_of_a_document(self):
		html = '<base href="https://a.example/b/"><a href="c">x</a><a href="#d">y</a><a href="tel:1">z</a>'
		assert hrefs(html) == ["https://a.example/b/c", "#d", "tel:1"]

	@pytest.mark.parametrize("href", ["#", "https://x.example/{n}", "ftp://x.example/", "http://wiki/"])
	def test_that_some_can_follow_ask_for_a_decision(self, href):
		(finding,) = link_checks.link_findings([href], OWN)
		assert (finding.level, finding.asks) == (WARNING, True)

	def test_bad_ones_are_listed(self):
		sample = rendered('<a href="www.example.com">x</a><a href="http://localhost/a">y</a><p>z</p>', {})
		assert lines(link_checks.link_findings(sample.hrefs, OWN)) == [
			(ERROR, "Links that lead nowhere: “www.example.com”"),
			(WARNING, "Links that only your own network can reach: “http://localhost/a”"),
		]

	def test_many_bad_ones_are_counted(self):
		((level, text),) = lines(link_checks.link_findings([f"page{n}" for n in range(9)], OWN))
		assert level == ERROR
		assert text.endswith("“page4” + 4")

	def test_our_own_are_good(self):
		sample = rendered('<a href="{{ unsubscribe_url }}">bye</a>', {})
		assert list(sample.hrefs) == [OWN + "u/token"]
		assert lines(link_checks.link_findings(sample.hrefs, OWN)) == []

	def test_a_site_that_nobody_can_reach_is_a_warning(self):
		((level, text),) = lines(link_checks.link_findings([], "http://localhost:8000/ec/"))
		assert level == WARNING
		assert "http://localhost:8000/ec/" in text

	def test_made_of_a_field_are_judged_for_each_recipient(self):
		sample = rendered(
			'<a href="{{ doc.website }}">x</a>', {"website": "https://a.example"}, {"website": "b"}
		)
		((finding),) = link_checks.link_findings(sample.hrefs, OWN, sample.fixed)
		assert (finding.level, finding.asks) == (WARNING, True)
		assert str(finding.sentence).endswith("“b”")

	def test_in_the_template_itself_are_certain(self):
		sample = rendered('<a href="{{ doc.website }}">x</a><a href="b">y</a>', {"website": "b"})
		assert levels(link_checks.link_findings(sample.hrefs, OWN, sample.fixed)) == [ERROR]

	def test_with_a_name_of_two_words_are_good(self):
		html = '<a href="https://a.example/?n={{ doc.first_name }}">x</a>'
		sample = rendered(html, {"first_name": "Anna Maria"})
		assert next(iter(sample.hrefs)) == "https://a.example/?n=Anna%20Maria"
		assert levels(link_checks.link_findings(sample.hrefs, OWN, sample.fixed)) == [OK]


class TestTexts:
	def findings(self, html, subject="Hello"):
		return list(link_checks.text_findings(subject, html))

	def test_with_placeholders_of_other_systems_ask_for_a_decision(self):
		(finding, other) = self.findings("<p>Hi</p>\n<p>Dear *|FNAME|*,</p>", "For %FIRSTNAME%")
		assert (finding.level, finding.asks, other.asks) == (WARNING, True, True)
		assert str(other.sentence) == (
			"Message, line 2: “*|FNAME|*” is a placeholder of another system."
			" Write {{ doc.first_name }} instead."
		)
		assert str(finding.sentence).startswith("Subject, line 1: “%FIRSTNAME%”")

	def test_with_an_address_before_that_of_unsubscribing_say_so(self):
		(finding,) = self.findings('<p>\n<a href="http://shop.example/{{ unsubscribe_url }}">x</a></p>')
		assert lines([finding]) == [
			(
				WARNING,
				"Message, line 2: “http://shop.example/” before {{ unsubscribe_url }} is left out in the"
				" mail, because that placeholder is a whole address.",
			)
		]

	@pytest.mark.parametrize("prefix", ["", "https://", "HTTP://"])
	def test_with_what_editors_always_add_say_nothing(self, prefix):
		assert self.findings(f'<a href="{prefix}{{{{ unsubscribe_url }}}}">x</a>') == []


class TestPlaceholders:
	def test_without_a_value_are_counted(self):
		records = [{"first_name": "Ada"}, {"first_name": ""}, {"first_name": None}, {}, {"first_name": "Eve"}]
		sample = rendered("<p>Dear {{ doc.first_name }}</p>", *records)
		assert lines(checks.placeholder_findings(sample)) == [
			(WARNING, "doc.first_name has no value for 3 of 5 recipients.")
		]

	def test_zero_is_a_value(self):
		assert levels(
			checks.placeholder_findings(rendered("<p>{{ doc.points }} points</p>", {"points": 0}))
		) == [OK]

	@pytest.mark.parametrize(
		"html",
		[
			"<p>Dear {{ doc.first_name or 'friend' }}</p>",
			"<p>Dear {{ doc.first_name|default('friend', true) }}</p>",
			"<p>Hi{% if doc.first_name %} {{ doc.first_name }}{% endif %}</p>",
		],
	)
	def test_that_have_something_in_their_place_are_no_finding(self, html):
		assert levels(checks.placeholder_findings(rendered(html, {"first_name": ""}))) == [OK]

	def test_in_the_subject_count_too(self):
		sample = rendered("<p>Hello</p>", {"first_name": ""}, subject="Dear {{ doc.first_name }}")
		assert levels(checks.placeholder_findings(sample)) == [WARNING]

	def test_that_make_the_mail_fail_for_all_of_a_sample_ask_for_a_decision(self):
		html = "<p>{{ 100 / doc.size }}</p>"
		findings = lines(checks.placeholder_findings(rendered(html, {"size": 0}, {"size": 5})))
		assert findings[0][0] == WARNING
		assert findings[0][1].startswith("For 1 of 2 recipients: The message cannot be made")
		some = checks.placeholder_findings(rendered(html, {"size": 0}, {"size": 5}))
		assert [finding.asks for finding in some] == [False]
		(finding,) = checks.placeholder_findings(rendered(html, {"size": 0}))
		assert (finding.level, finding.asks) == (WARNING, True)

	def test_nobody_to_look_at_is_no_finding(self):
		assert lines(checks.placeholder_findings(checks.RenderedSample())) == []


class TestUnsubscribing:
	def test_a_commercial_mailing_needs_a_link(self):
		assert levels(checks.unsubscribe_findings(False, False, [""])) == [ERROR]
		((level, text),) = lines(checks.unsubscribe_findings(False, False, ["de", "fr"]))
		assert level == ERROR
		assert text.endswith("de, fr")

	def test_that_depend_on_a_condition_ask_for_a_decision(self):
		(finding,) = checks.unsubscribe_findings(False, False, ["de"], ["de"])
		assert (finding.level, finding.asks) == (WARNING, True)
		assert levels(checks.unsubscribe_findings(False, False, ["", "de"], ["de"])) == [ERROR]

	def test_from_the_template_or_from_the_settings(self):
		assert levels(checks.unsubscribe_findings(False, False, [])) == [OK]
		assert levels(checks.unsubscribe_findings(False, True, [])) == [OK]

	def test_that_the_settings_add_where_nobody_sees_it(self):
		assert levels(checks.unsubscribe_findings(False, True, [""])) == [ERROR]

	@pytest.mark.parametrize(
		("html", "is_lacking"),
		[
			("<body>x</body><!-- </body> -->", False),
			("<body>x<div style='display:none'>y", True),
			("<body>x{% if doc.a %}<div style='display:none'>{% endif %}</body>", True),
			("<body>x<!-- </body>", False),
			("<p>x</p><p style='{{ doc.style }}'><a href='{{ unsubscribe_url }}'>bye</a></p>", True),
			("<p>x</p><a href='{{ unsubscribe_url }}'>bye</a>", False),
		],
	)
	def test_what_a_reader_sees_counts(self, html, is_lacking):
		sample = rendered(html, {"a": 1, "style": "display:none"}, {"a": 0, "style": ""})
		assert bool(sample.lacking) == is_lacking

	def test_informational_mail_needs_none(self):
		assert levels(checks.unsubscribe_findings(True, False, [""])) == [OK]


class TestIdentity:
	def test_each_missing_part_is_a_warning(self):
		assert levels(checks.identity_findings(False, "", " ")) == [WARNING, WARNING]
		assert levels(checks.identity_findings(False, "Example Ltd", "")) == [WARNING]
		assert levels(checks.identity_findings(False, "Example Ltd", "1 Road")) == [OK]

	def test_informational_mail_needs_none(self):
		assert levels(checks.identity_findings(True, "", "")) == []


class TestAudience:
	def test_nobody_is_an_error(self):
		assert levels(checks.audience_findings(0, 100)) == [ERROR]

	def test_nobody_yet_asks_for_a_decision_where_the_start_is_later(self):
		(finding,) = checks.audience_findings(0, 100, later=True)
		assert (finding.level, finding.asks) == (WARNING, True)

	@pytest.mark.parametrize(
		("planned", "earlier", "level"),
		[(300, 100, OK), (301, 100, WARNING), (1_000_000, 0, OK), (1, 100, OK)],
	)
	def test_more_than_three_times_the_largest_before_is_a_surprise(self, planned, earlier, level):
		assert levels(checks.audience_findings(planned, earlier)) == [level]


class TestLanguages:
	def findings(self, members, versions=("de",), home="en"):
		return lines(
			checks.language_findings(members, lambda language: language if language in versions else "", home)
		)

	def test_that_many_members_read_without_a_version_are_a_warning(self):
		assert self.findings({"en": 50, "fr": 30, "de": 20}) == [
			(WARNING, "30 of 100 members read fr, and there is no version in it.")
		]

	def test_a_few_members_are_no_finding(self):
		assert self.findings({"en": 91, "fr": 9}) == []

	def test_the_sites_own_language_and_none_are_that_of_the_version_for_everybody(self):
		assert self.findings({"": 50, "en": 30, "en-GB": 20, "en_US": 20}) == []


class TestDeadline:
	@pytest.mark.parametrize(("deadline", "late"), [(0, 10), (9, 10), (10, 9), (55, 5), (100, 0), (1000, 0)])
	def test_counts_what_leaves_after_it(self, deadline, late):
		assert checks.count_late(lambda number: 10 * number, 10, deadline) == late

	def test_warns_with_the_number(self):
		assert lines(checks.deadline_findings(5, 10))[0] == (
			WARNING,
			"At the present limits about 5 of 10 mails would not leave before the deadline, and expire.",
		)
		assert levels(checks.deadline_findings(0, 10)) == [OK]


def test_a_site_whose_configuration_does_not_say_its_address_is_warned_of():
	assert list(checks.address_findings("https://mail.example/", "https://mail.example")) == []
	(finding,) = checks.address_findings("", "http://one.localhost:8000")
	assert finding.level == WARNING
	assert "http://one.localhost:8000" in str(finding.sentence)
