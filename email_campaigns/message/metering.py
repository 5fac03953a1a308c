"""Puts calls into a checked syntax tree: every look-up, loop, macro, comparison and `~` goes through sandbox.py.

They are filters whose names hold a space, which no template can write.
"""

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from email_campaigns.message.slots import Marks, Path

FIELD, ITEM, CUT, EACH, TICK, WEIGH, CONCAT, LINK = (
	f"ec {name}" for name in ["field", "item", "cut", "each", "tick", "weigh", "concat", "link"]
)
NODES_PER_TICK = 100
# Reserved names, so that no template gives one another value
CONSTANT = frozenset(["doc", "campaign", "mass_email", "unsubscribe_url", "view_url", "open_url"])
TICKS_OF_A_CALL = 5  # a macro takes the time of about so many empty passes of a loop


def meter_tree(tree: nodes.Template, marks: Marks) -> nodes.Template:
	"""The same tree, changed in place, its work counted. What is left of links and fields written at most once are marks."""
	return _Metering(marks).visit(tree)


def path_of(node: nodes.Node) -> str:
	"""How a person would write this expression: doc.phone_nos[0].phone; for warnings."""
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
	return "a value"


def _filter(value: nodes.Expr, name: str, *args: object) -> nodes.Filter:
	arguments = [arg if isinstance(arg, nodes.Node) else nodes.Const(arg) for arg in args]
	call = nodes.Filter(value, name, arguments, [], None, None)
	for node in (call, *arguments):
		node.set_lineno(value.lineno).set_environment(value.environment)
	return call


def _cost(body: list[nodes.Node]) -> tuple[int, int]:
	"""(ticks, fixed characters) of one pass of these nodes, inner loops counted once here and once by themselves."""
	inner = [node for statement in body for node in (statement, *statement.find_all(nodes.Node))]
	chars = sum(len(node.data) for node in inner if isinstance(node, nodes.TemplateData))
	return 1 + len(inner) // NODES_PER_TICK, chars


def _link(node: nodes.Node) -> nodes.Const | None:
	"""The name in tracking_url("name")."""
	if not isinstance(node, nodes.Call) or node.kwargs or len(node.args) != 1:
		return None
	called, name = node.node, node.args[0]
	plain = isinstance(called, nodes.Name) and called.name == "tracking_url" and isinstance(name, nodes.Const)
	return name if plain else None


def _slot(node: nodes.Node) -> str | Path | None:
	"""What fills the slot that can stand for a node: a link's name in tracking_url("name"), the path in doc.field."""
	if (name := _link(node)) is not None:
		return name.value if isinstance(name.value, str) else None
	path: Path = ()
	while isinstance(node, nodes.Getattr):
		path, node = (node.attr, *path), node.node
	return (node.name, *path) if isinstance(node, nodes.Name) and node.name in CONSTANT else None


class _Metering(NodeTransformer):
	def __init__(self, marks: Marks):
		self._marks = marks
		self._within = 0  # of loops, and of what a template may look at before it is written

	def _inner(self, node: nodes.Node) -> nodes.Node:
		self._within += 1
		node = self.generic_visit(node)
		self._within -= 1
		return node

	visit_AssignBlock = visit_FilterBlock = _inner

	def visit_Output(self, node: nodes.Output) -> nodes.Node:
		if not self._within:
			node.nodes = [self._marked(child) for child in node.nodes]
		return self.generic_visit(node)

	def _marked(self, node: nodes.Node) -> nodes.Node:
		if (slot := _slot(node)) is None:
			return node
		mark = nodes.TemplateData(self._marks.mark(slot))
		return mark.set_lineno(node.lineno).set_environment(node.environment)

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
		# A newsletter has dozens of these, so they take a shorter way than other calls
		name = _link(node)
		return self.generic_visit(node) if name is None else _filter(name, LINK)

	def visit_For(self, node: nodes.For) -> nodes.Node:
		cost = _cost([*node.body, *([node.test] if node.test else [])])
		node = self._inner(node)
		node.iter = _filter(node.iter, EACH, *cost)
		return node

	def visit_Macro(self, node: nodes.Macro | nodes.CallBlock) -> nodes.Node:
		cost = _cost(node.body)
		node = self._inner(node)
		ticks = (
			nodes.Const(cost[0] * TICKS_OF_A_CALL).set_lineno(node.lineno).set_environment(node.environment)
		)
		statement = nodes.ExprStmt(_filter(ticks, TICK, cost[1]))
		node.body.insert(0, statement.set_lineno(node.lineno).set_environment(node.environment))
		return node

	visit_CallBlock = visit_Macro

	def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
		node = self.generic_visit(node)
		node.expr = _weighed(node.expr)
		for operand in node.ops:
			operand.expr = _weighed(operand.expr)
		return node

	def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
		first, *rest = self.generic_visit(node).nodes
		return _filter(first, CONCAT, *rest)


def _weighed(expr: nodes.Expr) -> nodes.Expr:
	return expr if isinstance(expr, nodes.Const) else _filter(expr, WEIGH)
