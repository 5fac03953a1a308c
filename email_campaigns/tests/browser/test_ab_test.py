"""An A/B test at the Desk: a campaign user makes the versions, sees how they do, and chooses the winner."""

import json
import re
from contextlib import suppress
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from email_campaigns.tests.browser.clerk import (
	ACCOUNT,
	BACKGROUND,
	DOMAIN,
	PASSWORD,
	PREFIX,
	USER,
	Clerk,
	an_office,
)

CHROME = (
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
	" Chrome/126.0.0.0 Safari/537.36"
)
CAMPAIGN, TEMPLATE, TITLE, LIST = (f"{PREFIX} {name}" for name in ("Test", "Words", "Compared", "Readers"))


@pytest.fixture(scope="module")
def office(bench, chromium):
	with an_office(bench, chromium) as office:
		office.sign_in_administrator()
		yield office


@pytest.fixture
def mailing(office):
	office.insert("Campaign", campaign_name=CAMPAIGN)
	html = '<p>Come and <a href="https://shop.example/spring">see</a></p>'
	office.insert("Email Template", name=TEMPLATE, subject="Spring is here", use_html=1, response_html=html)
	office.insert("Target List", title=LIST)
	for number in range(24):
		office.insert("Target List Member", target_list=LIST, email=f"reader{number}@{DOMAIN}")
	values = {"title": TITLE, "campaign": CAMPAIGN, "email_template": TEMPLATE, "sender_account": ACCOUNT}
	values["target_lists"] = [{"target_list": LIST}]
	answer = office.requests.post("/api/resource/Mass Email", data=json.dumps(values))
	assert answer.ok, answer.text()[:500]
	return answer.json()["data"]["name"]


def click(bench, mail):
	"""Follow the first tracked link of a received mail, as a person's browser does."""
	path = re.search(r'/ec/c/[^"]+', mail.parsed.get_body(("html",)).get_content())[0]
	request = Request(bench.url + path, headers={"User-Agent": CHROME}, method="GET")
	with suppress(OSError):  # where the link leads does not exist
		build_opener(Stay).open(request, timeout=30)


class Stay(HTTPRedirectHandler):
	def redirect_request(self, *arguments):
		return None


def test_a_user_compares_two_subjects_and_chooses_one(bench, office, mailing, sign_in, screenshot):
	clerk = Clerk(sign_in(USER, PASSWORD))
	clerk.go(f"mass-email/{mailing}")
	clerk.view.locator(".section-head", has_text="Versions to Compare").click()
	grid = clerk.view.locator('[data-fieldname="ab_versions"]')
	grid.locator(".grid-add-row").click()
	cell = grid.locator('.grid-body [data-fieldname="subject"]').first
	cell.click()
	cell.locator("input").first.fill("Your garden in spring")
	clerk.fill("ab_percent", "60")
	clerk.save()
	assert grid.locator('.grid-body [data-fieldname="label"]').first.inner_text().strip() == "B"
	grid.scroll_into_view_if_needed()
	screenshot("ab-versions")

	clerk.press("Preview…")
	clerk.dialog.locator(".ec-subject", has_text="Spring is here").wait_for()
	clerk.dialog.locator('[data-fieldname="version"] select').select_option("B")
	clerk.dialog.locator(".ec-subject", has_text="Your garden in spring").wait_for()
	screenshot("ab-preview")
	clerk.dismiss()

	clerk.press("Prepare…")
	assert "so few mails" in clerk.dialog.inner_text()
	screenshot("ab-prepare")
	clerk.agree()
	clerk.waits_for_status("In Process")
	standing = clerk.view.locator(".ec-ab-standing", has_text="Recipients who wait for the winner")
	standing.wait_for(timeout=BACKGROUND)
	waiting = int(re.search(r"winner: (\d+)", standing.inner_text())[1])
	sent = clerk.view.locator('a[data-states="Sent"] > span:first-child', has_text=str(24 - waiting))
	sent.wait_for(timeout=BACKGROUND)
	clerk.page.wait_for_timeout(6000)  # within five seconds after sending, only bots click
	for mail in office.server.messages:
		if "garden" in mail.parsed["Subject"]:
			click(bench, mail)
	clerk.page.reload()
	clerk.view.locator(".ec-ab-versions").wait_for()
	assert "B is ahead of A" in clerk.view.locator('[data-fieldname="ab_html"]').inner_text()
	clerk.view.locator(".ec-ab-versions").scroll_into_view_if_needed()
	screenshot("ab-waits")

	clerk.press("Choose Winner…")
	clerk.dialog.locator('[data-fieldname="version"] select').select_option("B")
	clerk.page.wait_for_timeout(500)  # the dialog fades in
	screenshot("ab-choose")
	clerk.agree()
	clerk.view.locator(".ec-ab-standing", has_text="Cora chose version B").wait_for(timeout=BACKGROUND)
	clerk.waits_for_status("Complete")
	screenshot("ab-chosen", full_page=True)
	received = [to for mail in office.server.messages for to in mail.recipients]
	assert len(received) == len(set(received)) == 24
	assert not clerk.page.errors
