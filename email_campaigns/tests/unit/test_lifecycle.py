"""The tables of legal transitions, and the statuses of the doctypes, which agree with them."""

import json
from pathlib import Path

import pytest

from email_campaigns import lifecycle

DOCTYPES = Path(__file__).parents[2] / "email_campaigns" / "doctype"


@pytest.mark.parametrize("doctype", lifecycle.MACHINES)
def test_every_state_of_the_table_is_an_option_of_the_doctype(doctype):
	slug = doctype.lower().replace(" ", "_")
	fields = json.loads((DOCTYPES / slug / f"{slug}.json").read_text())["fields"]
	options = next(field["options"] for field in fields if field["fieldname"] == "status")
	# ERPNext offers no status, too, for an Email Campaign that has not been saved.
	assert set(options.split("\n")) - {""} == set(lifecycle.MACHINES[doctype])


@pytest.mark.parametrize("machine", lifecycle.MACHINES.values())
def test_transitions_lead_to_known_states_only(machine):
	assert {target for targets in machine.values() for target in targets} <= set(machine)


def test_a_cancelled_mailing_stays_cancelled():
	assert not lifecycle.MASS_EMAIL_TRANSITIONS["Cancelled"]


@pytest.mark.parametrize("ended", ["Complete", "Failed"])
def test_an_ended_mailing_goes_on_only_where_mails_are_sent_again(ended):
	assert lifecycle.MASS_EMAIL_TRANSITIONS[ended] == {"In Process"}


def test_a_sent_mail_is_never_queued_again():
	assert "Sent" not in lifecycle.origins("Campaign Message", "Queued")


def test_a_mailing_can_be_cancelled_in_every_unfinished_state():
	assert set(lifecycle.origins("Mass Email", "Cancelled")) == {
		"Draft",
		"Pending Approval",
		"Pending",
		"In Process",
		"Paused",
	}


def test_an_unknown_state_is_an_error():
	with pytest.raises(KeyError):
		lifecycle.may_change("Mass Email", "Asleep", "Pending")
