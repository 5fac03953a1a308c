"""Properties of reading files: any bytes end in lines, each accounted for once, or in one sentence."""

from hypothesis import example, given
from hypothesis import strategies as st

from email_campaigns.audience.lists.csv_file import NewMember, OptedOut, Rejection
from email_campaigns.audience.lists.rows import UnusableFile, read_rows
from email_campaigns.tests.unit.audience.list_files import columns_of, read

PIECES = st.sampled_from(
	[
		*(
			'"',
			'""',
			",",
			";",
			"\t",
			"\n",
			"\r\n",
			"\r",
			"\0",
			"é",
			"\u2028",
			"\x85",
			"\ufeff",
			"'",
			" ",
			"x",
		),
		*("sep=;", "email", "first name", "unsubscribed", "yes", "@", "a@example.com", "b@example.com", "Jo"),
	]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)
ENCODED = st.tuples(TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-16-be", "cp1252", "mac_roman"])).map(
	lambda pair: pair[0].encode(pair[1], "replace")
)


def lines_or_sentence(content, **options):
	"""Return the lines of a file, or the sentence that refuses it."""
	try:
		columns_of(content, **options)
		return read(content, mapping={"email": 0}, **options)
	except UnusableFile as error:
		return str(error)


@given(st.one_of(st.binary(max_size=300), ENCODED))
@example(b"PK\x03\x04")
@example(b"\xff\xfe")
@example(b"\xff\xfe\n\0\0")
def test_any_bytes_are_lines_or_one_sentence(content):
	lines = lines_or_sentence(content)
	assert lines or lines == []
	assert isinstance(lines, str) or {type(line) for line in lines} <= {NewMember, OptedOut, Rejection}


@given(st.binary(max_size=200), st.sampled_from(["utf-8-sig", "utf-16", "cp932", "gb18030", "cp1252"]))
def test_any_bytes_in_any_chosen_encoding(content, encoding):
	lines = lines_or_sentence(content, encoding=encoding, separator="comma", heading=0)
	assert lines or lines == []


@given(TEXTS)
def test_every_line_is_in_one_row_and_in_the_order_of_the_file(text):
	"""The rows hold every character of the file but separators, quotes and ends of lines, each once."""
	rows = list(read_rows(text.splitlines(keepends=True), ","))
	numbers = [row.line for row in rows]
	assert numbers == sorted(set(numbers))
	held = "".join("".join(row.cells) for row in rows)
	assert characters(held) == characters(text)


def characters(text):
	"""Return the letters of a text, in order."""
	return [character for character in text if character.isalpha() or character == "@"]


NAMES = st.sampled_from(
	["Ada", '"Ada', 'Ada"', '"Ada"', '"A, da"', '"A""da"', 'A"d"a', "Ada,x", '"', '""', ""]
)


@given(st.lists(NAMES, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_each_line_is_accounted_for_and_has_no_cell_of_another(names, end):
	"""Line n has the address pn@… and names marked by n, with all kinds of damaged quotes."""
	rows = [f"p{n}@example.com,{name.replace('Ada', f'Ada{n}')}" for n, name in enumerate(names, 2)]
	lines = read(end.join(["email,first name", *rows]))
	assert [line.line for line in lines] == list(range(2, len(names) + 2))
	for line in lines:
		if isinstance(line, NewMember):
			assert line.email == f"p{line.line}@example.com"
			assert line.first_name in {"", f"Ada{line.line}", "A, da", 'A"da', 'A"d"a'}


@given(st.lists(st.sampled_from(["yes", "no", "", "perhaps", "x"]), min_size=1, max_size=10))
def test_whoever_has_opted_out_never_joins(values):
	text = "email,unsubscribed\n" + "".join(f"p{n}@example.com,{v}\n" for n, v in enumerate(values))
	lines = read(text)
	assert len(lines) == len(values)
	out = {line.email for line in lines if isinstance(line, OptedOut)}
	assert out == {f"p{n}@example.com" for n, value in enumerate(values) if value in ("yes", "x")}
	assert all(
		values[int(line.email[1:].partition("@")[0])] in ("no", "")
		for line in lines
		if isinstance(line, NewMember)
	)
