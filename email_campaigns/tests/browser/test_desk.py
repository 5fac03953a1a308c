"""The Desk opens in a browser, and so do the app's own lists and forms."""

import pytest


def test_the_desk_opens_for_an_administrator(desk, screenshot):
	desk.goto("/app")
	desk.wait_for_selector(".layout-main-section")
	screenshot("desk")
	assert not desk.errors


@pytest.mark.parametrize("doctype", ["campaign", "mass-email", "target-list", "tracking-link"])
def test_lists_and_new_forms_open_without_a_script_error(desk, screenshot, doctype):
	desk.goto(f"/app/{doctype}")
	desk.wait_for_selector(".list-row-container, .no-result", state="attached")
	screenshot(f"{doctype}-list")
	desk.goto(f"/app/{doctype}/new")
	desk.wait_for_selector(".form-layout")
	screenshot(f"{doctype}-form")
	assert not desk.errors
