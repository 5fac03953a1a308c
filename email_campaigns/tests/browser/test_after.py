"""A campaign user answers somebody who did not get a mailing: why, and here it is again."""

import pytest

from email_campaigns.tests.browser.clerk import (
	ACCOUNT,
	DOMAIN,
	PREFIX,
	arrived,
)

CAROL = f"carol@{DOMAIN}"
LIST, CAMPAIGN, TEMPLATE, TITLE = (f"{PREFIX} {name}" for name in ("Guests", "Autumn", "Words", "Invitation"))


@pytest.fixture(scope="module")
def sent(office, bench):
	"""Send a mailing to one contact; return (contact, mailing)."""
	office.sign_in_administrator()
	contact = office.requests.get("/api/resource/Contact", params={"filters": f'{{"email_id": "{CAROL}"}}'})
	contact = contact.json()["data"][0]["name"]
	office.insert("Target List", title=LIST)
	office.insert("Target List Member", target_list=LIST, member_doctype="Contact", member_name=contact)
	office.insert("Campaign", campaign_name=CAMPAIGN, status="Active")
	office.insert("Email Template", name=TEMPLATE, subject="Come", use_html=1, response_html="<p>Come</p>")
	values = {"title": TITLE, "campaign": CAMPAIGN, "email_template": TEMPLATE, "sender_account": ACCOUNT}
	mailing = office.insert("Mass Email", **values, target_lists=[{"target_list": LIST}])["data"]["name"]
	office.post("/api/method/email_campaigns.api.desk.approval.submit", name=mailing)
	arrived(office, 1)
	office.post("/api/method/logout")
	return contact, mailing


def test_from_the_recipients_own_form(clerk, office, sent, screenshot):
	contact, _mailing = sent
	clerk.go(f"contact/{contact}")
	clerk.view.locator(".menu-btn-group button").first.click()
	clerk.view.locator(".menu-btn-group").get_by_text("Campaign Mails…").click()
	row = clerk.dialog.locator(".ec-mails tr")
	row.first.wait_for()
	assert f"The mail was sent to {CAROL}" in row.first.inner_text()
	screenshot("campaign-mails")
	row.first.get_by_role("button", name="Resend").click()
	clerk.dialog.locator(".btn-modal-primary:visible").click()
	clerk.page.get_by_text("It is on its way.").first.wait_for()
	arrived(office, 2)
	assert row.count() == 2
	assert not clerk.page.errors


def test_why_on_the_mailings_form(clerk, sent, screenshot):
	_contact, mailing = sent
	clerk.go(f"mass-email/{mailing}")
	clerk.choose("Recipients", "Why…")
	clerk.fill("who", CAROL, clerk.dialog)
	clerk.dialog.locator(".btn-modal-primary:visible").click()
	lines = clerk.dialog.locator(".ec-why li")
	lines.first.wait_for()
	assert [f"sent to {CAROL}" in line for line in lines.all_inner_texts()] == [True, True]
	screenshot("why")
	assert not clerk.page.errors


def test_from_the_row_of_the_ledger_a_second_time_in_a_row_is_refused(clerk, sent):
	_contact, mailing = sent
	clerk.go(f"campaign-message?source={mailing}")
	clerk.view.locator(".list-row .list-subject a").first.click()
	clerk.view.locator(".form-layout").first.wait_for()
	clerk.press("Resend")
	clerk.dialog.get_by_text("It was sent again less than five minutes ago.").wait_for()
	assert not clerk.page.errors
