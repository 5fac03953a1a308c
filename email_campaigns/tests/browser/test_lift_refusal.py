"""A campaign manager lifts what one refusal of a server has suppressed."""

import pytest

from email_campaigns.tests.browser.clerk import DOMAIN, MANAGER, PASSWORD, Clerk, an_office

FAULT = "550 5.1.1 Journey: recipient address rejected, user unknown"
LATER = "550 5.2.1 Journey: the email account that you tried to reach is disabled"
LATER_KEY = "5 5.2.1 journey the email account that you tried to reach is disabled"
REFUSED = {FAULT: (f"ann@{DOMAIN}", f"bob@{DOMAIN}"), LATER: (f"cat@{DOMAIN}",)}


@pytest.fixture(scope="module")
def office(bench, chromium):
	with an_office(bench, chromium) as office:
		office.sign_in_administrator()
		for reply, addresses in REFUSED.items():
			for email in addresses:
				origin = f"GONE-1: The server said: {reply}"
				office.insert("Suppressed Email", email=email, reason="Hard Bounce", origin=origin)
		office.post("/api/method/logout")
		yield office


@pytest.fixture
def manager(office, sign_in):
	return Clerk(sign_in(MANAGER, PASSWORD))


def test_from_the_list_and_from_the_form(manager, screenshot):
	lift = "Lift All of This Refusal…"
	manager.go("suppressed-email")
	manager.press(lift)
	manager.dialog.locator("select:visible").select_option(LATER_KEY)
	manager.agree()
	assert "One refusal has suppressed 1 addresses" in manager.dialog.inner_text()
	manager.dismiss()

	manager.view.get_by_text(REFUSED[FAULT][0]).first.click()
	manager.settle()
	manager.press(lift)
	text = manager.dialog.inner_text()
	assert "One refusal has suppressed 2 addresses" in text
	assert "Mailings that no longer exist: 2 addresses" in text
	assert "user unknown" in text
	screenshot("lift-refusal")
	manager.dialog.locator(".btn-modal-primary:visible").click()
	manager.page.get_by_text("2 addresses were lifted.").first.wait_for()

	manager.go("suppressed-email")
	rows = manager.view.locator(".list-row-container").all_inner_texts()
	assert not any(email in row for email in REFUSED[FAULT] for row in rows)
	assert any(REFUSED[LATER][0] in row for row in rows)
	assert not manager.page.errors
