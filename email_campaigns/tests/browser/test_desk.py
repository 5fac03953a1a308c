"""The Desk opens in a browser, and so do the app's own lists and forms."""

import pytest


def test_the_desk_opens_for_an_administrator(desk, screenshot):
	desk.goto("/app")
	desk.wait_for_selector(".layout-main-section")
	screenshot("desk")
	assert not desk.errors


@pytest.mark.parametrize(
	"doctype", ["campaign", "mass-email", "target-list", "tracking-link", "email-campaign"]
)
def test_lists_and_new_forms_open_without_a_script_error(desk, screenshot, doctype):
	desk.goto(f"/app/{doctype}")
	desk.wait_for_selector(".list-row-container, .no-result", state="attached")
	screenshot(f"{doctype}-list")
	desk.goto(f"/app/{doctype}/new")
	desk.wait_for_selector(".form-layout")
	screenshot(f"{doctype}-form")
	assert not desk.errors


def test_the_scripts_of_a_form_are_loaded_with_that_form_alone(desk):
	desk.goto("/app/mass-email")
	desk.wait_for_selector(".list-row-container, .no-result", state="attached")
	assert desk.evaluate("Object.keys(email_campaigns).includes('mass_email')") is False
	desk.goto("/app/mass-email/new")
	desk.wait_for_selector(".form-layout")
	desk.wait_for_function("() => email_campaigns.mass_email")
	assert desk.evaluate("Object.keys(email_campaigns).includes('target_list')") is False


def test_the_list_of_suppressed_addresses_offers_to_forget_one(desk):
	desk.goto("/app/suppressed-email")
	desk.get_by_role("button", name="Forget an Address…").wait_for()
	assert not desk.errors


@pytest.mark.parametrize("report", ["Bounces", "Campaign Results", "Link Clicks", "Unsubscribes"])
def test_a_report_has_its_filters(desk, report):
	desk.goto(f"/app/query-report/{report}")
	desk.locator('.page-form [data-fieldname="mass_email"] input').wait_for()
	assert not desk.errors
