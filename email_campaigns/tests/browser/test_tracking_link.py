"""A tracked link at the Desk: what its form says, and what a new mailing takes over from the settings."""

import pytest

from email_campaigns.tests.browser.clerk import Clerk

TITLE = "Journey offer of the week"


@pytest.fixture
def clerk(desk):
	yield Clerk(desk)
	answer = desk.request.get(f'/api/resource/Tracking Link?filters=[["title","=","{TITLE}"]]')
	for row in answer.json()["data"]:
		desk.request.delete(f"/api/resource/Tracking Link/{row['name']}", headers=token(desk))


def token(page):
	return {"X-Frappe-CSRF-Token": page.evaluate("() => frappe.csrf_token")}


def test_a_link_shows_the_code_to_paste_and_copies_it(clerk, screenshot):
	page = clerk.page
	page.context.grant_permissions(["clipboard-read", "clipboard-write"])
	clerk.go("tracking-link/new")
	clerk.fill("title", TITLE)
	clerk.fill("url", "shop.example/no-scheme")
	clerk.press_save(page.locator(".msgprint", has_text="must begin with http").wait_for)
	clerk.dismiss()
	clerk.fill("url", "https://shop.example/offer")
	clerk.save()
	code = clerk.view.locator(".ec-code").first
	name = page.evaluate("() => cur_frm.doc.name")
	assert code.locator("code").inner_text() == f"{{trackingUrl:{name}}}"
	code.locator("button").click()
	page.locator(".desk-alert").first.wait_for()
	screenshot("tracking-link")
	assert not page.errors


def test_a_new_mailing_is_tracked_as_the_settings_say(clerk):
	clerk.go("mass-email/new")
	clerk.page.wait_for_function("() => cur_frm.doc.track_opens === 1 && cur_frm.doc.track_links === 1")
	assert not clerk.page.errors
