"""The letters of a batch as the send loops take them. Pure."""

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


class LettersAhead:
	"""An iterator over letters, some of which can be made before their turn.

	An error in making one is raised in its turn.
	"""

	def __init__(self, letters: Iterable[Letter]):
		self._letters = iter(letters)
		self._ready: deque[Letter] = deque()
		self._error: BaseException | None = None

	def __iter__(self) -> Iterator[Letter]:
		return self

	def __next__(self) -> Letter:
		if self._ready:
			return self._ready.popleft()
		if self._error:
			raise self._error
		return next(self._letters)

	def make(self, number: int) -> None:
		"""Make letters until `number` are ready, or there are no more. Raises nothing."""
		try:
			self._ready.extend(islice(self._letters, max(0, number - len(self._ready))))
		except BaseException as error:
			self._error = error
