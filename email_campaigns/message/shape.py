"""The shape of regular HTML: how many elements it has of each kind, how deep and how wide it is. Pure."""

import re
from collections import Counter
from dataclasses import dataclass, field

# Regular HTML quotes every value with ", and escapes " in it; what stands in these elements is no HTML.
RAW = re.compile(r"(<(style|script|textarea|title|xmp|iframe|noembed|noframes)\b[^>]*>).*?</\2>", re.DOTALL)
TAG = re.compile(
	r"<!--.*?-->|<(/?)([a-z][^\s/>]*)([^\">]*(?:\"[^\"]*\"[^\">]*)*)>", re.DOTALL | re.IGNORECASE
)
CLASS = re.compile(r"\sclass=\"([^\"]*)\"")
IDENTIFIER = re.compile(r"\sid=\"([^\"]*)\"")
VOID = frozenset(
	[
		"area",
		"base",
		"br",
		"col",
		"embed",
		"hr",
		"img",
		"input",
		"link",
		"meta",
		"param",
		"source",
		"track",
		"wbr",
	]
)


@dataclass
class Shape:
	"""How many elements a document has, how many levels, and how many children the widest element has.

	`names` counts them by tag, .class and #id, in lower case; `below` counts what is within them.
	"""

	elements: int = 0
	depth: int = 0
	width: int = 0
	names: Counter[str] = field(default_factory=Counter)
	below: Counter[str] = field(default_factory=Counter)


def shape_of(html: str) -> Shape:
	"""Return the shape of regular HTML (markup.regular)."""
	shape, children = Shape(), [0]
	open_elements: list[tuple[list[str], int]] = []  # the names of each, and its number in the document
	for match in TAG.finditer(RAW.sub(r"\1</\2>", html)):
		closing, name, attributes = match.groups()
		if closing and open_elements:
			names, number = open_elements.pop()
			shape.below.update(dict.fromkeys(names, shape.elements - number))
			children.pop()
		elif name and not closing:
			shape.elements += 1
			children[-1] += 1
			shape.width = max(shape.width, children[-1])
			names = _names(name, attributes)
			shape.names.update(names)
			if name.lower() not in VOID:
				open_elements.append((names, shape.elements))
				children.append(0)
				shape.depth = max(shape.depth, len(open_elements))
	return shape


def _names(name: str, attributes: str) -> list[str]:
	names = [name.lower()]
	if classes := CLASS.search(attributes):
		names += {f".{word}" for word in classes[1].lower().split()}
	if identifier := IDENTIFIER.search(attributes):
		names.append(f"#{identifier[1].lower()}")
	return names
