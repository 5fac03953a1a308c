#!/usr/bin/env python3
"""Write the template of all translations, email_campaigns/locale/main.pot: `dev/bench translations`.

It has what Frappe's own extractors (frappe/gettext/extractors) find in an app: the literals given to `_` and
`_lt` in Python, to `__` in scripts and to `_` in Jinja templates, and the texts of doctypes, reports and the
workspace. It also has states of doctypes, labels of number cards and names of dashboard charts. The
file has no dates and no line numbers, so that it changes only where a text does, and branches can be merged.

An extractor can't find a text that is put together inside the brackets: the command names such places and
writes nothing.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import tree_sitter_javascript
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "email_campaigns"
POT = PACKAGE / "locale" / "main.pot"
LEFT_OUT = {"tests", "node_modules", "dist", "__pycache__"}

JAVASCRIPT = Parser(Language(tree_sitter_javascript.language()))

MARKS = {"_", "_lt"}
# The texts of a stored value are marked where they are defined, by `_lt` or in JSON.
RULE = "give it one literal, or a stored value (status, doc.status, LABELS[field]); values go into .format(…)"
JS_RULE = "give it one literal, or a stored value (status, doc.status); values go into the second argument"

# Fields that Frappe reads from these files, and what a translator needs to know of them.
NAMED_TEXTS = {
	"Report": {"report_name": "Name of a report"},
	"Number Card": {"label": "Label of a number card"},
	"Dashboard Chart": {"chart_name": "Name of a dashboard chart"},
}
WORKSPACE_TEXTS = (
	("charts", "label", "Label of a chart"),
	("number_cards", "label", "Label of a number card"),
	("links", "label", "Label of a link"),
	("links", "description", "Description of a link"),
	("shortcuts", "label", "Label of a shortcut"),
	("shortcuts", "format", "Count format of a shortcut"),
	("quick_lists", "label", "Label of a quick list"),
)


@dataclass(frozen=True)
class Text:
	"""A text to translate, and a comment for whoever translates it."""

	text: str
	comment: str = ""


@dataclass(frozen=True)
class Call:
	"""A call of a mark in source code: its line, the text of a literal, or why no extractor can find one."""

	line: int
	text: str | None = None
	problem: str = ""


def python_calls(source: str) -> Iterator[Call]:
	"""Yield the calls of `_` and `_lt` in Python source, and of `Sentence`, whose text has to be marked."""
	for node in ast.walk(ast.parse(source)):
		if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
			if node.func.id in MARKS:
				yield _python_call(node)
			elif node.func.id == "Sentence" and _is_unmarked(node.args[0]):
				yield Call(node.lineno, problem='Sentence: mark its text, Sentence(_lt("…"), …)')


def _is_unmarked(argument: ast.expr) -> bool:
	"""Tell whether the text of a Sentence has words without a mark; "{0} {1}" has no words."""
	if isinstance(argument, ast.Constant):
		return any(sign.isalpha() for sign in str(argument.value))
	return isinstance(argument, ast.JoinedStr | ast.BinOp)


def _python_call(node: ast.Call) -> Call:
	name, argument = node.func.id, node.args[0]
	if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and _is_alone(node):
		return Call(node.lineno, argument.value)
	problem = "" if name == "_" and _is_alone(node) and _is_stored(argument) else f"{name}: {RULE}"
	return Call(node.lineno, problem=problem)


def _is_alone(node: ast.Call) -> bool:
	return len(node.args) == 1 and {keyword.arg for keyword in node.keywords} <= {"lang"}


def _is_stored(node: ast.expr) -> bool:
	"""Tell whether an expression reads a stored value: `doc.status`, `LABELS[key]`, `meta.get_label(…)`."""
	if isinstance(node, ast.Call):
		return isinstance(node.func, ast.Attribute) and node.func.attr == "get_label"
	while isinstance(node, ast.Attribute | ast.Subscript):
		node = node.value
	return isinstance(node, ast.Name)


def js_calls(source: str) -> Iterator[Call]:
	"""Yield the calls of `__` in a script, those inside template strings among them."""
	for node in _js_nodes(JAVASCRIPT.parse(source.encode()).root_node):
		function = node.child_by_field_name("function") if node.type == "call_expression" else None
		if function and function.text == b"__":
			arguments = node.child_by_field_name("arguments")
			yield _js_call(node.start_point[0] + 1, arguments.named_children if arguments else [])


def _js_nodes(node: Node) -> Iterator[Node]:
	yield node
	for child in node.children:
		yield from _js_nodes(child)


def _js_call(line: int, arguments: list[Node]) -> Call:
	if arguments and arguments[0].type == "string" and len(arguments) <= 2:
		return Call(line, _js_string(arguments[0]))
	is_stored = len(arguments) == 1 and _is_stored_in_js(arguments[0])
	return Call(line, problem="" if is_stored else f"__: {JS_RULE}")


def _js_string(node: Node) -> str:
	"""Return what a string literal says; its escapes are those of JSON, but for the quotation marks."""
	text = node.text.decode()[1:-1].replace("\\'", "'").replace('\\"', '"')
	return json.loads('"' + text.replace('"', '\\"') + '"')


def _is_stored_in_js(node: Node) -> bool:
	"""Tell whether an expression reads a stored value: `status`, `doc.status`, `names[kind]`."""
	while node.type in ("member_expression", "subscript_expression"):
		node = node.child_by_field_name("object")
	return node.type == "identifier"


def json_texts(document: dict) -> Iterator[Text]:
	"""Yield the texts of a document that Frappe keeps as JSON: a doctype, a report, a workspace …"""
	kind = document.get("doctype")
	if kind == "DocType":
		yield from _doctype_texts(document)
	elif kind == "Workspace":
		yield from _workspace_texts(document)
	for field, comment in NAMED_TEXTS.get(kind, {}).items():
		yield Text(document[field], comment)


def _doctype_texts(document: dict) -> Iterator[Text]:
	name = document["name"]
	yield Text(name, "Name of a DocType")
	yield Text(document.get("description", ""), "Description of a DocType")
	for field in document.get("fields", ()):
		yield from _field_texts(field, f"in DocType '{name}'")
	for link in document.get("links", ()):
		yield Text(link.get("group", ""), f"Group in {name}'s connections")
		yield Text(link["link_doctype"], f"Linked DocType in {name}'s connections")
	for state in document.get("states", ()):
		yield Text(state["title"], f"State of DocType '{name}'")
	for permission in document.get("permissions", ()):
		yield Text(permission["role"], "Name of a role")


def _field_texts(field: dict, where: str) -> Iterator[Text]:
	kind, name = field["fieldtype"], field.get("label") or field["fieldname"]
	yield Text(field.get("label", ""), f"Label of the {field['fieldname']} ({kind}) field {where}")
	yield Text(field.get("description", ""), f"Description of the '{name}' ({kind}) field {where}")
	if kind == "Select":
		for option in field.get("options", "").split("\n"):
			yield Text("" if option.isdigit() else option, f"Option for the '{name}' ({kind}) field {where}")
	elif kind == "HTML":
		yield Text(field.get("options", ""), f"Content of the '{name}' ({kind}) field {where}")


def _workspace_texts(document: dict) -> Iterator[Text]:
	where = f"in the {document['label']} Workspace"
	yield Text(document["label"], "Name of a Workspace")
	for table, field, comment in WORKSPACE_TEXTS:
		for row in document.get(table, ()):
			yield Text(row.get(field) or "", f"{comment} {where}")
	for block in json.loads(document.get("content", "[]")):
		if block["type"] in ("header", "paragraph"):
			yield Text(block["data"]["text"], f"{block['type'].title()} text {where}")


def template_calls(source: str) -> Iterator[Call]:
	"""Yield the calls of `_` in a Jinja template."""
	for line, _function, text, _comments in babel_extract(BytesIO(source.encode()), ("_",), (), {}):
		yield Call(line, text) if isinstance(text, str) else Call(line, problem=f"_: {RULE}")


READERS = {".py": python_calls, ".js": js_calls, ".html": template_calls}


def sources(package: Path = PACKAGE) -> list[Path]:
	"""Return the files of the package that may have texts, in a fixed order."""
	return [
		path
		for path in sorted(package.rglob("*"))
		if path.suffix in (*READERS, ".json") and LEFT_OUT.isdisjoint(path.relative_to(package).parts)
	]


def texts_of(path: Path) -> Iterator[Text]:
	"""Yield the texts of a file."""
	source = path.read_text("utf-8")
	if path.suffix == ".json":
		document = json.loads(source)
		yield from json_texts(document) if isinstance(document, dict) else ()
	else:
		yield from (Text(call.text) for call in READERS[path.suffix](source) if call.text is not None)


def problems_in(path: Path) -> list[str]:
	"""Return "file:line: why" of each text in a file that no extractor can find."""
	if path.suffix not in READERS:
		return []
	calls = READERS[path.suffix](path.read_text("utf-8"))
	return [f"{path.relative_to(ROOT)}:{call.line}: {call.problem}" for call in calls if call.problem]


def catalog() -> Catalog:
	"""Return all texts of the package, each with the files and comments that it has."""
	template = Catalog(project="Email Campaigns", charset="utf-8", fuzzy=False)
	template.header_comment = "# Texts of Email Campaigns to translate; written by `dev/bench translations`."
	for path in sources():
		for found in texts_of(path):
			if found.text:
				where = [(path.relative_to(ROOT).as_posix(), None)]
				template.add(
					found.text, locations=where, auto_comments=[found.comment] if found.comment else ()
				)
	for message in template:
		message.flags.clear()  # Babel guesses formats from signs such as “% s”
	return template


def pot(template: Catalog) -> str:
	"""Return a catalog as the text of a file: sorted, without what differs by time or by version of Babel."""
	output = BytesIO()
	write_po(output, template, sort_output=True, include_lineno=False, width=None)
	changing = (
		'"POT-Creation-Date:',
		'"PO-Revision-Date:',
		'"Generated-By:',
		'"Last-Translator:',
		'"Language-Team:',
	)
	lines = output.getvalue().decode().splitlines(keepends=True)
	return "".join(line for line in lines if not line.startswith(changing))


def main() -> int:
	"""Write main.pot, or print what no extractor can find; returns the exit code."""
	problems = [problem for path in sources() for problem in problems_in(path)]
	for problem in problems:
		print(problem)
	if problems:
		return 1
	POT.parent.mkdir(exist_ok=True)
	template = catalog()
	POT.write_text(pot(template), "utf-8")
	print(f"{POT.relative_to(ROOT)}: {len(template)} texts")
	return 0


if __name__ == "__main__":
	sys.exit(main())
