"""Slots: places in a template's fixed text, marked at its compilation and filled for each mail.

A newsletter has dozens of tracked links and fields, each in its HTML and in its text. As expressions they
would be rendered, escaped and encoded one by one, and would cut the text around them in pieces. As slots they
are part of that text, which is encoded once for all mails, and their contents are made once for a mail.
"""

import re
from collections.abc import Callable, Iterator
from secrets import token_hex
from types import CodeType

from markupsafe import escape

from email_campaigns.message.errors import Refused
from email_campaigns.message.mime.quoted import FixedText, SlotName, encode_fixed, encode_piece, encode_plain
from email_campaigns.text import _lt

_is_plain = re.compile(r"[!#-%(-;?-~]+").fullmatch  # neither escape() nor quoted-printable changes it
WORD, DIGITS = 8, 6  # random bytes, and digits of a slot's number: all marks have the same length
MARK_LENGTH = 2 * WORD + DIGITS + 3

Path = tuple[str, ...]  # ("doc", "first_name") for {{ doc.first_name }}
IN_QUERY = "in_query"  # the filter of a value in the query of a link
ENCODED = "|" + IN_QUERY  # ends the path of a field that is percent-encoded; no field has such a name


def _unknown_link(name: str) -> str:
	raise KeyError(name)


class Filling(dict[SlotName, str]):
	"""The contents of one mail's slots, each made once: {name of a tracked link: URL, path: what it writes}.

	A look-up raises Refused for an unknown link. `in_html` and `in_text` have the contents in
	quoted-printable. `value` makes what a path writes; each part sets it before it is rendered.
	"""

	value: Callable[[Path], str]

	def __init__(self, link: Callable[[str], str] | None):
		self.link = link or _unknown_link
		self.in_html: dict[SlotName, bytes] = {}
		self.in_text: dict[SlotName, bytes] = {}
		self.has_gap = False  # a value was empty or broke the line, so that lines around it may be empty now

	def __missing__(self, name: SlotName) -> str:
		text = self[name] = self._link(name) if isinstance(name, str) else self._value(name)
		if _is_plain(text):
			self.in_html[name] = self.in_text[name] = encode_plain(text)
		else:
			self.in_html[name], self.in_text[name] = encode_piece(str(escape(text)))[0], encode_piece(text)[0]
		return text

	def _value(self, path: Path) -> str:
		text = self.value(path)
		self.has_gap = self.has_gap or not text or "\n" in text
		return text

	def _link(self, name: str) -> str:
		try:
			return self.link(name)
		except (KeyError, TypeError):
			raise Refused(_lt("there is no tracking link named “{0}”"), name) from None

	def escaped(self, name: SlotName) -> str:
		"""Return the text as it stands in HTML."""
		return str(escape(self[name]))


class Marks:
	"""The marks in one template, each for one link or field.

	Nobody can write one: they hold a random word.
	"""

	def __init__(self) -> None:
		self._word = token_hex(WORD)
		self._names: list[SlotName] = []

	def mark(self, name: SlotName) -> str:
		"""Return what stands in the fixed text for a link or a field."""
		self._names.append(name)
		return f"\ue000{self._word}.{len(self._names) - 1:0{DIGITS}}\ue001"

	def fixed_texts(self, code: CodeType) -> dict[str, FixedText]:
		"""Return {fixed text of the compiled template, marks included: its encoded form}."""
		pattern = re.compile(f"\ue000{self._word}\\.([0-9]+)\ue001")
		fixed = {}
		for text in _constant_texts(code):
			parts = pattern.split(text)
			names = tuple(self._names[int(number)] for number in parts[1::2])
			fixed[text] = encode_fixed(tuple(parts[::2]), names)
		return fixed


def _constant_texts(code: CodeType) -> Iterator[str]:
	for constant in code.co_consts:
		if isinstance(constant, str):
			yield constant
		elif isinstance(constant, CodeType):
			yield from _constant_texts(constant)
