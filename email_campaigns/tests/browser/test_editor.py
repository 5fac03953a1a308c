"""A person writes a template with Frappe's editor: its mail looks, where it is read, as it looked there."""

import base64
import re

import pytest

from email_campaigns.tests.browser.clerk import (
	ACCOUNT,
	DOMAIN,
	PREFIX,
	an_office,
	arrived,
)

CAMPAIGN, LIST, TEMPLATE = f"{PREFIX} Letters", f"{PREFIX} Friends", f"{PREFIX} Letter"
PICTURE = base64.b64decode(
	"iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAABlBMVEX/AAD///9BHTQRAAAADklEQVQI12P4"
	"AAT8IBYAD1sD+QeFr3sAAAAASUVORK5CYII="
)
# As docs/templates.md says: recent versions of Frappe make pasted pictures private
PUBLIC = {
	"doctype_or_field": "DocType",
	"doc_type": "Email Template",
	"property": "make_attachments_public",
	"property_type": "Check",
	"value": "1",
}
# What a reader sees of an element, by the properties that make it so; colours are the Desk's theme
LOOKS = {
	"td": ("borderTopWidth", "borderTopStyle", "borderLeftWidth"),
	"table": ("borderCollapse", "tableLayout"),
	"blockquote": ("borderLeftWidth", "borderLeftStyle"),
	"p": ("marginTop", "marginBottom"),
	"h2": ("textAlign",),
	"strong": ("fontWeight",),
	"img": ("maxWidth",),
}
READ_LOOKS = """([root, looks]) => Object.fromEntries(Object.entries(looks).map(([selector, names]) => {
	const style = getComputedStyle(document.querySelector(`${root} ${selector}`));
	return [selector, names.map((name) => style[name])];
}))"""


@pytest.fixture(scope="module")
def office(bench, chromium):
	with an_office(bench, chromium) as office:
		office.sign_in_administrator()
		office.insert("Target List", title=LIST)
		office.insert("Target List Member", target_list=LIST, email=f"ann@{DOMAIN}", first_name="Ann")
		office.insert(
			"Campaign", campaign_name=CAMPAIGN, status="Active", target_lists=[{"target_list": LIST}]
		)
		public = office.insert("Property Setter", **PUBLIC)["data"]["name"]
		office.post("/api/method/logout")
		yield office
		office.sign_in_administrator()
		office.requests.delete(f"/api/resource/Property Setter/{public}")


class Editor:
	"""The editor on the form of an Email Template, used by its buttons and the keyboard."""

	def __init__(self, clerk):
		self.page = clerk.page
		self.box = clerk.view.locator('.frappe-control[data-fieldname="response"]')
		self.text = self.box.locator(".ql-container .ql-editor")

	def write(self, *keys):
		"""Type texts; a key is written as "<Enter>"."""
		for key in keys:
			if key.startswith("<"):
				self.page.keyboard.press(key.strip("<>"))
			else:
				self.page.keyboard.type(key)

	def press(self, button):
		self.box.locator(f".ql-toolbar {button}").first.click()

	def pick(self, menu, item):
		self.press(f"span.{menu} .ql-picker-label")
		self.press(f"span.{menu} .ql-picker-item{item}")

	def insert_picture(self, path):
		with self.page.expect_file_chooser() as chooser:
			self.press("button.ql-image")
		chooser.value.set_files(path)
		self.text.locator("img").wait_for()


def write_letter(editor, picture):
	editor.text.click()
	editor.press("button.ql-bold")
	editor.write("Dear {{ doc.first_name }}")
	editor.press("button.ql-bold")
	editor.write("<Enter>")
	editor.pick("ql-header", '[data-value="2"]')
	editor.pick("ql-align", '[data-value="center"]')
	editor.write("In the middle", "<Enter>")
	editor.pick("ql-align", ":not([data-value])")
	editor.press('button.ql-list[value="bullet"]')
	editor.write("Fruit", "<Enter>")
	editor.press('button.ql-indent[value="+1"]')
	editor.write("Apples", "<Enter>", "Pears", "<Enter>")
	editor.press('button.ql-indent[value="-1"]')
	editor.press('button.ql-list[value="ordered"]')
	editor.write("First", "<Enter>")
	editor.press('button.ql-list[value="ordered"]')
	editor.press("button.ql-blockquote")
	editor.write("As she said", "<Enter>")
	editor.press("button.ql-blockquote")
	editor.press("button.ql-code-block")
	editor.write("if it:", "<Enter>", "    go", "<Enter>")
	editor.press("button.ql-code-block")
	editor.insert_picture(picture)
	editor.write("<Control+End>", "<Enter>")
	editor.pick("ql-table", '[data-value="insert-table"]')
	editor.text.locator("td").first.click()
	editor.write("A", "<ArrowRight>", "B")


def test_a_letter_is_read_as_it_was_written(clerk, office, tmp_path, screenshot):
	clerk.go("email-template/new")
	clerk.fill("__newname", TEMPLATE)
	clerk.fill("subject", "A letter")
	picture = tmp_path / "red.png"
	picture.write_bytes(PICTURE)
	editor = Editor(clerk)
	write_letter(editor, picture)
	clerk.page.wait_for_function("() => (cur_frm.doc.response || '').includes('>B<')")
	looks = clerk.page.evaluate(READ_LOOKS, ['[data-fieldname="response"] .ql-container .ql-editor', LOOKS])
	clerk.save()
	screenshot("editor")
	clerk.go("mass-email/new")
	clerk.pick("campaign", CAMPAIGN)
	clerk.fill("title", f"{PREFIX} Letter")
	clerk.pick("email_template", TEMPLATE)
	clerk.pick("sender_account", ACCOUNT)
	clerk.save()
	clerk.press("Send Test…")
	clerk.agree()
	arrived(office, 1)
	(mail,) = office.server.messages
	html = mail.parsed.get_body(("html",)).get_content()
	text = mail.parsed.get_body(("plain",)).get_content()

	page = clerk.page.context.new_page()
	page.set_content(html)
	page.wait_for_load_state("networkidle")
	page.screenshot(path=office.bench.screenshots / "editor-mail.png")
	assert page.evaluate(READ_LOOKS, ["body", LOOKS]) == looks
	check_lists(page)
	assert page.evaluate("() => document.images[0].naturalWidth") == 8
	assert re.sub(r"\s+$", "", page.locator("pre").inner_text()) == "if it:\n    go"
	assert page.locator("td").all_inner_texts()[0].strip() == "A"
	for line in ("In the middle", "  * Fruit", "    * Apples", "    * Pears", "  1. First", "> As she said"):
		assert line in text.splitlines()
	assert "    if it:\n        go" in text.replace("\r\n", "\n")
	page.close()


READ_ITEM = """(item) => {
	const style = getComputedStyle(item);
	return [style.listStyleType, style.display, item.getBoundingClientRect().x];
}"""


def check_lists(page):
	"""Bullets are bullets, nested ones stand further right, and the number is a number."""
	items = page.locator("li").all()
	looks = {item.inner_text().partition("\n")[0]: item.evaluate(READ_ITEM) for item in items}
	assert list(looks) == ["Fruit", "Apples", "Pears", "First"]
	assert [look[:2] for look in looks.values()] == [*([["disc", "list-item"]] * 3), ["decimal", "list-item"]]
	assert looks["Apples"][2] == looks["Pears"][2] > looks["Fruit"][2] == looks["First"][2] > 0
