"""Reading a file of addresses: every line joins, is kept out, or is rejected with a sentence."""

import pytest

from email_campaigns.audience.lists.csv_file import NewMember, Rejection
from email_campaigns.audience.lists.rows import UnusableFile
from email_campaigns.tests.unit.audience.list_files import columns_of, joined, left_out, read, table_of


def test_columns_are_found_by_their_usual_names_in_any_order():
	assert read("Nom;E-mail;Prénom\nCurie;marie@example.com;Marie\n") == [
		NewMember(2, "marie@example.com", "Marie", "Curie")
	]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
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
	for text in ('email\n"a@example.com\r\nBcc: b@example.com"\n', 'email,x\n"a@example.com\r\nBcc: b",\n'):
		assert all(isinstance(line, Rejection) for line in read(text))


def test_a_file_without_an_email_column_is_refused_with_its_columns():
	with pytest.raises(UnusableFile, match="name, phone"):
		read("name,phone\nAda,1\n")


def test_columns_are_guessed_by_their_names_and_by_their_values():
	assert columns_of("Kontakt;Vorname;Ort\na@example.com;Ada;Ulm\nb@example.com;Bea;\n") == [
		("Kontakt", ("a@example.com", "b@example.com"), "email"),
		("Vorname", ("Ada", "Bea"), "first_name"),
		("Ort", ("Ulm",), ""),
	]


def test_a_file_without_a_heading_loses_no_line():
	text = "Ada,a@example.com\nBea,b@example.com\n"
	assert [(name, field) for name, _samples, field in columns_of(text)] == [
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
		table_of("\n")


def test_lines_that_are_too_long_are_named():
	long = "x" * 200_000
	assert "longer than" in left_out(f"email\n{long}\na@example.com\n")[2]
	with pytest.raises(UnusableFile, match="heading"):
		table_of(f"{long},email\na@example.com\n", heading=1)


class TestCells:
	@pytest.mark.parametrize(
		("cell", "address"),
		[
			("'a@example.com", "a@example.com"),
			("mailto:a@example.com?subject=Hello", "a@example.com"),
			("a@example.com.", "a@example.com"),
			("a@example.com,;", "a@example.com"),
			("\u00a0a@example.com\u00a0", "a@example.com"),
			("a\u200b@exam\u00adple.com", "a@example.com"),
			("<a@example.com>", "a@example.com"),
			("a@example.com <a@example.com>", "a@example.com"),
			("o'neil@example.com", "o'neil@example.com"),
		],
	)
	def test_what_stands_around_an_address_is_left_out(self, cell, address):
		assert read(f"first name\temail\nAda\t{cell}\n") == [NewMember(2, address, "Ada")]

	@pytest.mark.parametrize(
		("cell", "first", "last"),
		[
			('"John Smith" <j@example.com>', "John", "Smith"),
			("John <j@example.com>", "John", ""),
			("John van Dyke <j@example.com>", "John van", "Dyke"),
			('"Smith, John" <j@example.com>', "John", "Smith"),
		],
	)
	def test_the_name_before_an_address_fills_empty_names(self, cell, first, last):
		assert read(f"email\tfirst name\n{cell}\t\n") == [NewMember(2, "j@example.com", first, last)]
		assert read(f"email\tfirst name\n{cell}\tJohnny\n") == [NewMember(2, "j@example.com", "Johnny")]

	@pytest.mark.parametrize("between", [";", ", ", " ", "/", " ; "])
	def test_two_addresses_in_a_cell_are_reported(self, between):
		text = f"email\tfirst name\na@example.com{between}b@example.com\tAda\n"
		assert left_out(text) == {2: "The cell has more than one address."}

	def test_names_are_on_one_line_and_have_no_control_characters(self):
		text = 'email;first name\na@example.com;"Ada\r\nAugusta"\nb@example.com;B\x07e\u202ea\u200b\n'
		assert joined(text) == [("a@example.com", "Ada Augusta"), ("b@example.com", "B e a")]


class TestQuotes:
	def test_a_quote_that_is_not_closed_costs_its_line_alone(self):
		text = 'email,first name\njo@example.com,"Jo\nann@example.com,Ann\nbob@example.com,Bob\n'
		assert joined(text) == [("ann@example.com", "Ann"), ("bob@example.com", "Bob")]
		assert left_out(text) == {2: "A quote in this line is not closed."}

	@pytest.mark.parametrize("end", ['Bob"', '"Bob', '"Bob"', 'Bob","'])
	def test_nor_does_another_quote_further_down_close_it(self, end):
		text = f'email,first name\njo@example.com,"Jo\nann@example.com,Ann\nbob@example.com,{end}\n'
		names = dict(joined(text))
		assert names["ann@example.com"] == "Ann"
		assert "jo@example.com" not in names
		assert names.get("bob@example.com", "Bob") == "Bob"

	def test_nor_one_in_the_next_line(self):
		text = 'email,first name\njo@example.com,"Jo\nbob@example.com,Bob"\n'
		assert joined(text) == []
		assert list(left_out(text)) == [2, 3]

	def test_nor_in_a_file_with_one_column(self):
		text = 'email\n"jo@example.com\nann@example.com\nbob@example.com\n'
		assert [email for email, _name in joined(text)] == ["ann@example.com", "bob@example.com"]

	def test_a_cell_that_goes_on_over_lines_is_one_cell(self):
		town = '"Main St 1\nUlm, ""Old Town"""'
		text = f"email,address,first name\njo@example.com,{town},Jo\nann@example.com,,Ann\n"
		assert read(text) == [NewMember(2, "jo@example.com", "Jo"), NewMember(4, "ann@example.com", "Ann")]

	def test_a_line_with_more_cells_than_the_heading_does_not_join(self):
		text = "email,first name\na@example.com,Ada,Byron\nb@example.com,Bea,,\n"
		assert joined(text) == [("b@example.com", "Bea")]
		assert left_out(text) == {2: "The line has 3 cells, and the file has 2 columns."}
