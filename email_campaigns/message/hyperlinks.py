"""The links of a template: the plain ones that are tracked by themselves, and those that opt out of it.

It works on a template whose placeholders are Jinja already. The mail stays the same character by character,
except for the addresses that are tracked and the attributes that opt out.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape

from email_campaigns.message.placeholders import quoted
from email_campaigns.message.protect import split

OPT_OUT = frozenset(("data-untracked", "no-track"))
LONGEST_TITLE = 140
TITLE_WITHIN = 5000  # characters of HTML: the search for the end of a link that is never closed stops there
# Two characters of Unicode's private use hide a piece of Jinja: no name and no address has them.
HIDE, SHOW = "\ue000", "\ue001"
HIDDEN = re.compile(rf"{HIDE}(\d+){SHOW}")
BEGIN = re.compile(r"<!--|<(a|area|style|script|title|textarea)(?=[\s/>])", re.IGNORECASE)
LINKS = frozenset(("a", "area"))
ATTRIBUTE = re.compile(
	rf"(?P<before>(?:[\s/]|{HIDE}\d+{SHOW})*)(?P<name>[^\s\"'>/={HIDE}]+)"
	r"(?:(?P<equals>\s*=\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?"
)
REST = re.compile(rf"(?:[\s/]|{HIDE}\d+{SHOW})*>")
MARKUP = re.compile(r"<[^<>]*>")
ALT = re.compile(r"\salt\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)


@dataclass
class PreparedHtml:
	"""The template with its tracked links, and {address: title} of those tracked by themselves, in order."""

	html: str
	links: dict[str, str] = field(default_factory=dict)


def prepare_links(html: str, tracks: Callable[[str], bool] | None = None) -> PreparedHtml:
	"""Replace the address of each plain http(s) link by tracking_url("address") if `tracks` is true for it.

	A link does not change if it has an opt-out attribute (which is removed in any case), if its address holds
	Jinja, or if it stands in a comment, except for Outlook's conditional ones. Never raises.
	"""
	if HIDE in html or SHOW in html:
		return PreparedHtml(html)
	pieces: list[str] = []
	hidden = "".join(_hide(text, pieces) if is_jinja else text for text, is_jinja in split(html))
	result = PreparedHtml("")
	output: list[str] = []
	position = 0
	for tag in _link_tags(hidden):
		output += [hidden[position : tag.start], _rewrite(tag, hidden, tracks or _never, result.links)]
		position = tag.end
	rewritten = "".join((*output, hidden[position:]))
	result.html = HIDDEN.sub(lambda match: pieces[int(match[1])], rewritten)
	return result


def _never(url: str) -> bool:
	return False


def _hide(piece: str, pieces: list[str]) -> str:
	pieces.append(piece)
	return f"{HIDE}{len(pieces) - 1}{SHOW}"


@dataclass
class _Tag:
	"""The attributes of one <a …>: from its first attribute to its end."""

	start: int
	end: int
	attributes: list[re.Match[str]]
	closed: bool = True

	def values(self, name: str) -> Iterator[str]:
		for attribute in self.attributes:
			if attribute["name"].lower() == name and attribute["value"]:
				yield unescape(attribute["value"].strip("\"'")).strip()


def _link_tags(html: str) -> Iterator[_Tag]:
	position, lower = 0, html.lower()
	while begin := BEGIN.search(html, position):
		name, position = (begin[1] or "").lower(), begin.end()
		if name in LINKS:
			tag = _parse_tag(html, position)
			if tag.closed:
				yield tag
			position = tag.end
			continue
		if not name and html.startswith("[if", position):
			continue
		position = lower.find(f"</{name}" if name else "-->", position)
		if position < 0:
			return


def _parse_tag(html: str, start: int) -> _Tag:
	"""Return the tag whose attributes begin at `start`; without a proper end it ends with them."""
	position = start
	attributes: list[re.Match[str]] = []
	while not (rest := REST.match(html, position)):
		attribute = ATTRIBUTE.match(html, position)
		if not attribute:
			return _Tag(start, position, [], closed=False)
		attributes.append(attribute)
		position = attribute.end()
	return _Tag(start, rest.end(), attributes)


def _rewrite(tag: _Tag, html: str, tracks: Callable[[str], bool], links: dict[str, str]) -> str:
	if any(attribute["name"].lower() in OPT_OUT for attribute in tag.attributes):
		tracks = _never
	output: list[str] = []
	position = tag.start
	for attribute in tag.attributes:
		output.append(_rewrite_attribute(attribute, tag, html, tracks, links))
		position = attribute.end()
	return "".join((*output, html[position : tag.end]))


def _rewrite_attribute(
	attribute: re.Match[str], tag: _Tag, html: str, tracks: Callable[[str], bool], links: dict[str, str]
) -> str:
	name, value = attribute["name"].lower(), attribute["value"]
	if name in OPT_OUT:
		return "".join(hidden[0] for hidden in HIDDEN.finditer(attribute["before"]))
	if name != "href" or not value or HIDE in value:
		return attribute[0]
	url = unescape(value.strip("\"'")).strip()
	if not url.lower().startswith(("http://", "https://")) or not tracks(url):
		return attribute[0]
	links.setdefault(url, _title(tag, html) or url.partition("://")[2][:LONGEST_TITLE])
	return f'{attribute["before"]}{attribute["name"]}="{{{{ tracking_url({quoted(url)}) }}}}"'


def _title(tag: _Tag, html: str) -> str:
	"""Return the text of the link, else the text in place of its picture."""
	inner, closed, _rest = html[tag.end : tag.end + TITLE_WITHIN].lower().partition("</a")
	inner = html[tag.end : tag.end + len(inner)] if closed else ""
	texts = [MARKUP.sub(" ", inner), *(alt.strip("\"'") for alt in ALT.findall(inner)), *tag.values("alt")]
	for text in texts:
		title = " ".join(unescape(HIDDEN.sub(" ", text)).split())
		if title:
			return title[:LONGEST_TITLE]
	return ""
