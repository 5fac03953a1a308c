"""The fields and links that a template uses, read from its syntax tree without running it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from jinja2 import nodes

from email_campaigns.message.sandbox.names import bare_fields


@dataclass
class Usage:
	"""What one template uses.

	`fields` are first-level fields of `doc`, also those that it names without `doc`; `whole` is set where the
	tree does not show which fields are used. `links` are the constant names given to tracking_url(), and
	`any_link` is set where the template works out a name. `unsubscribe` is set where every rendering writes
	that link, seen or not.
	"""

	fields: set[str] = field(default_factory=set)
	whole: bool = False
	links: set[str] = field(default_factory=set)
	any_link: bool = False
	unsubscribe: bool = False


def read_usage(tree: nodes.Template) -> Usage:
	"""Return what the template of this syntax tree uses."""
	usage = Usage(fields=set(bare_fields(tree)), unsubscribe=_always_unsubscribes(tree))
	_collect_fields(tree, usage)
	_collect_links(tree, usage)
	return usage


def _collect_links(tree: nodes.Template, usage: Usage) -> None:
	constant = 0
	for call in tree.find_all(nodes.Call):
		if isinstance(call.node, nodes.Name) and call.node.name == "tracking_url":
			names = [name for name in map(_constant_text, call.args) if name is not None]
			usage.links.update(names)
			constant += bool(names)
	usage.any_link = constant < sum(name.name == "tracking_url" for name in tree.find_all(nodes.Name))


def _collect_fields(node: nodes.Node, usage: Usage) -> None:
	"""Go down the tree; a look-up on `doc` names its field, `doc` anywhere else may use any."""
	for child in node.iter_child_nodes():
		name = _field_name(child)
		if name is not None:
			usage.fields.add(name)
			_collect_arguments(child, usage)
		elif _is_doc(child) or _is_get(child):
			usage.whole = True
		else:
			_collect_fields(child, usage)


def _collect_arguments(call: nodes.Node, usage: Usage) -> None:
	for argument in getattr(call, "args", ()):
		_collect_fields(nodes.ExprStmt(argument), usage)


def _is_doc(node: nodes.Node) -> bool:
	return isinstance(node, nodes.Name) and node.name == "doc"


def _field_name(node: nodes.Node) -> str | None:
	"""Return the field in doc.field, doc["field"] and doc.get("field"), else None."""
	if isinstance(node, nodes.Getattr) and _is_doc(node.node):
		return node.attr
	if isinstance(node, nodes.Getitem) and _is_doc(node.node):
		return _constant_text(node.arg)
	if _is_get(node) and node.args:
		return _constant_text(node.args[0])
	return None


def _is_get(node: nodes.Node) -> TypeGuard[nodes.Call]:
	if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Getattr):
		return False
	return node.node.attr == "get" and _is_doc(node.node.node)


def _constant_text(node: nodes.Node) -> str | None:
	return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None


def _always_unsubscribes(tree: nodes.Template) -> bool:
	"""Tell whether unsubscribe_url is written outside of every condition, loop and macro."""
	return any(
		isinstance(node, nodes.Name) and node.name == "unsubscribe_url" for node in _unconditional(tree.body)
	)


def _unconditional(body: list[nodes.Node]) -> Iterator[nodes.Node]:
	for node in body:
		if isinstance(node, nodes.Output):
			yield from node.nodes
		elif isinstance(node, nodes.With):
			yield from _unconditional(node.body)
