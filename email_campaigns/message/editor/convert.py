"""The HTML of a template as it is sent, from what its author or the rich-text editor wrote. Pure."""

from __future__ import annotations

import re
from operator import itemgetter

from email_campaigns.message.editor.addresses import absolute_addresses
from email_campaigns.message.editor.code import code_changes
from email_campaigns.message.editor.lists import list_changes
from email_campaigns.message.editor.styles import style_changes
from email_campaigns.message.html.protect import ProtectedHtml, Unprotectable, protect
from email_campaigns.message.html.tokens import Html, with_changes

# Only a document with one of these is read
MARKS = re.compile(r"\bql-|\bdata-list\s*=|\bdata-checked\s*=", re.IGNORECASE)
# Keeps a comment that the author has written around a placeholder from looking like a hidden piece of Jinja
APART = "\ue005"
MAY_BE_RELATIVE = re.compile(r"[\"'=(,;\s]/(?!>)|\b(?:files|assets)/", re.IGNORECASE)


def mail_html(html: str, base: str = "") -> str:
	"""Return a template whose HTML mail programs show as its author saw it.

	`base` is the site's address without a slash at its end; without it addresses stay as they are. The
	template is unchanged where its Jinja and its HTML overlap. Never raises for one that has been parsed.
	"""
	has_marks = bool(MARKS.search(html))
	if not has_marks and not (base and MAY_BE_RELATIVE.search(html)):
		return html
	try:
		protected = protect(html)
	except Unprotectable:
		return html
	document = Html(protected.html)
	changes = list(absolute_addresses(document, base)) if base else []
	if has_marks:
		changes += style_changes(document)
		changes += code_changes(document)
		changes += list_changes(protected, document)
	if not changes:
		return html
	return _restore(protected, with_changes(document.source, sorted(changes, key=itemgetter(0, 1))))


def _restore(protected: ProtectedHtml, html: str) -> str:
	"""Return the HTML with its pieces of Jinja; a comment of the author's around one stays."""
	flow = set(protected.flow)

	def kept(match: re.Match[str]) -> str:
		return match[0] if int(match[1]) in flow else f"<!--{APART}{match[0][4:]}"

	return protected.restore(re.sub(rf"<!--{protected.mark}(\d+)x-->", kept, html)).replace(
		f"<!--{APART}", "<!--"
	)
