"""Placeholders of other systems in an imported template: named, with their line and what to write here.

The sources of the forms are the systems' own documentations. What stands in style sheets, scripts and
comments is none: no reader sees it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from email_campaigns.message.errors import PLACES, TemplateError
from email_campaigns.message.faults import reading
from email_campaigns.message.html.placeholders import addresses_before_unsubscribing
from email_campaigns.text import Sentence, _lt

LONGEST = 60  # characters of a tag that a sentence shows
PLACEHOLDER = _lt("{0}, line {1}: “{2}” is a placeholder of another system. Write {3} instead.")
ADDRESS_BEFORE = _lt(
	"{0}, line {1}: “{2}” before {3} is left out in the mail, because that placeholder is a whole address."
)


class ForeignTag(NamedTuple):
	"""A placeholder of another system: `line` counts from 1, `advice` is what to write here instead."""

	tag: str
	line: int
	advice: str


UNREAD = re.compile(
	r"<!--.*?(?:-->|\Z)|<(style|script)\b.*?(?:</\1|\Z)|\bstyle\s*=\s*(?:\"[^\"]*\"|'[^']*')",
	re.IGNORECASE | re.DOTALL,
)
OPT_OUT_WORDS = r"unsubscribe(?:[_ ]?(?:url|link|text))?|opt[_ -]?out(?:[_ ]?link)?"
VIEW_WORDS = r"web[_ ]?version|webview(?:[_ ]url|[_ ]text)?|view[_ ]in[_ ]browser|archive"
NAME_WORDS = r"(?:first|last|full|sur)[_ ]?name|[fl]name|company(?:[_ ]?name)?"
KNOWN_WORDS = rf"{OPT_OUT_WORDS}|{VIEW_WORDS}|{NAME_WORDS}|e-?mail(?:[_ ]?address)?"
# Objects that other systems have in the place of `doc`
ROOTS = "account contact customer lead params person profile recipient subscriber user"
FORMS = (
	# Mailchimp: *|FNAME|*, *|IF:…|*
	r"\*\|(?P<mailchimp>[^|*<>\n]{1,100})\|\*",
	# Salesforce Marketing Cloud: %%first_name%%, %%=v(@name)=%%
	r"%%(?P<exacttarget>=?[\w.@ :()-]{1,60}?=?)%%",
	# ActiveCampaign and others: %FIRSTNAME%. Not %C3%A9 of an address, nor 100%.
	rf"(?<![\w%])%(?P<percent>(?:(?![0-9A-F]{{2}})[A-Z]|(?=(?:{KNOWN_WORDS}|date|address)%))[A-Z_][A-Z0-9_-]+)%(?![\w%])",
	r"\[\[\s*(?P<double>[A-Z][\w .:-]{0,60}?)\s*\]\]",
	rf"\[(?P<single>{KNOWN_WORDS})\]",
	# Brevo, Marketo, Klaviyo …: {{contact.FIRSTNAME}}, {{lead.First Name}}
	rf"\{{\{{-?\s*(?P<object>(?:{ROOTS.replace(' ', '|')})\.[\w .:]{{1,60}}?)\s*(?:\|[^{{}}]*)?-?\}}\}}",
	# Liquid and Handlebars: {{ name | default: 'x' }}, {{#if name}}, {{{name}}}
	r"\{\{-?\s*(?P<liquid>[\w.]+)\s*\|\s*default:[^{}]*\}\}",
	r"\{\{(?P<block>[#/^][^{}]{1,60})\}\}",
	r"(?<!\{)\{\{\{\s*(?P<triple>[\w. ]{1,60}?)\s*\}\}\}",
	# Salesforce: {!Contact.FirstName}
	r"\{!\s*(?P<merge>[\w.$]{1,60})\s*\}",
	# EspoCRM: {Person.name}
	r"(?<![{\w])\{(?P<espo>(?:Account|Contact|Lead|Person|User)\.\w{1,60})\}(?!\})",
	# Mautic: {contactfield=firstname}, {unsubscribe_url}
	r"(?<!\{)\{(?:contactfield|leadfield|ownerfield)=(?P<mautic>[\w|]{1,60})\}",
	rf"(?<!\{{)\{{(?!optOut(?:Url|Link)\}})(?P<brace>{OPT_OUT_WORDS}|{VIEW_WORDS})\}}(?!\}})",
	r"(?<![\w$])\$(?P<dollar>[A-Z][A-Z_]{2,40})\$(?![\w$])",
	r"(?<![#\w])##(?P<hash>[A-Z][\w.-]{1,40})##(?!#)",
	r"(?:<|&lt;)%=?\s*(?P<erb>[\w.@]{1,60})\s*%(?:>|&gt;)",
)
LINK_BEFORE = re.compile(r"<a\b[^<>]*>(?:<[^<>/]*>|\s)*\Z", re.IGNORECASE)
TAG = re.compile("|".join(FORMS), re.IGNORECASE)
CONDITIONS = re.compile(r"\s*[#/^]?\s*(?:if|else|elseif|end|unless|each)\b", re.IGNORECASE)
ADVICE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
	(re.compile(words, re.IGNORECASE), advice)
	for words, advice in (
		(r"unsub|opt.?out", "{{ unsubscribe_url }}"),
		(r"archive|web.?version|webview|view.?in|browser|view.?email|mirror", "{{ view_url }}"),
		(r"(?:^|[._:])f(?:irst)?[_ ]?name", "{{ doc.first_name }}"),
		(r"(?:^|[._:])(?:l(?:ast)?|sur)[_ ]?name", "{{ doc.last_name }}"),
		(r"(?:^|[._:])e-?mail", "{{ doc.email }}"),
		# A record's `name` is its number or key in Frappe
		(r"(?:^|[._:])(?:full[_ ]?)?name$", "{{ doc.first_name }}"),
	)
)


def tag_warnings(subject: str, html: str) -> Iterator[Sentence]:
	"""Yield a sentence for each placeholder of another system in the texts of a mail."""
	for part, source in (("subject", subject), ("html", html)):
		for tag in foreign_tags(source, html=part == "html"):
			yield Sentence(PLACEHOLDER, Sentence(PLACES[part]), tag.line, tag.tag, tag.advice)


def text_warnings(subject: str, html: str) -> Iterator[Sentence]:
	"""Yield all sentences on what is odd in the texts of a mail, as a user wrote them."""
	yield from tag_warnings(subject, html)
	yield from repair_warnings(html)


def repair_warnings(html: str) -> Iterator[Sentence]:
	"""Yield a sentence for each address that mails leave out before an unsubscribe link.

	A template that can't be read has none: compiling it says why.
	"""
	try:
		with reading("html"):
			addresses = list(addresses_before_unsubscribing(html))
	except TemplateError:
		return
	for line, address in addresses:
		place = Sentence(PLACES["html"])
		yield Sentence(ADDRESS_BEFORE, place, line, address[:LONGEST], "{{ unsubscribe_url }}")


def foreign_tags(source: str, *, html: bool = True) -> Iterator[ForeignTag]:
	"""Yield each placeholder of another system in what a user has written, once, at its first line."""
	text = UNREAD.sub(_blank, source) if html else source
	seen: set[str] = set()
	for match in TAG.finditer(text):
		name = match[match.lastgroup or 0]
		if match[0] in seen or _is_no_placeholder(match, text):
			continue
		seen.add(match[0])
		yield ForeignTag(match[0][:LONGEST], text.count("\n", 0, match.start()) + 1, _advice(name))


def _blank(match: re.Match[str]) -> str:
	return "\n" * match[0].count("\n")


def _is_no_placeholder(match: re.Match[str], source: str) -> bool:
	"""Tell whether this is the label of a link, or a value that the template itself has given a name."""
	if match["single"]:
		return bool(LINK_BEFORE.search(source[max(0, match.start() - 2000) : match.start()]))
	root = re.escape((match["object"] or match["liquid"] or "").partition(".")[0])
	return bool(root) and bool(re.search(rf"\{{%-?\s*(?:set|for|with|macro)\b[^%]*\b{root}\b", source))


def _advice(name: str) -> str:
	if CONDITIONS.match(name):
		return "{% if doc.… %} … {% endif %}"
	for words, advice in ADVICE:
		if words.search(name):
			return advice
	return f"{{{{ doc.{_field_name(name)} }}}}"


def _field_name(name: str) -> str:
	"""Return the name as a field of Frappe would have it: “First Name”, “FirstName” are first_name."""
	last = re.split(r"[.:|=]", name.strip("=() @"))[-1] or name
	words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last.strip())
	return re.sub(r"\W+", "_", words).strip("_").lower() or "…"
