"""The one error that reaches the user as a sentence."""


class BenchError(Exception):
	"""Something went wrong that a person can act on; its text is the sentence they read."""
