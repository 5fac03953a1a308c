"""A compiled mail, and its rendering for each recipient."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import starmap
from typing import Any

from jinja2 import Template, UndefinedError
from jinja2.exceptions import SecurityError

from email_campaigns.message.errors import RenderError
from email_campaigns.message.faults import LONGEST_REASON, is_fault, printable
from email_campaigns.message.html.plaintext import plain_text, tidy
from email_campaigns.message.mime.headers import LONGEST_SUBJECT
from email_campaigns.message.mime.quoted import FixedText, PiecedText, SlotName
from email_campaigns.message.mime.slots import Filling
from email_campaigns.message.sandbox.environment import GLOBALS, tracked_url, value_at
from email_campaigns.message.sandbox.filters import MailContext
from email_campaigns.message.sandbox.kinds import Permitted
from email_campaigns.message.sandbox.limits import Limits, Meter, Warnings
from email_campaigns.text import Sentence, SentenceError, _lt

SUBJECT_TOO_LONG = _lt("The subject is longer than {0} characters for this recipient.")
FAILED = {
	"subject": _lt("The subject cannot be made for this recipient: {0}."),
	"html": _lt("The message cannot be made for this recipient: {0}."),
	"text": _lt("The text part cannot be made for this recipient: {0}."),
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
		return printable(str(self.html_part))

	@cached_property
	def text(self) -> str:
		return printable(str(self.text_part))


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


@dataclass(frozen=True, kw_only=True)
class CompiledMessage(ABC):
	"""A template ready to render, safe to use from several threads, here or in a child (child/apart.py).

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
	automatic_links: Mapping[str, str] = field(default_factory=dict)

	@abstractmethod
	def render(self, values: Mapping[str, Any]) -> Content:
		"""Return the mail for one recipient.

		`values` has doc, campaign, mass_email (mappings of plain values), unsubscribe_url, view_url, open_url
		(texts) and tracking_url (a function of a link's name, which raises KeyError for an unknown one).
		Raises RenderError where an operation of the template fails or a limit is exceeded.
		"""


@dataclass(frozen=True, kw_only=True)
class LocalMessage(CompiledMessage):
	"""A compiled mail that this process renders. compile_message() makes it."""

	limits: Limits
	subject_template: Part
	html_template: Part
	text_template: Part
	text_from_html: bool

	def render(self, values: Mapping[str, Any]) -> Content:
		"""Return the mail for one recipient, as CompiledMessage says."""
		try:
			return self._render(values)
		except RenderError:
			raise
		except BaseException as error:
			if not is_fault(error):
				raise
			raise RenderError(FAILED["html"], _reason(error), part="html") from error

	def _render(self, values: Mapping[str, Any]) -> Content:
		filling = Filling(values.get("tracking_url"))
		names = {
			**GLOBALS,
			**values,
			"tracking_url": Permitted(lambda meter, name: tracked_url(filling, name)),
		}
		warnings: Warnings = {}
		subject = self._render_subject(names, filling, warnings)
		html = self._render_part("html", self.html_template, names, filling, warnings)
		text = self._render_part("text", self.text_template, names, filling, warnings)
		may_have_gaps = filling.has_gap or self.text_template.has_gap or len(text.pieces) > 1
		if self.text_from_html:
			text = PiecedText((_plain_text(str(html)),))
		elif may_have_gaps and "\n\n\n" in (str(text) if filling.has_gap else "".join(text.pieces)):
			text = PiecedText((tidy(str(text)),))
		return Content(subject, html, text, tuple(starmap(Sentence, warnings)))

	def _render_subject(self, names: dict[str, Any], filling: Filling, warnings: Warnings) -> str:
		text = str(self._render_part("subject", self.subject_template, names, filling, warnings))
		subject = printable(" ".join(text.split()))
		if not subject:
			raise RenderError(_lt("The subject is empty for this recipient."), part="subject")
		if len(subject) > LONGEST_SUBJECT:
			raise RenderError(SUBJECT_TOO_LONG, LONGEST_SUBJECT, part="subject")
		return subject

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


def _reason(error: BaseException) -> Sentence:
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
	is_plain = len(english) <= LONGEST_REASON and english == printable(english)
	return reason if is_plain else Sentence(printable(english[:LONGEST_REASON]))


def _plain_text(html: str) -> str:
	try:
		return plain_text(html)
	except Exception as error:
		raise RenderError(FAILED["text"], _reason(error), part="text") from None
