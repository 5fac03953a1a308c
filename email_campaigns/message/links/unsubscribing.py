"""Whether a person sees an unsubscribe link in every mail of a template, so that the footer needs none."""

import re
from collections.abc import Iterable, Iterator

from email_campaigns.message.html.markup import regular
from email_campaigns.message.html.protect import CLOSES, OPENS, Unprotectable, protect
from email_campaigns.message.html.tokens import TEXT, VALUE, Html, read_html
from email_campaigns.message.html.visible import links, texts, without_hidden

WRITES = re.compile(r"\{\{[-+]?\s*unsubscribe_url\s*[-+]?\}\}")
WITH = re.compile(r"\{%[-+]?\s*(?:end)?with\b")  # its contents are always there


def always_unsubscribes(html: str) -> bool:
	"""Tell whether every rendering of a template shows the unsubscribe link.

	It is written outside of every condition, loop and macro, and stands in the text or as the address of a
	link, neither of them hidden. Raises Refused for HTML that no parser may read.
	"""
	if not WRITES.search(html):
		return False
	try:
		protected = protect(html)
	except Unprotectable:
		return _is_in_the_open(read_html(html))
	shown = without_hidden(protected.show_words(regular(protected.html)))[0]
	seen = {*links(shown), *(word for text in texts(shown) for word in protected.words(text))}
	return any(f"{protected.mark}{number}x" in seen for number in _unconditional(protected.pieces))


def _is_in_the_open(document: Html) -> bool:
	"""Tell the same of a template whose Jinja and HTML overlap, without a look at its styles."""
	numbers = _unconditional([piece.text for piece in document.pieces])
	return any(document.state(document.pieces[number].start) in (TEXT, VALUE) for number in numbers)


def _unconditional(pieces: Iterable[str]) -> Iterator[int]:
	"""Yield the numbers of the pieces that write the link in every rendering."""
	depth = 0
	for number, piece in enumerate(pieces):
		if not WITH.match(piece):
			depth += bool(OPENS.match(piece)) - bool(CLOSES.match(piece))
		if not depth and WRITES.fullmatch(piece):
			yield number
