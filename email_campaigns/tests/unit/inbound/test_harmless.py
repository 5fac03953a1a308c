"""No list or report of the Desk takes what strangers wrote for HTML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import parse

from email_campaigns.characters import without_tags
from email_campaigns.inbound.outcomes.harmless import harmless
from email_campaigns.inbound.understand import understand
from email_campaigns.inbound.values import BounceClass, Clues, Finding, Kind, Report

SCRIPT = "<img/src=x/onerror=alert(1)>"


def texts(value) -> list[str]:
	return [text for text in (getattr(value, name) for name in value.__slots__) if isinstance(text, str)]


def test_no_text_of_a_finding_has_a_tag():
	report = Report(Kind.BOUNCE, SCRIPT, SCRIPT, BounceClass.HARD, SCRIPT, SCRIPT, SCRIPT)
	finding = harmless(Finding(Kind.BOUNCE, Clues(), SCRIPT, SCRIPT, SCRIPT, reports=(report,)))
	assert [text for text in (*texts(finding), *texts(finding.reports[0])) if "<img" in text] == []


def test_the_program_that_complains_may_call_itself_anything():
	raw = b"From: a@b.example\nContent-Type: multipart/report; boundary=b\n\n--b\n"
	raw += b"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: "
	(report,) = harmless(understand(raw + SCRIPT.encode() + b"\n--b--\n")).reports
	assert report.reporter == "< img/src=x/onerror=alert(1)>"


@pytest.mark.parametrize("text", ["1 < 2", "a <3 b", "Yes, please", "", "< b"])
def test_other_signs_stay(text):
	assert without_tags(text) == text


@given(st.text(alphabet="<>/!?abz= \"'&;-"))
def test_html_shows_the_text_itself(text):
	shown = parse(f"<body><p>{without_tags(text)}</p></body>")
	assert [tag for tag in ("a", "b", "z", "ab") if shown.find(tag)] == []
