"""What reports say: mails written for the project from RFCs and manuals, with what is expected of each."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from email_campaigns.inbound.mail.message import read
from email_campaigns.inbound.reports.reader import reports_of
from email_campaigns.inbound.values import BounceClass, Kind

FOLDER = Path(__file__).parents[2] / "data" / "inbound"
NO_REPORT = ("Other", "", "", "")


def table() -> list[dict[str, str]]:
	with open(FOLDER / "expected.tsv", encoding="utf-8", newline="") as file:
		return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def expected() -> dict[str, set[tuple[str, ...]]]:
	"""Return {file: its reports as (kind, class, address, RFC 3463 code)}."""
	reports = defaultdict(set)
	for row in table():
		reports[row["file"]].add((row["kind"], row["class"], row["address"], row["enhanced"]))
	return dict(reports)


def rows_of(name: str) -> set[tuple[str, ...]]:
	reports = reports_of(read((FOLDER / f"{name}.eml").read_bytes()))
	return {
		(
			report.kind.value,
			report.bounce_class.value if report.bounce_class else "",
			report.address,
			report.enhanced,
		)
		for report in reports
	} or {NO_REPORT}


EXPECTED = expected()


@pytest.mark.parametrize("name", EXPECTED)
def test_report(name):
	assert rows_of(name) == EXPECTED[name]


def test_mails_are_many_and_of_every_kind():
	files = {path.stem for path in FOLDER.glob("*.eml")}
	assert files == set(EXPECTED)
	assert len(files) >= 100
	kinds = {row["kind"] for row in table()}
	assert kinds == {
		kind.value for kind in (Kind.BOUNCE, Kind.DELAY, Kind.DELIVERY, Kind.COMPLAINT, Kind.OTHER)
	}
	assert {row["class"] for row in table()} == {"", *(bounce_class.value for bounce_class in BounceClass)}


def test_hard_bounces_are_precise_and_complete():
	hard = {
		(name, *report)
		for name, reports in EXPECTED.items()
		for report in reports
		if report[1] == BounceClass.HARD.value
	}
	judged = {
		(name, *report)
		for name in EXPECTED
		for report in rows_of(name)
		if report[1] == BounceClass.HARD.value
	}
	assert judged <= hard
	assert len(judged) >= 0.98 * len(hard)


def report_about(addresses: list[str], fields: str = "Action: failed\nStatus: 5.1.1\n") -> bytes:
	words = "\n".join(
		f"<{address}>: host mx.example.net said: 550 5.1.1 User unknown" for address in addresses
	)
	blocks = "\n".join(f"Final-Recipient: rfc822; {address}\n{fields}" for address in addresses)
	return (
		"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
		'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
		f"--b\nContent-Type: text/plain\n\n{words}\n\n--b\nContent-Type: message/delivery-status\n\n"
		f"Reporting-MTA: dns; mx.example.net\n\n{blocks}\n--b--\n"
	).encode()


def test_a_report_about_300_recipients_has_a_report_of_each():
	addresses = [f"reader{number:03}@example.net" for number in range(300)]
	reports = reports_of(read(report_about(addresses)))
	assert [report.address for report in reports] == addresses
	assert {report.bounce_class for report in reports} == {BounceClass.HARD}
	assert {report.reporter for report in reports} == {"mx.example.net"}


def test_the_final_and_the_original_recipient_are_both_known():
	fields = "Original-Recipient: rfc822;reader@example.net\nAction: failed\nStatus: 5.1.1\n"
	[report] = reports_of(read(report_about(["r.eader@inside.example.net"], fields)))
	assert (report.address, report.original_address) == ("r.eader@inside.example.net", "reader@example.net")


@pytest.mark.parametrize(
	("words", "original"),
	[
		("  a@inside.example.net\n    (expanded from: <a@example.net>)", "a@example.net"),
		("  a@inside.example.net\n    (ultimately generated from a@example.net)", "a@example.net"),
	],
)
def test_the_address_that_was_forwarded_is_known_in_free_words(words, original):
	head = "From: MAILER-DAEMON@mx.example.net\nSubject: Returned mail\n\n"
	[report] = reports_of(read(f"{head}The following address(es) failed:\n\n{words}\n".encode()))
	assert (report.address, report.original_address) == ("a@inside.example.net", original)


def test_a_report_in_a_mail_that_a_person_forwards_is_none_of_that_mail():
	inner = report_about(["reader@example.net"]).decode()
	raw = (
		"From: Reader <reader@example.net>\nSubject: Fwd: Undelivered Mail\nMIME-Version: 1.0\n"
		'Content-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: text/plain\n\nWhat is this?\n'
		f"--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
	)
	assert reports_of(read(raw.encode())) == ()


def test_a_person_who_talks_about_a_failure_sends_no_report():
	words = "My mail could not be delivered, the mailbox is full.\n"
	for subject in ("Re: failure notice", "Fwd: Undelivered Mail", "Lunch", "Payment failed"):
		raw = f"From: Ada <ada@example.net>\nSubject: {subject}\n\n{words}"
		assert reports_of(read(raw.encode())) == ()


def test_a_report_in_free_words_names_the_host_that_sends_it():
	[report] = reports_of(read((FOLDER / "qmail_no_mailbox.eml").read_bytes()))
	assert report.reporter == "mx.example.net"


def test_the_words_of_one_address_do_not_judge_another():
	reports = reports_of(read((FOLDER / "qmail_two.eml").read_bytes()))
	assert ["over quota" in report.text for report in reports] == [False, True]
