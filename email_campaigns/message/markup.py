"""HTML made regular by an HTML5 parser, and the limits within which no parser suffers from a message.

The parser (html5ever, in css-inline) walks its tree by recursion: some ten thousand nested elements overflow
the stack of a thread, which ends the process. Python's own parser takes quadratic time for tags that are
never closed; html5ever closes them all.
"""

import re

import css_inline

from email_campaigns.message.errors import Refused
from email_campaigns.text import Sentence, _lt

MOST_TAGS = 3000  # a start tag may open three elements (<td> in <table> does)
# Each one that is not closed is opened again in every later paragraph (HTML, "active formatting elements")
MOST_FORMATS = 100
TAG = re.compile(r"<[a-zA-Z]")
FORMAT = re.compile(
	r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?![a-zA-Z0-9])[^<>]*", re.IGNORECASE
)
PARSER = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False)


def problem_with_html(html: str) -> Sentence | None:
	"""Return why no parser may read this, as a clause such as “it has more than 3,000 HTML tags”, or None."""
	if sum(1 for _ in TAG.finditer(html)) > MOST_TAGS:
		return Sentence(_lt("it has more than {0} HTML tags"), f"{MOST_TAGS:,}")
	if len(set(FORMAT.findall(html))) > MOST_FORMATS:
		return Sentence(_lt("it has more than {0} different tags for bold, italic and fonts"), MOST_FORMATS)
	return None


def regular(html: str) -> str:
	"""Return the document as browsers understand it: every tag closed, every attribute quoted.

	Raises Refused.
	"""
	problem = problem_with_html(html)
	if problem:
		raise Refused(problem)
	return PARSER.inline(html)
