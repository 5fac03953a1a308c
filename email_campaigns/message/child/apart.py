"""Templates read, and mails made, in a child."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from email_campaigns.message.child import orders
from email_campaigns.message.child.frames import Message
from email_campaigns.message.child.keeper import KEEPER, Ended, Functions
from email_campaigns.message.compile import CompiledMessage, Content, Footer, MessageSource
from email_campaigns.message.compiled import FAILED
from email_campaigns.message.errors import RenderError, TemplateError
from email_campaigns.message.faults import UNREADABLE
from email_campaigns.text import Sentence


@dataclass(frozen=True, kw_only=True)
class RemoteMessage(CompiledMessage):
	"""A compiled mail that a child renders."""

	def render(self, values: Mapping[str, Any]) -> Content:
		"""Return the mail for one recipient, as CompiledMessage says."""
		link = values.get("tracking_url") or _no_link
		order = {
			"order": "render",
			"source": orders.write_source(self.source),
			"values": orders.write_values(values),
		}
		try:
			answer = KEEPER.order(order, {orders.LINK: link})
		except Ended as end:
			raise RenderError(FAILED["html"], end.sentence, part="html") from None
		if "error" in answer:
			raise orders.read_error(answer["error"])
		return orders.read_content(answer["content"])


def _no_link(name: str) -> str:
	raise KeyError(name)


def compile_message(  # noqa: PLR0913, as the function that does the work
	subject: str,
	html: str,
	*,
	footer: Footer | None = None,
	prefix: str = "",
	tracks: Callable[[str], bool] | None = None,
	open_pixel: bool = False,
	base_url: str = "",
) -> RemoteMessage:
	"""Return a mail ready to render, as compile.compile_message() does. Raises TemplateError."""
	order = {
		"order": "compile",
		"subject": subject,
		"html": html,
		"footer": orders.write_footer(footer),
		"prefix": prefix,
		"tracks": tracks is not None,
		"open_pixel": open_pixel,
		"base_url": base_url,
	}
	return _compiled(order, {orders.TRACKS: tracks} if tracks else {})


def compile_source(source: MessageSource) -> RemoteMessage:
	"""Return the mail of prepared templates, as compile.compile_source() does. Raises TemplateError."""
	return _compiled({"order": "read", "source": orders.write_source(source)}, {})


def _compiled(order: Message, functions: Functions) -> RemoteMessage:
	try:
		answer = KEEPER.order(order, functions)
	except Ended as end:
		error = TemplateError(Sentence(UNREADABLE, end.sentence))
		error.trace = end.trace
		raise error from None
	if "error" in answer:
		raise orders.read_error(answer["error"])
	return RemoteMessage(**orders.read_facts(answer["facts"]))
