"""Rules that stay in a style sheet, since no attribute can express them: @media, :hover and the like. Pure.

In the template they win over the sheet's other rules by order or weight. Those are in attributes once they
are inlined, which win over everything but `!important` (https://www.w3.org/TR/css-cascade-4/#cascade-sort).
"""

import re
from collections.abc import Collection, Iterator

from email_campaigns.message.html import sheets
from email_campaigns.message.html.tokens import with_changes

# What holds no declarations of its own: comments, strings, escapes, and what stands in brackets, as addresses
HIDDEN = re.compile(rf"{sheets.HIDDEN.pattern}|\([^()]*\)|<!--|-->", re.DOTALL)
DECLARATION = re.compile(r"(?P<name>[a-zA-Z-][\w-]*)\s*:[^;{}]*[^;{}\s]")
PROPERTY = re.compile(r"(?:^|;)\s*([a-zA-Z-]+)\s*:")
CONDITIONS = ("@media", "@supports", "@container", "@layer")


def properties(style: str) -> set[str]:
	"""Return the names of the properties that a style attribute sets."""
	return {name.lower() for name in PROPERTY.findall(style)}


def let_win(css: str, own: Collection[str]) -> str:
	"""Return the sheet whose declarations win over styles in attributes, as they won over inlined rules.

	`own` are properties that style attributes of the template set itself: those win as before.
	"""
	plain = HIDDEN.sub(_hide, css)
	ends = [
		(declaration.end(), declaration.end(), " !important")
		for begin, end in _rules(plain)
		for declaration in DECLARATION.finditer(plain, begin, end)
		if "!" not in declaration[0] and not _is_own(declaration["name"].lower(), own)
	]
	return with_changes(css, ends)


def _hide(match: re.Match[str]) -> str:
	return (" " if match[0].startswith(("/*", "<!", "--")) else "s") * len(match[0])


def _rules(css: str) -> Iterator[tuple[int, int]]:
	"""Yield (begin, end) of the declarations of each rule under a condition, or for a state such as :hover.

	A rule without either that stays in its sheet is about nothing in the template.
	"""
	blocks: list[tuple[str, int]] = []
	end = 0
	for brace in sheets.BRACE.finditer(css):
		if brace[0] == "{":
			blocks.append((css[end : brace.start()].rpartition(";")[2].strip().lower(), brace.end()))
		elif blocks:
			prelude, begin = blocks.pop()
			is_leaf = begin >= end
			around = all(outer.startswith(CONDITIONS) for outer, _begin in blocks)
			if is_leaf and around and (blocks or ":" in prelude) and not prelude.startswith("@"):
				yield begin, brace.start()
		end = brace.end()


def _is_own(name: str, own: Collection[str]) -> bool:
	"""Tell whether a property is one of these, part of one (padding-left of padding), or has such a part."""
	return any(name == other or name.startswith(f"{other}-") or other.startswith(f"{name}-") for other in own)
