"""For tests of imported files: a text or bytes read as a list of addresses."""

import io

from email_campaigns.audience.lists.csv_file import read_columns, read_members
from email_campaigns.audience.lists.table import Layout, open_table


def table_of(content, language="", **layout):
	"""Return the table in a text or in bytes."""
	data = content.encode() if isinstance(content, str) else content
	return open_table(io.BytesIO(data), Layout(**layout), language)


def read(content, mapping=None, languages=frozenset(), **options):
	"""Return all lines of a text or of bytes."""
	return list(read_members(table_of(content, **options), mapping, languages))


def columns_of(content, **options):
	"""Return (name, samples, field) of each column."""
	columns = read_columns(table_of(content, **options))
	return [(str(column.name), column.samples, column.field) for column in columns]


def joined(content, **options):
	"""Return (address, first name) of the lines that join."""
	return [(line.email, line.first_name) for line in read(content, **options) if hasattr(line, "first_name")]


def left_out(content, **options):
	"""Return {line: its sentence} of the lines that do not join."""
	return {line.line: str(line.why) for line in read(content, **options) if hasattr(line, "why")}
