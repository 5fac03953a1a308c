"""Functions that scripts, hooks and number cards call by name: they exist, and the Desk's are whitelisted."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2]
CALL = re.compile(r"""\bcall\(\s*["']([a-z_]+)\.([a-z_]+)["']""")
FULL_NAME = re.compile(r"""["']email_campaigns\.(?!bundle)([a-z_.]+)\.([a-z_]+)["']""")


def named(pattern, *suffixes, prefix=""):
	"""Return {(module, function)} that a pattern finds in files of these kinds, tests left out."""
	return {
		(prefix + module, function)
		for suffix in suffixes
		for path in PACKAGE.rglob(suffix)
		if "tests" not in path.parts
		for module, function in pattern.findall(path.read_text("utf-8"))
	}


def functions(module):
	"""Return {name: its decorators as text} of a module's functions; none where there is no such module."""
	path = PACKAGE / (module.replace(".", "/") + ".py")
	if not path.exists():
		return {}
	tree = ast.parse(path.read_text("utf-8"))
	return {
		node.name: " ".join(map(ast.unparse, node.decorator_list))
		for node in tree.body
		if isinstance(node, ast.FunctionDef)
	}


@pytest.mark.parametrize(("module", "function"), sorted(named(CALL, "*.js", prefix="api.desk.")))
def test_a_script_calls_a_whitelisted_function(module, function):
	assert "frappe.whitelist" in functions(module).get(function, "")


@pytest.mark.parametrize(
	("module", "function"), sorted(named(FULL_NAME, "*.js", "hooks.py", "number_card/*/*.json"))
)
def test_a_full_name_leads_to_a_function_or_a_module(module, function):
	is_module = (PACKAGE / module.replace(".", "/") / f"{function}.py").exists()
	assert is_module or function in functions(module)
