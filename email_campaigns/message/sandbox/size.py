"""Limits of a template's syntax, checked before the work that they bound.

To parse and compile a template takes some 60 µs for each token, and recursion for each level of its tree.
"""

from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes

from email_campaigns.message.errors import TemplateError
from email_campaigns.message.faults import TOO_DEEP
from email_campaigns.text import _lt

# Names, values and signs; {{ doc.first_name }} has five
MOST_TOKENS = {"subject": 500, "html": 6000, "text": 6000}
MOST_LEVELS = 100  # of the syntax tree
TOO_MANY_TOKENS = _lt("The template has more than {0} names, values and signs of Jinja.")
HALF_CHARACTER = _lt("The template holds half of a character (U+{0}), which no mail can show.")


def check_source(environment: Environment, source: str, part: str) -> None:
	"""Raise TemplateError for a template that has too many tokens, or a half of a surrogate pair."""
	_check_characters(source, part)
	for number, line in enumerate(_token_lines(environment, source)):
		if number >= MOST_TOKENS[part]:
			raise TemplateError(TOO_MANY_TOKENS, f"{MOST_TOKENS[part]:,}", part=part, line=line)


def _token_lines(environment: Environment, source: str) -> Iterator[int]:
	"""Yield the line of each token; of a template that has no syntax, up to the fault."""
	try:
		for line, kind, _text in environment.lexer.tokeniter(source, None):
			if kind not in ("whitespace", "data"):
				yield line
	except TemplateSyntaxError:
		return


def _check_characters(text: str, part: str, line: int | None = None) -> None:
	try:
		text.encode()
	except UnicodeEncodeError as error:
		line = line or text.count("\n", 0, error.start) + 1
		code = f"{ord(text[error.start]):04X}"
		raise TemplateError(HALF_CHARACTER, code, part=part, line=line) from None


def check_tree(tree: nodes.Template, part: str) -> None:
	"""Raise TemplateError for a syntax tree that is too deep, or a text with a half of a surrogate pair.

	It needs no recursion itself.
	"""
	waiting: list[tuple[nodes.Node, int]] = [(tree, 1)]
	while waiting:
		node, level = waiting.pop()
		if level > MOST_LEVELS:
			raise TemplateError(TOO_DEEP, part=part, line=node.lineno)
		if isinstance(node, nodes.Const) and isinstance(node.value, str):
			_check_characters(node.value, part, node.lineno)
		waiting += [(child, level + 1) for child in node.iter_child_nodes()]
