"""A campaign user enrols a contact in a sequence from the list of contacts, and sees what came of it."""

import pytest

from email_campaigns.tests.browser.clerk import (
	ACCOUNT,
	BACKGROUND,
	DOMAIN,
	PREFIX,
	an_office,
)

CAROL = f"carol@{DOMAIN}"
CAMPAIGN, TEMPLATE = f"{PREFIX} Onboarding", f"{PREFIX} Welcome"


@pytest.fixture(scope="module")
def office(bench, chromium):
	with an_office(bench, chromium) as office:
		office.sign_in_administrator()
		office.insert(
			"Email Template",
			name=TEMPLATE,
			subject="Welcome",
			use_html=1,
			response_html="<p>Welcome, {{ doc.first_name }}</p>",
		)
		office.requests.put(f"/api/resource/Email Account/{ACCOUNT}", data={"default_outgoing": 1})
		office.post("/api/method/logout")
		yield office


def test_a_sequence_from_its_schedule_to_the_first_mail(clerk, office, screenshot):
	plan_the_schedule(clerk)
	screenshot("schedule")
	enrol_carol(clerk)
	clerk.page.get_by_text("1 recipients were enrolled").first.wait_for()
	look_at_the_steps(clerk)
	screenshot("email-campaign")
	look_at_the_mail(clerk)
	(mail,) = office.server.messages
	assert list(mail.recipients) == [CAROL]
	assert not clerk.page.errors


def plan_the_schedule(clerk):
	clerk.go("campaign/new")
	clerk.fill("campaign_name", CAMPAIGN)
	grid = clerk.view.locator('[data-fieldname="campaign_schedules"]')
	grid.locator(".grid-add-row").click()
	row = grid.locator(".grid-row").last
	cell = row.locator('[data-fieldname="email_template"]').first
	cell.click()
	# The row turns into fields in its own time.
	cell.locator("input:visible").press_sequentially(TEMPLATE)
	clerk.suggestion(TEMPLATE).click()
	row.locator('[data-fieldname="send_time"]').first.click()
	clerk.page.keyboard.type("0:00")
	clerk.save()


def enrol_carol(clerk):
	clerk.go("contact")
	row = clerk.view.locator(".list-row", has_text=CAROL).first
	row.locator(".list-row-checkbox").check()
	clerk.view.get_by_role("button", name="Actions").click()
	clerk.view.get_by_text("Enrol in Campaign", exact=True).click()
	clerk.pick("campaign", CAMPAIGN, within=clerk.dialog)
	clerk.agree()


def look_at_the_steps(clerk):
	clerk.go("email-campaign")
	clerk.view.locator(".list-row", has_text=CAMPAIGN).first.wait_for()
	clerk.view.locator(".list-row .list-subject a").first.click()
	steps = clerk.view.locator(".ec-steps")
	steps.wait_for()
	look_until(clerk, steps, lambda: "Sent" in steps.inner_text())
	assert "Sent" in steps.inner_text()


def look_at_the_mail(clerk):
	clerk.go("contact")
	clerk.view.locator(".list-row", has_text=CAROL).first.wait_for()
	clerk.view.locator(".list-row", has_text=CAROL).locator(".list-subject a").first.click()
	timeline = clerk.view.locator(".new-timeline")
	timeline.wait_for()
	mail = timeline.get_by_text("Welcome, Carol").first
	# The mail is stored a moment after its step is Sent.
	look_until(clerk, timeline, mail.is_visible)
	mail.wait_for()


def look_until(clerk, part, is_there):
	"""Reload the form until `part` of it shows what background work brings."""
	for _look in range(BACKGROUND // 1000):
		if is_there():
			break
		clerk.page.wait_for_timeout(1000)
		clerk.page.reload()
		part.wait_for()
		clerk.settle()
