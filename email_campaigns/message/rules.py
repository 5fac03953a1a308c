"""What a template may contain. Everything that is not listed is refused before the first mail, with its line."""

from collections.abc import Iterator

from jinja2 import TemplateSyntaxError, nodes

from email_campaigns.message.errors import TemplateError
from email_campaigns.message.sandbox import MailEnvironment

RESERVED = frozenset(
	[
		"doc",
		"campaign",
		"mass_email",
		"unsubscribe_url",
		"view_url",
		"open_url",
		"tracking_url",
		"range",
		"format_date",
		"format_number",
		"loop",
		"self",
		"super",
	]
)
ALLOWED_NODES = frozenset(
	[
		"Template",
		"Output",
		"TemplateData",
		"Name",
		"Const",
		"Getattr",
		"Getitem",
		"Slice",
		"Call",
		"Keyword",
		"Pair",
		"List",
		"Tuple",
		"Dict",
		"CondExpr",
		"Filter",
		"Test",
		"If",
		"For",
		"Macro",
		"CallBlock",
		"FilterBlock",
		"With",
		"Assign",
		"AssignBlock",
		"Concat",
		"Compare",
		"Operand",
		"And",
		"Or",
		"Not",
		"Neg",
		"Pos",
		"Add",
		"Sub",
		"Mul",
		"Div",
		"FloorDiv",
		"Mod",
		"Pow",
	]
)
NOT_ALLOWED = {
	"Include": "{% include %} is not available: a template cannot read other templates",
	"Import": "{% import %} is not available: a template cannot read other templates",
	"FromImport": "{% from … import %} is not available: a template cannot read other templates",
	"Extends": "{% extends %} is not available: a template cannot read other templates",
	"Block": "{% block %} is not available, because templates do not extend each other",
	"NSRef": "namespace() is not available",
}
# The names that Python itself answers with a whole program's worth of objects
ONLY_PYTHON = ("self", "super", "cycler", "joiner", "lipsum", "namespace", "frappe")


def parse(environment: MailEnvironment, source: str, part: str) -> nodes.Template:
	"""The checked syntax tree of a template. Raises TemplateError with the line of `source`."""
	try:
		tree = environment.parse(source)
		for node in walk(tree):
			_check(environment, node, part)
	except TemplateSyntaxError as error:
		raise TemplateError(_sentence(error), part, error.lineno) from None
	except RecursionError:
		raise TemplateError("Parts of the template are nested too deeply.", part) from None
	except ValueError as error:
		if isinstance(error, TemplateError):
			raise
		raise TemplateError("The template holds a number that is too long.", part) from None
	return tree


def walk(tree: nodes.Node) -> Iterator[nodes.Node]:
	"""The node and all below it, in the order of the source."""
	yield tree
	yield from tree.find_all(nodes.Node)


def _sentence(error: TemplateSyntaxError) -> str:
	message = (error.message or "This is not a valid template").rstrip(".")
	return f"{message[0].upper()}{message[1:]}."


def _check(environment: MailEnvironment, node: nodes.Node, part: str) -> None:
	kind = type(node).__name__
	if kind not in ALLOWED_NODES:
		reason = NOT_ALLOWED.get(kind, f"“{kind}” is not available in a template")
	else:
		checker = CHECKS.get(kind)
		reason = checker(environment, node) if checker else None
	if reason:
		raise TemplateError(reason + ".", part, node.lineno)


def _check_filter(environment: MailEnvironment, node: nodes.Filter) -> str | None:
	if node.dyn_args or node.dyn_kwargs:
		return "A filter cannot be given arguments with *"
	if node.name == "safe":
		return "The filter “safe” is not available: what comes from a record is always escaped"
	# The names with a space are put in by metering.py, after this check
	if node.name in environment.filters and " " not in node.name:
		return None
	allowed = sorted(name for name in environment.filters if " " not in name)
	return _not_among("filter", node.name, allowed)


def _check_test(environment: MailEnvironment, node: nodes.Test) -> str | None:
	if node.dyn_args or node.dyn_kwargs:
		return "A test cannot be given arguments with *"
	return (
		None if node.name in environment.tests else _not_among("test", node.name, sorted(environment.tests))
	)


def _not_among(kind: str, name: str, allowed: list[str]) -> str:
	return f"There is no {kind} “{name}”; there are {', '.join(allowed)}"


def _check_name(environment: MailEnvironment, node: nodes.Name) -> str | None:
	if node.name in ONLY_PYTHON or node.name.startswith("__"):
		return f"“{node.name}” is not available in a template"
	if node.ctx != "load" and node.name in RESERVED:
		return f"“{node.name}” cannot be given another value"
	return None


def _check_attribute(environment: MailEnvironment, node: nodes.Getattr) -> str | None:
	return f"“{node.attr}” is not available in a template" if node.attr.startswith("__") else None


def _check_item(environment: MailEnvironment, node: nodes.Getitem) -> str | None:
	key = node.arg.value if isinstance(node.arg, nodes.Const) else None
	return f"“{key}” is not available in a template" if str(key).startswith("__") else None


def _check_call(environment: MailEnvironment, node: nodes.Call) -> str | None:
	return "A function cannot be given arguments with *" if node.dyn_args or node.dyn_kwargs else None


def _check_loop(environment: MailEnvironment, node: nodes.For) -> str | None:
	return "{% for … recursive %} is not available" if node.recursive else None


def _check_macro(environment: MailEnvironment, node: nodes.Macro) -> str | None:
	return f"“{node.name}” cannot be given another meaning" if node.name in RESERVED else None


CHECKS = {
	"Filter": _check_filter,
	"Test": _check_test,
	"Name": _check_name,
	"Getattr": _check_attribute,
	"Getitem": _check_item,
	"Call": _check_call,
	"For": _check_loop,
	"Macro": _check_macro,
}
