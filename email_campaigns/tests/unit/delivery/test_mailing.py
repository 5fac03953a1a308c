"""Which version of a mailing a recipient gets."""

import pytest

from email_campaigns.delivery.mailing.mailing import Mailing, MailText

TEXTS = dict.fromkeys(
	("name", "title", "campaign", "sender_user", "account", "sender_address", "sender_name"), ""
)


def mailing(**values):
	versions = tuple(MailText(language, f"in {language}", "") for language in ("de", "pt", "pt-BR"))
	return Mailing(subject="for everybody", html="", versions=versions, **TEXTS, **values)


@pytest.mark.parametrize(
	("language", "version"),
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
def test_the_nearest_version_is_the_recipients(language, version):
	assert mailing().language_for(language) == version


def test_one_language_can_be_forced_upon_all():
	assert {mailing(forced_language="pt").language_for(language) for language in ("de", "fr", "")} == {"pt"}


def test_a_language_without_a_version_gets_what_everybody_gets():
	assert mailing().version("fr").subject == "for everybody"
	assert mailing().version("de").subject == "in de"
