"""The rules for a template: what they do not list is refused before the first mail, with its line."""

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import TemplateSyntaxError, nodes

from email_campaigns.message.errors import TemplateError
from email_campaigns.message.faults import LONG_NUMBER, TOO_DEEP
from email_campaigns.message.sandbox.environment import MailEnvironment
from email_campaigns.message.sandbox.names import RESERVED
from email_campaigns.message.sandbox.numbers import LONGEST_NUMBER
from email_campaigns.message.sandbox.size import check_tree
from email_campaigns.text import Sentence, _lt

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
READS_OTHERS = _lt("{0} is not available: a template cannot read other templates.")
NOT_ALLOWED = {
	"Include": Sentence(READS_OTHERS, "{% include %}"),
	"Import": Sentence(READS_OTHERS, "{% import %}"),
	"FromImport": Sentence(READS_OTHERS, "{% from … import %}"),
	"Extends": Sentence(READS_OTHERS, "{% extends %}"),
	"Block": Sentence(
		_lt("{0} is not available, because templates do not extend each other."), "{% block %}"
	),
	"NSRef": Sentence(_lt("{0} is not available."), "namespace()"),
}
# Names under which a template of Jinja or Frappe would reach objects of Python
ONLY_PYTHON = ("self", "super", "cycler", "joiner", "lipsum", "namespace", "frappe")
UNAVAILABLE = _lt("“{0}” is not available in a template.")


def parse(environment: MailEnvironment, source: str, part: str) -> nodes.Template:
	"""Return the checked syntax tree of a template. Raises TemplateError with the line of `source`."""
	try:
		tree = environment.parse(source)
		check_tree(tree, part)
		for node in walk(tree):
			_check_node(environment, node, part)
	except TemplateSyntaxError as error:
		raise TemplateError(_syntax_sentence(error), part=part, line=error.lineno) from None
	except RecursionError:
		raise TemplateError(TOO_DEEP, part=part) from None
	except TemplateError:
		raise
	except ValueError:
		raise TemplateError(LONG_NUMBER, part=part) from None
	return tree


def walk(tree: nodes.Node) -> Iterator[nodes.Node]:
	"""Yield the node and all below it, in the order of the source."""
	yield tree
	yield from tree.find_all(nodes.Node)


def _syntax_sentence(error: TemplateSyntaxError) -> str:
	message = (error.message or "").rstrip(".")
	return f"{message[0].upper()}{message[1:]}." if message else _lt("This is not a valid template.")


def _check_node(environment: MailEnvironment, node: nodes.Node, part: str) -> None:
	kind = type(node).__name__
	if kind not in ALLOWED_NODES:
		problem: Sentence | None = NOT_ALLOWED.get(kind) or Sentence(UNAVAILABLE, kind)
	else:
		find_problem = PROBLEMS.get(kind)
		problem = find_problem(environment, node) if find_problem else None
	if problem:
		raise TemplateError(problem, part=part, line=node.lineno)


def _problem_with_filter(environment: MailEnvironment, node: nodes.Filter) -> Sentence | None:
	if node.dyn_args or node.dyn_kwargs:
		return Sentence(_lt("A filter cannot be given arguments with *."))
	if node.name == "safe":
		return Sentence(
			_lt("The filter “{0}” is not available: values of a record are always escaped."), node.name
		)
	# metering.py adds the names with a space after this check
	allowed = sorted(name for name in environment.filters if " " not in name)
	if node.name in allowed:
		return None
	return Sentence(_lt("There is no filter “{0}”; there are {1}."), node.name, ", ".join(allowed))


def _problem_with_test(environment: MailEnvironment, node: nodes.Test) -> Sentence | None:
	if node.dyn_args or node.dyn_kwargs:
		return Sentence(_lt("A test cannot be given arguments with *."))
	if node.name in environment.tests:
		return None
	allowed = ", ".join(sorted(environment.tests))
	return Sentence(_lt("There is no test “{0}”; there are {1}."), node.name, allowed)


def _problem_with_name(environment: MailEnvironment, node: nodes.Name) -> Sentence | None:
	if node.name in ONLY_PYTHON or node.name.startswith("__"):
		return Sentence(UNAVAILABLE, node.name)
	if node.ctx != "load" and node.name in RESERVED:
		return Sentence(_lt("“{0}” cannot be given another value."), node.name)
	return None


def _problem_with_constant(environment: MailEnvironment, node: nodes.Const) -> Sentence | None:
	is_long = isinstance(node.value, int) and abs(node.value) >= 10**LONGEST_NUMBER
	return Sentence(LONG_NUMBER) if is_long else None


def _problem_with_attribute(environment: MailEnvironment, node: nodes.Getattr) -> Sentence | None:
	return Sentence(UNAVAILABLE, node.attr) if node.attr.startswith("__") else None


def _problem_with_item(environment: MailEnvironment, node: nodes.Getitem) -> Sentence | None:
	key = node.arg.value if isinstance(node.arg, nodes.Const) else None
	return Sentence(UNAVAILABLE, str(key)) if str(key).startswith("__") else None


def _problem_with_call(environment: MailEnvironment, node: nodes.Call) -> Sentence | None:
	if node.dyn_args or node.dyn_kwargs:
		return Sentence(_lt("A function cannot be given arguments with *."))
	return None


def _problem_with_loop(environment: MailEnvironment, node: nodes.For) -> Sentence | None:
	return Sentence(_lt("{0} is not available."), "{% for … recursive %}") if node.recursive else None


def _problem_with_macro(environment: MailEnvironment, node: nodes.Macro) -> Sentence | None:
	if node.name in RESERVED:
		return Sentence(_lt("“{0}” cannot be given another meaning."), node.name)
	return None


PROBLEMS: dict[str, Callable[[MailEnvironment, Any], Sentence | None]] = {
	"Filter": _problem_with_filter,
	"Test": _problem_with_test,
	"Name": _problem_with_name,
	"Const": _problem_with_constant,
	"Getattr": _problem_with_attribute,
	"Getitem": _problem_with_item,
	"Call": _problem_with_call,
	"For": _problem_with_loop,
	"Macro": _problem_with_macro,
}
