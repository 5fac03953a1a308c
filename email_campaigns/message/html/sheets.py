"""Limits of style sheets, worked out before an inliner tries each selector on each element. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from email_campaigns.message.html.shape import Shape
from email_campaigns.message.html.tokens import START, Attribute, Html
from email_campaigns.text import Sentence, _lt

MOST_RULES = 3000
MOST_SELECTORS = 6000
MOST_DECLARATIONS = 5000  # the inliner compares each of an element with each other
MOST_IN_ATTRIBUTE = 500
MOST_STEPS = 50_000_000  # looks at an element, its ancestors or its siblings
MOST_ADDED = 2_000_000  # characters of styles, the length of the longest mail
MANY_DECLARATIONS = _lt("its style sheets have more than {0} declarations")
# What the rules are not made of: comments, strings and escapes
HIDDEN = re.compile(r"/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\\.", re.DOTALL)
BRACE = re.compile(r"[{}]")
COMBINATOR = re.compile(r"\s*([>~+])\s*|\s+")
SIBLINGS = ("~", "+")
SIMPLE = re.compile(r"[.#]?[\w-]+")


@dataclass(frozen=True, slots=True)
class Rule:
	"""A rule of a style sheet: its selectors, and its declarations as written."""

	selectors: tuple[str, ...]
	body: str


def problem_with_style_attributes(document: Html) -> Sentence | None:
	"""Return why no inliner may read the style attributes of a document, as a clause, or None."""
	for token in document.tokens:
		if token.kind == START and any(_is_long_style(document, each) for each in document.attributes(token)):
			text = _lt("a tag has more than {0} declarations in its style attribute")
			return Sentence(text, f"{MOST_IN_ATTRIBUTE:,}")
	return None


def _is_long_style(document: Html, attribute: Attribute) -> bool:
	if attribute.name != "style" or not attribute.value:
		return False
	return document.source.count(";", *attribute.value) > MOST_IN_ATTRIBUTE


def problem_with_sheets(css: str, shape: Shape) -> Sentence | None:
	"""Return why a sheet can't be inlined into a document of this shape, as a clause, or None."""
	css = HIDDEN.sub(_hide, css)
	for text, number, most in (
		(_lt("its style sheets have more than {0} rules"), css.count("{"), MOST_RULES),
		(MANY_DECLARATIONS, css.count(";") + css.count("{"), MOST_DECLARATIONS),
	):
		if number > most:
			return Sentence(text, f"{most:,}")
	return _problem_with_work(list(rules_of(css)), shape)


def _hide(match: re.Match[str]) -> str:
	return " " if match[0].startswith("/*") else "s" * len(match[0])


def _problem_with_work(rules: list[Rule], shape: Shape) -> Sentence | None:
	if sum(len(rule.selectors) for rule in rules) > MOST_SELECTORS:
		return Sentence(_lt("its style sheets have more than {0} selectors"), f"{MOST_SELECTORS:,}")
	if sum(_steps(selector, shape) for rule in rules for selector in rule.selectors) > MOST_STEPS:
		text = _lt("its style sheets and HTML take more than {0} steps to compare")
		return Sentence(text, f"{MOST_STEPS:,}")
	if sum(_added(rule, shape) for rule in rules) > MOST_ADDED:
		text = _lt("its style sheets would add more than {0} characters of styles to its tags")
		return Sentence(text, f"{MOST_ADDED:,}")
	return None


def rules_of(css: str) -> Iterator[Rule]:
	"""Yield the rules that an inliner applies: those under @media and other conditions stay in the sheet."""
	# What stands before each open block, where it begins, and whether it or one around it is a condition
	blocks: list[tuple[str, int, bool]] = []
	end = 0
	for brace in BRACE.finditer(css + "}" * (css.count("{") - css.count("}"))):
		if brace[0] == "{":
			prelude = css[end : brace.start()].rpartition(";")[2].strip()
			blocks.append(
				(prelude, brace.end(), _is_condition(prelude) or (blocks[-1][2] if blocks else False))
			)
		elif blocks:
			prelude, begin, is_conditional = blocks.pop()
			if prelude[:1] != "@" and not is_conditional:
				yield Rule(tuple(prelude.split(",")), css[begin : brace.start()])
		end = brace.end()


def _is_condition(prelude: str) -> bool:
	return prelude[:1] == "@" and not prelude.lower().startswith("@layer")


def _added(rule: Rule, shape: Shape) -> int:
	return len(rule.body) * sum(count_matches(selector, shape) for selector in rule.selectors)


def _steps(selector: str, shape: Shape) -> int:
	"""Return how many looks it takes at most to try a selector on each element."""
	if "(" in selector:
		return shape.elements * shape.depth * (shape.width if ":has(" in selector else 1)
	*_before, last = _parts(selector)
	signs = [match[1] for match in COMBINATOR.finditer(selector.strip())]
	siblings = sum(sign in SIBLINGS for sign in signs)
	ancestors = len(signs) - siblings
	looks = (1 + ancestors * shape.depth) * (1 + siblings * shape.width)
	return shape.elements + _rarest(last, shape.names, shape) * looks


def count_matches(selector: str, shape: Shape) -> int:
	"""Return how many elements a selector matches at most.

	They have the rarest name in its last part, and are within elements with the names before.
	"""
	if any(sign in selector for sign in "([\\"):
		return shape.elements
	*before, last = _parts(selector)
	most = _rarest(last, shape.names, shape)
	if any(match[1] in SIBLINGS for match in COMBINATOR.finditer(selector)):
		return most
	return min(most, *(_rarest(part, shape.below, shape) for part in before), most)


def _parts(selector: str) -> list[str]:
	"""Return what stands between the combinators of a selector."""
	return COMBINATOR.sub(" ", selector.strip()).split(" ")


def _rarest(part: str, counts: Counter[str], shape: Shape) -> int:
	names = SIMPLE.findall(part.partition(":")[0].lower())
	return min((counts[name] for name in names), default=shape.elements)
