"""How a file is read: encoding, separator and heading, guessed or chosen."""

import io
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook

from email_campaigns.audience.lists import workbook
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.audience.lists.rows import UnusableFile
from email_campaigns.tests.unit.audience.list_files import columns_of, joined, left_out, read, table_of

FRENCH = "Prénom;Nom;E-mail\r\nZoé;Cœur;zoe@exemple.fr\r\nFrançois;12 €;f@exemple.fr\r\n"
OF_FRENCH = [NewMember(2, "zoe@exemple.fr", "Zoé", "Cœur"), NewMember(3, "f@exemple.fr", "François", "12 €")]


class TestEncoding:
	@pytest.mark.parametrize(
		("encoding", "mark", "guess"),
		[
			("utf-8", b"", "utf-8-sig"),
			("utf-8-sig", b"", "utf-8-sig"),
			("cp1252", b"", "cp1252"),
			("utf-16", b"", "utf-16"),
			("utf-16-be", b"\xfe\xff", "utf-16"),
			("utf-16-le", b"", "utf-16-le"),
			("utf-16-be", b"", "utf-16-be"),
		],
	)
	def test_a_french_list_is_read_in_any_that_spreadsheets_write(self, encoding, mark, guess):
		content = mark + FRENCH.encode(encoding)
		assert table_of(content).layout.encoding == guess
		assert read(content) == OF_FRENCH

	def test_lines_may_end_by_cr_alone_as_on_a_macintosh(self):
		text = FRENCH.replace("\r\n", "\r")
		assert read(text.encode("mac_roman")) == OF_FRENCH
		assert read(text) == OF_FRENCH

	@pytest.mark.parametrize(
		("language", "encoding", "name"),
		[("pl", "cp1250", "Łukasz"), ("ru", "cp1251", "Иван"), ("el", "cp1253", "Γιώργος")],
	)
	def test_a_code_page_is_that_of_the_readers_language(self, language, encoding, name):
		content = f"first name;email\n{name};a@example.com\n".encode(encoding)
		assert joined(content, language=language) == [("a@example.com", name)]

	def test_other_scripts_are_recognised_by_their_letters(self):
		content = ("имя;email\n" + "Иван Петров Сидоров;a@example.com\n" * 3).encode("cp1251")
		assert table_of(content, language="en").layout.encoding == "cp1251"

	def test_few_damaged_characters_make_no_other_encoding_of_utf8(self):
		content = (
			"first name;email\n" + "Zoé Ægir Ørsted;a@example.com\n" * 9
		).encode() + b"B\xe9a;b@example.com\n"
		assert table_of(content).layout.encoding == "utf-8-sig"
		assert "encoding" in left_out(content)[11]

	def test_another_encoding_can_be_chosen(self):
		content = "first name;email\nJürgen;a@example.com\n".encode("cp850")
		assert joined(content) == [("a@example.com", "Jrgen")] or joined(content) != [
			("a@example.com", "Jürgen")
		]
		assert joined(content, encoding="cp850") == [("a@example.com", "Jürgen")]

	@pytest.mark.parametrize("content", [b"\0\1\2\3" * 9, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", b"%PDF\0x"])
	def test_what_is_no_text_is_refused(self, content):
		with pytest.raises(UnusableFile, match="no text"):
			table_of(content)

	def test_an_old_workbook_is_named(self):
		with pytest.raises(UnusableFile, match="old workbook"):
			table_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100)


class TestSeparator:
	@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
	def test_excels_own_line_says_it_and_is_no_line_of_data(self, line):
		text = f"{line}\nemail;first name, and more\na@example.com;Ada\n"
		assert table_of(text).layout.separator == "semicolon"
		assert [line.email for line in read(text)] == ["a@example.com"]

	def test_other_separators_within_cells_do_not_count(self):
		text = '"Name (last, first, title)";email\n"Smith, John";j@example.com\n'
		assert columns_of(text)[1] == ("email", ("j@example.com",), "email")

	def test_nor_do_those_in_the_data(self):
		text = "email;first name\na@example.com;Ada, Augusta, Byron, Lovelace\n"
		assert joined(text) == [("a@example.com", "Ada, Augusta, Byron, Lovelace")]

	def test_another_one_can_be_chosen(self):
		text = "email,first name\na@example.com,Ada|Augusta\n"
		assert joined(text) == [("a@example.com", "Ada|Augusta")]
		assert table_of(text, separator="bar").first_rows()[1].cells == ["a@example.com,Ada", "Augusta"]


class TestHeading:
	def test_empty_lines_above_it_are_passed_over(self):
		assert joined("\n;;\n\nemail;first name\na@example.com;Ada\n") == [("a@example.com", "Ada")]

	@pytest.mark.parametrize("title", ["Contacts of 2026", "Contacts;;", "List of email addresses;;2026"])
	def test_a_title_above_it_is_no_line_of_data(self, title):
		text = f"{title}\n\nemail;first name;town\na@example.com;Ada;Ulm\n"
		assert table_of(text).layout.heading == 3
		assert read(text) == [NewMember(4, "a@example.com", "Ada")]

	def test_a_heading_of_unknown_names_is_the_line_above_the_data(self):
		assert columns_of("Our people\nWohin;Wer\na@example.com;Ada\n")[0] == (
			"Wohin",
			("a@example.com",),
			"email",
		)

	def test_a_title_above_data_is_no_heading(self):
		assert table_of("Our people\na@example.com;Ada;Byron;Ulm\n").layout.heading == 0

	def test_another_line_can_be_chosen(self):
		text = "email;first name\nE-Mail;Vorname\na@example.com;Ada\n"
		assert list(left_out(text, heading=1)) == [2]
		assert left_out(text, heading=2) == {}
		assert [line.line for line in read(text, heading=0, mapping={"email": 0})] == [1, 2, 3]
		with pytest.raises(UnusableFile, match="Line 99"):
			table_of(text, heading=99)


def a_workbook(*rows, title="Sheet", fill=None):
	book = Workbook()
	book.active.title = title
	for row in rows:
		book.active.append(row)
	if fill:
		fill(book)
	file = io.BytesIO()
	book.save(file)
	return file.getvalue()


class TestWorkbook:
	def test_it_is_read_also_under_another_name(self):
		content = a_workbook(
			[],
			["Email", "First Name", "Phone", "Since"],
			["a@example.com", "A\nda", 49.0, datetime(2026, 1, 2)],
		)
		assert columns_of(content) == [
			("Email", ("a@example.com",), "email"),
			("First Name", ("A da",), "first_name"),
			("Phone", ("49",), ""),
			("Since", ("2026-01-02",), ""),
		]
		assert read(content) == [NewMember(3, "a@example.com", "A da")]

	def test_a_formula_is_its_last_result(self):
		content = a_workbook(["Email", "First Name"], ["a@example.com", '="A"&"da"'])
		spellings = (b"<v />", b"<v/>", b"<v></v>")  # with and without lxml
		changes = (b'r="B2"', b'r="B2" t="str"', *(part for v in spellings for part in (v, b"<v>Ada</v>")))
		stored = rewritten(content, "xl/worksheets/sheet1.xml", *changes)
		assert joined(content) == [("a@example.com", "")]
		assert joined(stored) == [("a@example.com", "Ada")]

	def test_the_first_visible_sheet_with_text_is_read_and_another_can_be_chosen(self):
		def fill(book):
			book.create_sheet("Hidden").append(["email"])
			book["Hidden"].sheet_state = "hidden"
			book.create_sheet("People").append(["email", "first name"])
			book["People"].append(["a@example.com", "Ada"])
			book.create_sheet("More").append(["email"])
			book["More"].append(["b@example.com"])

		content = a_workbook(title="Empty", fill=fill)
		table = table_of(content)
		assert (table.layout.sheet, table.sheets) == ("People", ("Empty", "People", "More"))
		assert joined(content) == [("a@example.com", "Ada")]
		assert joined(content, sheet="More") == [("b@example.com", "")]

	def test_an_archive_that_unpacks_to_too_much_is_refused_unread(self, monkeypatch):
		content = a_workbook(["Email"], ["a@example.com"])
		monkeypatch.setattr(workbook, "UNPACKED", 1000)
		with pytest.raises(UnusableFile, match="too large"):
			table_of(content)

	def test_a_bomb_of_zeros_is_refused_unread(self):
		file = io.BytesIO()
		with (
			zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
			archive.open("xl/sharedStrings.xml", "w") as part,
		):
			for _megabyte in range(60):
				part.write(b" " * 1_000_000)
		with pytest.raises(UnusableFile, match="too large"):
			table_of(file.getvalue())

	def test_entities_that_would_grow_are_refused(self):
		content = a_workbook(["Email"], ["a@example.com"])
		head = b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><worksheet"
		with pytest.raises(UnusableFile, match="can't be read"):
			table_of(rewritten(content, "xl/worksheets/sheet1.xml", b"<worksheet", head))

	def test_a_row_that_says_it_is_the_last_of_a_trillion_ends_in_a_sentence(self, monkeypatch):
		monkeypatch.setattr(workbook, "ROWS", 5000)
		content = a_workbook(["Email"], ["a@example.com"], ["b@example.com"])
		far = rewritten(content, "xl/worksheets/sheet1.xml", b'r="3"', b'r="999999999999"')
		with pytest.raises(UnusableFile, match="more than 5000 rows"):
			read(far)

	@pytest.mark.parametrize("cut", [10, 200, -30])
	def test_a_damaged_one_is_a_sentence(self, cut):
		with pytest.raises(UnusableFile, match="can't be read"):
			table_of(a_workbook(["Email"], ["a@example.com"])[:cut])


def rewritten(content, name, *changes):
	"""Return a workbook in whose part `name` bytes are replaced, (old, new) in turn."""
	file = io.BytesIO()
	with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
		for part in old.namelist():
			data = old.read(part)
			if part == name:
				for before, after in zip(changes[::2], changes[1::2], strict=True):
					data = data.replace(before, after)
			new.writestr(part, data)
	return file.getvalue()
