"""Who speaks in the mails of tests/data/inbound/speech, what they wrote, and until when they are away."""

import csv
from datetime import date
from pathlib import Path

import pytest

from email_campaigns.inbound.mail.ids import clues
from email_campaigns.inbound.mail.message import read
from email_campaigns.inbound.mail.recognise import recognise
from email_campaigns.inbound.speech.speaker import said
from email_campaigns.inbound.values import Clues, Kind
from email_campaigns.tracking.tokens import TokenRing

MAILS = Path(__file__).parents[2] / "data" / "inbound" / "speech"
RING = TokenRing({"k1": b"secret of this site"})
with (MAILS / "expected.tsv").open(encoding="utf-8", newline="") as table:
	EXPECTED = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def raw(name):
	return (MAILS / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("row", EXPECTED, ids=[row["file"] for row in EXPECTED])
def test_a_mail_says_what_is_expected(row):
	result = said(read(raw(row["file"])))
	assert result.kind is Kind(row["kind"]), str(result.why)
	assert result.back_on == (date.fromisoformat(row["back_on"]) if row["back_on"] else None)
	assert result.asks_to_leave == bool(row["leaves"])
	assert result.text == row["text"].replace("\\n", "\n")
	assert str(result.why)


@pytest.mark.parametrize("row", EXPECTED, ids=[row["file"] for row in EXPECTED])
def test_line_ends_of_the_wire_change_nothing(row):
	stored = raw(row["file"])
	assert said(read(stored.replace(b"\n", b"\r\n"))) == said(read(stored))


@pytest.mark.parametrize("row", EXPECTED, ids=[row["file"] for row in EXPECTED])
def test_each_of_them_is_recognised_and_leads_to_its_mail(row):
	stored = raw(row["file"])
	assert recognise(stored, RING.is_own, lambda provider_id: False)
	stated = clues(read(stored))
	assert stated != Clues()
	assert {RING.message_from_local_part(each.partition("@")[0]) for each in stated.message_ids} <= {123456}
	assert {RING.message_from_opt_out(each) for each in stated.senders} <= {123456}


@pytest.mark.parametrize(
	"header",
	[
		"X-Auto-Response-Suppress: All",
		"Precedence: bulk",
		"List-Id: <team.customer.example>",
		"X-Loop: team@customer.example",
		"Auto-Submitted: no",
		"X-MS-Exchange-Inbox-Rules-Loop: ada@customer.example",
		"X-Zendesk-From-Account-Id: 1a2b3c",
	],
)
def test_a_header_that_people_have_makes_nobody_a_machine(header):
	people = [raw(row["file"]) for row in EXPECTED if row["kind"] == "Reply"]
	assert len(people) > 80
	marked = [f"{header}\n".encode() + mail for mail in people]
	assert {said(read(mail)).kind for mail in marked} == {Kind.REPLY}


def test_there_are_mails_of_every_kind_and_each_file_is_expected():
	assert {row["kind"] for row in EXPECTED} == {
		"Reply",
		"Automatic Answer",
		"Departed",
		"Opt-out",
		"Read Receipt",
	}
	assert {path.stem for path in MAILS.glob("*.eml")} == {row["file"] for row in EXPECTED}
	assert len(EXPECTED) >= 50
