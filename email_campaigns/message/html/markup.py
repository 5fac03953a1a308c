"""HTML made regular by an HTML5 parser, and the limits within which no parser suffers from a message.

The parser (html5ever, in css-inline) walks its tree by recursion: some ten thousand nested elements overflow
the stack of a thread, which ends the process. What reads HTML after it, such as html2text with Python's own
parser, gets every tag closed and every attribute quoted.
"""

import re
from functools import lru_cache

import css_inline

from email_campaigns.message.errors import Refused
from email_campaigns.message.html.tokens import START, Html, Token
from email_campaigns.text import Sentence, _lt

MOST_TAGS = 3000  # a start tag may open three elements (<td> in <table> does)
MOST_MARKS = 10_000  # start tags, end tags and comments: </p> and </br> make elements too
MOST_ELEMENTS = 10_000  # after parsing
MOST_ATTRIBUTES = 500  # of one tag: the parser compares each with each
# Each one that is not closed is opened again in every later paragraph (HTML, "active formatting elements")
MOST_FORMATS = 100
MOST_REOPENED = 200_000
MOST_REFERENCES = 50_000  # &amp; and the like, which html2text handles one by one
MARK = re.compile(r"<[a-zA-Z/!?]")
TAG = re.compile(r"<[a-zA-Z]")
FORMAT = re.compile(
	r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?![a-zA-Z0-9])[^<>]*", re.IGNORECASE
)
PARSER = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False)


def problem_with_html(html: str) -> Sentence | None:
	"""Return why no parser may read this, as a clause such as “it has more than 3,000 HTML tags”, or None."""
	marks = MARK.findall(html)
	if len(marks) > MOST_MARKS:
		return Sentence(_lt("it has more than {0} HTML tags and comments"), f"{MOST_MARKS:,}")
	tags = len(marks) - sum(map(marks.count, ("</", "<!", "<?")))
	if tags > MOST_TAGS:
		return Sentence(_lt("it has more than {0} HTML tags"), f"{MOST_TAGS:,}")
	most_formats = min(MOST_FORMATS, MOST_REOPENED // max(tags, 1))
	if len(set(FORMAT.findall(html))) > most_formats:
		return Sentence(_lt("it has more than {0} different tags for bold, italic and fonts"), most_formats)
	return None


def problem_with_attributes(html: str) -> Sentence | None:
	"""Return why no parser may read the attributes of a document, as a clause, or None.

	It takes longer than problem_with_html(), and is for what a user has written.
	"""
	document = Html(html)
	# A parser reads the attributes of a tag that never ends, too
	unfinished = Token(START, "", document.end_of_text, len(html) + 1)
	for token in (*document.tokens, unfinished):
		if token.kind == START and len(document.attributes(token)) > MOST_ATTRIBUTES:
			return Sentence(_lt("a tag has more than {0} attributes"), MOST_ATTRIBUTES)
	return None


@lru_cache(maxsize=1)
def regular(html: str) -> str:
	"""Return the document as browsers understand it: every tag closed, every attribute quoted.

	The last one is remembered: what people see of it and its text or its links are asked for in turn. Raises
	Refused.
	"""
	problem = problem_with_html(html)
	if problem:
		raise Refused(problem)
	document = PARSER.inline(html)
	for text, number, most in (
		(
			_lt("it has more than {0} HTML elements once it is parsed"),
			len(TAG.findall(document)),
			MOST_ELEMENTS,
		),
		(_lt("it has more than {0} of the signs & < and >"), document.count("&"), MOST_REFERENCES),
	):
		if number > most:
			raise Refused(text, f"{most:,}")
	return document
