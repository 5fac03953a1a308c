"""The app with Frappe CRM, on a site of its own: installed before it, sending, migrated, uninstalled.

Frappe CRM is the bench's own where it has one, else the stand-in under tests/data, which answers as it does.
"""

from html import unescape
from types import SimpleNamespace

import pytest

from email_campaigns.tests.site.kits.other_site import an_other_site

CRM_SOURCES = {"CRM Lead", "CRM Deal"}
SCRIPTS = {
	f"Email Campaigns: {doctype} ({view})"
	for doctype in ("CRM Lead", "CRM Deal", "Contact")
	for view in ("Form", "List")
}


@pytest.fixture(scope="module")
def journey(bench):
	"""All that the steps have shown, made once: they take about a minute."""
	with an_other_site(bench, "crm") as (site, server):
		yield _travel(site, server)


def _travel(site, server) -> SimpleNamespace:
	seen = SimpleNamespace()
	site.make()
	site.frappe("install-app", "email_campaigns")
	seen.without, seen.alone, seen.left = site.steps(
		("scripts_without_crm", {}), ("sources", {}), ("take_out_user", {})
	)
	site.frappe("install-app", "crm")
	seen.installed, seen.scripts, seen.offered, _changed = site.steps(
		("sources", {}), ("scripts", {}), ("offered", {}), ("change_scripts", {})
	)
	site.frappe("migrate", "--skip-search-index")
	seen.migrated, seen.migrated_scripts = site.steps(("sources", {}), ("scripts", {}))
	_send(site, server, seen)
	seen.put_back, seen.earlier = site.steps(("put_back_user", {}), ("an_earlier_version", {}))
	site.frappe("uninstall-app", "email_campaigns", "--yes", "--no-backup")
	return seen


def _send(site, server, seen) -> None:
	seen.at = site.step("seed", port=server.port)
	seen.mails = {mail.recipients[0].partition("@")[0]: mail for mail in _first_mails(server)}
	seen.ledger = site.step("ledger", mailing=seen.at["mailing"])
	site.step("read_mail", html=html_of(seen.mails["ann"]))
	asked = [(user, record) for user in ("seller", "clerk") for record in ("lead", "deal")]
	answers = site.steps(
		*(("activities", {"user": user, "name": seen.at[record]}) for user, record in asked),
		("choices", {"user": "seller"}),
		("choices", {"user": "clerk"}),
	)
	seen.activities = dict(zip(asked, answers, strict=False))
	(seen.previews,) = site.steps(("previews", {key: seen.at[key] for key in ("mailing", "deal")}))
	seen.choices = dict(zip(("seller", "clerk"), answers[-2:], strict=True))


def _first_mails(server) -> list:
	return [mail for mail in server.messages if str(mail.parsed["Subject"]).startswith("News")]


def html_of(mail) -> str:
	return unescape(mail.parsed.get_body(("html",)).get_content())


def test_without_frappe_crm_there_is_nothing_of_it(journey):
	assert journey.without is False
	assert not CRM_SOURCES & set(journey.alone)
	assert "User" in journey.alone


def test_its_records_are_recipients_as_soon_as_it_is_installed(journey):
	assert set(journey.installed) >= CRM_SOURCES | {"Contact"}


def test_what_an_administrator_took_out_stays_out_and_is_offered(journey):
	assert "User" not in journey.left
	assert "User" not in journey.installed
	assert "User" not in journey.migrated
	assert journey.offered == ["User"]


def test_what_is_put_back_is_no_longer_remembered_as_taken_out(journey):
	assert journey.put_back == ""


def test_an_upgrade_brings_back_only_what_no_earlier_version_filled_in(journey):
	assert journey.earlier == {"removed": "User", "added": ["CRM Lead"]}


def test_its_lists_and_forms_get_our_actions(journey):
	assert journey.scripts == dict.fromkeys(SCRIPTS, 1)


def test_a_migration_renews_the_scripts_and_leaves_a_disabled_one_disabled(journey):
	assert journey.migrated_scripts == {**dict.fromkeys(SCRIPTS, 1), "Email Campaigns: CRM Lead (List)": 0}


def test_a_deal_takes_name_and_address_from_its_primary_contact(journey):
	assert "Dear Cleo," in html_of(journey.mails["cleo"])
	assert journey.ledger[journey.at["deal"]] == ["Sent", "cleo@sending.example", ""]


def test_without_a_contact_it_takes_them_from_its_lead(journey):
	assert "Dear Bea," in html_of(journey.mails["bea"])


def test_a_preview_takes_it_only_from_a_contact_that_the_user_may_read(journey):
	readable, hidden = journey.previews
	assert "Dear Cleo," in readable
	assert "Dear Ann," in hidden, "from the lead, which they may read"


def test_its_own_name_wins(journey):
	assert "Dear Dora," in html_of(journey.mails["frida"])


def test_a_deal_without_anybody_is_skipped_with_a_reason(journey):
	status, _email, reason = journey.ledger[journey.at["empty"]]
	assert status == "Skipped"
	assert reason


def mails_in(journey, user, record):
	_status, (activities, *_rest) = journey.activities[user, record]
	return [activity for activity in activities if activity["activity_type"] == "communication"]


def lines_in(journey, user, record):
	_status, (activities, *_rest) = journey.activities[user, record]
	lines = [activity for activity in activities if activity["activity_type"] == "campaign_event"]
	return [(line["owner"], line["data"]["field_label"]) for line in lines]


def test_a_mass_mail_is_an_activity_with_its_text_and_state(journey):
	mails = {mail["data"]["subject"]: mail for mail in mails_in(journey, "seller", "lead")}
	mail = mails["News for Ann"]
	assert "Dear Ann," in mail["data"]["content"]
	assert "/ec/" not in mail["data"]["content"].replace("/ec/u/", ""), (
		"its reader's links are not a colleague's"
	)
	assert mail["data"]["recipients"] == "ann@sending.example"
	assert mail["data"]["delivery_status"] == "Clicked"
	assert mail["is_lead"] is True


def test_a_mail_that_is_a_communication_is_shown_once(journey):
	subjects = [mail["data"]["subject"] for mail in mails_in(journey, "seller", "lead")]
	assert sorted(subjects) == ["News for Ann", "Stored"]


def test_opens_and_clicks_are_activities_and_the_newest_comes_first(journey):
	lines = lines_in(journey, "seller", "lead")
	assert lines == [("ann@sending.example", "Clicked"), ("ann@sending.example", "Opened")]
	activities = journey.activities["seller", "lead"][1][0]
	times = [activity["creation"] for activity in activities]
	assert times == sorted(times, reverse=True)


def test_a_deal_shows_its_own_and_those_of_its_lead(journey):
	mails = mails_in(journey, "seller", "deal")
	shown = {(mail["data"]["subject"], mail["is_lead"]) for mail in mails}
	assert {("News for Cleo", False), ("News for Ann", True)} <= shown
	assert ("ann@sending.example", "Clicked") in lines_in(journey, "seller", "deal")


def test_who_may_not_read_campaign_mails_gets_what_frappe_crm_shows(journey):
	status, answer = journey.activities["clerk", "lead"]
	assert status == 200
	assert [mail["data"]["subject"] for mail in mails_in(journey, "clerk", "lead")] == ["Stored"]
	assert lines_in(journey, "clerk", "lead") == []
	assert len(answer) == 5


def test_the_actions_are_for_whoever_may_fill_a_list_or_enrol(journey):
	assert [row["value"] for row in journey.choices["seller"]["lists"]] == ["People"]
	assert journey.choices["seller"]["campaigns"]
	assert journey.choices["clerk"] == {"lists": [], "campaigns": []}
