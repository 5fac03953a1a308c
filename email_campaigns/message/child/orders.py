"""What a child is told and what it answers, as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, cast

from email_campaigns.message.child.frames import Message
from email_campaigns.message.compile import CompiledMessage, Content, Footer, MessageSource
from email_campaigns.message.errors import RenderError, TemplateError
from email_campaigns.message.mime.quoted import PiecedText
from email_campaigns.message.plain_json import load_json, write_json
from email_campaigns.message.sandbox.values import Missing
from email_campaigns.text import Sentence

# What the child may ask its parent while it works, each with one text
LINK, TRACKS = "link", "tracks"
FACTS = ("record_fields", "uses_whole_record", "uses_unsubscribe", "tracking_links", "uses_any_link")


def write_source(source: MessageSource) -> Message:
	return asdict(source)


def read_source(message: Message) -> MessageSource:
	return MessageSource(**message)


def write_footer(footer: Footer | None) -> Message | None:
	return asdict(footer) if footer else None


def read_footer(message: Message | None) -> Footer | None:
	return Footer(**message) if message else None


def write_facts(compiled: CompiledMessage) -> Message:
	"""Return all of a compiled mail but what renders it."""
	facts = {name: getattr(compiled, name) for name in FACTS}
	lists = {name: sorted(value) for name, value in facts.items() if isinstance(value, frozenset)}
	return {
		**facts,
		**lists,
		"source": write_source(compiled.source),
		"automatic_links": dict(compiled.automatic_links),
	}


def read_facts(message: Message) -> dict[str, Any]:
	"""Return the arguments of a CompiledMessage."""
	sets = {name: frozenset(message[name]) for name in ("record_fields", "tracking_links")}
	return {**message, **sets, "source": read_source(message["source"])}


def write_values(values: Mapping[str, Any]) -> str:
	"""Return the values of a mail as JSON. Functions are left out; the child asks for what they return."""
	plain = {name: value for name, value in values.items() if not callable(value)}
	record = dict(plain.get("doc") or {})
	blanks = {name: str(value.path) for name, value in record.items() if isinstance(value, Missing)}
	plain["doc"] = {name: value for name, value in record.items() if name not in blanks}
	return write_json({"values": plain, "blanks": blanks})


def read_values(text: str, link: Callable[[str], str]) -> dict[str, Any]:
	"""Return the values of a mail; `link` returns the URL of a tracked link."""
	message = cast(dict[str, Any], load_json(text))
	values = message["values"]
	values["doc"] |= {name: Missing(name=path) for name, path in message["blanks"].items()}
	return {**values, "tracking_url": link}


def write_content(content: Content) -> Message:
	warnings = [write_sentence(warning) for warning in content.warnings]
	return {"subject": content.subject, "html": content.html, "text": content.text, "warnings": warnings}


def read_content(message: Message) -> Content:
	html, text = (PiecedText((message[part],)) for part in ("html", "text"))
	return Content(message["subject"], html, text, tuple(map(read_sentence, message["warnings"])))


def write_sentence(sentence: Sentence) -> list[Any]:
	"""Return a sentence as a list of its text and its values."""
	return [sentence.text, *map(_write_value, sentence.values)]


def _write_value(value: object) -> object:
	if isinstance(value, Sentence):
		return write_sentence(value)
	return value if value is None or isinstance(value, int | float) else str(value)


def read_sentence(parts: list[Any]) -> Sentence:
	text, *values = parts
	return Sentence(text, *(read_sentence(value) if isinstance(value, list) else value for value in values))


def write_error(error: TemplateError | RenderError) -> Message:
	if isinstance(error, RenderError):
		return {"sentence": write_sentence(error.sentence), "part": error.part}
	fault = write_sentence(error.fault)
	return {"fault": fault, "part": error.part, "line": error.line, "trace": error.trace}


def read_error(message: Message) -> TemplateError | RenderError:
	if "sentence" in message:
		return RenderError(read_sentence(message["sentence"]), part=message["part"])
	error = TemplateError(read_sentence(message["fault"]), part=message["part"], line=message["line"])
	error.trace = message["trace"]
	return error
