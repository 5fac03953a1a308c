"""The footer of a mailing, and the document that it ends: fragments become whole documents first."""

from dataclasses import dataclass

from email_campaigns.message.html.placeholders import literal, quoted
from email_campaigns.message.html.tokens import DOCTYPE, END, START, Html, Token, read_html

DOCUMENT = frozenset(("html", "head", "body"))
HEAD = (
	'<!doctype html><html><head><meta charset="utf-8">'
	'<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>'
)
# Not display: none, with which some mail clients would not load it; at a width of 1 nobody sees it.
PIXEL = '<img src="{{ open_url }}" width="1" height="1" alt="" style="border:0;width:1px;height:1px">'
ENDS = ("body", "html")
FOOTER_STYLE = "clear:both;margin-top:24px;font-size:12px;line-height:1.5;color:#6b6b6b"


@dataclass(frozen=True)
class Footer:
	"""The end of every mail of a mailing. Texts come translated; an empty one is not shown.

	The view link is shown where `view_text` is given and the recipient has a `view_url`.
	"""

	sender_line: str = ""
	postal_address: str = ""
	unsubscribe: bool = True
	unsubscribe_text: str = "Unsubscribe from this list"
	view_text: str = ""


def as_document(html: str) -> str:
	"""Return a full document as it is, a fragment (as editors give them) in a small document."""
	tokens = read_html(html).tokens
	is_document = any(
		token.kind == DOCTYPE or (token.kind == START and token.name in DOCUMENT) for token in tokens
	)
	return html if is_document else f"{HEAD}{html}</body></html>"


def add_footer(html: str, footer: Footer, unsubscribe: bool) -> str:
	"""Return the document with the footer before </body>, with the unsubscribe link if `unsubscribe`."""
	return _insert_before_end(html, _footer_html(footer, unsubscribe))


def add_pixel(html: str) -> str:
	"""Return the document with the image whose download shows that a mail was opened, before </body>."""
	return _insert_before_end(html, PIXEL)


def _insert_before_end(html: str, addition: str) -> str:
	"""Insert it where a browser shows it: not within a comment, a tag or a style sheet that has no end."""
	document = read_html(html)
	ends = [token for token in document.tokens if token.kind == END and token.name in ENDS]
	bodies = [end for end in ends if end.name == "body"] or ends
	place = bodies[-1].start if bodies and _is_empty_from(document, bodies[-1]) else document.end_of_text
	return html[:place] + addition + html[place:]


def _is_empty_from(document: Html, end: Token) -> bool:
	"""Tell whether nothing follows the end of the body: a browser takes what does into the body, too."""
	position = end.end
	for token in document.tokens:
		if token.start >= end.end:
			has_text = bool(document.covered[position : token.start].strip())
			if has_text or (token.kind in (START, END) and token.name not in ENDS):
				return False
			position = token.end
	return not document.covered[position : document.end_of_text].strip()


def footer_text(footer: Footer, unsubscribe: bool) -> str:
	"""Return the same footer as the end of a text part, or "" where it has no line."""
	lines = [literal(line) for line in (footer.sender_line, footer.postal_address) if line]
	if footer.view_text:
		lines.append(
			f"{{% if view_url %}}{literal(footer.view_text + ':')} {{{{ view_url }}}}\n{{% endif %}}"
		)
	if unsubscribe:
		lines.append(f"{literal(footer.unsubscribe_text + ':')} {{{{ unsubscribe_url }}}}")
	return "\n\n---\n" + "\n".join(lines).replace("{% endif %}\n", "{% endif %}") + "\n" if lines else ""


def _footer_html(footer: Footer, unsubscribe: bool) -> str:
	lines = [
		f"{{{{ {quoted(line)}|nl2br }}}}" for line in (footer.sender_line, footer.postal_address) if line
	]
	if footer.view_text:
		link = f'<a href="{{{{ view_url }}}}">{literal(footer.view_text)}</a>'
		lines.append(f"{{% if view_url %}}{link}{{% endif %}}")
	if unsubscribe:
		lines.append(f'<a href="{{{{ unsubscribe_url }}}}">{literal(footer.unsubscribe_text)}</a>')
	return f'<div style="{FOOTER_STYLE}">{"<br>".join(lines)}</div>' if lines else ""
