"""What compiling does to templates as editors write them, judged by a parser that the app does not use."""

import re
from functools import lru_cache

import html5lib
import pytest

from email_campaigns.tests.support import corpus

XHTML = "{http://www.w3.org/1999/xhtml}"
UNSEEN = {"head", "style", "script", "title", "template", "textarea", "noembed", "noframes", "iframe"}
OPT_OUT = {"data-untracked", "no-track"}
ADDRESS = re.compile(r"\(?(?:https?|mailto|tel|sms):[^\s)]*\)?")
TRACKED = re.escape(corpus.TRACKED)
WORD = re.compile(r"\w+")
SHEET = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
CONDITIONAL = re.compile(r"@[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
CLASS = re.compile(r"class=[\"']?([\w-]+)", re.IGNORECASE)
DOCTYPE = re.compile(r"<!doctype[^>]*>", re.IGNORECASE)
STYLED = [name for name in corpus.PLAIN if SHEET.search(corpus.read(name))]
UNSTYLED = [name for name in corpus.PLAIN if name not in STYLED]


def has_own_rule(name):
	"""Tell whether a rule outside of every condition names a class of the template by itself."""
	html = corpus.COMMENT.sub("", corpus.read(name))
	rules = CONDITIONAL.sub("", "".join(SHEET.findall(html)))
	return any(re.search(rf"(?:^|[}},\n])\s*\w*\.{word}\s*[,{{]", rules) for word in set(CLASS.findall(html)))


@lru_cache(None)
def tree(html):
	"""Return the document as a browser without scripts reads it."""
	return html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=True)


def elements(node, above=()):
	"""Yield (element, the names of those around it) of what can be seen."""
	name = str(node.tag).replace(XHTML, "")
	if isinstance(node.tag, str) and name not in UNSEEN:
		yield node, above
		for child in node:
			yield from elements(child, (*above, name))


def links(html):
	"""Return the elements of a document that a click follows."""
	return [
		node
		for node, _above in elements(tree(html))
		if node.tag in (f"{XHTML}a", f"{XHTML}area") and node.get("href") is not None
	]


def texts(node):
	"""Yield the texts of a document, in order."""
	if (
		not isinstance(node.tag, str)
		or not node.tag.startswith(XHTML)
		or node.tag.replace(XHTML, "") in UNSEEN
	):
		return
	yield node.text or ""
	for child in node:
		yield from texts(child)
		yield child.tail or ""


def expected_address(link):
	"""Return where a link of a mail leads: through the tracking, where the link is one of the web's."""
	href = link.get("href").strip()
	opted_out = OPT_OUT & set(link.keys()) or href in corpus.ADDRESSES.values()
	web = href.lower().startswith(("http://", "https://"))
	return corpus.tracked(href) if web and not opted_out else href


@pytest.mark.parametrize("name", corpus.templates("links"))
def test_each_link_that_a_browser_sees_is_tracked(name):
	mailed = corpus.as_sent(name, track=True).html
	expected = [expected_address(link) for link in links(corpus.as_written(name))]
	assert [link.get("href").strip() for link in links(mailed)] == expected
	assert not any(OPT_OUT & set(link.keys()) for link in links(mailed))


@pytest.mark.parametrize("name", corpus.templates("words"))
def test_the_text_part_has_each_word_in_order(name):
	text, position = ADDRESS.sub(" ", corpus.as_sent(name).text), 0
	for part in texts(tree(corpus.as_written(name))):
		if corpus.HIDDEN in part:
			continue
		for word in WORD.findall(ADDRESS.sub(" ", part)):
			place = text.find(word, position)
			assert place >= 0, f"“{word}” of “{part.strip()}” is missing after “{text[:position][-60:]}”"
			position = place + len(word)


@pytest.mark.parametrize("name", corpus.templates("hidden"))
def test_the_text_part_has_no_hidden_word(name):
	assert corpus.HIDDEN not in corpus.as_sent(name).text


@pytest.mark.parametrize("name", corpus.templates("pictures"))
def test_the_text_part_says_what_a_linked_picture_shows(name):
	text = corpus.as_sent(name).text
	for link in links(corpus.as_written(name)):
		for picture in link.iter(f"{XHTML}img"):
			assert (picture.get("alt") or "").strip() in text


@pytest.mark.parametrize("name", corpus.templates("footer"))
def test_footer_and_pixel_stand_in_the_body(name):
	places = {
		node.get("href") or node.get("src"): above
		for node, above in elements(tree(corpus.as_mailed(name).html))
	}
	for address in ("unsubscribe_url", "open_url"):
		above = places.get(corpus.ADDRESSES[address])
		assert above, f"nobody sees {address}"
		assert above[:2] == ("html", "body")
		assert not {"a", "button", "noscript", "select", "svg", "object"} & set(above)


@pytest.mark.parametrize("name", corpus.templates("bytes", UNSTYLED))
def test_nothing_changes_but_what_has_to(name):
	written = corpus.as_written(name).replace("\r\n", "\n")
	assert inner(corpus.as_sent(name).html) == inner(written)


@pytest.mark.parametrize("name", corpus.templates("inlining", STYLED))
def test_inlining_changes_styles_alone(name):
	written, sent = corpus.as_written(name).replace("\r\n", "\n"), corpus.as_sent(name).html
	assert without_styles(sent) == without_styles(written)
	assert DOCTYPE.findall(sent.lower())[:1] == DOCTYPE.findall(written.lower())[:1]


def without_styles(html):
	"""Return what the body of a document consists of but its styles."""
	return list(parts(tree(html).find(f"{XHTML}body")))


def parts(node):
	"""Yield the elements, attributes, comments and words of a document that are no styles."""
	if node.tag != f"{XHTML}style":
		yield node.tag, sorted(item for item in node.items() if item[0] not in {"style", *OPT_OUT})
		yield (node.text or "").split()
		for child in node:
			yield from parts(child)
	yield (node.tail or "").split()


@pytest.mark.parametrize("name", corpus.templates("addresses"))
def test_a_tracked_link_changes_its_address_alone(name):
	plain, mailed = corpus.as_sent(name).html, corpus.as_sent(name, track=True).html
	fixed = re.split(rf"\s*=\s*(?:\"{TRACKED}[^\"]*\"|'{TRACKED}[^']*')", mailed)
	value = r"\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+)"
	assert re.fullmatch(value.join(map(re.escape, fixed)), plain)


def inner(html):
	"""Return a document without the page that the app or the test has made for a fragment."""
	page = re.fullmatch(r"<!doctype html><html><head>.*?</head><body>(.*)</body></html>", html, re.DOTALL)
	return (page[1] if page else html).rstrip("\n")


@pytest.mark.parametrize("name", corpus.templates("styles", [name for name in STYLED if has_own_rule(name)]))
def test_style_sheets_become_attributes(name):
	assert styles(corpus.as_sent(name).html) != styles(corpus.as_written(name))


def styles(html):
	"""Return the style attributes of a document, in order."""
	return [node.get("style") for node, _above in elements(tree(html)) if node.get("style")]
