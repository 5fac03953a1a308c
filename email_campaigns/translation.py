"""Puts sentences of the pure rooms into the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from email_campaigns.text import Sentence, SentenceError


def translate(sentence: Sentence | Exception | str) -> str:
	"""Return a sentence in the language of this session, or of the site in a job.

	Values that are sentences or such errors themselves are translated too. A plain text is translated as it
	is; an error that is no SentenceError gives its own text.
	"""
	if isinstance(sentence, SentenceError):
		sentence = sentence.sentence
	if isinstance(sentence, Exception):
		return str(sentence)
	if isinstance(sentence, str):
		return _(sentence) if sentence else ""
	if not sentence:
		return ""
	text = _(sentence.text)
	return text.format(*map(_translate_value, sentence.values)) if sentence.values else text


def _translate_value(value: object) -> object:
	return translate(value) if isinstance(value, Sentence | SentenceError) else value


@contextmanager
def in_language(language: str | None) -> Iterator[None]:
	"""Translate into another language than the session's within the block; without one nothing changes."""
	before, frappe.local.lang = frappe.local.lang, language or frappe.local.lang
	try:
		yield
	finally:
		frappe.local.lang = before


def translate_for_site(sentence: Sentence | Exception | str) -> str:
	"""Return a sentence in the site's language, in which it is stored; this session may have another's."""
	with in_language(site_language()):
		return translate(sentence)


def site_language() -> str:
	"""Return the site's language, in which texts are stored that its users read later."""
	return frappe.db.get_default("lang") or "en"
