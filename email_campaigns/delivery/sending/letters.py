"""The letters of a batch as a send loop takes them. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from email_campaigns.delivery.compose.composer import Letter


class PeekableLetters:
	"""An iterator over letters that shows the next one before its turn, and takes letters back."""

	def __init__(self, letters: Iterable[Letter]):
		self._letters = iter(letters)
		self._seen: deque[Letter] = deque()

	def __iter__(self) -> Iterator[Letter]:
		return self

	def __next__(self) -> Letter:
		return self._seen.popleft() if self._seen else next(self._letters)

	def peek(self) -> Letter | None:
		"""Return the next letter without taking it, None at the end."""
		if not self._seen:
			self._seen.extend(islice(self._letters, 1))
		return self._seen[0] if self._seen else None

	def put_back(self, letters: Iterable[Letter]) -> None:
		"""Let some letters come next, in their order."""
		self._seen.extendleft(reversed(list(letters)))
