"""The door to this room: a user's template, compiled once for a mailing and language, rendered for each recipient."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from jinja2 import Template, UndefinedError
from jinja2.sandbox import SecurityError

from email_campaigns.message.errors import Refused, RenderError, TemplateError
from email_campaigns.message.footer import Footer, add_footer, add_pixel, as_document, footer_text
from email_campaigns.message.hyperlinks import prepare_links
from email_campaigns.message.inline import inline_styles
from email_campaigns.message.limits import Limits, Meter
from email_campaigns.message.markup import problem_with_html
from email_campaigns.message.metering import meter_tree
from email_campaigns.message.placeholders import literal, to_jinja
from email_campaigns.message.plaintext import plain_text, text_template, tidy
from email_campaigns.message.quoted import Fixed, Pieced
from email_campaigns.message.rules import parse
from email_campaigns.message.sandbox import (
	GLOBALS,
	HTML,
	TEXT,
	MailContext,
	MailEnvironment,
	link_of,
	value_at,
)
from email_campaigns.message.slots import Filling, Marks, Path
from email_campaigns.message.usage import Usage, usage_of
from email_campaigns.message.values import Permitted

__all__ = [
	"CompiledMessage",
	"Content",
	"Footer",
	"Limits",
	"RenderError",
	"TemplateError",
	"compile_message",
]


@dataclass(frozen=True)
class Content:
	"""What one recipient gets. `warnings` are sentences such as “doc.frist_name has no value”, each once.

	The parts are in pieces, as they are encoded; `html` and `text` are the same as texts.
	"""

	subject: str
	html_part: Pieced
	text_part: Pieced
	warnings: tuple[str, ...] = ()

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
	texts: Mapping[str, Fixed]
	html: bool

	@cached_property
	def slots(self) -> Mapping[str, tuple[str | Path, ...]]:
		"""The names of the slots in each fixed text that has some."""
		return {text: fixed.names for text, fixed in self.texts.items() if fixed.names}

	@cached_property
	def has_gap(self) -> bool:
		"""Tell whether more than one empty line stands together in a fixed text."""
		return any("\n\n\n" in text for text in self.texts)


@dataclass(frozen=True)
class CompiledMessage:
	"""A template ready to render, safe to use from several threads. compile_message() makes it.

	`record_fields` are the first-level fields of `doc` that it uses, all of them unless `uses_whole_record`;
	`tracking_links` are the constant names that it gives to tracking_url(), `automatic_links` {address: title} of
	those that are tracked by themselves, whose name is their address; `uses_unsubscribe` tells that the HTML itself
	always shows an unsubscribe link, so that the footer adds none.
	"""

	record_fields: frozenset[str]
	uses_whole_record: bool
	uses_unsubscribe: bool
	tracking_links: frozenset[str]
	limits: Limits
	subject_template: Part
	html_template: Part
	text_template: Part
	text_from_html: bool
	automatic_links: Mapping[str, str] = field(default_factory=dict)

	def render(self, values: Mapping[str, object]) -> Content:
		"""The mail for one recipient. `values`: doc, campaign, mass_email (mappings of plain values),
		unsubscribe_url, view_url, open_url (texts) and tracking_url (a function of a link's name, KeyError if unknown).

		Raises RenderError where an operation of the template fails or a limit is exceeded.
		"""
		filling = Filling(values.get("tracking_url"))
		names = {**GLOBALS, **values, "tracking_url": Permitted(lambda meter, name: link_of(filling, name))}
		warnings: dict[str, None] = {}
		subject = " ".join(
			str(self._part("subject", self.subject_template, names, filling, warnings)).split()
		)
		if not subject:
			raise RenderError("The subject is empty for this recipient.", "subject")
		html = self._part("html", self.html_template, names, filling, warnings)
		text = self._part("text", self.text_template, names, filling, warnings)
		may_have_gaps = filling.has_gap or self.text_template.has_gap or len(text.pieces) > 1
		if self.text_from_html:
			text = Pieced((_text_of(str(html)),))
		elif may_have_gaps and "\n\n\n" in str(text):
			text = Pieced((tidy(str(text)),))
		return Content(subject, html, text, tuple(warnings))

	def _part(
		self, part: str, compiled: Part, names: dict, filling: Filling, warnings: dict[str, None]
	) -> Pieced:
		template = compiled.template
		context = MailContext(template.environment, names, None, {})
		context.filling = filling
		filling.value = partial(value_at, context)
		context.meter = meter = Meter(self.limits, warnings)
		try:
			pieces = meter.join(template.root_render_func(context), compiled.slots, filling)
			said, written = (
				(filling.escaped, filling.in_html) if compiled.html else (filling.get, filling.in_text)
			)
			return Pieced(pieces, compiled.texts, said, written.__getitem__)
		except (Refused, SecurityError, UndefinedError) as error:
			reason = str(error)
		except RecursionError:
			reason = "it calls itself too often"
		except Exception as error:
			reason = f"{type(error).__name__}: {error}"
		raise RenderError(f"The {NAMES[part]} cannot be made for this recipient: {reason:.300}.", part)


NAMES = {"subject": "subject", "html": "message", "text": "text part"}


def _text_of(html: str) -> str:
	try:
		return plain_text(html)
	except Refused as error:
		raise RenderError(f"The text part cannot be made for this recipient: {error}.", "text") from None


def compile_message(
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
	"""Compiles a mail. `text` is the user's text part, made from the HTML where empty; `prefix` goes before the
	subject ("[TEST]"). `tracks` tells of an address whether plain links to it are tracked; `open_pixel` puts the
	image at `open_url` at the end. Raises TemplateError for a syntax error, a forbidden construct, an empty subject
	or body.
	"""
	texts = {"unsubscribe_text": footer.unsubscribe_text} if footer else {}
	sources = {"subject": to_jinja(subject.strip(), html=False), "html": to_jinja(html, **texts)}
	sources["text"] = to_jinja(text, html=False)
	usages = {part: _checked(part, source, limits) for part, source in sources.items()}
	_refuse_unusable(sources)
	links = prepare_links(sources["html"], tracks)
	sources["html"] = links.html
	final, from_html = _finished(sources, usages, footer)
	if open_pixel:
		final["html"] = add_pixel(final["html"])
	final["subject"] = f"{literal(prefix)} {final['subject']}" if prefix else final["subject"]
	return CompiledMessage(
		record_fields=frozenset().union(*(usage.fields for usage in usages.values())),
		uses_whole_record=any(usage.whole for usage in usages.values()),
		uses_unsubscribe=usages["html"].unsubscribe,
		tracking_links=frozenset().union(*(usage.links for usage in usages.values())),
		limits=limits,
		subject_template=_compiled(TEXT, final["subject"], "subject"),
		html_template=_compiled(HTML, final["html"], "html"),
		text_template=_compiled(TEXT, final["text"], "text"),
		text_from_html=from_html,
		automatic_links=links.links,
	)


def _checked(part: str, source: str, limits: Limits) -> Usage:
	"""What the user's own source uses; its errors have the user's own lines."""
	if len(source) > limits.source:
		raise TemplateError(f"The {NAMES[part]} is longer than {limits.source:,} characters.", part)
	environment = HTML if part == "html" else TEXT
	usage = usage_of(parse(environment, source, part))
	_compiled(environment, source, part)
	return usage


def _refuse_unusable(sources: Mapping[str, str]) -> None:
	if not sources["subject"].strip():
		raise TemplateError("The subject is empty.", "subject")
	html = sources["html"]
	problem = problem_with_html(html)
	if problem:
		raise TemplateError(f"The message {problem}.", "html")
	if not plain_text(html).strip() and "<img" not in html.lower():
		raise TemplateError("The message is empty.", "html")


def _finished(
	sources: Mapping[str, str], usages: Mapping[str, Usage], footer: Footer | None
) -> tuple[dict[str, str], bool]:
	"""The sources as they are compiled, and whether the text part has to be made from each rendered HTML."""
	html = inline_styles(as_document(sources["html"]))
	text = sources["text"] or text_template(as_document(sources["html"]))
	if footer:
		html = add_footer(html, footer, footer.unsubscribe and not usages["html"].unsubscribe)
		has_link = usages["text" if sources["text"] else "html"].unsubscribe
		text = text and text + footer_text(footer, footer.unsubscribe and not has_link)
	return {**sources, "html": html, "text": text or ""}, not text


def _compiled(environment: MailEnvironment, source: str, part: str) -> Part:
	marks = Marks()
	tree = meter_tree(parse(environment, source, part), marks)
	try:
		code = environment.compile(tree, filename="<template>")
		template = Template.from_code(environment, code, {})
		return Part(template, marks.texts(code), environment is HTML)
	except (SyntaxError, RecursionError, MemoryError):
		raise TemplateError("Parts of the template are nested too deeply.", part) from None
