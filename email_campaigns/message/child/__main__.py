"""The child's process: `python -m email_campaigns.message.child`. It ends when its parent closes the pipe."""

import sys
from collections.abc import Callable
from typing import BinaryIO

from email_campaigns.message.child import frames, orders
from email_campaigns.message.child.bounds import allow_time, restrict
from email_campaigns.message.child.frames import Message
from email_campaigns.message.compile import CompiledMessage, MessageSource, compile_message, compile_source
from email_campaigns.message.errors import RenderError, TemplateError

MOST_KEPT = 3  # compiled mails: somebody who looks at a preview looks at the next one
Ask = Callable[[str, str], object]


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
	"""Answer orders until the pipe ends."""

	def ask(name: str, text: str) -> object:
		outgoing.write(frames.pack({"ask": name, "text": text}))
		outgoing.flush()
		reply = frames.read(incoming)
		if reply is None:
			raise SystemExit
		if "value" not in reply:
			raise KeyError(text)
		return reply["value"]

	workshop = Workshop(ask)
	while order := frames.read(incoming):
		allow_time()
		outgoing.write(frames.pack(workshop.answer(order)))
		outgoing.flush()


class Workshop:
	"""Does what the orders say. `ask` returns what a function of the parent returns for a text."""

	def __init__(self, ask: Ask):
		self._ask = ask
		self._kept: dict[MessageSource, CompiledMessage] = {}

	def answer(self, order: Message) -> Message:
		"""Return the answer to an order: what was made, or the error."""
		work = {"compile": self._compile, "read": self._read, "render": self._render}[order["order"]]
		try:
			return work(order)
		except (TemplateError, RenderError) as error:
			self._kept.clear()  # there may have been too little memory left
			return {"error": orders.write_error(error)}

	def _compile(self, order: Message) -> Message:
		compiled = compile_message(
			order["subject"],
			order["html"],
			footer=orders.read_footer(order["footer"]),
			prefix=order["prefix"],
			tracks=self._tracks if order["tracks"] else None,
			open_pixel=order["open_pixel"],
			base_url=order["base_url"],
		)
		self._keep(compiled)
		return {"facts": orders.write_facts(compiled)}

	def _tracks(self, url: str) -> bool:
		return bool(self._ask(orders.TRACKS, url))

	def _read(self, order: Message) -> Message:
		return {"facts": orders.write_facts(self._compiled(order))}

	def _link(self, name: str) -> str:
		return str(self._ask(orders.LINK, name))

	def _render(self, order: Message) -> Message:
		values = orders.read_values(order["values"], self._link)
		return {"content": orders.write_content(self._compiled(order).render(values))}

	def _compiled(self, order: Message) -> CompiledMessage:
		source = orders.read_source(order["source"])
		if source not in self._kept:
			self._keep(compile_source(source))
		return self._kept[source]

	def _keep(self, compiled: CompiledMessage) -> None:
		while len(self._kept) >= MOST_KEPT:
			del self._kept[next(iter(self._kept))]
		self._kept[compiled.source] = compiled


def main() -> None:
	"""Serve the pipes of the process; what anything prints goes to its error output."""
	incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
	sys.stdout = sys.stderr
	restrict()
	serve(incoming, outgoing)


if __name__ == "__main__":
	main()
