"""From the bytes of a mail to a Finding."""

import csv
from datetime import date
from pathlib import Path

import pytest

from email_campaigns.inbound.mail.message import MailError
from email_campaigns.inbound.understand import understand
from email_campaigns.inbound.values import BounceClass, Kind

FOLDER = Path(__file__).parents[2] / "data" / "inbound"
REPORTS = {"Bounce", "Delay", "Delivery", "Complaint"}
OTHERS = {
	"not_a_reply": Kind.REPLY,
	"not_an_absence": Kind.AUTOMATIC,
	"not_a_challenge": Kind.AUTOMATIC,
	"not_a_receipt": Kind.RECEIPT,
	"not_a_recall": Kind.OTHER,
	"arf_not_spam": Kind.OTHER,
	"arf_auth_failure": Kind.OTHER,
}


def rows() -> list[dict[str, str]]:
	with open(FOLDER / "expected.tsv", encoding="utf-8", newline="") as file:
		return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def finding_of(name: str):
	return understand((FOLDER / f"{name}.eml").read_bytes())


@pytest.mark.parametrize("name", sorted({row["file"] for row in rows() if row["kind"] == "Bounce"}))
def test_a_bounce_is_one_and_says_why(name):
	finding = finding_of(name)
	assert finding.kind is Kind.BOUNCE
	assert "{" not in str(finding.why)
	assert finding.reports
	assert finding.text


@pytest.mark.parametrize(("name", "kind"), OTHERS.items())
def test_what_is_no_report_is_what_it_is(name, kind):
	finding = finding_of(name)
	assert finding.kind is kind
	assert finding.reports == ()


def test_a_bounce_leads_to_the_mail_that_it_returns():
	finding = finding_of("postfix_user_unknown")
	assert finding.subject == "Undelivered Mail Returned to Sender"
	assert finding.sender == "MAILER-DAEMON@mail.news.example.com"
	[report] = finding.reports
	assert report.reporter == "mx.example.net"
	assert report.text.startswith("550 5.1.1 <reader@example.net>: Recipient address rejected")
	assert str(finding.why) == "The mail has a delivery report (message/delivery-status)."


def test_the_gravest_of_several_reports_names_the_kind():
	finding = finding_of("rfc3464_two_recipients")
	assert {report.kind for report in finding.reports} == {Kind.BOUNCE, Kind.DELAY}
	assert finding.kind is Kind.BOUNCE


def test_a_persons_words_come_without_the_report_that_they_quote():
	finding = finding_of("not_a_reply")
	assert finding.text.startswith("Hello,")
	assert "qmail-send" not in finding.text


def test_an_absence_names_its_last_day():
	raw = b"From: a@example.net\nDate: Mon, 3 Nov 2025 09:00:00 +0100\nAuto-Submitted: auto-replied\n\n"
	assert understand(raw + b"I am away until 10 November 2025.\n").back_on == date(2025, 11, 10)


@pytest.mark.parametrize("name", sorted({row["file"] for row in rows() if row["kind"] in REPORTS}))
def test_a_report_is_a_machines(name):
	assert finding_of(name).by_machine


PASSED_ON = """Hello, your mails come back to us:

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; reader@example.net
Action: failed
Status: 5.1.1

Anna
"""


@pytest.mark.parametrize("sender", ["anna@firm.example", "Anna <postmaster@firm.example>"])
def test_a_person_who_passes_a_report_on_is_no_machine(sender):
	head = f"From: {sender}\nReturn-Path: <anna@firm.example>\nSubject: Your bounces\n\n"
	finding = understand((head + PASSED_ON).encode())
	assert (finding.kind, finding.by_machine) == (Kind.BOUNCE, False)
	servers = head.replace("Return-Path: <anna@firm.example>", "Return-Path: <>")
	assert understand((servers + PASSED_ON).encode()).by_machine


def test_a_persons_words_are_no_machines():
	raw = b"From: a@example.net\nSubject: Re: Hello\n\nYes, please\n"
	assert not understand(raw).by_machine
	assert understand(b"Auto-Submitted: auto-replied\n" + raw).by_machine


def test_bytes_that_are_no_mail_are_refused():
	with pytest.raises(MailError):
		understand(b"\x00\x01")


def test_no_class_but_for_bounces():
	for name in {row["file"] for row in rows()}:
		for report in finding_of(name).reports:
			assert (report.kind is Kind.BOUNCE) == isinstance(report.bounce_class, BounceClass)
