"""HTML made regular by an HTML5 parser, and what a message must stay under so that no parser suffers from it.

The parser (html5ever, in css-inline) walks its tree by recursion: some ten thousand nested elements overflow the
stack of a thread, which ends the process. Python's own parser takes quadratic time for tags that are never
closed; after html5ever there are none.
"""

import re

import css_inline

from email_campaigns.message.errors import Refused

MOST_TAGS = 3000  # a start tag may open three elements (<td> in <table> does)
MOST_FORMATS = (
	100  # each one left open is opened again in every later paragraph (HTML, "active formatting elements")
)
TAG = re.compile(r"<[a-zA-Z]")
FORMAT = re.compile(
	r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?![a-zA-Z0-9])[^<>]*", re.IGNORECASE
)
PARSER = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False)


def problem_with_html(html: str) -> str:
	"""Why a parser should not be given this, as a clause after “the message”; "" where nothing is wrong."""
	if sum(1 for _ in TAG.finditer(html)) > MOST_TAGS:
		return f"has more than {MOST_TAGS:,} HTML tags"
	if len(set(FORMAT.findall(html))) > MOST_FORMATS:
		return f"has more than {MOST_FORMATS} different tags for bold, italic and fonts"
	return ""


def regular(html: str) -> str:
	"""The document as browsers understand it: every tag closed, every attribute quoted. Raises Refused."""
	problem = problem_with_html(html)
	if problem:
		raise Refused(f"it {problem}")
	return PARSER.inline(html)
