"""The text of a mailing that a recipient gets."""

import pytest

from email_campaigns.delivery.mailing.mailing import Mailing, MailText

TEXTS = dict.fromkeys(
	("name", "title", "campaign", "sender_user", "account", "sender_address", "sender_name"), ""
)


def mailing(**values):
	versions = tuple(MailText(language, f"in {language}", "") for language in ("de", "pt", "pt-BR"))
	return Mailing(subject="for everybody", html="", versions=versions, **TEXTS, **values)


@pytest.mark.parametrize(
	("language", "expected"),
	[
		("de", "de"),
		("de-AT", "de"),
		("DE_at", "de"),
		("pt-BR", "pt-BR"),
		("pt-PT", "pt"),
		("fr", ""),
		("", ""),
	],
)
def test_the_recipient_gets_the_text_in_the_nearest_language(language, expected):
	assert mailing().language_for(language) == expected


def test_one_language_can_be_forced_upon_all():
	assert {mailing(forced_language="pt").language_for(language) for language in ("de", "fr", "")} == {"pt"}


def test_a_language_without_a_text_gets_the_text_for_everybody():
	assert mailing().text("fr").subject == "for everybody"
	assert mailing().text("de").subject == "in de"
