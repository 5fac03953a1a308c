"""How hard a bounce is, by the words and codes of a report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.inbound.reports.severity import classify
from email_campaigns.inbound.values import BounceClass
from email_campaigns.tests.unit.delivery.smtp.test_judge import corpus, reply_of

HARD, SOFT, BLOCKED = BounceClass.HARD, BounceClass.SOFT, BounceClass.BLOCKED
CASES = [
	(HARD, "550 5.1.1 <a@example.net>: User unknown", ""),
	(HARD, "User unknown", "5.1.1"),
	(HARD, "554 5.0.0 Service unavailable; mail.local: unknown user: a", "5.0.0"),
	(HARD, "450 4.1.1 <a@example.net>: Recipient address rejected: User unknown", "4.1.1"),
	(HARD, "host mx said: 550 5.1.1 no such user\nI'm not going to try again; in the queue too long", ""),
	(HARD, "Name service error for name=gone.example type=MX: Host not found", "5.4.4"),
	(SOFT, "Name service error for name=gone.example type=MX: Host not found, try again", "4.4.3"),
	(SOFT, "DNS type 'mx' lookup of gone.example responded with code NXDOMAIN", "4.0.0"),
	(SOFT, "552 5.2.2 mailbox is full", "5.1.1"),
	(SOFT, "connect to mx.example.net: Connection timed out", "5.4.1"),
	(SOFT, "550 5.0.0 message expired", "5.0.0"),
	(SOFT, "554 5.4.6 Hop count exceeded - possible mail loop", ""),
	(SOFT, "procmail: Couldn't create /var/mail/a id: mx.example.net: No such user", "5.1.1"),
	(SOFT, "", ""),
	(SOFT, "550 5.2.1 The user you are trying to contact is receiving mail at a rate", "5.2.1"),
	(BLOCKED, "550 5.7.26 This mail is unauthenticated, which poses a security risk", ""),
	(BLOCKED, "550 5.7.515 Access denied, sending domain does not meet the authentication level", ""),
	(BLOCKED, "550 SPF check failed", ""),
	(BLOCKED, "552 5.3.4 Message too large", ""),
	(BLOCKED, "554 5.7.1 Message contains spam", ""),
	(BLOCKED, "550 5.1.8 Sender address rejected: Domain not found", ""),
	(BLOCKED, "SMTP error after MAIL FROM:<a@example.com>: 550 No such domain", "5.7.1"),
	(BLOCKED, "550 5.1.1 203.0.113.7 has sent to too many recipients this hour", ""),
	(BLOCKED, "", "5.7.1"),
]


@pytest.mark.parametrize(("bounce_class", "words", "status"), CASES)
def test_class(bounce_class, words, status):
	assert classify((words,), status)[0] is bounce_class


def test_code_of_the_words_comes_before_a_vague_status():
	assert classify(("550 5.1.1 unknown",), "5.0.0")[1] == "5.1.1"
	assert classify(("550 5.1.1 unknown",), "5.1.10")[1] == "5.1.10"
	assert classify(("198.51.100.7 does not answer",))[1] == ""


@pytest.mark.parametrize(
	"row", [row for row in corpus() if row["meaning"] == "bounced"], ids=lambda row: row["reply"]
)
def test_what_ends_an_address_in_a_session_ends_it_in_a_report(row):
	assert classify((f"host mx.example.net said: {reply_of(row)}",))[0] is HARD


@pytest.mark.parametrize(
	"row",
	[
		row
		for row in corpus()
		if row["meaning"] in ("pause", "throttled") and row["stage"] in ("rcpt", "content")
	],
	ids=lambda row: row["reply"],
)
def test_what_is_the_senders_fault_in_a_session_ends_no_address(row):
	assert classify((str(reply_of(row)),))[0] is not HARD


@given(st.text(max_size=300), st.sampled_from(("", "5.0.0", "5.7.1", "4.4.7", "5.2.2")))
def test_any_words_have_a_class(words, status):
	assert isinstance(classify((words,), status)[0], BounceClass)
