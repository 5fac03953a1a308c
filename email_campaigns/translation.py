"""Translation of the pure rooms' sentences into the language of the person who reads them."""

from __future__ import annotations

from frappe import _

from email_campaigns.text import Sentence, SentenceError


def translate(sentence: Sentence | SentenceError | str) -> str:
	"""Return a sentence in the language of this session, or of the site in a job.

	The values that are sentences or such errors themselves are translated too. A plain text is translated as
	it is.
	"""
	if isinstance(sentence, SentenceError):
		sentence = sentence.sentence
	if isinstance(sentence, str):
		return _(sentence) if sentence else ""
	if not sentence:
		return ""
	text = _(sentence.text)
	return text.format(*map(_translate_value, sentence.values)) if sentence.values else text


def _translate_value(value: object) -> object:
	return translate(value) if isinstance(value, Sentence | SentenceError) else value
