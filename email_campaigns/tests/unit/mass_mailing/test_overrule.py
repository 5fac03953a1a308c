"""What a person has overruled on the check list, and when that counts no more."""

from email_campaigns.mass_mailing.prepare.checks import WARNING, Finding
from email_campaigns.mass_mailing.prepare.overrule import key_of, read_decisions, with_decisions
from email_campaigns.message.html.foreign_tags import tag_warnings
from email_campaigns.text import Sentence

ADA, BOB = {"by": "ada@x.example", "on": "2026-11-29 08:00:00"}, {"by": "bob@x.example", "on": "2026-11-30"}


def asking(text, *values):
	return Finding(WARNING, Sentence(text, *values), asks=True)


class TestKeys:
	def test_are_of_warnings_that_ask_alone(self):
		assert key_of(Finding(WARNING, Sentence("A")), "f") == ""
		assert key_of(asking("A"), "f")

	def test_change_with_the_content(self):
		assert key_of(asking("A"), "f") != key_of(asking("A"), "g")

	def test_stay_when_the_figures_of_a_sample_change(self):
		assert key_of(asking("For {0} of {1}", 3, 5), "f") == key_of(asking("For {0} of {1}", 4, 5), "f")

	def test_tell_the_placeholders_of_other_systems_apart(self):
		tags = [Finding(WARNING, sentence, asks=True) for sentence in tag_warnings("%NAME_A%", "%NAME_B%")]
		assert len({key_of(tag, "f") for tag in tags}) == 2


class TestDecisions:
	def test_are_kept_with_the_first_who_took_them(self):
		stored = with_decisions("", ["a", "b"], ["a"], ADA)
		assert read_decisions(with_decisions(stored, ["a", "b"], ["a", "b"], BOB)) == {"a": ADA, "b": BOB}

	def test_on_what_is_no_warning_are_not_stored(self):
		assert with_decisions("", ["a"], ["z"], ADA) == ""

	def test_on_a_warning_that_is_gone_are_dropped(self):
		stored = with_decisions("", ["a", "b"], ["a", "b"], ADA)
		assert read_decisions(with_decisions(stored, ["b"], [], BOB)) == {"b": ADA}

	def test_of_a_mailing_without_any_are_none(self):
		assert read_decisions(None) == read_decisions("") == {}
