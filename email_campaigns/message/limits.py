"""How much a template may do, counted in work and never in time, so that a limit is hit at the same place always.

Two budgets hold for each part of a mail (subject, HTML, text):

ticks   one for each pass of a loop or call of a macro, more where the body is long
chars   one for each character that is read or written by an output, a filter or an operator
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from email_campaigns.message.errors import Refused
from email_campaigns.message.quoted import Pieced
from email_campaigns.message.slots import Links, Slotted

READS_PER_CHARACTER = 10


@dataclass(frozen=True)
class Limits:
	"""`source` and `output` in characters for each part; `ticks` as above."""

	source: int = 500_000
	output: int = 2_000_000
	ticks: int = 100_000


class Meter:
	"""What one rendering of one part has used so far, and its warnings in order, each once."""

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

	def join(self, pieces: Iterable[str], slots: Mapping[str, Slotted], links: Links) -> Pieced:
		"""The output, stopped at the piece that makes it too long. Raises Refused for that, and for an unknown link."""
		kept = []
		left = self.limits.output
		for piece in pieces:
			if slot := slots.get(piece):
				left -= slot.fixed
				for name in slot.names:
					left -= len(links[name])
			else:
				left -= len(piece)
			if left < 0:
				raise Refused(f"it is longer than {self.limits.output:,} characters")
			kept.append(piece)
		return Pieced(kept, slots, links)
