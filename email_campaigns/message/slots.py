"""The tracked links in the fixed text of a template: slots, marked when it is compiled and filled for each mail.

A newsletter has dozens of links, each in its HTML and in its text. As calls they would be rendered, escaped and encoded
one by one, and cut the text around them in two. As slots they are part of that text, which is encoded once for all mails.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from secrets import token_hex
from types import CodeType

from markupsafe import escape

from email_campaigns.message.errors import Refused
from email_campaigns.message.quoted import SOFT_BREAK, encoded, in_lines

PLAIN = re.compile(r"[!#-%(-;?-~]+")  # what neither escape() nor quoted-printable changes


class Links(dict):
	"""The tracked links of one mail, {name: URL}, each made once for its HTML and text. Raises Refused for an unknown
	name. `written` has them in quoted-printable."""

	def __init__(self, make: Callable[[str], str] | None):
		self.make = make
		self.written = _Written(self)

	def __missing__(self, name: object) -> str:
		try:
			url = self[name] = self.make(name)
		except (KeyError, TypeError):
			raise Refused(f"there is no tracking link named “{name}”") from None
		return url


class _Written(dict):
	"""{name: link in quoted-printable}; `in_html` has those that are written otherwise there."""

	def __init__(self, links: Links):
		self.links = links
		self.in_html: dict[str, bytes] = {}

	def __missing__(self, name: str) -> bytes:
		url = self.links[name]
		if PLAIN.fullmatch(url):
			data = self[name] = in_lines(url.encode())
			return data
		self.in_html[name] = encoded(str(escape(url)))[0]
		data = self[name] = encoded(url)[0]
		return data


@dataclass(frozen=True, slots=True)
class Slotted:
	"""A fixed text with slots: texts[0], the link names[0], texts[1] … `layout` is its quoted-printable with %b for
	each link, between soft line breaks, so that its lines are the same whatever the links; `first` and `last` are the
	lengths of its first and last line, `fixed` is that of its texts, in characters."""

	texts: tuple[str, ...]
	names: tuple[str, ...]
	html: bool
	layout: bytes
	first: int
	last: int
	fixed: int

	@classmethod
	def of(cls, texts: tuple[str, ...], names: tuple[str, ...], html: bool) -> "Slotted":
		pieces = [encoded(text) for text in texts]
		layout = (SOFT_BREAK + b"%b" + SOFT_BREAK).join(data.replace(b"%", b"%%") for data, _, _ in pieces)
		return cls(texts, names, html, layout, pieces[0][1], pieces[-1][2], sum(map(len, texts)))

	def text(self, links: Links) -> str:
		"""The text with its links."""
		urls = [str(escape(links[name])) if self.html else links[name] for name in self.names]
		return "".join([part for pair in zip(self.texts, [*urls, ""], strict=True) for part in pair])

	def encoded(self, links: Links) -> bytes:
		"""The text with its links in quoted-printable."""
		written = links.written
		data = tuple([written[name] for name in self.names])
		if self.html and written.in_html:
			data = tuple([written.in_html.get(name, written[name]) for name in self.names])
		return self.layout % data


class Marks:
	"""The marks in one template, each for one link. Nobody can write one: they hold a random word."""

	def __init__(self):
		self._word = token_hex(8)
		self._names: list[str] = []

	def mark(self, name: str) -> str:
		"""Return what stands in the fixed text for a link."""
		self._names.append(name)
		return f"\ue000{self._word}.{len(self._names) - 1}\ue001"

	def slots(self, code: CodeType, html: bool) -> Mapping[str, Slotted]:
		"""Return {fixed text with marks, as the compiled template has it: what it stands for}."""
		pattern = re.compile(f"\ue000{self._word}\\.([0-9]+)\ue001")
		found = {}
		for text in _texts(code):
			parts = pattern.split(text)
			if len(parts) > 1:
				names = tuple(self._names[int(number)] for number in parts[1::2])
				found[text] = Slotted.of(tuple(parts[::2]), names, html)
		return found


def _texts(code: CodeType) -> Iterator[str]:
	for constant in code.co_consts:
		if isinstance(constant, str):
			yield constant
		elif isinstance(constant, CodeType):
			yield from _texts(constant)
