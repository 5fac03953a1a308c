"""Metering of a checked syntax tree.

Every look-up, loop, macro, comparison, key and `~` calls a function of environment.py. The calls are filters
whose names hold a space, which no template can write.
"""

from collections.abc import Sequence
from typing import TypeVar

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

from email_campaigns.message.mime.quoted import SlotName
from email_campaigns.message.mime.slots import ENCODED, IN_QUERY, Marks, Path
from email_campaigns.message.sandbox.limits import size

N = TypeVar("N", bound=nodes.Node)

FIELD, ITEM, KEY, CUT, LOOP, TICK, COMPARE, CONCAT, LINK = (
	f"ec {name}" for name in ["field", "item", "key", "cut", "loop", "tick", "compare", "concat", "link"]
)
NODES_PER_TICK = 4
# Nodes that take the time of about SHORT_NODES others
LONG_NODES = (
	nodes.AssignBlock,
	nodes.BinExpr,
	nodes.Compare,
	nodes.Concat,
	nodes.Filter,
	nodes.FilterBlock,
	nodes.Getattr,
	nodes.Getitem,
	nodes.Test,
	nodes.UnaryExpr,
	nodes.With,
)
SHORT_NODES = 4
SHORT_NODES_OF_A_CALL = 3
SHORT_NODES_OF_AN_OUTPUT = 3  # for each of its expressions
# Reserved names: no template gives them another value
CONSTANT = frozenset(["doc", "campaign", "mass_email", "unsubscribe_url", "view_url", "open_url"])
TICKS_OF_A_CALL = 5  # a macro takes the time of about so many empty passes of a loop


def meter_tree(tree: nodes.Template, marks: Marks) -> nodes.Template:
	"""Return the same tree, changed in place, so that it counts its work.

	Links and constant fields outside of loops become `marks` in the fixed text.
	"""
	_Metering(marks).visit(tree)
	return tree


def path_of(node: nodes.Node) -> str:
	"""Return an expression as a person would write it, such as doc.phone_nos[0].phone, for warnings.

	What is neither a name, a look-up nor a call is “(…)”.
	"""
	if isinstance(node, nodes.Name):
		return node.name
	if isinstance(node, nodes.Getattr):
		return f"{path_of(node.node)}.{node.attr}"
	if isinstance(node, nodes.Getitem):
		key = node.arg.value if isinstance(node.arg, nodes.Const) else "…"
		return (
			f"{path_of(node.node)}.{key}"
			if isinstance(key, str) and key != "…"
			else f"{path_of(node.node)}[{key}]"
		)
	if isinstance(node, nodes.Call):
		return f"{path_of(node.node)}(…)"
	return "(…)"


def _filter(value: nodes.Node, name: str, *args: object) -> nodes.Filter:
	arguments = [arg if isinstance(arg, nodes.Node) else nodes.Const(arg) for arg in args]
	call = nodes.Filter(value, name, arguments, [], None, None)
	for node in (call, *arguments):
		_place(node, value)
	return call


def _place(node: N, origin: nodes.Node) -> N:
	"""Let a new node have the line and the environment of one that the user wrote."""
	node.set_lineno(origin.lineno).set_environment(_environment(origin))
	return node


def _environment(node: nodes.Node) -> Environment:
	if node.environment is None:
		raise ValueError("A parsed node has an environment.")
	return node.environment


def _pass_cost(body: Sequence[nodes.Node]) -> tuple[int, int]:
	"""Return (ticks, fixed characters) of one pass of these nodes; an inner loop counts too."""
	inner = [node for statement in body for node in (statement, *statement.find_all(nodes.Node))]
	chars = sum(size(node.data) for node in inner if isinstance(node, nodes.TemplateData))
	return max(1, sum(map(_weight, inner)) // NODES_PER_TICK), chars


def _weight(node: nodes.Node) -> int:
	if isinstance(node, nodes.Output):
		return SHORT_NODES_OF_AN_OUTPUT * sum(
			not isinstance(child, nodes.TemplateData) for child in node.nodes
		)
	if isinstance(node, nodes.Call):
		return SHORT_NODES_OF_A_CALL
	return SHORT_NODES if isinstance(node, LONG_NODES) else 1


def _link(node: nodes.Node) -> nodes.Const | None:
	"""Return the name in tracking_url("name"), else None."""
	if not isinstance(node, nodes.Call) or node.kwargs or len(node.args) != 1:
		return None
	function, name = node.node, node.args[0]
	if not isinstance(function, nodes.Name) or function.name != "tracking_url":
		return None
	return name if isinstance(name, nodes.Const) else None


def _slot_name(node: nodes.Node) -> SlotName | None:
	"""Return the name of the slot for a node: the one in tracking_url("name"), or the path in doc.field."""
	if (name := _link(node)) is not None:
		return name.value if isinstance(name.value, str) else None
	path: Path = ()
	if isinstance(node, nodes.Filter) and node.name == IN_QUERY and node.node:
		path, node = (ENCODED,), node.node
	while isinstance(node, nodes.Getattr):
		path, node = (node.attr, *path), node.node
	return (node.name, *path) if isinstance(node, nodes.Name) and node.name in CONSTANT else None


class _Metering(NodeTransformer):
	def __init__(self, marks: Marks):
		self._marks = marks
		self._depth = 0  # of loops, and of blocks whose text a template may read before it is written

	def _visit_inner(self, node: nodes.Node) -> None:
		self._depth += 1
		self.generic_visit(node)
		self._depth -= 1

	def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
		self._visit_inner(node)
		return node

	def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:
		self._visit_inner(node)
		return node

	def visit_Output(self, node: nodes.Output) -> nodes.Node:
		if not self._depth:
			node.nodes = [self._mark_slot(child) for child in node.nodes]
		return self.generic_visit(node)

	def _mark_slot(self, node: nodes.Expr) -> nodes.Expr:
		name = _slot_name(node)
		return node if name is None else _place(nodes.TemplateData(self._marks.mark(name)), node)

	def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:
		return _filter(self.visit(node.node), FIELD, node.attr, path_of(node))

	def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
		path = path_of(node)
		value = self.visit(node.node)
		if isinstance(node.arg, nodes.Slice):
			bounds = (node.arg.start, node.arg.stop, node.arg.step)
			return _filter(value, CUT, *(None if bound is None else self.visit(bound) for bound in bounds))
		return _filter(value, ITEM, self.visit(node.arg), path)

	def visit_Call(self, node: nodes.Call) -> nodes.Node:
		# A newsletter has dozens of tracked links, so they take a shorter way than other calls
		name = _link(node)
		return self.generic_visit(node) if name is None else _filter(name, LINK)

	def visit_For(self, node: nodes.For) -> nodes.Node:
		cost = _pass_cost([*node.body, *([node.test] if node.test else [])])
		self._visit_inner(node)
		node.iter = _filter(node.iter, LOOP, *cost)
		return node

	def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
		self._count_calls(node)
		return node

	def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
		self._count_calls(node)
		return node

	def _count_calls(self, node: nodes.Macro | nodes.CallBlock) -> None:
		ticks, chars = _pass_cost(node.body)
		self._visit_inner(node)
		count = _place(nodes.Const(ticks * TICKS_OF_A_CALL), node)
		node.body.insert(0, _place(nodes.ExprStmt(_filter(count, TICK, chars)), node))

	def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
		self.generic_visit(node)
		rest = [part for operand in node.ops for part in (operand.op, operand.expr)]
		return _filter(node.expr, COMPARE, *rest)

	def visit_Pair(self, node: nodes.Pair) -> nodes.Node:
		self.generic_visit(node)
		if not isinstance(node.key, nodes.Const):
			node.key = _filter(node.key, KEY)
		return node

	def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
		self.generic_visit(node)
		first, *rest = node.nodes
		return _filter(first, CONCAT, *rest)
