"""A campaign user imports files as spreadsheets write them, and sees how they are read before."""

import io

import pytest
from openpyxl import Workbook

from email_campaigns.tests.browser.clerk import BACKGROUND, DOMAIN, PREFIX

LIST = f"{PREFIX} Import"
FRENCH = f"""Contacts de la newsletter;;;
Prénom;Nom;E-mail;Désabonné
Zoé;Cœur;zoe@{DOMAIN};non
François;12 €;"François Noël" <francois@{DOMAIN}>;
Hélène;Le Goff;helene@{DOMAIN};oui
Anaïs;"Dupont;anais@{DOMAIN};
Rémi;Petit;remi@{DOMAIN}, r@{DOMAIN};
""".replace("\n", "\r\n").encode("cp1252")
WIDTHS = {"wide": 1400, "narrow": 390}


@pytest.fixture
def dialog(clerk, tmp_path):
	"""`dialog(file_name, content, list)` uploads a file and gives the dialog with its columns.

	`width` is that of the window, in pixels.
	"""

	def upload(name, content, title, width=WIDTHS["wide"]):
		clerk.go("target-list/new")
		clerk.fill("title", title)
		clerk.save()
		clerk.open_at_width(width)
		clerk.choose("Add Members", "Import CSV…")
		file = tmp_path / name
		file.write_bytes(content)
		clerk.upload(file)
		shown = clerk.page.locator(".modal.show", has_text="Import CSV: Columns")
		shown.locator(".ec-first-lines tr").first.wait_for()
		clerk.settle()
		return shown

	return upload


def value_of(dialog, field):
	return dialog.locator(f'select[data-field="{field}"]').input_value()


def choose(clerk, dialog, field, value):
	dialog.locator(f'select[data-field="{field}"]').select_option(value)
	# It is disabled from the choice until everything is drawn anew.
	dialog.locator(".btn-modal-primary:visible:not([disabled])").wait_for()
	clerk.settle()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_french_excel_file(clerk, dialog, screenshot, width):
	page = clerk.page
	columns = dialog("contacts.csv", FRENCH, f"{LIST} {width}", WIDTHS[width])
	assert [value_of(columns, field) for field in ("encoding", "separator", "heading")] == [
		"cp1252",
		"semicolon",
		"2",
	]
	lines = columns.locator(".ec-first-lines")
	assert "Cœur" in lines.inner_text()
	assert "12 €" in lines.inner_text()
	screenshot(f"import-layout-{width}")
	choose(clerk, columns, "encoding", "cp1251")
	assert "Cœur" not in lines.inner_text()
	choose(clerk, columns, "heading", "0")
	assert columns.locator("td b").all_inner_texts() == ["Column 1", "Column 2", "Column 3", "Column 4"]
	choose(clerk, columns, "encoding", "cp1252")
	choose(clerk, columns, "heading", "2")
	assert columns.locator("td b").all_inner_texts() == ["Prénom", "Nom", "E-mail", "Désabonné"]
	fields = columns.locator("td select")
	assert [fields.nth(n).input_value() for n in range(4)] == [
		"first_name",
		"last_name",
		"email",
		"opted_out",
	]
	columns.locator(".btn-modal-primary").scroll_into_view_if_needed()
	screenshot(f"import-columns-{width}")
	columns.locator(".btn-modal-primary:visible").click()
	columns.wait_for(state="hidden")
	clerk.view.locator(".ec-summary").wait_for(timeout=BACKGROUND)
	assert clerk.view.locator(".ec-summary").inner_text() == (
		"5 lines: 2 joined, 0 updated, 0 already there, 1 opted out and kept out, 2 left out."
	)
	report = clerk.view.locator(".ec-report tr").all_inner_texts()
	assert [line.split(":")[0] for line in report] == ["Line 5", "Line 6", "Line 7"]
	clerk.view.locator(".ec-report-file").scroll_into_view_if_needed()
	screenshot(f"import-report-{width}")
	with page.expect_download() as download:
		clerk.view.locator(".ec-report-file").click()
	text = download.value.path().read_text("utf-8-sig")
	assert text.count("\n") == 4
	assert "helene@" in text
	assert page.errors == []


def test_a_workbook_whose_sheet_is_chosen(clerk, dialog, screenshot):
	book = Workbook()
	book.active.title = "Customers"
	book.active.append(["Email"])
	book.active.append([f"first@{DOMAIN}"])
	book.create_sheet("Suppliers").append(["Email", "First Name"])
	book["Suppliers"].append([f"second@{DOMAIN}", "Bea"])
	content = io.BytesIO()
	book.save(content)
	columns = dialog("people.xlsx", content.getvalue(), f"{LIST} Workbook")
	assert value_of(columns, "sheet") == "Customers"
	choose(clerk, columns, "sheet", "Suppliers")
	assert "second@" in columns.locator(".ec-first-lines").inner_text()
	screenshot("import-workbook")
	columns.locator(".btn-modal-primary:visible").click()
	columns.wait_for(state="hidden")
	clerk.view.locator(".ec-summary").wait_for(timeout=BACKGROUND)
	assert clerk.view.locator(".ec-summary").inner_text().startswith("1 lines: 1 joined")
	assert clerk.view.locator(".ec-report-file").count() == 0


def test_who_presses_import_while_the_dialog_fades_in(clerk, tmp_path):
	clerk.go("target-list/new")
	clerk.fill("title", f"{LIST} at Once")
	clerk.save()
	clerk.choose("Add Members", "Import CSV…")
	file = tmp_path / "people.csv"
	file.write_text(f"Email\nfast@{DOMAIN}\n")
	# A slow machine draws the fade so long; the answer of the server is faster.
	clerk.page.add_style_tag(content=".modal.fade .modal-dialog { transition-duration: 5s !important }")
	clerk.upload(file)
	columns = clerk.page.locator(".modal.show", has_text="Import CSV: Columns")
	columns.locator(".btn-modal-primary:not([disabled])").press("Enter")
	columns.wait_for(state="hidden")
	clerk.view.locator(".ec-summary", has_text="1 lines: 1 joined").wait_for(timeout=BACKGROUND)
	assert clerk.page.errors == []
