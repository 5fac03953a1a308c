"""A campaign user at the Desk: from an imported list to a complete mailing and its log, and no further."""

import pytest

from email_campaigns.tests.browser.clerk import (
	ACCOUNT,
	BACKGROUND,
	DOMAIN,
	MANAGER,
	PASSWORD,
	PREFIX,
	USER,
	Clerk,
)

EVIL = '<img src=x onerror="window.harmed=1">'
LIST, CAMPAIGN, TEMPLATE = f"{PREFIX} Readers", f"{PREFIX} Spring", f"{PREFIX} News"
CSV = f"""Email,First Name,Language
ada@{DOMAIN},Ada,en
grace@{DOMAIN},Grace,en
not-an-address,Nobody,
ada@{DOMAIN},Ada again,
"{EVIL.replace('"', '""')}",Eve,
"""
HTML = """<h1>Dear {{ doc.first_name }}</h1><p>{{ doc.nickname }}</p><script>top.harmed = 1</script>
<p>See <a href="https://journey.example/">what is new</a>.</p>"""


@pytest.fixture
def manager(office, sign_in):
	return Clerk(sign_in(MANAGER, PASSWORD))


class TestJourney:
	"""The tests of this class build on each other, as the steps of a campaign do."""

	def test_a_list_is_imported_with_a_report_of_what_was_left_out(self, clerk, tmp_path, screenshot):
		clerk.go("target-list/new")
		clerk.fill("title", LIST)
		clerk.save()
		clerk.choose("Add Members", "Import CSV…")
		file = tmp_path / "readers.csv"
		file.write_text(CSV)
		clerk.upload(file)
		columns = clerk.page.locator(".modal.show", has_text="Import CSV: Columns")
		columns.locator(".btn-modal-primary:visible").click()
		columns.wait_for(state="hidden")
		clerk.view.locator(".ec-summary").wait_for(timeout=BACKGROUND)
		assert clerk.view.locator(".ec-summary").inner_text() == (
			"5 lines: 2 joined, 0 updated, 0 already there, 0 opted out and kept out, 3 left out."
		)
		lines = clerk.view.locator(".ec-report tr").all_inner_texts()
		assert [line.split(":")[0] for line in lines] == ["Line 4", "Line 5", "Line 6"]
		assert "must have an @-sign" in lines[0]
		assert "already in line 2" in lines[1]
		assert EVIL in lines[2]
		screenshot("target-list-report")
		unharmed(clerk)

	def test_one_member_is_added_by_hand(self, clerk):
		clerk.go(f"target-list/{LIST}")
		clerk.choose("Add Members", "Add One…")
		clerk.fill("email", f"olga@{DOMAIN}", clerk.dialog)
		clerk.fill("first_name", "Olga", clerk.dialog)
		clerk.dialog.locator(".btn-modal-primary").click()
		clerk.page.get_by_text(f"olga@{DOMAIN} joined.").wait_for()
		clerk.dismiss()
		clerk.view.locator('[data-fieldname="member_count"] .control-value', has_text="3").wait_for()

	def test_selected_contacts_are_added_from_their_list_view(self, clerk):
		clerk.go(f"contact?email_id=carol@{DOMAIN}")
		clerk.view.locator(".list-row .list-row-checkbox").first.check()
		clerk.view.locator(".actions-btn-group button").first.click()
		clerk.view.get_by_text("Add to Target List", exact=True).click()
		clerk.pick("target_list", LIST, clerk.dialog)
		clerk.agree()
		clerk.page.get_by_text("records are joining in the background").wait_for()
		clerk.go(f"target-list/{LIST}")
		clerk.view.locator(".ec-summary", has_text="1 of 1 records joined.").wait_for(timeout=BACKGROUND)

	def test_campaign_and_template_are_made(self, clerk):
		clerk.go("campaign/new")
		clerk.fill("campaign_name", CAMPAIGN)
		clerk.pick("target_lists", LIST)
		clerk.save()
		clerk.go("email-template/new")
		clerk.fill("__newname", TEMPLATE)
		clerk.fill("subject", "News for {{ doc.first_name }}")
		clerk.view.locator('[data-fieldname="use_html"] input').first.check()
		clerk.page.evaluate("html => cur_frm.set_value('response_html', html)", HTML)
		clerk.save()

	def test_a_mailing_made_from_its_campaign_takes_over_the_lists(self, clerk):
		clerk.go(f"campaign/{CAMPAIGN}")
		clerk.view.locator('.document-link[data-doctype="Mass Email"] .btn-new').click()
		clerk.view.locator('[data-fieldname="email_template"]').first.wait_for()
		clerk.settle()
		clerk.view.locator('[data-fieldname="target_lists"] .tb-selected-value', has_text=LIST).wait_for()
		clerk.fill("title", f"{PREFIX} {EVIL}")
		clerk.pick("email_template", TEMPLATE)
		clerk.pick("sender_account", ACCOUNT)
		clerk.save()
		unharmed(clerk)

	def test_calculate_tells_who_gets_it(self, clerk):
		open_mailing(clerk)
		clerk.press("Calculate")
		clerk.page.locator(".ec-calculation").wait_for()
		rows = clerk.page.locator(".ec-calculation tr").all_inner_texts()
		assert [row.split("\t") for row in rows] == [
			["Members of the target lists", "4"],
			["Mails to send", "= 4"],
		]

	def test_preview_shows_the_mail_of_a_member_and_runs_nothing_in_it(self, clerk, screenshot):
		open_mailing(clerk)
		clerk.press("Preview…")
		clerk.dialog.locator(".ec-subject", has_text="News for Ada").wait_for()
		assert clerk.dialog.locator(".ec-warnings li").all_inner_texts() == ["doc.nickname has no value"]
		frame = clerk.dialog.locator("iframe")
		assert frame.get_attribute("sandbox") == ""
		clerk.pick("record", f"grace@{DOMAIN}", clerk.dialog)
		clerk.dialog.locator(".ec-subject", has_text="News for Grace").wait_for()
		wide = frame.bounding_box()["width"]
		clerk.dialog.get_by_role("button", name="Phone").click()
		assert frame.bounding_box()["width"] < 400 < wide
		screenshot("preview-on-a-phone")
		clerk.dialog.get_by_role("button", name="Text").click()
		assert "Dear Grace" in clerk.dialog.locator("pre").inner_text()
		unharmed(clerk)

	def test_a_test_goes_to_the_user_and_into_the_log(self, clerk, office):
		open_mailing(clerk)
		clerk.press("Send Test…")
		clerk.agree()
		clerk.view.locator(".ec-log tr", has_text=USER).first.wait_for()
		(mail,) = office.server.messages
		assert mail.recipients == (USER,)
		assert b"[TEST]" in mail.content

	def test_prepare_shows_the_check_list_and_sends_until_complete(self, clerk, office, screenshot):
		open_mailing(clerk)
		clerk.press("Prepare…")
		clerk.dialog.locator(".ec-calculation", has_text="= 4").wait_for()
		warnings = clerk.dialog.locator('.ec-findings [data-level="warning"]').all_inner_texts()
		assert any("doc.nickname has no value for 4 of 4 recipients." in warning for warning in warnings)
		assert clerk.dialog.locator('.ec-findings [data-level="error"]').count() == 0
		assert clerk.dialog.locator(".btn-modal-primary").inner_text() == "Send Now"
		screenshot("prepare", animations="disabled")
		clerk.agree()
		clerk.waits_for_status("Complete")
		clerk.view.locator(".ec-percent", has_text="100% of 4 mails").wait_for()
		screenshot("mailing-complete")
		_test, *mails = office.server.messages
		names = ["ada", "carol", "grace", "olga"]
		assert sorted(mail.recipients for mail in mails) == [(f"{name}@{DOMAIN}",) for name in names]

	def test_a_complete_mailing_is_read_only(self, clerk):
		open_mailing(clerk)
		assert clerk.view.locator('[data-fieldname="title"] input:visible').count() == 0
		for gone in ("Save", "Prepare…", "Cancel…", "Calculate"):
			assert clerk.view.locator(".page-actions button:visible", has_text=gone).count() == 0

	def test_the_log_is_on_the_mailing_the_campaign_and_the_contact(self, clerk):
		open_mailing(clerk)
		clerk.view.locator(".ec-log").wait_for()
		assert clerk.view.locator(".ec-log .indicator-pill").all_inner_texts() == ["Sent"] * 4 + ["Test"]
		clerk.go(f"campaign/{CAMPAIGN}")
		clerk.view.locator(".ec-log").wait_for()
		assert clerk.view.locator(".ec-log tr").count() == 5
		clerk.go(f"contact?email_id=carol@{DOMAIN}")
		clerk.view.locator(".list-row .list-subject a").first.click()
		clerk.view.locator(".timeline-item", has_text=CAMPAIGN).first.wait_for()
		unharmed(clerk)

	def test_the_ledger_opens_with_the_mails_of_this_mailing(self, clerk):
		open_mailing(clerk)
		clerk.view.locator('a[data-states="Sent"]').click()
		clerk.view.locator(".list-row", has_text=f"grace@{DOMAIN}").wait_for()
		assert clerk.view.locator(".list-row .list-subject a").count() == 4


class TestApproval:
	"""Follows on the journey: its clerk asks, and a manager who sits elsewhere says go."""

	def test_a_clerk_asks_for_the_approval(self, office, clerk, screenshot):
		office.set_approval("Needed, by another person")
		open_mailing(clerk)
		clerk.page.evaluate("() => cur_frm.copy_doc()")
		clerk.fill("title", f"{PREFIX} Again")
		clerk.save()
		clerk.press("Prepare…")
		clerk.dialog.get_by_text("It starts as soon as it is approved.").wait_for()
		assert clerk.dialog.locator(".btn-modal-primary").inner_text() == "Ask for Approval"
		screenshot("ask-for-approval", animations="disabled")
		clerk.agree()
		clerk.waits_for_status("Pending Approval")
		clerk.view.locator(".form-message", has_text="Cora asked for the approval").wait_for()
		buttons = clerk.view.locator(".page-actions button:visible").all_inner_texts()
		assert "Back to Draft" in buttons
		assert "Approve…" not in buttons
		screenshot("pending-approval-of-the-asker")

	def test_a_manager_rejects_with_a_reason(self, office, manager, screenshot):
		manager.go("email-campaigns")
		manager.view.locator(".shortcut-widget-box", has_text="1 To Approve").click()
		open_row(manager, f"{PREFIX} Again")
		manager.press("Reject…")
		manager.fill("reason", f"Wrong price {EVIL}", manager.dialog)
		manager.agree()
		manager.waits_for_status("Draft")
		# Frappe's dialogs run what somebody types into their own; the form that others open must not.
		manager.page.reload()
		manager.settle()
		manager.view.locator(".form-message", has_text="Maud has rejected this mailing").wait_for()
		screenshot("rejected")
		unharmed(manager)

	def test_the_clerk_asks_again(self, clerk):
		clerk.go("mass-email")
		open_row(clerk, f"{PREFIX} Again")
		clerk.press("Prepare…")
		clerk.dialog.locator(".btn-modal-primary", has_text="Ask for Approval").wait_for()
		clerk.agree()
		clerk.waits_for_status("Pending Approval")

	def test_the_approval_lets_it_go(self, office, manager, screenshot):
		before = len(office.server.messages)
		manager.go("mass-email")
		open_row(manager, f"{PREFIX} Again")
		screenshot("pending-approval-of-the-manager")
		manager.press("Approve…")
		manager.dialog.locator(".ec-findings").wait_for()
		screenshot("approve", animations="disabled")
		manager.agree()
		manager.waits_for_status("Complete")
		assert len(office.server.messages) - before == 4
		unharmed(manager)


class TestBounds:
	def test_the_workspace_has_counts_and_no_way_around_permissions(self, clerk, screenshot):
		clerk.go("email-campaigns")
		clerk.view.locator(".indicator-pill", has_text="Drafts").wait_for()
		for name in ("Campaign", "Mass Email", "Target List", "Suppressed Email", "Ledger", "Campaign Log"):
			clerk.view.locator(".link-item", has_text=name).first.wait_for()
		assert clerk.view.locator(".link-item", has_text="Email Account").count() == 0
		screenshot("workspace")

	def test_the_settings_cannot_be_changed(self, clerk):
		clerk.go("email-campaign-settings")
		clerk.view.locator('[data-fieldname="hourly_limit"]').first.wait_for()
		assert clerk.view.locator("button.primary-action:visible").count() == 0


def open_mailing(clerk):
	clerk.go(f"mass-email?campaign={CAMPAIGN}")
	clerk.view.locator(".list-row .list-subject a").first.click()
	clerk.view.locator('.form-layout [data-fieldname="title"]').first.wait_for()
	clerk.settle()


def open_row(clerk, title):
	clerk.view.locator(".list-row", has_text=title).locator(".list-subject a").first.click()
	clerk.view.locator('.form-layout [data-fieldname="title"]').first.wait_for()
	clerk.settle()


def unharmed(clerk):
	"""No text of a user's was run as a script, and no script of ours failed."""
	assert clerk.page.evaluate("window.harmed") is None
	assert not clerk.page.errors
