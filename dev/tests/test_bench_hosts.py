"""Hosts: what the command line says of them, and the table of what held."""

from benchlib import cli, hosts


def test_hosts_belong_to_the_frappe_that_was_named_before_them():
	arguments = ["hosts", "--frappe", "/f15", "--app", "/erpnext", "--app", "/hr", "--frappe", "/f16"]
	named = cli.parser().parse_args(arguments).hosts
	assert [(host.frappe, host.apps) for host in named] == [("/f15", ["/erpnext", "/hr"]), ("/f16", [])]


def test_the_table_has_a_row_for_each_walk_and_a_column_for_each_step(tmp_path):
	(tmp_path / "frappe").mkdir()
	(tmp_path / "frappe" / "hooks.py").touch()
	(tmp_path / "frappe" / "__init__.py").write_text('__version__ = "16.9.0"\n')
	results = {("first", "install"): "ok", ("first", "migrate"): "It failed.", ("upgraded", "kept"): "ok"}
	head, _line, *rows = hosts.table([hosts.Host(str(tmp_path), results=results)]).splitlines()
	cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in (head, *rows)]
	first, upgraded = (dict(zip(cells[0], row, strict=True)) for row in cells[1:])
	assert (first["host"], first["this app"], upgraded["this app"]) == ("frappe 16.9.0", "first", "upgraded")
	assert (first["install"], first["migrate"], first["send"]) == ("ok", "It failed.", "–")
	assert (upgraded["install"], upgraded["kept"]) == ("–", "ok")
