"""Compilation of a user's template, once for a mailing and language, and its rendering for each recipient."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import starmap
from typing import Any

from jinja2 import Template, UndefinedError
from jinja2.exceptions import SecurityError

from email_campaigns.message.errors import Refused, RenderError, TemplateError
from email_campaigns.message.filters import MailContext
from email_campaigns.message.footer import Footer, add_footer, add_pixel, as_document, footer_text
from email_campaigns.message.hyperlinks import prepare_links
from email_campaigns.message.inline import inline_styles
from email_campaigns.message.kinds import Permitted
from email_campaigns.message.limits import Limits, Meter, Warnings
from email_campaigns.message.markup import problem_with_html
from email_campaigns.message.metering import meter_tree
from email_campaigns.message.placeholders import literal, to_jinja
from email_campaigns.message.plaintext import plain_text, text_template, tidy
from email_campaigns.message.quoted import FixedText, PiecedText, SlotName
from email_campaigns.message.rules import TOO_DEEP, parse
from email_campaigns.message.sandbox import (
	GLOBALS,
	HTML,
	TEXT,
	MailEnvironment,
	tracked_url,
	value_at,
)
from email_campaigns.message.slots import Filling, Marks
from email_campaigns.message.usage import Usage, read_usage
from email_campaigns.text import Sentence, SentenceError, _lt

__all__ = [
	"CompiledMessage",
	"Content",
	"Footer",
	"Limits",
	"MessageSource",
	"RenderError",
	"TemplateError",
	"compile_message",
	"compile_source",
]

LONGEST_REASON = 300  # characters
FAILED = {
	"subject": _lt("The subject cannot be made for this recipient: {0}."),
	"html": _lt("The message cannot be made for this recipient: {0}."),
	"text": _lt("The text part cannot be made for this recipient: {0}."),
}
TOO_LONG = {
	"subject": _lt("The subject is longer than {0} characters."),
	"html": _lt("The message is longer than {0} characters."),
	"text": _lt("The text part is longer than {0} characters."),
}


@dataclass(frozen=True)
class Content:
	"""The contents of one recipient's mail.

	`warnings` are clauses such as “doc.frist_name has no value”, each once. The parts are in pieces, as they
	are encoded; `html` and `text` are the same as texts.
	"""

	subject: str
	html_part: PiecedText
	text_part: PiecedText
	warnings: tuple[Sentence, ...] = ()

	@cached_property
	def html(self) -> str:
		return str(self.html_part)

	@cached_property
	def text(self) -> str:
		return str(self.text_part)


@dataclass(frozen=True)
class Part:
	"""A compiled template, and the fixed texts in it."""

	template: Template
	texts: Mapping[str, FixedText]
	html: bool

	@cached_property
	def slots(self) -> Mapping[str, tuple[SlotName, ...]]:
		"""The names of the slots in each fixed text that has some."""
		return {text: fixed.names for text, fixed in self.texts.items() if fixed.names}

	@cached_property
	def has_gap(self) -> bool:
		"""Whether a fixed text has more than one empty line in a row."""
		return any("\n\n\n" in text for text in self.texts)


@dataclass(frozen=True, slots=True)
class MessageSource:
	"""The templates of a mail in plain Jinja, with prefix, tracked links, inlined styles and footer.

	An empty `text` is made from each rendered HTML. `open_pixel` puts the image at `open_url` at the end.
	"""

	subject: str
	html: str
	text: str = ""
	open_pixel: bool = False


@dataclass(frozen=True)
class CompiledMessage:
	"""A template ready to render, safe to use from several threads. compile_message() makes it.

	`source` makes the same again (compile_source). `record_fields` are the first-level fields of `doc` that
	it uses, all of them unless `uses_whole_record` is set. `tracking_links` are the constant names that it
	gives to tracking_url(); with `uses_any_link` it works out others. `automatic_links` is {address: title}
	of the links that are tracked by themselves, whose name is their address. `uses_unsubscribe` is set where
	the user's HTML always shows an unsubscribe link, so that the footer adds none.
	"""

	source: MessageSource
	record_fields: frozenset[str]
	uses_whole_record: bool
	uses_unsubscribe: bool
	tracking_links: frozenset[str]
	uses_any_link: bool
	limits: Limits
	subject_template: Part
	html_template: Part
	text_template: Part
	text_from_html: bool
	automatic_links: Mapping[str, str] = field(default_factory=dict)

	def render(self, values: Mapping[str, Any]) -> Content:
		"""Return the mail for one recipient.

		`values` has doc, campaign, mass_email (mappings of plain values), unsubscribe_url, view_url, open_url
		(texts) and tracking_url (a function of a link's name, which raises KeyError for an unknown one).
		Raises RenderError where an operation of the template fails or a limit is exceeded.
		"""
		filling = Filling(values.get("tracking_url"))
		names = {
			**GLOBALS,
			**values,
			"tracking_url": Permitted(lambda meter, name: tracked_url(filling, name)),
		}
		warnings: Warnings = {}
		subject = " ".join(
			str(self._render_part("subject", self.subject_template, names, filling, warnings)).split()
		)
		if not subject:
			raise RenderError(_lt("The subject is empty for this recipient."), part="subject")
		html = self._render_part("html", self.html_template, names, filling, warnings)
		text = self._render_part("text", self.text_template, names, filling, warnings)
		may_have_gaps = filling.has_gap or self.text_template.has_gap or len(text.pieces) > 1
		if self.text_from_html:
			text = PiecedText((_plain_text(str(html)),))
		elif may_have_gaps and "\n\n\n" in (str(text) if filling.has_gap else "".join(text.pieces)):
			text = PiecedText((tidy(str(text)),))
		return Content(subject, html, text, tuple(starmap(Sentence, warnings)))

	def _render_part(
		self, name: str, part: Part, names: dict[str, Any], filling: Filling, warnings: Warnings
	) -> PiecedText:
		template = part.template
		context = MailContext(template.environment, names, None, {})
		context.filling = filling
		filling.value = partial(value_at, context)
		context.meter = meter = Meter(self.limits, warnings)
		try:
			pieces = meter.join(template.root_render_func(context), part.slots, filling)
			if part.html:
				return PiecedText(pieces, part.texts, filling.escaped, filling.in_html.__getitem__)
			return PiecedText(pieces, part.texts, filling.__getitem__, filling.in_text.__getitem__)
		except Exception as error:  # a template may raise anything; the mail fails with the reason
			raise RenderError(FAILED[name], _reason(error), part=name) from error


def _reason(error: Exception) -> Sentence:
	"""Return why a rendering failed, as a clause; its English is cut after LONGEST_REASON characters."""
	if isinstance(error, RecursionError):
		return Sentence(_lt("it calls itself too often"))
	if isinstance(error, SentenceError):
		reason = error.sentence
	elif isinstance(error, UndefinedError) and isinstance(error.args[0], Sentence):
		reason = error.args[0]
	elif isinstance(error, UndefinedError | SecurityError):
		reason = Sentence(str(error))
	else:
		reason = Sentence("{0}: {1}", type(error).__name__, str(error))
	english = str(reason)
	return reason if len(english) <= LONGEST_REASON else Sentence(english[:LONGEST_REASON])


def _plain_text(html: str) -> str:
	try:
		return plain_text(html)
	except Refused as refusal:
		raise RenderError(FAILED["text"], refusal.sentence, part="text") from None


def compile_message(  # noqa: PLR0913, all but two have defaults and are named in calls
	subject: str,
	html: str,
	*,
	text: str = "",
	footer: Footer | None = None,
	prefix: str = "",
	limits: Limits = Limits(),  # noqa: B008, frozen
	tracks: Callable[[str], bool] | None = None,
	open_pixel: bool = False,
) -> CompiledMessage:
	"""Return a mail ready to render, from its subject and HTML.

	`text` is the user's text part, made from the HTML where empty; `prefix` goes before the subject
	("[TEST]"). `tracks` returns for an address whether plain links to it are tracked; `open_pixel` puts the
	image at `open_url` at the end. Raises TemplateError for a syntax error, a forbidden construct, an empty
	subject or body.
	"""
	unsubscribe_text = footer.unsubscribe_text if footer else "Unsubscribe"
	sources = {
		"subject": to_jinja(subject.strip(), html=False),
		"html": to_jinja(html, unsubscribe_text=unsubscribe_text),
		"text": to_jinja(text, html=False),
	}
	usages = {part: _check_source(part, source, limits) for part, source in sources.items()}
	_check_usable(sources)
	links = prepare_links(sources["html"], tracks)
	sources["html"] = links.html
	final_html, final_text = _complete(sources, usages, footer)
	title = f"{literal(prefix)} {sources['subject']}" if prefix else sources["subject"]
	compiled = compile_source(MessageSource(title, final_html, final_text, open_pixel), limits=limits)
	return replace(
		compiled,
		uses_unsubscribe=usages["html"].unsubscribe,
		tracking_links=frozenset().union(*(usage.links for usage in usages.values())),
		automatic_links=links.links,
	)


def compile_source(source: MessageSource, *, limits: Limits = Limits()) -> CompiledMessage:  # noqa: B008, frozen
	"""Return the mail of templates that compile_message() has prepared; it makes the same bytes.

	Its `tracking_links` include the addresses that are tracked by themselves. Raises TemplateError.
	"""
	html = add_pixel(source.html) if source.open_pixel else source.html
	usages = [
		read_usage(parse(environment, text, part))
		for environment, text, part in (
			(TEXT, source.subject, "subject"),
			(HTML, html, "html"),
			(TEXT, source.text, "text"),
		)
	]
	return CompiledMessage(
		source=source,
		record_fields=frozenset().union(*(usage.fields for usage in usages)),
		uses_whole_record=any(usage.whole for usage in usages),
		uses_unsubscribe=usages[1].unsubscribe,
		tracking_links=frozenset().union(*(usage.links for usage in usages)),
		uses_any_link=any(usage.any_link for usage in usages),
		limits=limits,
		subject_template=_compile_part(TEXT, source.subject, "subject"),
		html_template=_compile_part(HTML, html, "html"),
		text_template=_compile_part(TEXT, source.text, "text"),
		text_from_html=not source.text,
	)


def _check_source(part: str, source: str, limits: Limits) -> Usage:
	"""Return what the user's own source uses. Raises TemplateError with the user's own lines."""
	if len(source) > limits.source:
		raise TemplateError(TOO_LONG[part], f"{limits.source:,}", part=part)
	environment = HTML if part == "html" else TEXT
	usage = read_usage(parse(environment, source, part))
	_compile_part(environment, source, part)
	return usage


def _check_usable(sources: Mapping[str, str]) -> None:
	if not sources["subject"].strip():
		raise TemplateError(_lt("The subject is empty."), part="subject")
	html = sources["html"]
	problem = problem_with_html(html)
	if problem:
		raise TemplateError(_lt("The message cannot be used: {0}."), problem, part="html")
	if not plain_text(html).strip() and "<img" not in html.lower():
		raise TemplateError(_lt("The message is empty."), part="html")


def _complete(
	sources: Mapping[str, str], usages: Mapping[str, Usage], footer: Footer | None
) -> tuple[str, str]:
	"""Return the HTML and the text part; "" for one that has to be made from each rendered HTML."""
	html = inline_styles(as_document(sources["html"]))
	text = sources["text"] or text_template(as_document(sources["html"]))
	if footer:
		html = add_footer(html, footer, footer.unsubscribe and not usages["html"].unsubscribe)
		has_link = usages["text" if sources["text"] else "html"].unsubscribe
		text = text and text + footer_text(footer, footer.unsubscribe and not has_link)
	return html, text or ""


def _compile_part(environment: MailEnvironment, source: str, part: str) -> Part:
	marks = Marks()
	tree = meter_tree(parse(environment, source, part), marks)
	try:
		code = environment.compile(tree, filename="<template>")
		template = Template.from_code(environment, code, {})
		return Part(template, marks.fixed_texts(code), environment is HTML)
	except (SyntaxError, RecursionError, MemoryError):
		raise TemplateError(TOO_DEEP, part=part) from None
