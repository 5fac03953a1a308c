"""Mails and events in the form that Frappe CRM's front end shows."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.frappe_crm.activities import (
	ShownEvent,
	ShownMail,
	event_activity,
	mail_activity,
	with_own,
)

NOON = datetime(2026, 11, 29, 12)


def a_mail(minute=0, **values):
	values = {"subject": "News", "content": "<p>Hi</p>", "sender": "a@b.example", **values}
	mail = ShownMail(7, NOON + timedelta(minutes=minute), sender_name="A", email="jo@b.example", **values)
	return mail_activity(mail, is_lead=True)


@pytest.mark.parametrize(
	("opened", "clicked", "status"),
	[(False, False, "Sent"), (True, False, "Opened"), (True, True, "Clicked"), (False, True, "Clicked")],
)
def test_the_furthest_that_a_mail_came_is_its_state(opened, clicked, status):
	data = a_mail(opened=opened, clicked=clicked)["data"]
	assert data["delivery_status"] == status
	assert data["read_by_recipient"] == int(status != "Sent")


def test_a_reply_can_be_begun_from_it():
	"""The front end splits these texts at their commas."""
	data = a_mail()["data"]
	assert all(isinstance(data[field], str) for field in ("subject", "content", "recipients", "cc", "bcc"))


def test_an_event_names_the_mailing_and_the_link():
	event = ShownEvent(3, NOON, "Clicked", "Spring", "https://shop.example/", "jo@b.example")
	activity = event_activity(event, is_lead=False)
	assert activity["data"] == {"field_label": "Clicked", "value": "Spring · https://shop.example/"}
	assert (activity["owner"], activity["is_lead"]) == ("jo@b.example", False)


def test_an_event_of_an_unreadable_mailing_has_no_loose_dots():
	event = ShownEvent(3, NOON, "Opened", "", "", "jo@b.example")
	assert event_activity(event, is_lead=False)["data"]["value"] == ""


@given(st.lists(st.integers(0, 99)), st.lists(st.integers(0, 99)))
def test_all_are_shown_and_the_newest_comes_first(theirs, ours):
	answer = ([{"creation": NOON + timedelta(minutes=minute)} for minute in theirs], ["call"], [], [], [])
	activities, *rest = with_own(answer, [a_mail(minute) for minute in ours])
	times = [activity["creation"] for activity in activities]
	if ours:
		assert times == sorted(times, reverse=True)
	assert sorted(times) == sorted(NOON + timedelta(minutes=minute) for minute in theirs + ours)
	assert rest == [["call"], [], [], []]


@pytest.mark.parametrize("answer", [None, {}, {"activities": []}, (), ("text",), "text"])
def test_an_answer_of_a_later_version_is_not_touched(answer):
	assert with_own(answer, [a_mail()]) is answer
