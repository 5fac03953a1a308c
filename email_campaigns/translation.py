"""Puts sentences of the pure rooms into the language of whoever reads them."""

from __future__ import annotations

from frappe import _

from email_campaigns.text import Sentence, SentenceError


def translate(sentence: Sentence | Exception | str) -> str:
	"""Return a sentence in the language of this session, or of the site in a job.

	A plain text is translated as it is. An error without a sentence has the words of a server or a library.
	"""
	if isinstance(sentence, SentenceError):
		sentence = sentence.sentence
	elif isinstance(sentence, Exception):
		return str(sentence)
	if isinstance(sentence, str):
		return _(sentence) if sentence else ""
	if not sentence:
		return ""
	values = [translate(value) if isinstance(value, Sentence) else value for value in sentence.values]
	text = _(sentence.text)
	return text.format(*values) if values else text
