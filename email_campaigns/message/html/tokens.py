"""The tokens of an HTML template as browsers read it, each where it stands.

They are those of the HTML standard's tokenizer (https://html.spec.whatwg.org/#tokenization).

Jinja is no HTML: before the tokenizer reads a template, each piece of Jinja is covered by characters that no
markup is made of. The cover is as long as the piece, so each position is one of the template itself.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from turbohtml import Token as RawToken
from turbohtml import TokenType, tokenize

from email_campaigns.message.html.pieces import Piece, find_pieces

# A value of Jinja may be a part of a word; a condition or a comment stands between words.
COVER_VALUE, COVER_BLOCK = "\ue000", " "
START, END, COMMENT, DOCTYPE, OTHER = "start", "end", "comment", "doctype", "other"  # kinds of tokens
TEXT, TAG, VALUE, RAW_TEXT, IN_COMMENT = "text", "tag", "value", "raw", "comment"  # where a position may be
KINDS = {
	TokenType.START_TAG: START,
	TokenType.END_TAG: END,
	TokenType.COMMENT: COMMENT,
	TokenType.DOCTYPE: DOCTYPE,
	TokenType.PROCESSING_INSTRUCTION: OTHER,
}
# Elements whose contents are text, for a reader without scripts (https://html.spec.whatwg.org/#parsing-html-fragments)
RAW = frozenset(["style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext"])
# Elements without contents and end tag (https://html.spec.whatwg.org/#void-elements), and an obsolete one
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"])
VOID |= {"source", "track", "wbr"}
# On one line, a token's column is its position. To the tokenizer, a line end is a space, and NUL is U+FFFD
# (https://html.spec.whatwg.org/#preprocessing-the-input-stream).
PLAIN = str.maketrans({"\r": " ", "\n": " ", "\0": "\ufffd"})
# Mail clients run no scripts, so what stands in <noscript> is HTML; the tokenizer takes it for text.
NOSCRIPT = re.compile(r"(</?)noscript(?=[\t\n\f\r />])", re.IGNORECASE)
SEEN_NOSCRIPT = "noscripx"
CLOSED_COMMENT = re.compile(r"<!(?!--).*>|<!---?>|<!--.*--!?>|<[?/].*>", re.DOTALL)
# What Outlook reads of a comment (Microsoft, “About conditional comments”)
CONDITIONAL = re.compile(r"<!--\[if[^\]]*\]>(.*)-->", re.DOTALL | re.IGNORECASE)
# Within a tag whose end is known (https://html.spec.whatwg.org/#before-attribute-name-state)
TAG_NAME = re.compile(r"</?[^\t\n\f\r />]*")
ATTRIBUTE = re.compile(
	r"[\t\n\f\r /]*(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*)"
	r"(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
	r"|(?P<bare>[^\t\n\f\r >\"'][^\t\n\f\r >]*))?)?"
)
VALUES = ("double", "single", "bare")
IN_URL = re.compile(r"[\t\n\r]")

Change = tuple[int, int, str]  # begin, end, and the text that goes there


@dataclass(frozen=True, slots=True)
class Token:
	"""A tag, comment or declaration from `start` to `end`; the tag's `name` is in lower case.

	`conditional` is set for the tokens within a comment that Outlook reads.
	"""

	kind: str
	name: str
	start: int
	end: int
	conditional: bool = False


@dataclass(frozen=True, slots=True)
class Attribute:
	"""An attribute of a tag: where it begins and ends, and where its value does, without quotes, if any."""

	name: str
	start: int
	end: int
	value: tuple[int, int] | None


@dataclass
class Html:
	"""A template and its tokens. `covered` is the template with its Jinja covered, of the same length."""

	source: str
	pieces: list[Piece] = field(default_factory=list)
	_attributes: dict[int, list[Attribute]] = field(default_factory=dict)

	@cached_property
	def covered(self) -> str:
		parts, position = [], 0
		for piece in self.pieces:
			cover = COVER_BLOCK if piece.is_block else COVER_VALUE
			parts += [self.source[position : piece.start], cover * (piece.end - piece.start)]
			position = piece.end
		return "".join((*parts, self.source[position:]))

	@cached_property
	def tokens(self) -> list[Token]:
		"""The tags, comments and declarations in order; what stands between them is text."""
		return list(read_tokens(self.covered))

	@cached_property
	def all_tokens(self) -> list[Token]:
		"""The tokens, and after each of Outlook's conditional comments those in it."""
		return [inner for token in self.tokens for inner in (token, *_within(self.covered, token))]

	@cached_property
	def starts(self) -> list[int]:
		return [token.start for token in self.tokens]

	@cached_property
	def end_of_text(self) -> int:
		"""Where a document ends, or where a tag, a comment or an element of RAW begins that has no end."""
		if not self.tokens:
			return _unfinished(self.covered, 0)
		last = self.tokens[-1]
		is_raw = last.kind == START and last.name in RAW
		is_closed = CLOSED_COMMENT.fullmatch(self.covered, last.start, last.end)
		if is_raw or (last.kind == COMMENT and not is_closed):
			return last.start
		return _unfinished(self.covered, last.end)

	def state(self, position: int) -> str:
		"""Return where a position is: TEXT, TAG, VALUE (of an attribute), IN_COMMENT or RAW_TEXT."""
		number = bisect_right(self.starts, position) - 1
		if number < 0:
			return TEXT
		token = self.tokens[number]
		if position >= token.end:
			return RAW_TEXT if token.kind == START and token.name in RAW else TEXT
		if token.kind not in (START, END):
			return IN_COMMENT
		values = (attribute.value for attribute in self.attributes(token) if attribute.value)
		return VALUE if any(start <= position <= end for start, end in values) else TAG

	def attributes(self, token: Token) -> list[Attribute]:
		"""Return the attributes of a tag in order, also those that a browser ignores as duplicates."""
		if token.start not in self._attributes:
			self._attributes[token.start] = list(read_attributes(self.covered, token))
		return self._attributes[token.start]

	def attribute(self, token: Token, name: str) -> Attribute | None:
		"""Return the attribute of a name; of two, a browser takes the first."""
		return next((attribute for attribute in self.attributes(token) if attribute.name == name), None)

	def written(self, token: Token, name: str) -> str:
		"""Return an attribute's value as it is written, without quotes; "" where there is none."""
		attribute = self.attribute(token, name)
		return self.source[slice(*attribute.value)] if attribute and attribute.value else ""

	def has_jinja(self, start: int, end: int) -> bool:
		"""Tell whether a piece of Jinja is between two positions, or ends or begins there."""
		number = bisect_right(self.piece_starts, end) - 1
		return number >= 0 and self.pieces[number].end >= start

	@cached_property
	def piece_starts(self) -> list[int]:
		return [piece.start for piece in self.pieces]

	def value(self, attribute: Attribute) -> str:
		"""Return what a browser reads as the value: character references decoded, "" where there is none."""
		if not attribute.value:
			return ""
		value = self.source[slice(*attribute.value)]
		return value_of(self.source[attribute.start : attribute.end]) if "&" in value else value

	def raw_areas(self, *names: str) -> Iterator[tuple[Token, int, int]]:
		"""Yield (start tag, begin and end of its text) of these elements, in conditional comments too."""
		tokens = self.all_tokens
		for number, token in enumerate(tokens):
			if token.kind == START and token.name in names:
				yield token, token.end, self._end_of_raw(tokens, number)

	def _end_of_raw(self, tokens: list[Token], number: int) -> int:
		following = tokens[number + 1 : number + 2]
		return following[0].start if following else len(self.source)


@lru_cache(maxsize=2)
def read_html(source: str) -> Html:
	"""Return a template with its pieces of Jinja.

	The last ones are remembered, for each step of a compilation asks. Raises TemplateSyntaxError, but never
	for a source that has been parsed.
	"""
	return Html(source, list(find_pieces(source)))


def read_tokens(html: str, offset: int = 0, conditional: bool = False) -> Iterator[Token]:
	"""Yield the tokens of HTML without Jinja; `offset` is where it stands in its document."""
	for token in tokenize(NOSCRIPT.sub(rf"\1{SEEN_NOSCRIPT}", html.translate(PLAIN)), capture_source=True):
		if kind := KINDS.get(token.type):
			yield _placed(token, kind, offset, conditional)


def _placed(token: RawToken, kind: str, offset: int, conditional: bool) -> Token:
	name = (token.tag or "").replace(SEEN_NOSCRIPT, "noscript")
	start = offset + token.col
	return Token(kind, name, start, start + len(token.source or ""), conditional)


def _within(html: str, token: Token) -> Iterator[Token]:
	if token.kind != COMMENT:
		return
	if match := CONDITIONAL.fullmatch(html, token.start, token.end):
		yield from read_tokens(match[1], match.start(1), conditional=True)


def _unfinished(html: str, position: int) -> int:
	"""Return where the tag begins that the end of the document cuts off after a position, else its length."""
	end = 0
	for token in tokenize(html[position:].translate(PLAIN), capture_source=True, resolve_references=False):
		end = token.col + len(token.source or token.data or "")
	return position + end


def read_attributes(html: str, token: Token) -> Iterator[Attribute]:
	"""Yield the attributes of a tag in order."""
	name = TAG_NAME.match(html, token.start, token.end)
	position = name.end() if name else token.end
	for match in ATTRIBUTE.finditer(html, position, token.end - 1):
		group = next((group for group in VALUES if match[group] is not None), "")
		value = match.span(group) if group else None
		yield Attribute(match["name"].lower(), match.start("name"), match.end(), value)


def value_of(attribute: str) -> str:
	"""Return the value of an attribute as it is written, such as `href="/?a=1&amp;b=2"`, or "" without one.

	References such as &copy without a semicolon are text before = and letters
	(https://html.spec.whatwg.org/#named-character-reference-state).
	"""
	for token in tokenize(f"<a {attribute}>"):
		return str(token.attrs[0][1]) if token.attrs else ""
	return ""


def url_of(value: str) -> str:
	"""Return an address as browsers read it from an attribute (https://url.spec.whatwg.org/#url-parsing)."""
	return IN_URL.sub("", value.strip("".join(map(chr, range(33)))))


def with_changes(text: str, changes: Iterable[Change]) -> str:
	"""Return the text with changes that are in order and do not overlap."""
	output: list[str] = []
	position = 0
	for start, end, replacement in changes:
		output += [text[position:start], replacement]
		position = end
	return "".join((*output, text[position:]))
