"""The fields of a header (RFC 5322 §2.2), and the addresses in a text. Pure; never raises."""

from __future__ import annotations

import re
from collections.abc import Iterable

from email_campaigns.inbound.mail.decode import decode_charset, decode_words

FIELDS = 1000  # no mail server lets more through
_FIELD = re.compile(r"^([!-9;-~]{1,120})[ \t]{0,8}:(.*)$", re.MULTILINE)
_FOLD = re.compile(r"\n[ \t]+")
_PARAMETER = re.compile(
	r';\s*([a-z0-9-]{1,40})\*?(?:0\*?)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s;]*))', re.IGNORECASE
)
_QUOTED_PAIR = re.compile(r"\\(.)")
# The marks of Chinese and Japanese stand beside addresses without a blank
_ATOM = r"[^\s<>()\[\],;:\"@\\\x00-\x1f\x7f\u3000-\u303f\uff00-\uff1f]"
ADDRESS = rf"(?:{_ATOM}{{1,255}}|\"[^\"\s@]{{1,100}}\")@(?:[\w-]{{1,63}}\.){{0,20}}[\w-]{{1,63}}"
_ADDRESS = re.compile(rf"(?<!{_ATOM}){ADDRESS}")


class Headers:
	"""The fields of one header, by their names in lowercase; values are unfolded and stripped."""

	__slots__ = ("_values",)

	def __init__(self, values: dict[str, list[str]]):
		self._values = values

	@classmethod
	def parse(cls, block: bytes | str) -> Headers:
		"""Return the fields of a block of lines; lines that are no fields are passed over."""
		text = decode_charset(block, "utf-8") if isinstance(block, bytes) else block
		values: dict[str, list[str]] = {}
		for count, match in enumerate(_FIELD.finditer(_FOLD.sub(" ", text))):
			if count == FIELDS:
				break
			values.setdefault(match[1].lower(), []).append(match[2].strip())
		return cls(values)

	def __contains__(self, name: str) -> bool:
		return name in self._values

	def __bool__(self) -> bool:
		return bool(self._values)

	def names(self) -> Iterable[str]:
		"""Return the names of the fields in lowercase, in the order of the header."""
		return self._values.keys()

	def raw(self, name: str) -> list[str]:
		"""Return all values of a name as they stand in the mail, unfolded."""
		return self._values.get(name, [])

	def all(self, name: str) -> list[str]:
		"""Return all values of a name, encoded words decoded."""
		values = self._values.get(name)
		return [decode_words(value) for value in values] if values else []

	def get(self, name: str) -> str:
		"""Return the first value of a name, encoded words decoded; "" where there is none."""
		values = self._values.get(name)
		return decode_words(values[0]) if values else ""


def parse_value(value: str) -> tuple[str, dict[str, str]]:
	"""Return the value of a field and its parameters, as ("text/plain", {"charset": "utf-8"})."""
	main, separator, rest = value.partition(";")
	parameters: dict[str, str] = {}
	for match in _PARAMETER.finditer(separator + rest):
		text = match[3] if match[2] is None else match[2]
		text = _QUOTED_PAIR.sub(r"\1", text) if "\\" in text else text
		parameters.setdefault(match[1].lower(), text)
	return (main.split() or [""])[0].lower(), parameters


def addresses_in(text: str) -> list[str]:
	"""Return the email addresses in a text in their order, each once."""
	return list(dict.fromkeys(address.lstrip("'`*") for address in _ADDRESS.findall(text)))
