"""Limits of a template, counted in work and never in time, so that a limit is always hit at the same place.

Two budgets hold for each part of a mail (subject, HTML, text):

ticks   one for each pass of a loop or call of a macro, more where the body is long
chars   one for each character that is read or made by an output, a filter or an operator; four where the text
        is not ASCII, as Python may take four bytes for each of its characters
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from email_campaigns.message.errors import Refused
from email_campaigns.message.mime.quoted import SlotName
from email_campaigns.message.mime.slots import MARK_LENGTH, Filling
from email_campaigns.text import _lt

READS_PER_CHARACTER = 10
PIECES = 1000  # that are taken at once
WIDE = 4
STEPS_PER_CHARACTER = 8  # of a search

# A text and its values, {0} and so on. They become a Sentence when the mail is ready: most mails have no
# warning.
Warnings = dict[tuple[object, ...], None]


def size(text: str) -> int:
	"""Return what a text counts for."""
	return len(text) if text.isascii() else WIDE * len(text)


def escaped_size(text: str) -> int:
	"""Return what a text counts for once it is escaped: & and quotation marks become five characters."""
	escaped = len(text) + 3 * (text.count("<") + text.count(">"))
	escaped += 4 * (text.count("&") + text.count('"') + text.count("'"))
	return escaped if text.isascii() else WIDE * escaped


def search_size(text: str, part: str) -> int:
	"""Return what a search for `part` in `text` counts for.

	In texts of these lengths Python compares all of it at each place, in others not: CPython's fastsearch.h.
	"""
	is_plain = len(text) < 2500 or (len(part) < 100 and len(text) < 30_000)
	repeated = len(text) * len(part) // STEPS_PER_CHARACTER if is_plain else 0
	return size(text) + size(part) + repeated


@dataclass(frozen=True)
class Limits:
	"""Budgets of each part of a mail: `source` and `output` in characters, `ticks` as above."""

	source: int = 500_000
	output: int = 2_000_000
	ticks: int = 100_000


class Meter:
	"""The work that one rendering of one part has done so far, and its warnings, each once."""

	__slots__ = ("chars", "limits", "max_chars", "ticks", "warnings")

	def __init__(self, limits: Limits, warnings: Warnings):
		self.limits = limits
		self.max_chars = limits.output * READS_PER_CHARACTER
		self.ticks = self.chars = 0
		self.warnings = warnings

	def warn(self, text: str, *values: object) -> None:
		"""Add a warning: a text marked with _lt, and its values, which must be hashable."""
		warning = (text, *values)
		self.warnings[warning] = None

	def tick(self, ticks: int, chars: int = 0) -> None:
		"""Count ticks, and the fixed characters that this pass writes.

		Raises Refused once the ticks are used up.
		"""
		self.ticks += ticks
		if self.ticks > self.limits.ticks:
			raise Refused(_lt("it takes more than {0} steps"), f"{self.limits.ticks:,}")
		self.read(chars)

	def read(self, chars: int) -> None:
		"""Count characters.

		Call it before the work is done; it raises Refused for more than a mail can need.
		"""
		self.chars += chars
		if self.chars > self.max_chars:
			raise Refused(_lt("it handles more than {0} characters"), f"{self.max_chars:,}")

	def join(
		self, pieces: Iterator[str], slots: Mapping[str, tuple[SlotName, ...]], filling: Filling
	) -> list[str]:
		"""Return the pieces of the output. Raises Refused where they grow too long, and for an unknown link.

		`slots` has the names of the slots in each fixed text that holds some. Such a text is written once at
		most.
		"""
		output: list[str] = []
		budget = self.limits.output
		while chunk := list(islice(pieces, PIECES)):
			budget -= sum(map(len, chunk))
			self._check_budget(budget)
			output += chunk
		names: list[SlotName] = []
		for text in slots.keys() & set(output):
			names += slots[text]
		self._check_budget(budget + MARK_LENGTH * len(names) - sum(map(len, map(filling.__getitem__, names))))
		return output

	def _check_budget(self, budget: int) -> None:
		if budget < 0:
			raise Refused(_lt("it is longer than {0} characters"), f"{self.limits.output:,}")
