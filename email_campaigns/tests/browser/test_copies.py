"""Copies (CC) at the Desk: an administrator offers fields, a mailing chooses one and shows when it is off."""

import json
from contextlib import contextmanager

import pytest

from email_campaigns.tests.browser.clerk import ACCOUNT, PASSWORD, PREFIX, USER, Clerk, an_office

CAMPAIGN, TEMPLATE, TITLE = (f"{PREFIX} {name}" for name in ("Copies", "Copied Words", "Copied"))
SETTINGS = "/api/resource/Email Campaign Settings/Email Campaign Settings"


@pytest.fixture(scope="module")
def office(bench, chromium):
	with an_office(bench, chromium) as office:
		office.sign_in_administrator()
		yield office
		offer(office)


def offer(office, **fields):
	"""Let the settings offer fields of a contact, enabled or not."""
	rows = [{"source_doctype": "Contact", "cc_fieldname": name, "enabled": on} for name, on in fields.items()]
	answer = office.requests.put(SETTINGS, data=json.dumps({"cc_fields": rows}))
	assert answer.ok, answer.text()[:500]


@pytest.fixture
def mailing(office):
	offer(office, owner=1, company_name=1)
	office.insert("Campaign", campaign_name=CAMPAIGN)
	office.insert("Email Template", name=TEMPLATE, subject="Come", use_html=1, response_html="<p>Come</p>")
	values = {"title": TITLE, "campaign": CAMPAIGN, "email_template": TEMPLATE, "sender_account": ACCOUNT}
	return office.insert("Mass Email", **values)["data"]["name"]


@contextmanager
def held_back(page, address):
	"""Answer these requests of a page only after the block, as a busy server does."""
	requests = []
	page.route(address, lambda route: requests.append(route))
	yield
	assert requests, "the page has not asked"
	for request in requests:
		request.continue_()
	page.unroute(address)


def type_into(clerk, grid, fieldname, text):
	"""Type into a cell of the first row of a grid."""
	cell = clerk.view.locator(f'[data-fieldname="{grid}"] .grid-body [data-fieldname="{fieldname}"]').first
	cell.click()
	cell.locator("input").first.press_sequentially(text)


def test_a_mailing_chooses_a_field_and_its_form_tells_when_it_is_off(office, mailing, sign_in, screenshot):
	clerk = Clerk(sign_in(USER, PASSWORD))
	# Whoever is faster than the server is offered the choices when they come.
	with held_back(clerk.page, "**/email_campaigns.api.desk.choices.cc_fields*"):
		clerk.page.goto(f"/app/mass-email/{mailing}")
		clerk.view.locator(".section-head", has_text="Copies (CC)").click()
		clerk.view.locator('[data-fieldname="cc_fields"] .grid-add-row').click()
		type_into(clerk, "cc_fields", "cc_field", "Compa")
	clerk.suggestion("Contact: Company Name").click()
	clerk.save()
	copies = clerk.view.locator(".ec-copies")
	assert "Contact: Company Name" in copies.inner_text()
	assert copies.locator(".ec-cc-off").count() == 0
	copies.scroll_into_view_if_needed()
	screenshot("copies")

	clerk.go("mass-email")
	clerk.view.locator(".list-row", has_text=f"{TITLE} · CC: 1 field").first.wait_for()

	offer(office, owner=1, company_name=0)
	clerk.go(f"mass-email/{mailing}")
	assert copies.locator(".ec-cc-off").inner_text() == "Contact: Company Name"
	assert "nobody is copied from it" in copies.inner_text()
	copies.scroll_into_view_if_needed()
	screenshot("copies-switched-off")
	assert not clerk.page.errors


def test_the_settings_offer_what_a_record_type_has(office, desk, screenshot):
	offer(office, owner=1)
	admin = Clerk(desk)
	with held_back(admin.page, "**/frappe.desk.form.load.getdoctype?doctype=Contact&*"):
		admin.page.goto("/app/email-campaign-settings")
		admin.view.locator('[data-fieldname="cc_fields"] .grid-body .row-index').first.click()
		form = admin.view.locator('[data-fieldname="cc_fields"] .form-in-grid')
		field = form.locator('[data-fieldname="cc_fieldname"] input').first
		field.fill("")
		field.press_sequentially("comp")
	admin.suggestion("company_name").wait_for()
	screenshot("copies-settings")
	assert not admin.page.errors


def test_the_settings_offer_it_in_the_cell_too(office, desk):
	offer(office, owner=1)
	admin = Clerk(desk)
	admin.go("email-campaign-settings")
	cell = admin.view.locator('[data-fieldname="cc_fields"] .grid-body [data-fieldname="cc_fieldname"]').first
	cell.click()
	cell.locator("input").first.fill("")
	cell.locator("input").first.press_sequentially("comp")
	admin.suggestion("company_name").wait_for()
	assert not admin.page.errors
