"""What all benchmarks share: their options, the site that they measure on, and how results are shown."""

from __future__ import annotations

import argparse
import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

Row = dict[str, object]


def row(name, value, unit, compared_with, ratio, goal, met) -> Row:  # noqa: PLR0913, the columns of the result
	"""Return one row of results, with the ratio to what it is compared with."""
	return {
		"name": name,
		"value": round(value, 3),
		"unit": unit,
		"compared_with": compared_with,
		"ratio": round(ratio, 3),
		"goal": goal,
		"met": bool(met),
	}


def run_on_site(
	description: str,
	measure: Callable[[Namespace], list[Row]],
	*,
	prepare: Callable[[], object],
	clean: Callable[[], object],
) -> None:
	"""Measure on the site of --site, print the results and write them to the file of --json.

	`prepare` comes before, and `clean` after it, whatever happens, on a connection of its own.
	"""
	parser = argparse.ArgumentParser(description=description)
	parser.add_argument("--site", required=True)
	parser.add_argument("--json", metavar="FILE", type=Path)
	options = parser.parse_args()
	_connect(options.site)
	prepare()
	try:
		rows = measure(options)
	finally:
		_connect(options.site)
		clean()
	for result in rows:
		print(_line(result))
	_write(rows, options.json)


def run_alone(description: str, measure: Callable[[], list[Row]]) -> None:
	"""Measure without a site, print the results and write them to the file of --json."""
	parser = argparse.ArgumentParser(description=description)
	parser.add_argument("--json", metavar="FILE", type=Path)
	options = parser.parse_args()
	rows = measure()
	for result in rows:
		print(*(f"{name:>14}  {value}" for name, value in result.items()), "", sep="\n")
	_write(rows, options.json)


def _connect(site: str) -> None:
	# Not at the top: benchmarks without a site run without Frappe.
	import frappe

	frappe.destroy()  # what a broken run has not committed would hold its rows
	frappe.init(site=site, sites_path=".")
	frappe.connect()


def _line(result: Row) -> str:
	met = "met" if result["met"] else "MISSED"
	if "ratio" not in result:
		return f"{result['name']:22} {result['value']:>8} {result['unit']:4} {met}"
	goal = f"{met}: goal {result['goal']}" if result["goal"] else ""
	return (
		f"{result['name']:30} {result['value']:>10} {result['unit']:8} "
		f"{result['ratio']:>8} × {result['compared_with']:26} {goal}"
	)


def _write(rows: list[Row], file: Path | None) -> None:
	if file:
		file.write_text(json.dumps(rows, indent="\t", ensure_ascii=False) + "\n", encoding="utf-8")
