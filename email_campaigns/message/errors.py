"""The errors of this room. Each one is a sentence that a user can read."""

from __future__ import annotations

from email_campaigns.text import Sentence, SentenceError, _lt

PLACES = {"subject": _lt("Subject"), "html": _lt("Message"), "text": _lt("Text part")}


class TemplateError(SentenceError, ValueError):
	"""A template that cannot be used at all, noticed before the first mail.

	`part` is "subject", "html" or "text"; `line` counts from 1 in what the user wrote, or is None. `sentence`
	names both before the `fault`, which is a sentence by itself. `trace` is the traceback of a fault that
	nobody has thought of, else "".
	"""

	trace = ""

	def __init__(self, text: str | Sentence, *values: object, part: str = "", line: int | None = None):
		self.fault = text if isinstance(text, Sentence) else Sentence(text, *values)
		self.part = part
		self.line = line
		super().__init__(self._located() if part and line else self.fault)

	def _located(self) -> Sentence:
		return Sentence(_lt("{0}, line {1}: {2}"), Sentence(PLACES[self.part]), self.line, self.fault)


class RenderError(SentenceError, ValueError):
	"""A template that failed for one recipient: that mail fails with this sentence and is not sent.

	`part` is "subject", "html" or "text".
	"""

	def __init__(self, text: str | Sentence, *values: object, part: str = ""):
		super().__init__(text, *values)
		self.part = part


class HeaderError(SentenceError, ValueError):
	"""A value that may not stand in a header. The sentence names the field."""


class Refused(SentenceError):
	"""Inside a rendering: the template asked for what it may not have, or for too much of it.

	Its sentence is a clause such as “it takes more than 100,000 steps”, which a RenderError completes.
	"""
