"""Reading a CSV file of addresses: every line joins or is rejected with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.lists.csv_file import (
	CsvColumn,
	NewMember,
	Rejection,
	UnusableFile,
	csv_columns,
	decode,
	read_csv,
)


def read(text, **options):
	return list(read_csv(text, **options))


def lines_or_sentence(read_text, kind):
	"""Tell whether a text is read into values of a kind only, or refused with a sentence."""
	try:
		values = read_text()
	except UnusableFile as error:
		return bool(str(error))
	return all(isinstance(value, kind) for value in values)


def test_columns_are_found_by_their_usual_names_in_any_order():
	assert read("Nom;E-mail;Prénom\nCurie;marie@example.com;Marie\n") == [
		NewMember(2, "marie@example.com", "Marie", "Curie")
	]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_recognised(delimiter):
	assert read(f"email{delimiter}first_name\na@example.com{delimiter}Ada") == [
		NewMember(2, "a@example.com", "Ada")
	]


def test_a_bad_address_a_repeated_one_and_an_unknown_language_are_rejected_with_their_line():
	lines = read(
		"email,language\nno-address\na@example.com,en\nA@example.com,en\nb@example.com,xx\n",
		languages=frozenset({"en"}),
	)
	assert [(line.line, type(line)) for line in lines] == [
		(2, Rejection),
		(3, NewMember),
		(4, Rejection),
		(5, Rejection),
	]
	assert str(lines[2].why) == "The address stands already in line 3."
	assert "“xx”" in str(lines[3].why)


def test_empty_lines_are_nothing():
	assert read("email\n\n ,\na@example.com\n") == [NewMember(4, "a@example.com")]


def test_a_quoted_line_break_cannot_smuggle_a_header():
	(line,) = read('email\n"a@example.com\r\nBcc: b@example.com"\n')
	assert isinstance(line, Rejection)


def test_a_file_without_an_email_column_is_refused_with_its_columns():
	with pytest.raises(UnusableFile, match="name, phone"):
		read("name,phone\nAda,1\n")


def test_a_file_in_another_encoding_is_refused_rather_than_guessed():
	with pytest.raises(UnusableFile, match="UTF-8"):
		decode("Prénom\n".encode("latin-1"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_files_are_read_with_and_without_a_mark(encoding):
	assert decode("Prénom".encode(encoding)) == "Prénom"


@given(st.text())
def test_any_text_ends_in_members_and_rejections_or_one_sentence(text):
	assert lines_or_sentence(lambda: read("email\n" + text), NewMember | Rejection)


def test_columns_are_guessed_by_their_names_and_by_their_values():
	assert csv_columns("Kontakt;Vorname;Ort\na@example.com;Ada;Ulm\nb@example.com;Bea;\n") == [
		CsvColumn("Kontakt", ("a@example.com", "b@example.com"), "email"),
		CsvColumn("Vorname", ("Ada", "Bea"), "first_name"),
		CsvColumn("Ort", ("Ulm",), ""),
	]


def test_a_file_without_a_heading_loses_no_line():
	text = "Ada,a@example.com\nBea,b@example.com\n"
	assert [(str(column.name), column.field) for column in csv_columns(text)] == [
		("Column 1", ""),
		("Column 2", "email"),
	]
	assert read(text, mapping={"email": 1, "first_name": 0}) == [
		NewMember(1, "a@example.com", "Ada"),
		NewMember(2, "b@example.com", "Bea"),
	]


def test_a_mapping_outweighs_the_heading_and_carries_fields_of_a_record():
	text = "Email,Private,Town\na@example.com,x@example.com,Ulm\n"
	mapping = {"email": 1, "record:city": 2}
	assert read(text, mapping=mapping) == [NewMember(2, "x@example.com", more=(("city", "Ulm"),))]


@pytest.mark.parametrize(
	("mapping", "words"),
	[({}, "Choose the column"), ({"email": 5}, "has 1 columns"), ({"email": -1}, "has 1 columns")],
)
def test_a_mapping_that_does_not_fit_is_refused(mapping, words):
	with pytest.raises(UnusableFile, match=words):
		read("email\na@example.com\n", mapping=mapping)


def test_an_empty_file_has_no_columns():
	with pytest.raises(UnusableFile, match="empty"):
		csv_columns("\n")


@given(st.text())
def test_any_text_has_columns_or_one_sentence(text):
	assert lines_or_sentence(lambda: csv_columns(text), CsvColumn)


def test_a_heading_that_can_not_be_read_is_a_sentence():
	with pytest.raises(UnusableFile, match="can't be read"):
		read("x" * 200_000 + ",email\n")
	with pytest.raises(UnusableFile, match="can't be read"):
		csv_columns("x" * 200_000)
