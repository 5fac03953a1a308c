"""Sentences that a recipient can be told."""

import pytest

from email_campaigns import lifecycle
from email_campaigns.audience import decide
from email_campaigns.mass_mailing.explain import sentences
from email_campaigns.mass_mailing.explain.sentences import MailFacts, SuppressionFacts, WaitReasons

EMAIL = "ada@x.org"


def tell(status, **values):
	return sentences.explain_mail(MailFacts(status, EMAIL, **values), str)


@pytest.mark.parametrize("status", lifecycle.CAMPAIGN_MESSAGE_TRANSITIONS)
def test_every_status_has_a_sentence_with_the_address(status):
	told = tell(status, reason="Because", sent="Monday")
	assert EMAIL in told
	assert told.endswith((".", "Because"))
	assert "{" not in told


def test_a_sent_mail_and_what_became_of_it():
	told = tell("Sent", sent="Monday", opened="Tuesday", clicked="Wednesday", opted_out="Friday")
	assert told == (
		"The mail was sent to ada@x.org on Monday. It was opened on Tuesday. A link in it was clicked on Wednesday."
		" They unsubscribed with it on Friday."
	)


def test_a_mail_that_came_back():
	assert tell("Sent", sent="Monday", bounced="Tuesday").endswith(
		"It came back as undeliverable on Tuesday."
	)


def test_a_mail_that_was_sent_again():
	assert tell("Sent", sent="Monday", again=True) == "The mail was sent to ada@x.org once more on Monday."


def test_a_copy_names_the_mail_that_it_is_a_copy_of():
	told = tell("Sent", sent="Monday", copy_of="bob@x.org")
	assert told == "As CC of the mail to bob@x.org: ada@x.org got a copy on Monday."
	assert tell("Failed", reason="554 no", copy_of="bob@x.org").startswith(
		"As CC of the mail to bob@x.org: The mail"
	)


def test_the_seed_group_is_named():
	assert tell("Sent", sent="Monday", seed=True).startswith("As one of the seed group: ")


def test_a_failure_has_the_words_of_the_server():
	assert tell("Failed", reason="554 Spam") == "The mail to ada@x.org failed: 554 Spam"
	told = tell("Failed", reason="550 No such user", bounced="Monday")
	assert "refused for good" in told
	assert told.endswith("The mail server said: 550 No such user")


@pytest.mark.parametrize(
	("waits", "words"),
	[
		(WaitReasons(), "one of the next"),
		(WaitReasons(paused=True), "The mailing is paused."),
		(
			WaitReasons(paused=True, held="The server refused the login."),
			"paused. The server refused the login.",
		),
		(WaitReasons(held="Muted."), "Muted."),
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
def test_what_a_mail_waits_for(waits, words):
	told = tell("Queued", waits=waits)
	assert told.startswith("The mail to ada@x.org is waiting.")
	assert words in told


REASONS = [
	value
	for name, value in vars(decide).items()
	if name.isupper() and isinstance(value, str) and not name.startswith("PER_")
]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_for_leaving_somebody_out_has_a_sentence_of_its_own(reason):
	told = sentences.explain_exclusion(reason, str)
	assert told.endswith(".")
	assert told != reason
	assert told in tell("Skipped", reason=reason)
	assert told in sentences.explain_outlook(EMAIL, reason, str)


def test_an_unsubscription_says_when_and_by_what():
	kept = SuppressionFacts("Unsubscribed", "Monday", "mail 12: one click")
	assert tell("Skipped", reason="Unsubscribed", kept=kept) == (
		"Nothing was sent to ada@x.org. They unsubscribed on Monday. Known from: mail 12: one click"
	)
	assert "from News on Monday" in sentences.explain_exclusion(
		"Unsubscribed", str, SuppressionFacts("Unsubscribed", "Monday", "", "News")
	)


@pytest.mark.parametrize("reason", ["Hard Bounce", "Complaint", "Manual"])
def test_a_suppressed_address_says_since_when(reason):
	told = sentences.explain_exclusion(
		f"Suppressed: {reason}", str, SuppressionFacts(reason, "Monday", "MASS-1: 550")
	)
	assert told.endswith("It is suppressed since Monday. Known from: MASS-1: 550")


def test_an_excluding_list_is_named():
	assert (
		sentences.explain_exclusion(decide.EXCLUDED_RECORD, str, lists=["Rivals"])
		== "They are on the excluding list Rivals."
	)


def test_a_reason_that_nobody_foresaw_is_told_as_it_is():
	assert sentences.explain_exclusion("CC field switched off", str) == "CC field switched off"


def test_before_the_start():
	assert sentences.explain_outlook(EMAIL, "", str) == "ada@x.org would get the mailing."
	assert (
		sentences.explain_outlook("", decide.NO_ADDRESS, str)
		== "This recipient would get nothing. Their record has no valid address."
	)


def test_who_joined_later():
	told = sentences.explain_late_member(EMAIL, "News", "Monday", str)
	assert "ada@x.org joined the list News on Monday, after" in told


def test_a_stranger():
	assert sentences.explain_stranger(EMAIL, str) == "ada@x.org is on no list of this mailing."
	told = sentences.explain_stranger(EMAIL, str, SuppressionFacts("Unsubscribed", "Monday"), ["Rivals"])
	assert told.endswith("They are on the excluding list Rivals. They unsubscribed on Monday.")


def test_the_words_are_translated():
	assert sentences.explain_mail(
		MailFacts("Sending", EMAIL), lambda text: text.upper().replace("{0}", "{0}")
	).startswith("THE MAIL TO")
