"""Only the named modules write a status, and each asks lifecycle.py; proved on planted violations."""

import ast
import re

import pytest

from email_campaigns.tests.unit.test_boundaries import is_controller, modules

WRITERS = {
	"Campaign Message": {
		"delivery.copies.copies_store",
		"delivery.enqueue_store",
		"delivery.ledger.arrivals_store",
		"delivery.ledger.claims_store",
		"delivery.ledger.ends_store",
		"delivery.sending.journal_store",
		"erpnext.history_store",
		"mass_mailing.resend.requeue_store",
		"mass_mailing.resend.resend_store",
	},
	"Mass Email": {"mass_mailing.status_store"},
	"Email Campaign": {"drip.enrolment_store", "erpnext.giveback_store"},
	"Campaign": {"jobs.upkeep", "erpnext.takeover_store"},
}
# New rows begin as the table of legal edges begins: there is no state that they come from.
ONLY_INSERT = {"delivery.enqueue_store", "erpnext.history_store", "mass_mailing.resend.resend_store"}
# Taking campaigns over from ERPNext and giving them back translates between its states and ours.
LEAVES_THE_MACHINE = {"erpnext.giveback_store", "erpnext.takeover_store"}
STATEMENT = re.compile(
	r"(UPDATE(?: IGNORE)?|INSERT(?: IGNORE)? INTO) `tab(?P<doctype>[A-Z][\w ]*)`(?P<rest>.*)", re.DOTALL
)
TABLE = re.compile(r"`tab([A-Z][\w ]*)`")
FRAGMENT = re.compile(r"\s*(?:\w+\.)?status = ")
SETS_STATUS = re.compile(r"(?:SET|,)\s*(?:\w+\.)?`?status`?\s*=")


def texts(tree):
	"""Yield the strings of a module, f-strings with {} in the place of what is filled in."""
	inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
	for node in ast.walk(tree):
		if isinstance(node, ast.JoinedStr):
			yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
		elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
			yield node.value


def written_by_sql(tree):
	"""Return the doctypes whose status the SQL of a module writes; a new row has a status in any case."""
	every = list(texts(tree))
	fragment = any(FRAGMENT.match(text) for text in every)
	doctypes = set()
	if fragment and any("UPDATE {}" in text for text in every):
		doctypes |= {name for text in every for name in TABLE.findall(text)}
	for match in (match for text in every for match in STATEMENT.finditer(text)):
		assignments = match["rest"].partition("WHERE")[0]
		is_filled_in = fragment and "{}" in assignments
		if match[1].startswith("INSERT") or SETS_STATUS.search(assignments) or is_filled_in:
			doctypes.add(match["doctype"])
	return doctypes & set(WRITERS)


def written_by_framework(tree):
	"""Return the doctypes whose status `frappe.db.set_value` writes in a module."""
	doctypes = set()
	for node in ast.walk(tree):
		if isinstance(node, ast.Call) and ast.unparse(node.func) == "frappe.db.set_value":
			first = ast.unparse(node.args[0]).strip("'\"").replace("_", " ").title()
			if any("status" in ast.unparse(argument) for argument in node.args[2:3]):
				doctypes.add(first)
	return doctypes & set(WRITERS)


def strangers(found):
	"""Return "module writes the status of doctype" for every module that may not."""
	return [
		f"{name} writes the status of {doctype}"
		for name, tree in found.items()
		if not is_controller(name)
		for doctype in written_by_sql(tree) | written_by_framework(tree)
		if name not in WRITERS[doctype]
	]


def without_lifecycle(found):
	"""Return the writers that name no lifecycle table."""
	writers = set().union(*WRITERS.values()) - ONLY_INSERT - LEAVES_THE_MACHINE
	return [
		name
		for name in sorted(writers & set(found))
		if not any(isinstance(node, ast.Name) and node.id == "lifecycle" for node in ast.walk(found[name]))
	]


@pytest.fixture(scope="module")
def app():
	return modules()


def test_only_the_named_modules_write_a_status(app):
	assert sorted(strangers(app)) == []


def test_every_named_module_still_writes_one(app):
	for doctype, names in WRITERS.items():
		writing = {
			name for name in names if doctype in written_by_sql(app[name]) | written_by_framework(app[name])
		}
		assert writing == names, doctype


def test_every_writer_asks_lifecycle(app):
	assert without_lifecycle(app) == []


@pytest.mark.parametrize(
	"planted",
	[
		"frappe.db.sql(\"UPDATE `tabMass Email` SET status = 'Paused' WHERE name = 1\")",
		"frappe.db.sql(f\"UPDATE `tabCampaign Message` m SET {x}, m.status = 'Sent' WHERE {y}\")",
		"frappe.db.sql('INSERT INTO `tabCampaign Message` (name, status) VALUES (1, 2)')",
		"frappe.db.set_value('Email Campaign', name, 'status', 'Completed')",
		"frappe.db.set_value(EMAIL_CAMPAIGN, name, {'status': 'Completed'})",
	],
)
def test_a_planted_writer_is_found(planted):
	assert strangers({"results.store": ast.parse(planted)})


def test_a_status_in_a_condition_is_no_writing():
	text = "frappe.db.sql(\"UPDATE `tabMass Email` SET frozen = 1 WHERE status = 'Draft'\")"
	assert not strangers({"results.store": ast.parse(text)})


def test_a_writer_that_asks_nobody_is_found():
	assert without_lifecycle({"mass_mailing.status_store": ast.parse("x = 1")})
