"""The text part of a mail, made once from the HTML template by html2text.

A link becomes `text (address)`; Jinja stays Jinja. The result is a template of its own, without escaping.
"""

import re

from html2text import HTML2Text

from email_campaigns.message.html.markup import regular
from email_campaigns.message.html.protect import CLOSES, OPENS, ProtectedHtml, Unprotectable, protect
from email_campaigns.message.html.visible import without_hidden

ESCAPED = re.compile(r"^([ \t]*\d*)\\([-+.])|^([ \t]*)\\(-{3,})", re.MULTILINE)
SPACES = re.compile(r"\s{100,}")  # html2text searches each of them from each of them
BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
CELLS = frozenset(("td", "th"))
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
WRITTEN = CELLS | HEADINGS | {"a", "img"}  # not by html2text
DEFINES = re.compile(r"\{%[-+]?\s*(?:set|macro)\b")  # what another part may use
CONTINUES = re.compile(r"\{%[-+]?\s*el(?:se|if)\b")


def text_template(html: str) -> str | None:
	"""Return the text template of an HTML template, or None where Jinja and HTML cannot be separated.

	The text part is then the plain_text() of the rendered HTML. Raises Refused for HTML that no parser may
	read.
	"""
	try:
		protected = protect(html)
	except Unprotectable:
		return None
	shown, hidden = without_hidden(protected.show_words(regular(protected.html)))
	if not all(_is_whole(protected, part) for part in hidden):
		return None
	text = _to_text(shown)
	flow = set(protected.flow)
	numbers = [number for number in protected.numbers(text) if number in flow]
	unseen = {number for part in hidden for number in protected.numbers(part)}
	if numbers != [number for number in protected.flow if number not in unseen]:
		return None
	return protected.restore(_join_block_lines(text, protected.mark, protected.pieces))


def _is_whole(protected: ProtectedHtml, part: str) -> bool:
	"""Tell whether a part can be left out: it has the end of each of its blocks, and defines nothing."""
	depth = 0
	for number in protected.numbers(part):
		piece = protected.pieces[number]
		depth += bool(OPENS.match(piece)) - bool(CLOSES.match(piece))
		if depth < 0 or DEFINES.match(piece) or (not depth and CONTINUES.match(piece)):
			return False
	return not depth


def _join_block_lines(text: str, mark: str, pieces: list[str]) -> str:
	"""Remove the line ends of lines with nothing but {% … %}, which would be empty lines in every mail.

	After an end tag the next paragraph keeps its distance from what the tag closes.
	"""

	numbers = [str(number) for number, piece in enumerate(pieces) if piece.startswith("{%")]
	pattern = rf"{mark}(?:{'|'.join(numbers)})x"

	def join(match: re.Match[str]) -> str:
		words = re.findall(pattern, match[1])
		closing = [
			place for place, word in enumerate(words) if CLOSES.match(pieces[int(word[len(mark) : -1])])
		]
		if closing and "\n\n" in match[1] and not match.string[: match.start()].endswith("\n\n"):
			words.insert(closing[-1] + 1, "\n")
		return "".join(words)

	return re.sub(rf"^[ \t]*((?:{pattern}\s*)+)(?<=\n)", join, text, flags=re.MULTILINE) if numbers else text


def plain_text(html: str) -> str:
	"""Return what a person sees of HTML as text for a mail client.

	Lines are not wrapped, and there is at most one empty line between paragraphs. Raises Refused for HTML
	that no parser may read (markup.py).
	"""
	return _to_text(without_hidden(regular(html))[0])


def _to_text(html: str) -> str:
	writer = HTML2Text(bodywidth=0)
	writer.unicode_snob = True
	writer.ignore_emphasis = writer.ignore_images = writer.ignore_tables = True
	writer.tag_callback = _TagWriter()  # type: ignore[assignment]  # html2text declares None alone
	text = ESCAPED.sub(
		lambda match: "".join(filter(None, match.groups())), writer.handle(SPACES.sub("\n", html))
	)
	return tidy(text)


def tidy(text: str) -> str:
	"""Return the text without spaces at line ends, with single empty lines, and with none at either end."""
	lines = "\n".join(line.rstrip() for line in text.split("\n"))
	return BLANK_LINES.sub("\n\n", lines).strip("\n")


class _TagWriter:
	"""Writes links as `text (address)`, headings without # and cells apart, not html2text's Markdown.

	A picture in a link is `[alternative text]`, since nothing else may say where the link leads.
	"""

	def __init__(self) -> None:
		self.open: list[tuple[str, int]] = []

	def __call__(self, writer: HTML2Text, tag: str, attrs: dict[str, str | None] | None, start: bool) -> bool:
		if tag in HEADINGS:
			writer.p()
		elif tag in CELLS and not start:
			writer.o(" ")
		elif tag == "img" and self.open:
			self._write_alt(writer, (attrs or {}).get("alt") or "")
		elif tag == "a" and start:
			self.open.append(((attrs or {}).get("href") or "", len(writer.outtextlist)))
		elif tag == "a" and self.open:
			self._close(writer, *self.open.pop())
		return tag in WRITTEN

	@staticmethod
	def _write_alt(writer: HTML2Text, alt: str) -> None:
		if words := alt.split():
			writer.o(f"[{' '.join(words)}]")

	@staticmethod
	def _close(writer: HTML2Text, address: str, begin: int) -> None:
		text = "".join(writer.outtextlist[begin:]).strip()
		if address and not address.startswith("#") and address.removeprefix("mailto:") != text:
			writer.o(f" ({address})" if text else address)
