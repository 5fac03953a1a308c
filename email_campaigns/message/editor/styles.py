"""The classes of the rich-text editor, and how it shows what it writes, as style attributes. Pure.

The values are those of Quill's and Frappe's style sheets (quill.core.css, quill.snow.css, quill.scss). Font,
size and colour of the text are the mail program's, unless its author has chosen one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from email_campaigns.message.html.tokens import END, START, Change, Html, Token

INDENT = re.compile(r"ql-indent-([1-9])\Z")
INDENT_WIDTH = 3  # em for each level
EDITOR, RIGHT_TO_LEFT = "ql-editor", "ql-direction-rtl"
CODE_BLOCK = "ql-code-block-container"
MONOSPACE = "font-family:Monaco,Consolas,Courier New,monospace"
CODE = (
	f"margin:5px 0;padding:5px 10px;{MONOSPACE};white-space:pre-wrap;background-color:#23241f;color:#f8f8f2"
)
COLOURS = {
	"black": "#000",
	"white": "#fff",
	"red": "#e60000",
	"orange": "#f90",
	"yellow": "#ff0",
	"green": "#008a00",
	"blue": "#06c",
	"purple": "#93f",
}
CLASSES = {
	"ql-align-center": "text-align:center",
	"ql-align-right": "text-align:right",
	"ql-align-justify": "text-align:justify",
	RIGHT_TO_LEFT: "direction:rtl",
	"ql-size-small": "font-size:0.75em",
	"ql-size-large": "font-size:1.5em",
	"ql-size-huge": "font-size:2.5em",
	"ql-font-serif": "font-family:Georgia,Times New Roman,serif",
	"ql-font-monospace": MONOSPACE,
	"ql-syntax": CODE,
	CODE_BLOCK: CODE,
	**{f"ql-color-{name}": f"color:{colour}" for name, colour in COLOURS.items()},
	**{f"ql-bg-{name}": f"background-color:{colour}" for name, colour in COLOURS.items()},
}
# Within the editor's own frame, which is around all that it writes
TAGS = {
	"p": "margin:0",
	**dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "margin:0.5em 0 0.25em"),
	"blockquote": "margin:0;padding-left:10px;border-left:4px solid #ccc",
	"table": "width:100%;table-layout:fixed;border-collapse:collapse",
	"td": "padding:2px 5px;border:1px solid #dce0e3",
	"th": "padding:2px 5px;border:1px solid #dce0e3;text-align:left",
	"img": "max-width:100%",
	"code": f"padding:2px 4px;{MONOSPACE};font-size:85%;background-color:#f0f0f0",
	"pre": "margin:0",
}
MENTION = "padding:2px 5px;border:1px solid #ebeef0;border-radius:8px"


def style_changes(document: Html) -> Iterator[Change]:
	"""Yield the changes that give tags the styles of their classes and, in the editor's frame, names."""
	frame, depth = "", 0  # the name of the tag that is the frame, and how many of it are open within
	for token in document.all_tokens:
		if frame and token.name == frame:
			depth += {START: 1, END: -1}.get(token.kind, 0)
			frame = frame if depth else ""
		if token.kind != START:
			continue
		classes = class_names(document, token)
		if not frame and EDITOR in classes:
			frame, depth = token.name, 1
		if css := _css(token, classes, bool(frame)):
			yield with_style(document, token, css)


def class_names(document: Html, token: Token) -> list[str]:
	"""Return the classes of a tag."""
	return document.written(token, "class").split()


def indent_of(classes: Sequence[str]) -> int:
	"""Return how far the editor has indented what has these classes: 0 to 9 levels."""
	return next((int(match[1]) for name in classes if (match := INDENT.match(name))), 0)


def with_style(document: Html, token: Token, css: str) -> Change:
	"""Return the change that adds styles to a tag. Its own come behind them, so they win."""
	style = document.attribute(token, "style")
	if style is None:
		place = token.start + 1 + len(token.name)
		return place, place, f' style="{css}"'
	if style.value and style.value[1] < style.end:  # it has quotes
		return style.value[0], style.value[0], f"{css};"
	begin = style.value[0] if style.value else style.end
	equals = "" if "=" in document.source[style.start : begin] else "="
	return begin, style.end, f'{equals}"{css};{document.written(token, "style")}"'


def _css(token: Token, classes: Sequence[str], in_frame: bool) -> str:
	if CODE_BLOCK in classes or not in_frame:
		styles = []
	else:
		styles = [TAGS[token.name]] if token.name in TAGS else []
		styles += [MENTION] if token.name == "span" and "mention" in classes else []
	styles += [CLASSES[name] for name in classes if name in CLASSES]
	indent = 0 if token.name == "li" else indent_of(classes)  # a list is nested instead
	if indent:
		side = "right" if RIGHT_TO_LEFT in classes else "left"
		styles.append(f"padding-{side}:{INDENT_WIDTH * indent}em")
	return ";".join(styles)
