"""The lists of the rich-text editor, which it writes flat, as nested lists. Pure.

Quill 2 has one <ol> with <li data-list="bullet" class="ql-indent-1">, which its style sheet alone shows as a
nested bullet. Quill 1 has the indents alone, and <ul data-checked="true">.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from email_campaigns.message.editor.styles import (
	INDENT_WIDTH,
	RIGHT_TO_LEFT,
	class_names,
	indent_of,
	with_style,
)
from email_campaigns.message.html.protect import CLOSES, OPENS, ProtectedHtml
from email_campaigns.message.html.tokens import COMMENT, END, Change, Html, Token

ORDERED, BULLET, BOXES = "ordered", "bullet", "boxes"
BOX = {"checked": "\u2611 ", "unchecked": "\u2610 "}
NUMBERS = (("1", "decimal"), ("a", "lower-alpha"), ("i", "lower-roman"))
LISTS = frozenset(("ol", "ul"))
COUNTS_ANEW = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6"))  # as in Quill's style sheet


@dataclass(slots=True)
class _Item:
	"""An item: its tags, how deep it stands, its kind, and what box it has."""

	start: Token
	indent: int
	kind: str
	box: str
	right_to_left: bool
	number: int = 0
	end: Token | None = None

	@property
	def looks(self) -> tuple[str, bool]:
		return self.kind, self.right_to_left


@dataclass(slots=True)
class _List:
	"""One list as the editor wrote it; `jinja` are the pieces in it, each with the items before it."""

	start: Token
	items: list[_Item] = field(default_factory=list)
	marked: bool = False
	plain: bool = True  # without lists within its items
	jinja: list[tuple[Token, int]] = field(default_factory=list)


def list_changes(protected: ProtectedHtml, document: Html) -> Iterator[Change]:
	"""Yield the changes of all lists of the editor; others stay as they are.

	`document` is the protected HTML.
	"""
	counts: dict[int, int] = {}
	current: _List | None = None
	for token in document.all_tokens:
		if token.name in LISTS:
			if token.kind == END and current and current.marked and current.plain:
				_count(current.items, counts)
				yield from _Nested(protected, document, current, token).changes()
			current = None if token.kind == END else _List(token, plain=current is None)
		elif token.name in COUNTS_ANEW:
			counts.clear()
		elif current:
			_read(document, token, current)


def _read(document: Html, token: Token, current: _List) -> None:
	"""Add what a tag or a comment says to the list."""
	items = current.items
	is_open = bool(items) and items[-1].end is None
	if token.kind == COMMENT:
		current.jinja.append((token, 2 * len(items) - is_open))
	elif token.name == "li" and token.kind == END:
		current.plain = current.plain and is_open
		if is_open:
			items[-1].end = token
	elif token.name == "li":
		current.plain = current.plain and not is_open
		item = _item(document, token, current.start)
		is_box = document.attribute(current.start, "data-checked")
		is_marked = item.indent or is_box or document.attribute(token, "data-list")
		current.marked = current.marked or bool(is_marked)
		items.append(item)


def _item(document: Html, token: Token, container: Token) -> _Item:
	classes = class_names(document, token)
	value = document.written(token, "data-list") or _value_of(document, container)
	kind = BOXES if value in BOX else BULLET if value == BULLET else ORDERED
	return _Item(token, indent_of(classes), kind, BOX.get(value, ""), RIGHT_TO_LEFT in classes)


def _value_of(document: Html, container: Token) -> str:
	"""Return what Quill 2 would say of the items in a list of Quill 1."""
	if container.name == "ol":
		return ORDERED
	return {"true": "checked", "false": "unchecked"}.get(document.written(container, "data-checked"), BULLET)


def _count(items: Sequence[_Item], counts: dict[int, int]) -> None:
	"""Give the numbered items their numbers, which go on behind all but a paragraph."""
	for item in items:
		if item.kind == ORDERED:
			counts[item.indent] = item.number = counts.get(item.indent, 0) + 1
			for deeper in [indent for indent in counts if indent > item.indent]:
				del counts[deeper]


class _Nested:
	"""One list made nested. The lists that are open at a place are a stack of (indent, looks)."""

	def __init__(self, protected: ProtectedHtml, document: Html, written: _List, end: Token):
		self._protected, self._document = protected, document
		self._written, self._end = written, end

	def changes(self) -> list[Change]:
		"""Return the changes: nested, or flat where a loop would repeat halves of lists."""
		items = self._written.items
		if any(item.end is None for item in items):
			return []
		changes, states = self._nest(items)
		return changes if self._is_balanced(states) else self._flat(items)

	def _nest(self, items: Sequence[_Item]) -> tuple[list[Change], list[tuple[str, ...]]]:
		"""Return the changes, and what is open before the first item, in it, behind it, and so on."""
		start, first = self._written.start, items[0]
		opened = self._open(first, first.indent + 1)
		changes: list[Change] = [(start.start, start.end, opened)]
		stack = [first]
		states = [_tags(stack, inside=False)]
		for item, following in zip(items, [*items[1:], None], strict=True):
			end = item.end
			assert end is not None
			changes += [(item.start.end, item.start.end, item.box)] if item.box else []
			states.append(_tags(stack, inside=True))
			changes.append((end.start, end.end, self._behind(stack, following)))
			states.append(_tags(stack, inside=False))
		changes.append((self._end.start, self._end.end, f"</{_tag(stack[-1])}>"))
		return changes, states

	def _behind(self, stack: list[_Item], following: _Item | None) -> str:
		"""Return what stands behind an item, and change the stack to what is open then."""
		if following is None:
			closed = "".join(f"</li></{_tag(opened)}>" for opened in reversed(stack[1:]))
			del stack[1:]
			return closed + "</li>"
		if following.indent > stack[-1].indent:
			levels = following.indent - stack[-1].indent
			stack.append(following)
			return self._open(following, levels)
		closed = "</li>"
		while len(stack) > 1 and stack[-2].indent >= following.indent:
			closed += f"</{_tag(stack.pop())}></li>"
		if stack[-1].indent == following.indent and stack[-1].looks == following.looks:
			return closed
		replaced = stack.pop()
		stack.append(following)
		below = stack[-2].indent if len(stack) > 1 else -1
		return closed + f"</{_tag(replaced)}>" + self._open(following, following.indent - below)

	def _open(self, item: _Item, levels: int) -> str:
		side = "right" if item.right_to_left else "left"
		css = f"margin:0;padding-{side}:{INDENT_WIDTH * levels}em;list-style-type:{_marker(item)}"
		css += ";direction:rtl" if item.right_to_left else ""
		numbers = ""
		if item.kind == ORDERED:
			numbers = f' type="{NUMBERS[item.indent % 3][0]}"'
			numbers += f' start="{item.number}"' if item.number > 1 else ""
		return f'<{_tag(item)}{numbers} style="{css}">'

	def _is_balanced(self, states: Sequence[tuple[str, ...]]) -> bool:
		"""Tell whether each block of Jinja begins, goes on and ends where the same tags are open."""
		begun: list[tuple[str, ...]] = []
		pieces = [(piece, place) for token, place in self._written.jinja for piece in self._pieces(token)]
		for piece, place in pieces:
			if not piece.startswith("{%"):
				continue
			if CLOSES.match(piece):
				if not begun or begun.pop() != states[place]:
					return False
			elif OPENS.match(piece):
				begun.append(states[place])
			elif begun and begun[-1] != states[place]:  # else, elif
				return False
		return not begun

	def _pieces(self, comment: Token) -> list[str]:
		numbers = self._protected.numbers(self._document.source[comment.start : comment.end])
		return [self._protected.pieces[number] for number in numbers]

	def _flat(self, items: Sequence[_Item]) -> list[Change]:
		"""Return the changes for one list whose items have their markers and indents as styles."""
		name, start = _tag(items[0]), self._written.start
		changes: list[Change] = [
			(start.start, start.end, f'<{name} style="margin:0;padding-left:{INDENT_WIDTH}em">'),
			(self._end.start, self._end.end, f"</{name}>"),
		]
		for item in items:
			css = f"margin-left:{INDENT_WIDTH * item.indent}em;list-style-type:{_marker(item)}"
			changes += [
				with_style(self._document, item.start, css),
				(item.start.end, item.start.end, item.box),
			]
		return changes


def _tags(stack: Sequence[_Item], inside: bool) -> tuple[str, ...]:
	"""Return the tags that are open: lists, each in an item of the one before, and an item if `inside`."""
	return (*map(_tag, stack), "li" if inside else "")


def _tag(item: _Item) -> str:
	return "ol" if item.kind == ORDERED else "ul"


def _marker(item: _Item) -> str:
	return {ORDERED: NUMBERS[item.indent % 3][1], BULLET: "disc", BOXES: "none"}[item.kind]
