"""Sentences for people, as a text and its values, so that they can be translated. Pure.

A pure room writes `Sentence(_lt("{0} of {1} members read {2}."), 3, 9, "fr")` and never puts values into a
text itself. `translation.translate` puts a sentence into the reader's language; `str()` gives it in English,
for logs and tests.
"""

from __future__ import annotations

from dataclasses import dataclass


def _lt(text: str) -> str:
	"""Mark a text for the extractor of translations (lazy translation); it is translated when it is shown."""
	return text


@dataclass(frozen=True, slots=True, init=False)
class Sentence:
	"""A text with the places {0}, {1} … and the values that stand there; a value may be a Sentence itself."""

	text: str
	values: tuple[object, ...]

	def __init__(self, text: str, *values: object):
		object.__setattr__(self, "text", text)
		object.__setattr__(self, "values", values)

	def __str__(self) -> str:
		return self.text.format(*self.values) if self.values else self.text

	def __bool__(self) -> bool:
		return bool(self.text)


class SentenceError(Exception):
	"""An error whose message is a sentence for people: `sentence` has its text and its values."""

	def __init__(self, text: str | Sentence, *values: object):
		self.sentence = text if isinstance(text, Sentence) else Sentence(text, *values)
		super().__init__(self.sentence)

	def __str__(self) -> str:
		return str(self.sentence)
