"""Values in the query of a link are percent-encoded: “Anna Maria” in ?name={{ doc.first_name }}.

It works on plain Jinja, before the mail is compiled, so that a sent text holds what makes the mail. A value
is encoded where it is that of a parameter (after ?name= or &name=) of an href. One that is a whole address,
a host, a part of a path or a whole query stays as it is: nobody but its author knows what is in it. So does
one that the template has encoded or replaced something in.
"""

import re

from jinja2 import Environment, TemplateSyntaxError, nodes

from email_campaigns.message.html.pieces import split
from email_campaigns.message.mime.slots import IN_QUERY

SYNTAX = Environment()
SLOT = "\ue000"  # stands for a piece of Jinja; no address has this character of private use
IN_PARAMETER = re.compile(
	r"<[a-z][^<>]*[\s\"'/]href\s*=\s*(?:\"(?P<double>[^\"]*)|'(?P<single>[^']*)|(?P<bare>[^\s\"'>]+))\Z",
	re.IGNORECASE,
)
PARAMETER = re.compile(r"\?(?:[^#]*[&;])?[^=&;?#]*=[^&#]*\Z")
EXPRESSION = re.compile(r"(\{\{[-+]?)(.*?)([-+]?\}\})", re.DOTALL)
BY_HAND = frozenset(("urlencode", "replace"))  # filters and methods with which a template encodes by itself
SEEN = 5000  # characters before a piece: no href is longer


def encode_link_values(html: str) -> str:
	"""Return the template with the values of parameters in its links percent-encoded.

	Every line keeps its number. Never raises.
	"""
	if "href" not in html.lower() or "{{" not in html:
		return html
	try:
		pieces = list(split(html))
	except TemplateSyntaxError:  # whoever compiles it names the line
		return html
	encoded = None
	output, seen = [], ""
	for text, is_jinja in pieces:
		output.append(text)
		if not is_jinja:
			seen = (seen + text)[-SEEN:]
		elif text.startswith("{{"):
			if _is_value_of_parameter(seen):
				encoded = _encoded_names(html) if encoded is None else encoded
				output[-1] = _encode(text, encoded)
			seen += SLOT
	return "".join(output)


def _is_value_of_parameter(before: str) -> bool:
	tag = IN_PARAMETER.search(before, max(before.rfind("<"), 0))
	return bool(tag and PARAMETER.search(tag["double"] or tag["single"] or tag["bare"] or ""))


def _encode(piece: str, encoded: frozenset[str]) -> str:
	match = EXPRESSION.fullmatch(piece)
	if not match or _is_encoded(piece, encoded):
		return piece
	begin, expression, end = match.groups()
	return f"{begin} ({expression}) |{IN_QUERY} {end}"


def _is_encoded(piece: str, encoded: frozenset[str]) -> bool:
	"""Tell whether an expression may be encoded already; a macro writes what its author wants."""
	tree = _parse(piece)
	if tree is None:
		return True
	names = {name.name for name in tree.find_all(nodes.Name)}
	calls = {call.node.name for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
	return bool(names & encoded or calls - {"tracking_url", "format_date", "format_number"} or _encodes(tree))


def _encoded_names(source: str) -> frozenset[str]:
	"""Return the names to which the template gives values that it has encoded."""
	tree = _parse(source)
	if tree is None:
		return frozenset()
	settings = [
		node for node in tree.find_all((nodes.Assign, nodes.AssignBlock, nodes.With)) if _encodes(node)
	]
	return frozenset(
		name.name for node in settings for name in node.find_all(nodes.Name) if name.ctx != "load"
	)


def _encodes(tree: nodes.Node) -> bool:
	filters = {node.name for node in tree.find_all(nodes.Filter)}
	methods = {node.node.attr for node in tree.find_all(nodes.Call) if isinstance(node.node, nodes.Getattr)}
	return not BY_HAND.isdisjoint(filters | methods)


def _parse(source: str) -> nodes.Template | None:
	try:
		return SYNTAX.parse(source)
	except (TemplateSyntaxError, RecursionError, ValueError):
		return None
