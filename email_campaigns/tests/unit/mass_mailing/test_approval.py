"""An approval is bound to what is sent and to whom, not to when."""

from dataclasses import fields, replace

import pytest

from email_campaigns.audience.decide import PER_RECORD
from email_campaigns.delivery.mailing.mailing import ABTest, CcField, Mailing, MailText, Stream, Variant
from email_campaigns.mass_mailing.ab_versions import BY_HAND, CLICKS, OPENS
from email_campaigns.mass_mailing.approval import fingerprint

APPROVED = Mailing(
	name="M-1",
	title="Spring",
	campaign="Shoes",
	subject="Hello",
	html="<p>Hello</p>",
	sender_user="jo@example.org",
	account="News",
	sender_address="news@example.org",
	sender_name="News & Co",
	lists=("Readers", "Buyers"),
	excluding=("Competitors", "Staff"),
	versions=(MailText("de", "Hallo", "<p>Hallo</p>"), MailText("fr", "Salut", "<p>Salut</p>")),
	cc_fields=(CcField("Lead", "owner"), CcField("Lead", "assistant")),
	holdout_percent=10,
	holdout_seed="seed",
)
TESTED = ABTest((Variant("B", "Hi", "<p>Hello</p>"), Variant("C", "Hello", "<p>Hi</p>")), 20, CLICKS, "seed")
CHANGED = {
	"ab_test": TESTED,
	"track_opens": True,
	"track_links": True,
	"title": "Summer",
	"campaign": "Boots",
	"subject": "Hello!",
	"html": "<p>Hello!</p>",
	"sender_user": "kim@example.org",
	"account": "Other",
	"sender_address": "other@example.org",
	"sender_name": "Other & Co",
	"reply_to": "answers@example.org",
	"informational": True,
	"lists": ("Readers",),
	"excluding": ("Competitors",),
	"duplicate_policy": PER_RECORD,
	"prefix": "[REMINDER]",
	"versions": (MailText("de", "Hallo", "<p>Hallo!</p>"), MailText("fr", "Salut", "<p>Salut</p>")),
	"forced_language": "de",
	"seed_list": "Colleagues",
	"holdout_percent": 5,
	"holdout_seed": "another",
	"cc_fields": (CcField("Lead", "owner"),),
}
FREE = {
	"optimised": True,
	"starts": 5,
	"deadline": 5,
	"hourly_rate": 5,
	"domain_rates": (("example.org", 5),),
	"spread_until": 5,
	"anchor": 5,
	"anchor_left": 5,
	"approval_hash": "any",
	"ab_winner": "B",
	"store_emails": True,
	"stream": Stream("Spring", 1, "kim@example.org"),
	"link_key": "k3 / 1",
	# With fewer rights a mail shows less, and it pauses where it would show less than was prepared.
	"authors": ("kim@example.org",),
	"joined": ("kim@example.org",),
}


@pytest.mark.parametrize("field", CHANGED)
def test_every_change_of_content_or_audience_is_another_mailing(field):
	assert fingerprint(replace(APPROVED, **{field: CHANGED[field]})) != fingerprint(APPROVED)


@pytest.mark.parametrize("field", FREE)
def test_times_and_pace_may_change(field):
	assert fingerprint(replace(APPROVED, **{field: FREE[field]})) == fingerprint(APPROVED)


def test_every_field_of_a_mailing_is_bound_or_free():
	"""Whoever adds a field decides here whether an approval covers it."""
	known = {"name", "doctype", *CHANGED, *FREE}
	assert {field.name for field in fields(Mailing)} - known == set()


@pytest.mark.parametrize("field", ["lists", "excluding", "versions", "cc_fields"])
def test_the_order_of_rows_does_not_matter(field):
	turned = replace(APPROVED, **{field: tuple(reversed(getattr(APPROVED, field)))})
	assert fingerprint(turned) == fingerprint(APPROVED)


def test_what_moves_from_one_field_to_the_next_is_a_change():
	moved = replace(APPROVED, lists=("Readers", "Buyers", "Competitors"), excluding=("Staff",))
	assert fingerprint(moved) != fingerprint(APPROVED)


@pytest.mark.parametrize(
	"changed",
	[
		{"variants": TESTED.variants[:1]},
		{"variants": TESTED.variants[::-1]},
		{"variants": (replace(TESTED.variants[0], subject="Hi!"), TESTED.variants[1])},
		{"variants": (replace(TESTED.variants[0], html="<p>Hi!</p>"), TESTED.variants[1])},
		{"percent": 30},
		{"winner_by": OPENS},
		{"winner_by": BY_HAND},
		{"seed": "another"},
	],
	ids=str,
)
def test_what_is_compared_and_by_what_is_approved_with_it(changed):
	tested = replace(APPROVED, ab_test=TESTED)
	assert fingerprint(replace(APPROVED, ab_test=replace(TESTED, **changed))) != fingerprint(tested)
	assert fingerprint(replace(tested, ab_winner="C")) == fingerprint(tested)


def test_it_is_the_same_tomorrow():
	"""Approvals are stored: a change of how they are computed voids all that there are."""
	assert fingerprint(APPROVED) == "414075458bc2c82aec016076542f15fbc03c60ca6fa0a850cd92bb01bd5a359f"
	assert fingerprint(replace(APPROVED, holdout_percent=10.0)) == fingerprint(APPROVED)
