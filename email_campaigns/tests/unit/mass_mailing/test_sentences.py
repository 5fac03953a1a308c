"""Sentences that explain to a recipient why they got a mailing, or did not."""

import pytest

from email_campaigns import lifecycle
from email_campaigns.audience import decide
from email_campaigns.mass_mailing.explain import sentences
from email_campaigns.mass_mailing.explain.sentences import MailFacts, SuppressionFacts, WaitReasons
from email_campaigns.text import Sentence

EMAIL = "ada@x.org"


def explain(status, **values):
	return str(sentences.explain_mail(MailFacts(status, EMAIL, **values)))


def explain_exclusion(reason, *facts):
	return str(sentences.explain_exclusion(reason, *facts))


def explain_outlook(email, reason):
	return str(sentences.explain_outlook(email, reason))


@pytest.mark.parametrize("status", lifecycle.CAMPAIGN_MESSAGE_TRANSITIONS)
def test_every_status_has_a_sentence_with_the_address(status):
	sentence = explain(status, reason="Because", sent="Monday")
	assert EMAIL in sentence
	assert sentence.endswith((".", "Because"))
	assert "{" not in sentence


def test_a_sent_mail_and_what_became_of_it():
	sentence = explain("Sent", sent="Monday", opened="Tuesday", clicked="Wednesday", opted_out="Friday")
	assert sentence == (
		"The mail was sent to ada@x.org on Monday. It was opened on Tuesday."
		" A link in it was clicked on Wednesday. They unsubscribed with it on Friday."
	)


def test_a_mail_that_came_back():
	assert explain("Sent", sent="Monday", bounced="Tuesday").endswith(
		"It came back as undeliverable on Tuesday."
	)


def test_a_mail_that_came_back_says_what_the_server_said():
	said = "5.1.1 user unknown, reported by mx.example"
	assert "It bounced on 3 Nov: 5.1.1 user unknown, reported by mx.example." in explain(
		"Sent", sent="2 Nov", bounced="3 Nov", report=said
	)


def test_a_mail_that_was_sent_again():
	assert (
		explain("Sent", sent="Monday", resent=True) == "The mail was sent to ada@x.org once more on Monday."
	)


def test_a_copy_names_the_mail_that_it_is_a_copy_of():
	sentence = explain("Sent", sent="Monday", copy_of="bob@x.org")
	assert sentence == "As CC of the mail to bob@x.org: ada@x.org got a copy on Monday."
	assert explain("Failed", reason="554 no", copy_of="bob@x.org").startswith(
		"As CC of the mail to bob@x.org: The mail"
	)


def test_the_seed_group_is_named():
	assert explain("Sent", sent="Monday", seed=True).startswith("As one of the seed group: ")


def test_a_failure_has_the_words_of_the_server():
	assert explain("Failed", reason="554 Spam") == "The mail to ada@x.org failed: 554 Spam"
	sentence = explain("Failed", reason="550 No such user", bounced="Monday")
	assert "refused for good" in sentence
	assert sentence.endswith("The mail server said: 550 No such user")


@pytest.mark.parametrize(
	("waits", "words"),
	[
		(WaitReasons(), "one of the next"),
		(WaitReasons(paused=True), "The mailing is paused."),
		(
			WaitReasons(paused=True, hindrance="The server refused the login."),
			"paused. The server refused the login.",
		),
		(WaitReasons(hindrance="Muted."), "Muted."),
		(WaitReasons(for_mail=True, due="noon"), "once the mail itself has left"),
		(WaitReasons(refused="451 Later.", due="noon"), "saying: 451 Later. It is tried again on noon."),
		(WaitReasons(optimised=True, due="noon"), "Its best hour begins on noon."),
		(WaitReasons(due="noon"), "may leave from noon on"),
		(
			WaitReasons(limit="x.org", opens="noon"),
			"x.org: this limit is reached, and the next mail may leave on noon.",
		),
		(WaitReasons(due="noon", limit="x.org", opens="one"), "may leave from noon on"),
	],
)
def test_a_queued_mail_names_the_first_thing_that_it_waits_for(waits, words):
	sentence = explain("Queued", waits=waits)
	assert sentence.startswith("The mail to ada@x.org is waiting.")
	assert words in sentence


REASONS = [
	value
	for name, value in vars(decide).items()
	if name.isupper() and isinstance(value, str) and not name.startswith("PER_")
]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_for_leaving_somebody_out_has_a_sentence_of_its_own(reason):
	sentence = explain_exclusion(reason)
	assert sentence.endswith(".")
	assert sentence != reason
	assert sentence in explain("Skipped", reason=reason)
	assert sentence in explain_outlook(EMAIL, reason)


def test_an_unsubscription_says_when_and_by_what():
	suppression = SuppressionFacts("Unsubscribed", "Monday", "mail 12: one click")
	assert explain("Skipped", reason="Unsubscribed", suppression=suppression) == (
		"Nothing was sent to ada@x.org. They unsubscribed on Monday. Known from: mail 12: one click"
	)
	assert "from News on Monday" in explain_exclusion(
		"Unsubscribed", SuppressionFacts("Unsubscribed", "Monday", "", "News")
	)


@pytest.mark.parametrize("reason", ["Hard Bounce", "Complaint", "Manual"])
def test_a_suppressed_address_says_since_when(reason):
	sentence = explain_exclusion(f"Suppressed: {reason}", SuppressionFacts(reason, "Monday", "MASS-1: 550"))
	assert sentence.endswith("It has been suppressed since Monday. Known from: MASS-1: 550")


def test_an_excluding_list_is_named():
	assert (
		explain_exclusion(decide.EXCLUDED_RECORD, SuppressionFacts(), ["Rivals"])
		== "They are on the excluding list Rivals."
	)


def test_a_reason_that_nobody_foresaw_is_given_as_it_is():
	assert explain_exclusion("CC field switched off") == "CC field switched off"


def test_the_outlook_before_the_start():
	assert explain_outlook(EMAIL, "") == "ada@x.org would get the mailing."
	assert (
		explain_outlook("", decide.NO_ADDRESS)
		== "This recipient would get nothing. Their record has no valid address."
	)


def test_a_member_who_joined_later():
	sentence = str(sentences.explain_late_member(EMAIL, "News", "Monday"))
	assert "ada@x.org joined the list News on Monday, after" in sentence


def test_a_stranger_is_on_no_list():
	assert str(sentences.explain_stranger(EMAIL)) == "ada@x.org is on no list of this mailing."
	suppression = SuppressionFacts("Unsubscribed", "Monday")
	sentence = str(sentences.explain_stranger(EMAIL, suppression, ["Rivals"]))
	assert sentence.endswith("They are on the excluding list Rivals. They unsubscribed on Monday.")


def in_capitals(sentence):
	"""Translate a sentence as email_campaigns.translation does, into a language of capital letters."""
	values = [in_capitals(value) if isinstance(value, Sentence) else value for value in sentence.values]
	return sentence.text.upper().format(*values)


def test_the_words_are_translated_and_the_values_are_not():
	sentence = sentences.explain_mail(MailFacts("Sending", EMAIL))
	assert in_capitals(sentence) == "THE MAIL TO ada@x.org IS LEAVING AT THIS MOMENT."
	skipped = sentences.explain_mail(MailFacts("Skipped", EMAIL, decide.NO_ADDRESS, seed=True))
	assert in_capitals(skipped) == (
		"AS ONE OF THE SEED GROUP: NOTHING WAS SENT TO ada@x.org. THEIR RECORD HAS NO VALID ADDRESS."
	)
