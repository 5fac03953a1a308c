"""The rules of the architecture, read from the syntax tree; each proves itself on a planted violation.

Imports inside functions count, and so do those that a module reaches through others.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = "email_campaigns"
ROOT = Path(__file__).resolve().parents[2]

LEAVES = {"audience", "schedule", "message", "tracking", "results", "lifecycle"}
# erpnext reads another app's history into the ledger, for which it needs the leaves' spellings and times.
COMPOSERS = {"delivery", "inbound", "erpnext"}
# compat hides what differs between the Frappe versions, from whoever may touch Frappe at all.
MAY_USE_FRAPPE = {"api", "jobs", "permissions", "compat", "install", "uninstall", "custom_fields", "patches"}
MAY_COMMIT = {"api.public"}  # and the whole of jobs/


def modules(root=ROOT):
	"""Return {dotted name within the package: syntax tree} of the app, its tests left out."""
	found = {}
	for path in root.rglob("*.py"):
		parts = path.relative_to(root).with_suffix("").parts
		name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
		if name and parts[0] != "tests":
			found[name] = ast.parse(path.read_text("utf-8"), str(path))
	return found


def room(name):
	return name.split(".")[0]


def is_controller(name):
	return room(name) == PACKAGE  # the Frappe module inside the app has the app's own name


def is_store(name):
	last = name.rsplit(".", 1)[-1]
	return last == "store" or last.endswith("_store") or name == "delivery.transport"


def may_use_frappe(name):
	return room(name) in MAY_USE_FRAPPE or is_store(name) or is_controller(name)


def imported(tree, name):
	"""Return every dotted name that a module imports, at its top or anywhere inside, relative ones resolved."""
	names = set()
	for node in ast.walk(tree):
		if isinstance(node, ast.Import):
			names |= {alias.name for alias in node.names}
		elif isinstance(node, ast.ImportFrom):
			base = node.module or ""
			if node.level:
				package = f"{PACKAGE}.{name}".split(".")[: -node.level]
				base = ".".join([*package, *([node.module] if node.module else [])])
			names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
		elif isinstance(node, ast.Call) and _is_dynamic_import(node):
			names.add(node.args[0].value)
	return names


def _is_dynamic_import(node):
	called = ast.unparse(node.func).rsplit(".", 1)[-1]
	literal = node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
	return called in {"import_module", "__import__", "get_attr", "get_module"} and literal


def own_imports(found):
	"""Return {module: the app's own modules that it imports}."""
	prefix = f"{PACKAGE}."
	return {
		name: {i.removeprefix(prefix) for i in imported(tree, name) if i.startswith(prefix)}
		& set(found) - {name}
		for name, tree in found.items()
	}


def reached(start, graph):
	"""Return every module that importing `start` brings in."""
	seen, waiting = set(), [start]
	while waiting:
		for name in graph[waiting.pop()] - seen:
			seen.add(name)
			waiting.append(name)
	return seen


def uses_frappe(tree, name):
	return any(found.split(".")[0] == "frappe" for found in imported(tree, name))


def frappe_outside_its_places(found):
	direct = {name for name, tree in found.items() if uses_frappe(tree, name)}
	graph = own_imports(found)
	pure = {name for name in found if not may_use_frappe(name)}
	wrong = [f"{name} imports frappe" for name in pure & direct]
	return wrong + [
		f"{name} reaches frappe through {other}" for name in pure for other in reached(name, graph) & direct
	]


def pure_to_store(found):
	"""A pure module that imports a store is not pure, even where that store happens not to import Frappe."""
	graph = own_imports(found)
	return [
		f"{name} reaches {other}"
		for name in found
		if not may_use_frappe(name)
		for other in reached(name, graph)
		if is_store(other)
	]


def arrows_pointing_up(found):
	graph = own_imports(found)
	return [
		f"{name} reaches {other}"
		for name in found
		for other in reached(name, graph)
		if not allowed(name, other)
	]


def allowed(name, other):
	mine, theirs = room(name), room(other)
	if mine == theirs:
		return True
	if mine in LEAVES:
		return theirs == "compat"
	if mine in COMPOSERS:
		return theirs in LEAVES or theirs == "compat"
	if mine == "compat":
		return False
	return theirs != "hooks"


def calls_of(found, dotted):
	"""Return the modules in which `dotted` is named, as a call, a decorator or a value."""
	return {
		name
		for name, tree in found.items()
		for node in ast.walk(tree)
		if isinstance(node, ast.Attribute) and ast.unparse(node) == dotted
	}


def commits_elsewhere(found):
	return [
		f"{name} commits"
		for name in calls_of(found, "frappe.db.commit")
		if room(name) != "jobs" and name not in MAY_COMMIT
	]


def whitelisted_elsewhere(found):
	direct = calls_of(found, "frappe.whitelist")
	taken = {name for name, tree in found.items() if "frappe.whitelist" in imported(tree, name)}
	return [f"{name} whitelists" for name in direct | taken if room(name) != "api"]


RULES = {
	frappe_outside_its_places: {
		"audience.rules": "import frappe",
		"schedule.rules": "def due():\n\tfrom frappe.utils import now",
		"delivery.steps": "from email_campaigns.audience import store",
		"message.body": "import importlib\nimportlib.import_module('frappe.utils')",
	},
	pure_to_store: {"audience.rules": "from email_campaigns.audience.plain_store import x"},
	arrows_pointing_up: {
		"audience.rules": "from email_campaigns.tracking import tokens",
		"tracking.store": "def f():\n\tfrom email_campaigns.audience.store import x",
		"message.body": "from email_campaigns.delivery import page",
		"lifecycle": "from email_campaigns.schedule import window",
		"schedule.rules": "from ..message import body",
		"inbound.bounce": "from email_campaigns.delivery import page",
		"erpnext.history_store": "from email_campaigns.delivery import page",
		"delivery.steps": "from email_campaigns.jobs import sending",
		"results.store": "from email_campaigns.api import desk",
		"compat": "from email_campaigns.audience import address",
		"api.desk": "from email_campaigns import hooks",
	},
	commits_elsewhere: {
		"audience.store": "import frappe\nfrappe.db.commit()",
		"api.desk": "import frappe\ndef f():\n\tdone = frappe.db.commit\n\tdone()",
	},
	whitelisted_elsewhere: {
		"jobs.sending": "import frappe\n@frappe.whitelist()\ndef f(): ...",
		"email_campaigns.doctype.campaign.campaign": "from frappe import whitelist\n@whitelist()\ndef f(): ...",
	},
}
# What the planted violations lean on.
PROPS = {
	"audience": "",
	"audience.store": "import frappe\nx = 1",
	"audience.plain_store": "x = 1",
	"audience.address": "",
	"api": "",
	"api.desk": "import frappe",
	"delivery": "",
	"delivery.page": "",
	"hooks": "",
	"jobs": "",
	"jobs.sending": "import frappe",
	"message": "",
	"message.body": "",
	"schedule": "",
	"schedule.window": "",
	"tracking": "",
	"tracking.tokens": "",
}


@pytest.fixture(scope="module")
def app():
	return modules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_app_keeps_the_rule(rule, app):
	assert sorted(rule(app)) == []


@pytest.mark.parametrize(
	("rule", "name"),
	[(rule, name) for rule, planted in RULES.items() for name in planted],
	ids=lambda value: getattr(value, "__name__", value),
)
def test_a_planted_violation_is_found(rule, name):
	clean = {other: ast.parse(text) for other, text in PROPS.items()}
	assert rule(clean) == []
	assert any(line.startswith(f"{name} ") for line in rule({**clean, name: ast.parse(RULES[rule][name])}))


def test_a_violation_behind_two_others_is_found():
	chain = {
		"audience.first": "from email_campaigns.audience import second",
		"audience.second": "from .third import x",
		"audience.third": "from email_campaigns.tracking.tokens import y",
	}
	found = {name: ast.parse(text) for name, text in {**PROPS, **chain}.items()}
	assert "audience.first reaches tracking.tokens" in arrows_pointing_up(found)


def test_every_room_is_known(app):
	"""A new folder must be given a place in the rules before anything in it is checked by them."""
	known = LEAVES | COMPOSERS | MAY_USE_FRAPPE | {PACKAGE, "hooks"}
	assert {room(name) for name in app} <= known
