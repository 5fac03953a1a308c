"""The rules of the architecture, read from the syntax tree; each proves itself on a planted violation.

Imports inside functions count, and so do those that a module reaches through others.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = "email_campaigns"
ROOT = Path(__file__).resolve().parents[2]

# Everything starts in these; they may use each other.
ENTRY_POINTS = {"api", "jobs", "patches", "install", "uninstall", "commands", PACKAGE}
# From the ground up: a room reaches the floors below its own, and no other room of its own floor.
FLOORS = (
	{"site_address"},
	{"lifecycle", "bounds", "characters", "compat", "text"},
	{
		"processes_store",
		"files_store",
		"settings",
		"notify",
		"translation",
		"site_time",
		"names_store",
		"kept_store",
		"record_rights_store",
		"requests_store",
	},
	{"audience", "schedule", "message", "tracking", "results"},
	{"delivery"},
	# erpnext reads another app's history into the ledger.
	{"mass_mailing", "drip", "erpnext", "frappe_crm", "inbound"},
	ENTRY_POINTS,
	{"hooks"},
)
# The same within a room; its own files stand on the floor named "".
INNER_FLOORS = {
	"audience": ({""}, {"suppression"}, {"lists"}, {"feeds", "signup"}),
	"delivery": (
		{"mailing", "smtp"},
		{"ledger"},
		{"compose", "copies"},
		{"sending", "enqueue_store", "renames_store"},
		{"send_store", "recompose_store"},
	),
	"mass_mailing": ({""}, {"prepare", "resend"}, {"explain"}),
	"message": (
		{""},
		{"mime"},
		{"sandbox", "html"},
		{"editor"},
		{"links"},
		{"compiled"},
		{"compile"},
		{"child"},
	),
	# The Desk shows where the public pages are.
	"api": ({"public"}, {"desk"}),
}
# compat hides the differences of the Frappe versions from all modules that may use Frappe.
MAY_USE_FRAPPE = {
	"api",
	"jobs",
	"compat",
	"settings",
	"notify",
	"translation",
	"site_time",
	"install",
	"uninstall",
	"commands",
	"patches",
}
ON_DATABASE_CLOCK = {"jobs", "delivery", "mass_mailing", "drip", "schedule"}
MACHINE_CLOCKS = {"time.time", "datetime.now", "datetime.datetime.now", "datetime.utcnow"}
_URLS = ("get_url", "get_url_to_form", "get_url_to_list", "get_url_to_report", "expand_relative_urls")
LINKS_OF_FRAPPE = {
	f"{module}.{name}"
	for module in ("frappe.utils", "frappe.utils.data")
	for name in (*_URLS, "get_url_to_report_with_filters", "get_host_name", "get_host_name_from_request")
} | {"frappe.utils.get_site_url", "frappe.local.request.host", "frappe.request.host"}
HOST_OF_REQUEST = {"host", "host_url", "url_root", "root_url", "base_url", "url", "server"}
HOST_HEADERS = {
	"host",
	"x-forwarded-host",
	"x-forwarded-server",
	"x-original-host",
	"http_host",
	"server_name",
}
MAY_COMMIT = {"api.public.routes"}  # and the whole of jobs/


def modules(root=ROOT):
	"""Return {dotted name within the package: syntax tree} of the app, its tests left out."""
	trees = {}
	for path in root.rglob("*.py"):
		parts = path.relative_to(root).with_suffix("").parts
		name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
		if name and parts[0] != "tests":
			trees[name] = ast.parse(path.read_text("utf-8"), str(path))
	return trees


def room(name):
	return name.split(".")[0]


def is_controller(name):
	return room(name) == PACKAGE  # the Frappe module inside the app has the app's own name


def is_store(name):
	last = name.rsplit(".", 1)[-1]
	return last == "store" or last.endswith("_store") or name == "delivery.smtp.transport"


def may_use_frappe(name):
	return room(name) in MAY_USE_FRAPPE or is_store(name) or is_controller(name)


def imported(tree, name):
	"""Return every dotted name that a module imports, at its top or inside, relative ones resolved."""
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


def own_imports(trees):
	"""Return {module: the app's own modules that it imports}."""
	prefix = f"{PACKAGE}."
	return {
		name: {i.removeprefix(prefix) for i in imported(tree, name) if i.startswith(prefix)}
		& set(trees) - {name}
		for name, tree in trees.items()
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
	return any(dotted.split(".")[0] == "frappe" for dotted in imported(tree, name))


def frappe_outside_its_places(trees):
	direct = {name for name, tree in trees.items() if uses_frappe(tree, name)}
	graph = own_imports(trees)
	pure = {name for name in trees if not may_use_frappe(name)}
	wrong = [f"{name} imports frappe" for name in pure & direct]
	return wrong + [
		f"{name} reaches frappe through {other}" for name in pure for other in reached(name, graph) & direct
	]


def pure_to_store(trees):
	"""A pure module that imports a store is not pure, even where that store happens not to import Frappe."""
	graph = own_imports(trees)
	return [
		f"{name} reaches {other}"
		for name in trees
		if not may_use_frappe(name)
		for other in reached(name, graph)
		if is_store(other)
	]


def arrows_pointing_up(trees):
	graph = own_imports(trees)
	return [
		f"{name} reaches {other}"
		for name in trees
		for other in reached(name, graph)
		if not is_allowed(name, other)
	]


def is_allowed(name, other):
	own_parts, other_parts = name.split("."), other.split(".")
	if own_parts[0] != other_parts[0]:
		return (
			is_below(other_parts[0], own_parts[0], FLOORS) or {own_parts[0], other_parts[0]} <= ENTRY_POINTS
		)
	if own_parts[0] not in INNER_FLOORS:
		return True
	floors = INNER_FLOORS[own_parts[0]]
	upper, lower = inner_room(own_parts, floors), inner_room(other_parts, floors)
	unplaced = not all(any(name in rooms for rooms in floors) for name in (upper, lower))
	return upper == lower or unplaced or is_below(lower, upper, floors)


def is_below(lower, upper, floors):
	return floor_number(lower, floors) < floor_number(upper, floors)


def floor_number(name, floors):
	return next((number for number, rooms in enumerate(floors) if name in rooms), -1)


def inner_room(parts, floors):
	"""Return the room within a room that a module is in, "" for the room's own files."""
	inner = parts[1] if len(parts) > 1 else ""
	return inner if any(inner in rooms for rooms in floors) else ""


def modules_naming(trees, dotted):
	"""Return the modules in which `dotted` is named, as a call, a decorator or a value."""
	return {
		name
		for name, tree in trees.items()
		for node in ast.walk(tree)
		if isinstance(node, ast.Attribute) and ast.unparse(node) == dotted
	}


def commits_elsewhere(trees):
	return [
		f"{name} commits"
		for name in modules_naming(trees, "frappe.db.commit")
		if room(name) != "jobs" and name not in MAY_COMMIT
	]


def clocks_of_the_machine(trees):
	"""What leases, limits, starts and times of sending depend on comes from the database's clock."""
	return [
		f"{name} reads the machine's clock"
		for name in reads_machine_clock(trees)
		if (room(name) in ON_DATABASE_CLOCK or name.startswith("api.desk") or is_controller(name))
	]


def reads_machine_clock(trees):
	called = set().union(*(modules_naming(trees, dotted) for dotted in MACHINE_CLOCKS))
	names = {name for name, tree in trees.items() if imported(tree, name) & MACHINE_CLOCKS}
	return called | names


def links_from_requests(trees):
	"""Every absolute link begins with compat.site_url(), which reads the configuration alone."""
	return [
		f"{name} makes a link of a request"
		for name, tree in trees.items()
		if imported(tree, name) & LINKS_OF_FRAPPE
		or any(_reads_host(node) for node in ast.walk(tree))
		or any(modules_naming({name: tree}, dotted) for dotted in LINKS_OF_FRAPPE)
	]


def _reads_host(node):
	"""Tell whether a node reads by what name a request reached the site: an attribute of it, or a header."""
	if isinstance(node, ast.Attribute) and node.attr in HOST_OF_REQUEST:
		return ast.unparse(node.value).rpartition(".")[2].strip("_") in ("request", "req")
	return isinstance(node, ast.Constant) and str(node.value).lower() in HOST_HEADERS


def addresses_from_requests(trees):
	"""Visitors are counted by an address that they can't write themselves."""
	return [
		f"{name} believes the beginning of X-Forwarded-For"
		for name in modules_naming(trees, "frappe.local.request_ip")
		| modules_naming(trees, "request.remote_addr")
		| modules_naming(trees, "frappe.request.access_route")
	]


def whitelisted_elsewhere(trees):
	direct = modules_naming(trees, "frappe.whitelist")
	imports = {name for name, tree in trees.items() if "frappe.whitelist" in imported(tree, name)}
	return [f"{name} whitelists" for name in direct | imports if room(name) != "api"]


RULES = {
	frappe_outside_its_places: {
		"audience.rules": "import frappe",
		"schedule.rules": "def due():\n\tfrom frappe.utils import now",
		"delivery.steps": "from email_campaigns.audience.lists import members_store",
		"message.body": "import importlib\nimportlib.import_module('frappe.utils')",
	},
	pure_to_store: {"audience.rules": "from email_campaigns.audience.plain_store import x"},
	arrows_pointing_up: {
		"audience.rules": "from email_campaigns.tracking import tokens",
		"tracking.store": "def f():\n\tfrom email_campaigns.audience.lists.members_store import x",
		"message.body": "from email_campaigns.delivery.sending import send_loop",
		"lifecycle": "from email_campaigns.schedule import window",
		"settings": "from email_campaigns.schedule import window",
		"schedule.rules": "from ..message import body",
		"delivery.steps": "from email_campaigns.jobs import sending",
		"results.store": "from email_campaigns.api.desk import preview",
		"compat": "from email_campaigns.audience import address",
		"api.desk.preview": "from email_campaigns import hooks",
		"drip.decide": "from email_campaigns.mass_mailing import freeze",
		"mass_mailing.freeze": "from email_campaigns.drip import plan_store",
		"erpnext.history_store": "from email_campaigns.drip import plan_store",
		"delivery.send_store": "from email_campaigns.mass_mailing import freeze",
		"delivery.smtp.session": "from email_campaigns.delivery.ledger import row",
		"delivery.ledger.row": "from email_campaigns.delivery.sending import send_loop",
		"delivery.compose.composer": "from email_campaigns.delivery.copies import copies",
		"delivery.sending.send_loop": "from email_campaigns.delivery import send_store",
		"audience.decide": "from email_campaigns.audience.suppression import suppression",
		"audience.suppression.suppression": "from email_campaigns.audience.lists import members_store",
		"audience.signup.signup": "from email_campaigns.audience.feeds import rules",
		"mass_mailing.status_store": "from email_campaigns.mass_mailing.prepare import checks",
		"mass_mailing.resend.resend": "from email_campaigns.mass_mailing.prepare import checks",
		"mass_mailing.prepare.checks": "from email_campaigns.mass_mailing.explain import sentences",
		"api.public.hits": "from email_campaigns.api.desk import preview",
		"message.errors": "from email_campaigns.message.mime import slots",
		"message.mime.slots": "from email_campaigns.message.sandbox import limits",
		"message.sandbox.rules": "from email_campaigns.message.html import tokens",
		"message.html.footer": "from email_campaigns.message.links import hrefs",
		"message.links.hrefs": "from email_campaigns.message import compile",
	},
	commits_elsewhere: {
		"audience.lists.members_store": "import frappe\nfrappe.db.commit()",
		"api.desk.preview": "import frappe\ndef f():\n\tdone = frappe.db.commit\n\tdone()",
	},
	clocks_of_the_machine: {
		"jobs.sending": "import time\nepoch = int(time.time())",
		"delivery.send_store": "import time\nclock = time.time",
		"drip.plan_store": "from time import time\nepoch = time()",
		"api.desk.preview": "from datetime import datetime\nnow = datetime.now()",
	},
	links_from_requests: {
		"results.digest_store": "from frappe.utils import get_url_to_form",
		"tracking.store": "import frappe\nurl = frappe.utils.get_url()",
		"api.desk.preview": "import frappe\nbase = frappe.request.url_root",
		"api.public.hits": "import frappe\nhost = frappe.request.headers.get('Host')",
		"jobs.sending": "from frappe.utils.data import get_url as address",
	},
	addresses_from_requests: {"api.public.hits": "import frappe\nvisitor = frappe.local.request_ip"},
	whitelisted_elsewhere: {
		"jobs.sending": "import frappe\n@frappe.whitelist()\ndef f(): ...",
		"email_campaigns.doctype.campaign.campaign": (
			"from frappe import whitelist\n@whitelist()\ndef f(): ..."
		),
	},
}
# Modules that the planted violations import.
PROPS = dict.fromkeys(
	(
		*("api", "api.desk", "audience", "audience.address", "audience.feeds", "audience.feeds.rules"),
		*("audience.lists", "audience.suppression", "audience.suppression.suppression", "delivery"),
		*("delivery.copies", "delivery.copies.copies", "delivery.ledger", "delivery.ledger.row"),
		*("delivery.send_store", "delivery.sending", "delivery.sending.send_loop", "drip", "drip.plan_store"),
		*("hooks", "jobs", "mass_mailing", "mass_mailing.explain", "mass_mailing.explain.sentences"),
		*("mass_mailing.freeze", "mass_mailing.prepare", "mass_mailing.prepare.checks", "message"),
		*("message.body", "message.compile", "message.html", "message.html.tokens", "message.links"),
		*("message.links.hrefs", "message.mime", "message.mime.slots", "message.sandbox"),
		*("message.sandbox.limits", "schedule", "schedule.window", "tracking", "tracking.tokens"),
	),
	"",
) | {
	"api.desk.preview": "import frappe",
	"audience.lists.members_store": "import frappe\nx = 1",
	"audience.plain_store": "x = 1",
	"jobs.sending": "import frappe",
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
	trees = {name: ast.parse(text) for name, text in {**PROPS, **chain}.items()}
	assert "audience.first reaches tracking.tokens" in arrows_pointing_up(trees)


def test_every_room_is_known(app):
	"""A new folder must be given a place in the rules before anything in it is checked by them."""
	assert {room(name) for name in app} <= set().union(*FLOORS)
