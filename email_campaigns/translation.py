"""Puts sentences of the pure rooms into the language of whoever reads them."""

from __future__ import annotations

from frappe import _

from email_campaigns.text import Sentence, SentenceError


def translate(sentence: Sentence | SentenceError | str) -> str:
	"""Return a sentence in the language of this session, or of the site in a job; a plain text is translated as it is."""
	if isinstance(sentence, SentenceError):
		sentence = sentence.sentence
	if isinstance(sentence, str):
		return _(sentence) if sentence else ""
	if not sentence:
		return ""
	values = [translate(value) if isinstance(value, Sentence) else value for value in sentence.values]
	text = _(sentence.text)
	return text.format(*values) if values else text
