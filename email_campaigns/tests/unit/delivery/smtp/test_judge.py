"""The meaning of refusals: a corpus of real replies of mail servers, and what no reply may do."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.delivery.smtp.judge import judge_refusal
from email_campaigns.delivery.smtp.replies import Refused, Reply, ReplyMeaning, parse_reply

CORPUS = Path(__file__).parents[3] / "data" / "smtp_replies.tsv"
STAGES = ("connect", "login", "mail", "rcpt", "data", "content")
UNSOURCED = ("first version of this table", "agreed example")
NO_EVIDENCE = ("", "5.0.0", "5.1.0", "5.2.0", "5.2.2", "5.3.0", "5.4.1", "5.5.0", "5.5.1", "5.7.1", "4.1.1")
ADDRESS_CODES = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
OTHER_CAUSES = (
	"Too many messages, try again later",
	"Rate limit exceeded",
	"exceeded hour limit",
	"Mailbox full",
	"over quota",
	"blocked using zen.spamhaus.org",
	"Message refused by policy",
	"Relay access denied",
	"account temporarily disabled",
	"Sender address rejected",
	"receiving mail at a rate that prevents additional messages",
)
# Neither part alone says that a recipient is unknown.
NOUNS = (
	"user mailbox recipient account address for this your the mail message rejected denied refused by "
	"unavailable error problem local system later host server"
)
ABSENCE = (
	"unknown invalid inactive disabled closed not found does exist no longer the command sender host "
	"client argument header service error"
)


def corpus() -> list[dict[str, str]]:
	with open(CORPUS, encoding="utf-8", newline="") as file:
		return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def reply_of(row: dict[str, str]) -> Reply:
	return parse_reply(row["reply"].replace("\\n", "\n").encode().split(b"\n"))


def meaning_of(stage: str, reply: Reply) -> ReplyMeaning:
	return judge_refusal(Refused(stage, reply))[0]


FINAL_BUT_NOT_BOUNCED = [row for row in corpus() if row["reply"][0] == "5" and row["meaning"] != "bounced"]


@pytest.mark.parametrize("row", corpus(), ids=lambda row: f"{row['stage']}-{row['reply'][:40]}")
def test_corpus(row):
	reply = reply_of(row)
	meaning, sentence = judge_refusal(Refused(row["stage"], reply))
	assert meaning is ReplyMeaning(row["meaning"]), str(sentence)
	assert str(sentence).endswith(f": {reply}")
	assert str(reply.code) in str(sentence)


def test_corpus_is_broad():
	rows = corpus()
	assert sum(row["source"] not in UNSOURCED for row in rows) >= 400
	assert {row["meaning"] for row in rows} == {meaning.value for meaning in ReplyMeaning}
	assert {row["stage"] for row in rows} == set(STAGES)
	assert len({(row["stage"], row["reply"]) for row in rows}) == len(rows)


def test_sentence_names_the_address():
	refusal = Refused("rcpt", Reply(550, "5.1.1", "No such user"))
	meaning, sentence = judge_refusal(refusal)
	assert meaning is ReplyMeaning.BOUNCED
	assert str(sentence) == "The server refused the address: 550 5.1.1 No such user"


@pytest.mark.parametrize("stage", STAGES)
def test_a_bare_code_suppresses_nobody(stage):
	for code in range(400, 600):
		meaning = meaning_of(stage, Reply(code, "", ""))
		assert meaning is not ReplyMeaning.BOUNCED
		if code in (421, 450, 451, 452, 454):
			assert meaning is ReplyMeaning.RETRY
		if stage in ("connect", "login", "mail") and code >= 500:
			assert meaning is ReplyMeaning.PAUSE


@given(st.sampled_from(STAGES), st.integers(400, 599), st.sampled_from(NO_EVIDENCE), st.text(max_size=80))
def test_any_text_without_evidence_suppresses_nobody(stage, code, enhanced, text):
	# No letters of Latin words: what hypothesis makes of them is no evidence by its spelling.
	text = "".join(char for char in text if not char.isascii())
	assert meaning_of(stage, Reply(code, enhanced, text)) is not ReplyMeaning.BOUNCED


@given(
	st.sampled_from(STAGES),
	st.integers(400, 599),
	st.sampled_from(NO_EVIDENCE),
	st.one_of(*(st.lists(st.sampled_from(words.split()), max_size=9) for words in (NOUNS, ABSENCE))),
)
def test_words_that_name_no_unknown_recipient_suppress_nobody(stage, code, enhanced, words):
	assert meaning_of(stage, Reply(code, enhanced, " ".join(words))) is not ReplyMeaning.BOUNCED


@pytest.mark.parametrize("stage", STAGES)
def test_a_refusal_of_something_else_suppresses_nobody_at_any_stage_with_any_code(stage):
	for row in FINAL_BUT_NOT_BOUNCED:
		for code in (450, 501, 550, 551, 553, 554, 556):
			assert meaning_of(stage, Reply(code, "", reply_of(row).text)) is not ReplyMeaning.BOUNCED, row


@given(
	st.sampled_from(STAGES),
	st.integers(500, 599),
	st.sampled_from(ADDRESS_CODES),
	st.sampled_from(OTHER_CAUSES),
	st.sampled_from(("{}", "{} User unknown", "User unknown {}", "<a@example.com>: Address rejected: {}")),
)
def test_a_code_of_the_address_beside_another_cause_suppresses_nobody(stage, code, enhanced, cause, frame):
	assert meaning_of(stage, Reply(code, enhanced, frame.format(cause))) is not ReplyMeaning.BOUNCED


@given(st.sampled_from(STAGES), st.integers(400, 499), st.sampled_from(ADDRESS_CODES), st.text(max_size=60))
def test_a_temporary_refusal_ends_no_mail(stage, code, enhanced, text):
	meaning = meaning_of(stage, Reply(code, enhanced.replace("5", "4", 1), text))
	assert meaning not in (ReplyMeaning.BOUNCED, ReplyMeaning.FAILED)


@given(st.sampled_from(["connect", "login", "mail"]), st.integers(400, 599), st.text(max_size=60))
def test_no_mail_ends_before_its_recipient_was_named(stage, code, text):
	assert meaning_of(stage, Reply(code, "", text)) not in (ReplyMeaning.BOUNCED, ReplyMeaning.FAILED)


@pytest.mark.parametrize("stage", ["connect", "login"])
@pytest.mark.parametrize(
	"words", ["", "Temporary authentication failure", "Service not available", "Greylisted"]
)
def test_a_temporary_refusal_of_a_session_goes_away_by_itself(stage, words):
	for code in (421, 450, 451, 452, 454):
		assert meaning_of(stage, Reply(code, "", words)) is ReplyMeaning.RETRY
