"""An A/B test: the version of each recipient, the problems with its form, and the findings before it goes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.chance import draw_label, hold_out
from email_campaigns.audience.decide import Candidate, Decision
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, WAITS_FOR_WINNER, ClaimedMail
from email_campaigns.delivery.mailing.mailing import (
	REST,
	ABTest,
	CcField,
	Mailing,
	MailText,
	Variant,
	ab_label,
)
from email_campaigns.mass_mailing.ab_versions import (
	BY_HAND,
	CLICKS,
	LABELS,
	OPENS,
	draw_versions,
	rest_version,
	versions_after_freeze,
	waits_until,
)
from email_campaigns.mass_mailing.freeze import count_slices, freeze_slice
from email_campaigns.mass_mailing.prepare import ab_rules
from email_campaigns.mass_mailing.prepare.ab_rules import ABPlan, ab_test_findings, problems_with_ab_test

EVERYBODY = [f"reader{number}@example.com" for number in range(20_000)]
HOUR, START = 3600, 1_800_000_000


def a_test(versions=2, percent=20, winner_by=CLICKS):
	variants = tuple(Variant(label, f"Subject {label}", f"<p>{label}</p>") for label in LABELS[1:versions])
	return ABTest(variants, percent, winner_by, "seed")


def a_mailing(test=None, **values):
	texts = dict.fromkeys(
		("title", "campaign", "sender_user", "account", "sender_address", "sender_name"), ""
	)
	return Mailing(name="M", subject="Subject", html="<p>A</p>", **texts, ab_test=test, **values)


def candidate(number, email, language="", **values):
	return Candidate(
		number, "L", f"@{email}", email, "Target List Member", str(number), language=language, **values
	)


def slices(people, size):
	return [people[first : first + size] for first in range(0, len(people), size)]


def frozen(mailing, size, **options):
	"""Freeze slice by slice; return {address: entry}."""
	people = [candidate(number, email) for number, email in enumerate(EVERYBODY[:500], 1)]
	return {
		entry.decision.candidate.email: entry
		for members in slices(people, size)
		for entry in freeze_slice(mailing, members, **options)
	}


@pytest.mark.parametrize("versions", [2, 3, 4])
@pytest.mark.parametrize("percent", [1, 20, 50, 100])
def test_the_share_is_parted_equally(versions, percent):
	labels = LABELS[:versions]
	numbers = Counter(map(draw_label("seed", percent, labels, REST), EVERYBODY))
	for label in labels:
		share = 100 * numbers[label] / len(EVERYBODY)
		assert share == pytest.approx(percent / versions, abs=1)
	assert numbers[REST] == len(EVERYBODY) - sum(numbers[label] for label in labels)
	assert percent < 100 or not numbers[REST]


@given(st.emails(), st.floats(0, 100), st.integers(2, 4), st.text(max_size=8))
def test_everybody_is_given_one_label_however_the_address_is_written(email, percent, versions, seed):
	draw = draw_label(seed, percent, LABELS[:versions], REST)
	assert draw(email) in (*LABELS[:versions], REST)
	assert draw(email) == draw(email.upper()) == draw_label(seed, percent, LABELS[:versions], REST)(email)


@given(st.floats(0, 100), st.floats(0, 100), st.integers(2, 4))
def test_a_larger_share_takes_nobody_out_of_the_test(one, other, versions):
	small, large = (draw_label("s", share, LABELS[:versions], REST) for share in sorted((one, other)))
	assert not [email for email in EVERYBODY[:300] if small(email) != REST and large(email) == REST]


def test_the_draw_has_nothing_to_do_with_the_hold_out_group():
	draw, held_out = draw_label("seed", 50, ("A", "B"), REST), hold_out("seed", 50)
	within = Counter(draw(email) for email in EVERYBODY if not held_out(email))
	assert within["A"] / within.total() == pytest.approx(0.25, abs=0.02)
	assert within[REST] / within.total() == pytest.approx(0.5, abs=0.02)


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_freeze_that_is_cut_elsewhere_gives_the_same(one, other):
	mailing = a_mailing(a_test(3))
	first, second = frozen(mailing, one), frozen(mailing, other)
	assert {email: entry.version for email, entry in first.items()} == {
		email: entry.version for email, entry in second.items()
	}


def test_what_is_counted_is_what_is_frozen():
	mailing = a_mailing(a_test(4, 40))
	people = [candidate(number, email) for number, email in enumerate(EVERYBODY[:500], 1)]
	counted = count_slices(mailing, slices(people, 70))
	assert counted["versions"] == Counter(entry.version for entry in frozen(mailing, 100).values())
	assert sum(counted["versions"].values()) == counted["planned"] == 500


def test_the_rest_waits_beyond_any_time_and_sooner_than_a_copy():
	entries = frozen(a_mailing(a_test()), 500, times=dict.fromkeys(range(1, 501), START))
	waiting = {entry.send_after for entry in entries.values() if entry.version == REST}
	assert waiting == {WAITS_FOR_WINNER + START}
	assert {entry.send_after for entry in entries.values() if entry.version != REST} == {START}
	assert WAITS_FOR_WINNER > 4_000_000_000
	assert WAITS_FOR_WINNER + 4_000_000_000 < WAITS_FOR_MAIL
	assert waits_until(REST, 0) == WAITS_FOR_WINNER


def test_a_recipient_of_nothing_or_of_a_language_version_takes_no_part():
	mailing = a_mailing(a_test(2, 100), versions=(MailText("de", "Hallo", "<p>Hallo</p>"),))
	people = [
		candidate(1, "a@x.org", "de"),
		candidate(2, "b@x.org", opted_out=True),
		candidate(3, "c@x.org", "fr"),
	]
	entries = freeze_slice(mailing, people)
	assert [entry.version for entry in entries][:2] == ["", ""]
	assert entries[2].version in ("A", "B")


def test_colleagues_see_all_versions_in_turn_and_wait_for_none():
	seeds = [candidate(number, email) for number, email in enumerate(EVERYBODY[:5], 1)]
	entries = freeze_slice(a_mailing(a_test(3)), seeds, seeds=True)
	assert [entry.version for entry in entries] == ["A", "B", "C", "A", "B"]
	assert {entry.send_after for entry in entries} == {0}


def test_a_member_who_joins_later_is_of_the_rest():
	mail = [(Decision(candidate(1, "a@x.org"), "a:a@x.org"), "")]
	assert versions_after_freeze(a_test(2, 100), "")(mail) == [REST]
	assert versions_after_freeze(a_test(2, 100), "B")(mail) == ["Rest B"]
	assert versions_after_freeze(None, "")(mail) == draw_versions(None)(mail) == [""]


@pytest.mark.parametrize(
	("version", "edition"), [("", ""), ("A", ""), ("B", "B"), (REST, ""), ("Rest A", ""), ("Rest C", "C")]
)
def test_a_mail_is_made_by_its_version(version, edition):
	assert ab_label(version) == ClaimedMail(1, "a@x.org", "", "", version=version).edition == edition


def test_a_language_goes_before_a_version():
	mailing = a_mailing(a_test(3), versions=(MailText("de", "Hallo", "<p>Hallo</p>"),))
	assert mailing.editions == ("", "de", "B", "C")
	assert ClaimedMail(1, "a@x.org", "", "", language="de").edition == "de"
	assert [mailing.text(edition).subject for edition in mailing.editions] == [
		"Subject",
		"Hallo",
		"Subject B",
		"Subject C",
	]
	assert mailing.language_for("b") == "", "a version is no language"


def test_the_rest_has_no_version_without_a_test():
	assert rest_version(None, "B") == ""


GOOD = ABPlan(rows=[("Hi", "")], template="T", percent=20, winner_by=CLICKS, hours=24)
WRONG = {
	"at most four": {"rows": [("a", ""), ("b", ""), ("c", ""), ("d", "")]},
	"of its own": {"rows": [("Hi", ""), ("", "")]},
	"are the same": {"rows": [("Hi", ""), ("Hi", "T")]},
	"nothing to compare": {"rows": [("", "T")]},
	"above 0": {"percent": 0},
	"at most 100": {"percent": 100.1},
	"by what": {"winner_by": ""},
	"after 1 to": {"hours": 0},
	"1 to 744 hours": {"hours": 745},
	"before the winner": {"start": START, "deadline": START + 24 * HOUR},
	"the same language version": {"forced_language": "de"},
}


@pytest.mark.parametrize("words", WRONG)
def test_what_contradicts_itself_is_a_problem(words):
	(problem,) = problems_with_ab_test(ABPlan(**{**_values(GOOD), **WRONG[words]}))
	_field, sentence = problem
	assert words in str(sentence)


def _values(plan):
	return {name: getattr(plan, name) for name in ABPlan.__dataclass_fields__}


def test_what_is_right_is_no_problem():
	assert not list(problems_with_ab_test(GOOD))
	assert not list(problems_with_ab_test(ABPlan(percent=0, hours=0))), "a form without versions has no test"
	assert not list(
		problems_with_ab_test(ABPlan(**{**_values(GOOD), "start": START, "deadline": START + 24 * HOUR + 1}))
	)
	by_hand = {"winner_by": BY_HAND, "hours": 0, "start": START, "deadline": START + HOUR}
	assert not list(problems_with_ab_test(ABPlan(**{**_values(GOOD), **by_hand})))
	three = [("a", ""), ("", "Other"), ("a", "Other")]
	assert not list(problems_with_ab_test(ABPlan(**{**_values(GOOD), "rows": three})))


def findings(test=None, versions=None, winner_at=0, **values):
	mailing = a_mailing(test or a_test(), **{"track_opens": True, "track_links": True, **values})
	return [
		(finding.level, str(finding.sentence)) for finding in ab_test_findings(mailing, versions, winner_at)
	]


MANY = {"A": ab_rules.FEW, "B": ab_rules.FEW, REST: 800}
CHECKED = [
	({"versions": MANY}, "ok", "Mails of the test"),
	({"versions": {**MANY, "B": ab_rules.FEW - 1}}, "warning", "so few mails"),
	({"versions": {"A": 1000}}, "warning", "so few mails"),
	({"cc_fields": (CcField("Lead", "owner"),)}, "warning", "Copies (CC)"),
	({"test": a_test(winner_by=OPENS), "track_opens": False}, "error", "opens are not tracked"),
	({"track_links": False}, "warning", "only links that the template names"),
	({"informational": True, "track_links": False}, "error", "Informational mail"),
	({"deadline": START, "winner_at": START}, "error", "before the winner"),
	(
		{"test": a_test(winner_by=BY_HAND), "deadline": START, "winner_at": 0},
		"warning",
		"unless somebody chooses",
	),
]


@pytest.mark.parametrize(("values", "level", "words"), CHECKED)
def test_what_people_should_know_before_is_a_finding(values, level, words):
	((level_of_finding, text),) = findings(**values)
	assert (level_of_finding, words in text) == (level, True)


def test_a_test_that_nobody_has_counted_has_no_finding():
	assert findings() == []
	assert findings(deadline=START + 1, winner_at=START) == []
