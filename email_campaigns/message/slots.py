"""What differs from mail to mail in the fixed text of a template: slots, marked when it is compiled and filled for each.

A newsletter has dozens of tracked links and fields, each in its HTML and in its text. As expressions they would be
rendered, escaped and encoded one by one, and cut the text around them in pieces. As slots they are part of that text,
which is encoded once for all mails, and what fills them is made once for a mail.
"""

import re
from collections.abc import Callable, Iterator
from secrets import token_hex
from types import CodeType

from markupsafe import escape

from email_campaigns.message.errors import Refused
from email_campaigns.message.quoted import Fixed, encode_piece, encode_plain, fixed_text

PLAIN = re.compile(r"[!#-%(-;?-~]+")  # what neither escape() nor quoted-printable changes
WORD, DIGITS = 8, 6  # random bytes, and digits of a slot's number: a mark is always as long
MARK_LENGTH = 2 * WORD + DIGITS + 3

Path = tuple[str, ...]  # ("doc", "first_name") for {{ doc.first_name }}


class Filling(dict):
	"""What fills the slots of one mail, each made once: {name of a tracked link: URL, path: what it writes}. Raises
	Refused for an unknown link. `in_html` and `in_text` have it in quoted-printable.

	`value` makes what a path writes; each part sets it before it is rendered.
	"""

	value: Callable[[Path], str]

	def __init__(self, link: Callable[[str], str] | None):
		self.link = link
		self.in_html: dict[str | Path, bytes] = {}
		self.in_text: dict[str | Path, bytes] = {}
		self.has_gap = False  # a value was empty or broke the line, so that lines around it may be empty now

	def __missing__(self, name: object) -> str:
		text = self[name] = self._value(name) if type(name) is tuple else self._link(name)
		if PLAIN.fullmatch(text):
			self.in_html[name] = self.in_text[name] = encode_plain(text)
		else:
			self.in_html[name], self.in_text[name] = encode_piece(str(escape(text)))[0], encode_piece(text)[0]
		return text

	def _value(self, path: Path) -> str:
		text = self.value(path)
		self.has_gap = self.has_gap or not text or "\n" in text
		return text

	def _link(self, name: object) -> str:
		try:
			return self.link(name)
		except (KeyError, TypeError):
			raise Refused(f"there is no tracking link named “{name}”") from None

	def escaped(self, name: str | Path) -> str:
		"""The text as it stands in HTML."""
		return str(escape(self[name]))


class Marks:
	"""The marks in one template, each for one link or field. Nobody can write one: they hold a random word."""

	def __init__(self):
		self._word = token_hex(WORD)
		self._names: list[str | Path] = []

	def mark(self, name: str | Path) -> str:
		"""Return what stands in the fixed text for a link or a field."""
		self._names.append(name)
		return f"\ue000{self._word}.{len(self._names) - 1:0{DIGITS}}\ue001"

	def texts(self, code: CodeType) -> dict[str, Fixed]:
		"""Return {fixed text, with its marks as the compiled template has it: what stands for it}."""
		pattern = re.compile(f"\ue000{self._word}\\.([0-9]+)\ue001")
		found = {}
		for text in _texts(code):
			parts = pattern.split(text)
			names = tuple(self._names[int(number)] for number in parts[1::2])
			found[text] = fixed_text(tuple(parts[::2]), names)
		return found


def _texts(code: CodeType) -> Iterator[str]:
	for constant in code.co_consts:
		if isinstance(constant, str):
			yield constant
		elif isinstance(constant, CodeType):
			yield from _texts(constant)
