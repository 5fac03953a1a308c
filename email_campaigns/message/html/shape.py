"""The shape of regular HTML: how many elements it has of each kind, how deep and how wide it is. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from email_campaigns.message.html.tokens import END, START, VOID, Html, Token


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
	document, shape, children = Html(html), Shape(), [0]
	open_elements: list[tuple[list[str], int]] = []  # the names of each, and its number in the document
	for token in document.tokens:
		if token.kind == END and open_elements:
			names, number = open_elements.pop()
			shape.below.update(dict.fromkeys(names, shape.elements - number))
			children.pop()
		elif token.kind == START:
			shape.elements += 1
			children[-1] += 1
			shape.width = max(shape.width, children[-1])
			names = _names(document, token)
			shape.names.update(names)
			if token.name not in VOID:
				open_elements.append((names, shape.elements))
				children.append(0)
				shape.depth = max(shape.depth, len(open_elements))
	return shape


def _names(document: Html, token: Token) -> list[str]:
	names = [token.name]
	for attribute in document.attributes(token):
		if attribute.name == "class":
			names += {f".{word}" for word in document.value(attribute).lower().split()}
		elif attribute.name == "id":
			names.append(f"#{document.value(attribute).lower()}")
	return names
