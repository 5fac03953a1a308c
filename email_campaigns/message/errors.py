"""The errors of this room. Each one's text is a sentence that a user can read."""

PLACES = {"subject": "Subject", "html": "Message", "text": "Text part"}


class TemplateError(ValueError):
	"""A template cannot be used at all: found before the first mail. Its text names the place, `sentence` does not.

	`part` is "subject", "html" or "text"; `line` counts from 1 in what the user wrote, or is None.
	"""

	def __init__(self, sentence: str, part: str = "", line: int | None = None):
		super().__init__(f"{PLACES.get(part, part)}, line {line}: {sentence}" if part and line else sentence)
		self.sentence = sentence
		self.part = part
		self.line = line


class RenderError(ValueError):
	"""A template failed for one recipient: that mail fails with this sentence and is not sent.

	`part` is "subject", "html" or "text".
	"""

	def __init__(self, sentence: str, part: str = ""):
		super().__init__(sentence)
		self.sentence = sentence
		self.part = part


class HeaderError(ValueError):
	"""A value may not stand in a header. The sentence names the field."""


class Refused(Exception):
	"""Inside a rendering: the template asked for what it may not have, or for too much of it."""
