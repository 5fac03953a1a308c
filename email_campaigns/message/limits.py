"""How much a template may do, counted in work and never in time, so that a limit is hit at the same place always.

Two budgets hold for each part of a mail (subject, HTML, text):

ticks   one for each pass of a loop or call of a macro, more where the body is long
chars   one for each character that is read or written by an output, a filter or an operator
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from email_campaigns.message.errors import Refused
from email_campaigns.message.slots import MARK_LENGTH, Filling

READS_PER_CHARACTER = 10
PIECES = 1000  # that are taken at once


@dataclass(frozen=True)
class Limits:
	"""`source` and `output` in characters for each part; `ticks` as above."""

	source: int = 500_000
	output: int = 2_000_000
	ticks: int = 100_000


class Meter:
	"""What one rendering of one part has used so far, and its warnings, each once."""

	__slots__ = ("chars", "limits", "max_chars", "ticks", "warnings")

	def __init__(self, limits: Limits, warnings: dict[str, None]):
		self.limits = limits
		self.max_chars = limits.output * READS_PER_CHARACTER
		self.ticks = self.chars = 0
		self.warnings = warnings

	def tick(self, ticks: int, chars: int = 0) -> None:
		"""Raises Refused once the ticks are used up; `chars` are fixed characters that this pass puts out."""
		self.ticks += ticks
		if self.ticks > self.limits.ticks:
			raise Refused(f"it takes more than {self.limits.ticks:,} steps")
		self.read(chars)

	def read(self, chars: int) -> None:
		"""Raises Refused when more text is handled than a mail can need. Call it before the work is done."""
		self.chars += chars
		if self.chars > self.max_chars:
			raise Refused(f"it handles more than {self.max_chars:,} characters")

	def join(self, pieces: Iterator[str], slots: Mapping[str, tuple], filling: Filling) -> list[str]:
		"""The pieces of the output, stopped where they grow too long. Raises Refused for that, and for an unknown link.

		`slots` has the names of the slots in each fixed text that holds some. It is put out once at most.
		"""
		kept, left = [], self.limits.output
		while some := list(islice(pieces, PIECES)):
			left -= sum(map(len, some))
			self._check(left)
			kept += some
		names: list = []
		for text in slots.keys() & set(kept):
			names += slots[text]
		self._check(left + MARK_LENGTH * len(names) - sum(map(len, map(filling.__getitem__, names))))
		return kept

	def _check(self, left: int) -> None:
		if left < 0:
			raise Refused(f"it is longer than {self.limits.output:,} characters")
