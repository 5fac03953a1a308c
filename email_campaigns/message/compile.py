"""Compilation of a user's template, once for a mailing and language."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import starmap
from types import CodeType
from typing import NamedTuple

from jinja2 import Template, nodes

from email_campaigns.message.compiled import CompiledMessage, Content, LocalMessage, MessageSource, Part
from email_campaigns.message.editor.convert import mail_html
from email_campaigns.message.errors import RenderError, TemplateError
from email_campaigns.message.faults import TOO_DEEP, reading
from email_campaigns.message.html.footer import Footer, add_footer, add_pixel, as_document, footer_text
from email_campaigns.message.html.inline import inline_styles
from email_campaigns.message.html.markup import problem_with_attributes, problem_with_html
from email_campaigns.message.html.placeholders import literal, to_jinja
from email_campaigns.message.html.plaintext import plain_text, text_template
from email_campaigns.message.links.hyperlinks import prepare_links
from email_campaigns.message.links.query_values import encode_link_values
from email_campaigns.message.links.unsubscribing import always_unsubscribes
from email_campaigns.message.mime.headers import LONGEST_SUBJECT
from email_campaigns.message.mime.slots import Marks
from email_campaigns.message.sandbox.environment import HTML, TEXT, MailEnvironment
from email_campaigns.message.sandbox.limits import Limits
from email_campaigns.message.sandbox.metering import meter_tree
from email_campaigns.message.sandbox.rules import parse
from email_campaigns.message.sandbox.size import check_source
from email_campaigns.message.sandbox.usage import Usage, read_usage
from email_campaigns.text import _lt

__all__ = [
	"CompiledMessage",
	"Content",
	"Footer",
	"Limits",
	"LocalMessage",
	"MessageSource",
	"RenderError",
	"TemplateError",
	"compile_message",
	"compile_source",
]

TOO_LONG = {
	"subject": _lt("The subject is longer than {0} characters."),
	"html": _lt("The message is longer than {0} characters."),
	"text": _lt("The text part is longer than {0} characters."),
}


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
	base_url: str = "",
) -> LocalMessage:
	"""Return a mail ready to render, from its subject and HTML.

	`text` is the user's text part, made from the HTML where empty; `prefix` goes before the subject
	("[TEST]"). `tracks` returns for an address whether plain links to it are tracked; `open_pixel` puts the
	image at `open_url` at the end; `base_url`, without a slash at its end, goes before addresses within the
	site (/files/picture.png). Raises TemplateError for a syntax error, a forbidden construct, an empty
	subject or body.
	"""
	written = {"subject": subject, "html": html, "text": text}
	with reading():
		return _compile_message(_Order(written, footer, prefix, limits, tracks, open_pixel, base_url))


class _Order(NamedTuple):
	"""The arguments of compile_message()."""

	written: Mapping[str, str]
	footer: Footer | None
	prefix: str
	limits: Limits
	tracks: Callable[[str], bool] | None
	open_pixel: bool
	base_url: str


def _compile_message(order: _Order) -> LocalMessage:
	footer, limits = order.footer, order.limits
	sources = {part: _to_source(part, text, footer, limits) for part, text in order.written.items()}
	usages = {}
	for part, source in sources.items():
		sources[part], usages[part] = _check_source(part, source, limits)
	_check_usable(sources)
	with reading("html"):
		# Rules of style sheets may name the addresses of links as they are written
		styled = inline_styles(as_document(mail_html(sources["html"], order.base_url)))
		links = prepare_links(styled, order.tracks)
	sources["html"] = links.html
	final_html, final_text = _complete(sources, usages, footer)
	title = f"{literal(order.prefix)} {sources['subject']}" if order.prefix else sources["subject"]
	compiled = compile_source(MessageSource(title, final_html, final_text, order.open_pixel), limits=limits)
	return replace(
		compiled,
		uses_unsubscribe=usages["html"].unsubscribe,
		tracking_links=_link_names(usages.values()),
		automatic_links=links.links,
	)


def _link_names(usages: Iterable[Usage]) -> frozenset[str]:
	# A template may write tracking_url(5); the mail then fails with the reason.
	return frozenset(name for usage in usages for name in usage.links if isinstance(name, str))


def compile_source(source: MessageSource, *, limits: Limits = Limits()) -> LocalMessage:  # noqa: B008, frozen
	"""Return the mail of templates that compile_message() has prepared; it makes the same bytes.

	Its `tracking_links` include the addresses that are tracked by themselves. Raises TemplateError.
	"""
	html = add_pixel(source.html) if source.open_pixel else source.html
	sources = {"subject": source.subject, "html": html, "text": source.text}
	with reading():
		parts, usages = zip(*starmap(_compile_part, sources.items()), strict=True)
	return LocalMessage(
		source=source,
		record_fields=frozenset().union(*(usage.fields for usage in usages)),
		uses_whole_record=any(usage.whole for usage in usages),
		uses_unsubscribe=usages[1].unsubscribe,
		tracking_links=_link_names(usages),
		uses_any_link=any(usage.any_link for usage in usages),
		limits=limits,
		subject_template=parts[0],
		html_template=parts[1],
		text_template=parts[2],
		text_from_html=not source.text,
	)


def _to_source(part: str, written: str, footer: Footer | None, limits: Limits) -> str:
	"""Return what the user wrote in a part as plain Jinja."""
	_check_length(part, written, limits)
	with reading(part):
		if part == "html":
			return to_jinja(written, unsubscribe_text=footer.unsubscribe_text if footer else "Unsubscribe")
		return to_jinja(written.strip() if part == "subject" else written, html=False)


def _check_length(part: str, source: str, limits: Limits) -> None:
	if len(source) > limits.source:
		raise TemplateError(TOO_LONG[part], f"{limits.source:,}", part=part)


def _check_source(part: str, source: str, limits: Limits) -> tuple[str, Usage]:
	"""Return the user's own source, with encoded values in its links, and what it uses.

	Raises TemplateError with the user's own lines.
	"""
	_check_length(part, source, limits)
	environment = _environment(part)
	with reading(part):
		check_source(environment, source, part)
		source = encode_link_values(source) if part == "html" else source
		return source, read_usage(parse(environment, source, part))


def _check_usable(sources: Mapping[str, str]) -> None:
	if not sources["subject"].strip():
		raise TemplateError(_lt("The subject is empty."), part="subject")
	# A subject with Jinja may be shorter once it is rendered
	if len(sources["subject"]) > LONGEST_SUBJECT and "{" not in sources["subject"]:
		raise TemplateError(TOO_LONG["subject"], LONGEST_SUBJECT, part="subject")
	html = sources["html"]
	problem = problem_with_html(html) or problem_with_attributes(html)
	if problem:
		raise TemplateError(_lt("The message cannot be used: {0}."), problem, part="html")
	if not plain_text(html).strip() and "<img" not in html.lower():
		raise TemplateError(_lt("The message is empty."), part="html")


def _complete(
	sources: Mapping[str, str], usages: Mapping[str, Usage], footer: Footer | None
) -> tuple[str, str]:
	"""Return the HTML and the text part; "" for one that has to be made from each rendered HTML."""
	html = sources["html"]
	with reading("html"):
		usages["html"].unsubscribe = always_unsubscribes(html)
		text = sources["text"] or text_template(html)
	if footer:
		html = add_footer(html, footer, footer.unsubscribe and not usages["html"].unsubscribe)
		has_link = usages["text" if sources["text"] else "html"].unsubscribe
		text = text and text + footer_text(footer, footer.unsubscribe and not has_link)
	return html, text or ""


def _environment(part: str) -> MailEnvironment:
	return HTML if part == "html" else TEXT


def _compile_part(part: str, source: str) -> tuple[Part, Usage]:
	environment, marks = _environment(part), Marks()
	with reading(part):
		tree = parse(environment, source, part)
		usage = read_usage(tree)
		code = _compile_tree(environment, meter_tree(tree, marks), part)
		template = Template.from_code(environment, code, {})
		return Part(template, marks.fixed_texts(code), environment is HTML), usage


def _compile_tree(environment: MailEnvironment, tree: nodes.Template, part: str) -> CodeType:
	try:
		return environment.compile(tree, filename="<template>")
	except SyntaxError:  # Python nests loops and brackets less deeply than Jinja
		raise TemplateError(TOO_DEEP, part=part) from None
