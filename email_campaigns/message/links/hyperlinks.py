"""The links of a template: the plain ones that are tracked by themselves, and those that opt out of it.

It works on a template whose placeholders are Jinja already. The mail stays the same character by character,
except for the addresses that are tracked and the attributes that opt out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import islice

from email_campaigns.message.html.placeholders import quoted
from email_campaigns.message.html.tokens import (
	COVER_VALUE,
	END,
	START,
	Attribute,
	Change,
	Html,
	Token,
	read_html,
	url_of,
	with_changes,
)
from email_campaigns.message.html.visible import LINKS

OPT_OUT = frozenset(("data-untracked", "no-track"))
LONGEST_TITLE = 140
# The search for the end of a link that is not closed stops after so many
TITLE_TOKENS, TITLE_CHARACTERS = 100, 5000
# Outlook's own buttons, <v:roundrect href="…">, stand in conditional comments
VECTOR = "v:"
ADDRESSES = frozenset(("href", "xlink:href"))  # the second is that of links in SVG


@dataclass
class PreparedHtml:
	"""The template with its tracked links, and {address: title} of those tracked by themselves, in order."""

	html: str
	links: dict[str, str] = field(default_factory=dict)


def prepare_links(html: str, tracks: Callable[[str], bool] | None = None) -> PreparedHtml:
	"""Replace the address of each plain http(s) link by tracking_url("address") if `tracks` is true for it.

	A link does not change if it has an opt-out attribute (which is removed in any case), if its address holds
	Jinja, or if it stands in a comment, except for Outlook's conditional ones. Never raises for a template
	that has been parsed.
	"""
	document, links = read_html(html), dict[str, str]()
	changes: list[Change] = []
	for number, token in enumerate(document.all_tokens):
		if token.kind == START and _is_link(token):
			changes += _changes(document, number, tracks or _never, links)
	return PreparedHtml(with_changes(html, changes), links)


def _never(url: str) -> bool:
	return False


def _is_link(token: Token) -> bool:
	return token.name in LINKS or (token.conditional and token.name.startswith(VECTOR))


def _changes(
	document: Html, number: int, tracks: Callable[[str], bool], links: dict[str, str]
) -> Iterator[Change]:
	tag = document.all_tokens[number]
	attributes = document.attributes(tag)
	if any(attribute.name in OPT_OUT for attribute in attributes):
		tracks = _never
	before = tag.start
	for attribute in attributes:
		if attribute.name in OPT_OUT:
			yield _space_before(document, before, attribute), attribute.end, ""
		elif attribute.name in ADDRESSES and not _is_ignored(document, attributes, attribute):
			url = _plain_url(document, attribute)
			if url and tracks(url):
				if url not in links:
					links[url] = _title(document, number) or url.partition("://")[2][:LONGEST_TITLE]
				yield _value_change(attribute, f"{{{{ tracking_url({quoted(url)}) }}}}")
		before = attribute.end


def _space_before(document: Html, begin: int, attribute: Attribute) -> int:
	"""Return where the space before an attribute begins, at `begin` at the earliest."""
	start = attribute.start
	while start > begin and document.source[start - 1] in " \t\n\f\r/":
		start -= 1
	return start


def _value_change(attribute: Attribute, value: str) -> Change:
	start, end = attribute.value or (attribute.end, attribute.end)
	is_quoted = end < attribute.end
	return start, end, value if is_quoted else f'"{value}"'


def _is_ignored(document: Html, attributes: list[Attribute], attribute: Attribute) -> bool:
	"""Tell whether a browser ignores an attribute because the tag has another of its name before.

	With Jinja between them either may be there.
	"""
	first = next(other for other in attributes if other.name == attribute.name)
	return first is not attribute and not document.has_jinja(first.end, attribute.start)


def _plain_url(document: Html, attribute: Attribute) -> str:
	"""Return the web address in an attribute, "" for none and for one that holds Jinja."""
	if not attribute.value or document.has_jinja(*attribute.value):
		return ""
	url = url_of(document.value(attribute))
	return url if url.lower().startswith(("http://", "https://")) else ""


def _title(document: Html, number: int) -> str:
	"""Return the text of the link, else the text in place of its picture."""
	tag, *inner = _tokens_of_link(document, number)
	texts: list[str] = []
	position = tag.end
	for token in inner:
		texts.append(document.covered[position : token.start].replace(COVER_VALUE, " "))
		position = max(position, token.end)
	alts = [_alt(document, token) for token in (*inner, tag) if token.kind == START]
	titles = (" ".join(unescape(text).split()) for text in (" ".join(texts), *alts))
	return next((title[:LONGEST_TITLE] for title in titles if title), "")


def _tokens_of_link(document: Html, number: int) -> list[Token]:
	"""Return the tokens from a link's start tag to its end tag; the start tag alone if none is near."""
	tag, *following = islice(document.all_tokens, number, number + TITLE_TOKENS)
	for place, token in enumerate(following, 1):
		if token.start > tag.end + TITLE_CHARACTERS:
			break
		if token.kind == END and token.name == tag.name:
			return [tag, *following[:place]]
	return [tag]


def _alt(document: Html, tag: Token) -> str:
	for attribute in document.attributes(tag):
		if attribute.name == "alt" and attribute.value and not document.has_jinja(*attribute.value):
			return document.value(attribute)
	return ""
