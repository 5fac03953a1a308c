"""A campaign user overrules a warning of the check list, and a manager sees who did so before approving."""

import pytest

from email_campaigns.tests.browser.clerk import (
	ACCOUNT,
	DOMAIN,
	MANAGER,
	PASSWORD,
	PREFIX,
	USER,
	Clerk,
	an_office,
)

NAME = f"{PREFIX} Overrule"
HTML = """<p>Dear *|FNAME|*, <a href="http://wiki.local/a">read</a> or
<a href="tel:+49 30 123456">call</a>.</p>"""
WIDTHS = (1400, 390)


@pytest.fixture(scope="module")
def office(bench, chromium):
	with an_office(bench, chromium) as office:
		office.sign_in_administrator()
		office.insert("Target List", title=NAME)
		office.insert("Target List Member", target_list=NAME, email=f"ada@{DOMAIN}", first_name="Ada")
		office.insert("Campaign", campaign_name=NAME)
		office.insert("Email Template", name=NAME, subject="News", use_html=1, response_html=HTML)
		mailing = {"title": NAME, "campaign": NAME, "email_template": NAME, "sender_account": ACCOUNT}
		office.insert("Mass Email", **mailing, target_lists=[{"target_list": NAME}])
		office.set_approval("Needed, by another person")
		yield office


def test_a_campaign_user_overrules_each_warning_that_asks(office, sign_in, screenshot):
	clerk = Clerk(sign_in(USER, PASSWORD))
	press_on_mailing(clerk, "Prepare…")
	boxes = clerk.dialog.locator(".ec-overrule")
	assert boxes.count() == 2
	button = clerk.dialog.locator(".btn-modal-primary")
	assert button.is_disabled()
	assert clerk.dialog.locator('[data-level="error"]').count() == 0
	for width in WIDTHS:
		clerk.page.set_viewport_size({"width": width, "height": 900})
		screenshot(f"overrule-{width}", animations="disabled")
	boxes.nth(0).check()
	assert button.is_disabled()
	boxes.nth(1).check()
	assert button.is_enabled()
	boxes.nth(1).uncheck()
	assert button.is_disabled()
	boxes.nth(1).check()
	screenshot("overrule-ticked-390", animations="disabled")
	clerk.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
	clerk.agree()
	clerk.waits_for_status("Pending Approval")
	assert not clerk.page.errors


def test_the_manager_sees_who_has_overruled_them(office, sign_in, screenshot):
	manager = Clerk(sign_in(MANAGER, PASSWORD))
	press_on_mailing(manager, "Approve…")
	overruled = manager.dialog.locator(".ec-overruled").all_inner_texts()
	assert [text.startswith("Overruled by Cora on ") for text in overruled] == [True, True]
	assert manager.dialog.locator(".ec-overrule").count() == 0
	for width in WIDTHS:
		manager.page.set_viewport_size({"width": width, "height": 900})
		screenshot(f"overruled-{width}", animations="disabled")
	manager.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
	manager.agree()
	manager.waits_for_status("Complete")
	(mail,) = office.server.messages
	assert mail.recipients == (f"ada@{DOMAIN}",)
	assert b"tel:+49 30 123456" in mail.content.replace(b"=\r\n", b"")


def press_on_mailing(clerk, label):
	clerk.go(f"mass-email?campaign={NAME}")
	clerk.view.locator(".list-row", has_text=NAME).locator(".list-subject a").first.click()
	clerk.view.locator('.form-layout [data-fieldname="title"]').first.wait_for()
	clerk.settle()
	clerk.press(label)
	clerk.dialog.locator(".ec-calculation", has_text="= 1").wait_for()
