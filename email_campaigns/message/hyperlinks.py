"""The links of a template: which of them are tracked by themselves, and which its writer has taken out of that.

Works on a template whose placeholders are Jinja already. The mail comes out the same character by character, but for
the addresses that are tracked and the attribute that says that one shall not be.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape

from email_campaigns.message.placeholders import quoted
from email_campaigns.message.protect import split

OPT_OUT = frozenset(("data-untracked", "no-track"))
LONGEST_TITLE = 140
TITLE_WITHIN = 5000  # characters of HTML: a link that is never closed is not searched to the end of the mail
# Two characters of Unicode's private use hide a piece of Jinja: they are no part of a name or an address.
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
class Prepared:
	"""The template as it goes on, and {address: title} of the links that are tracked by themselves, in order."""

	html: str
	links: dict[str, str] = field(default_factory=dict)


def prepare_links(html: str, tracks: Callable[[str], bool] | None = None) -> Prepared:
	"""Let each plain http(s) link be tracking_url("its address") where `tracks` says so of that address.

	Left alone are links with an opt-out attribute, which is removed in any case, those whose address holds Jinja, and
	all within comments, but for Outlook's conditional ones. Never raises.
	"""
	if HIDE in html or SHOW in html:
		return Prepared(html)
	pieces: list[str] = []
	hidden = "".join(_hide(text, pieces) if is_jinja else text for text, is_jinja in split(html))
	result = Prepared("")
	written, at = [], 0
	for tag in _tags(hidden):
		written += [hidden[at : tag.start], _rewritten(tag, hidden, tracks or _never, result.links)]
		at = tag.end
	rewritten = "".join((*written, hidden[at:]))
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
	attributes: list[re.Match]
	closed: bool = True

	def values(self, name: str) -> Iterator[str]:
		for each in self.attributes:
			if each["name"].lower() == name and each["value"]:
				yield unescape(each["value"].strip("\"'")).strip()


def _tags(html: str) -> Iterator[_Tag]:
	at, lower = 0, html.lower()
	while found := BEGIN.search(html, at):
		name, at = (found[1] or "").lower(), found.end()
		if name in LINKS:
			tag = _tag(html, at)
			if tag.closed:
				yield tag
			at = tag.end
			continue
		if not name and html.startswith("[if", at):
			continue
		end = lower.find(f"</{name}" if name else "-->", at)
		if end < 0:
			return
		at = end


def _tag(html: str, start: int) -> _Tag:
	"""Return the tag whose attributes begin at `start`; one without a proper end reaches to where it is none any more."""
	at, attributes = start, []
	while not (rest := REST.match(html, at)):
		attribute = ATTRIBUTE.match(html, at)
		if not attribute:
			return _Tag(start, at, [], closed=False)
		attributes.append(attribute)
		at = attribute.end()
	return _Tag(start, rest.end(), attributes)


def _rewritten(tag: _Tag, html: str, tracks: Callable[[str], bool], links: dict[str, str]) -> str:
	opted_out = any(each["name"].lower() in OPT_OUT for each in tag.attributes)
	written, at = [], tag.start
	for each in tag.attributes:
		written.append(_attribute(each, tag, html, (lambda url: False) if opted_out else tracks, links))
		at = each.end()
	return "".join((*written, html[at : tag.end]))


def _attribute(each: re.Match, tag: _Tag, html: str, tracks: Callable[[str], bool], links: dict) -> str:
	name = each["name"].lower()
	if name in OPT_OUT:
		return "".join(match[0] for match in HIDDEN.finditer(each["before"]))
	if name != "href" or not each["value"] or HIDE in each["value"]:
		return each[0]
	url = unescape(each["value"].strip("\"'")).strip()
	if not url.lower().startswith(("http://", "https://")) or not tracks(url):
		return each[0]
	links.setdefault(url, _title(tag, html) or url.partition("://")[2][:LONGEST_TITLE])
	return f'{each["before"]}{each["name"]}="{{{{ tracking_url({quoted(url)}) }}}}"'


def _title(tag: _Tag, html: str) -> str:
	"""What the link reads, else the text in place of its picture."""
	inner, closed, _rest = html[tag.end : tag.end + TITLE_WITHIN].lower().partition("</a")
	inner = html[tag.end : tag.end + len(inner)] if closed else ""
	texts = [MARKUP.sub(" ", inner), *(alt.strip("\"'") for alt in ALT.findall(inner)), *tag.values("alt")]
	for text in texts:
		title = " ".join(unescape(HIDDEN.sub(" ", text)).split())
		if title:
			return title[:LONGEST_TITLE]
	return ""
