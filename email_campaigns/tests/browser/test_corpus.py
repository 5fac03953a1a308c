"""Templates look the same in Chromium before and after compiling, at the widths of a desk and of a phone.

Pictures of both are compared pixel by pixel, as far down as the template goes: what comes after it is the
footer. Nothing is read from the network.
"""

import base64
import io
import os
from functools import lru_cache
from math import ceil
from typing import NamedTuple

import pytest

from email_campaigns.tests.support import corpus

image_chops = pytest.importorskip("PIL.ImageChops")
image = pytest.importorskip("PIL.Image")

PAGE = "https://mail.example/"
WIDTHS = (390, 600)
WIDE = 800
LOWEST = 10  # height of a window in which every page is higher
# The texts that a reader sees, and those that stand in the page and are hidden.
SHOWN = """() => {
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const texts = {shown: [], hidden: []};
	while (walker.nextNode()) {
		const node = walker.currentNode, parent = node.parentElement;
		if (!node.data.trim() || parent.closest("style, script, title, template, select, iframe")) continue;
		let seen = parent.checkVisibility({opacityProperty: true, visibilityProperty: true});
		for (let box = parent; seen && box !== document.body; box = box.parentElement) {
			const style = getComputedStyle(box);
			if (style.overflow === "hidden" && !(box.clientHeight && box.clientWidth)) seen = false;
		}
		texts[seen ? "shown" : "hidden"].push(node.data.trim());
	}
	return texts;
}"""


# Where the links with an address are, without those that have no place
BOXES = """address => [...document.links].filter(link => link.getAttribute("href") === address)
	.map(link => link.getBoundingClientRect()).filter(box => box.width && box.height)
	.map(box => ({x: box.left, y: box.top + scrollY, width: box.width, height: box.height}))"""


@pytest.fixture(scope="module", autouse=True)
def worker():
	"""No job of a site is needed here."""


# A page is painted in tiles. Curves come out a little different where a longer page has others.
TILES = ["--default-tile-width=800", "--default-tile-height=8000"]


@pytest.fixture(scope="module")
def screen(bench, chromium):
	sandbox = [] if os.geteuid() else ["--no-sandbox"]
	browser = chromium.browser_type.launch(executable_path=bench.chromium, args=[*sandbox, *TILES])
	with Screen(browser) as screen:
		yield screen
	browser.close()


class Screen:
	"""A page without scripts and network, which takes pictures of HTML."""

	def __init__(self, browser):
		self.context = browser.new_context(java_script_enabled=False)
		self.html = ""

	def __enter__(self):
		self.context.route("**/*", self._answer)
		self.page = self.context.new_page()
		self.tools = self.context.new_cdp_session(self.page)
		return self

	def __exit__(self, *_error):
		self.context.close()

	def _answer(self, route):
		if route.request.url == PAGE:
			route.fulfill(body=self.html, content_type="text/html; charset=utf-8")
		else:
			route.abort()

	def show(self, html):
		self.html = html
		self.page.goto(PAGE)

	def pictures(self, html, sizes=None):
		"""Return {view: picture}, each as high as `sizes` says, or as the content is."""
		self.show(html)
		return {view: self._picture(view, sizes and sizes[view].height) for view in views(html)}

	def _picture(self, view, height):
		width, scheme = view
		self.page.emulate_media(color_scheme=scheme)
		self._resize(width, height or LOWEST)
		if not height:
			height = ceil(self.tools.send("Page.getLayoutMetrics")["cssContentSize"]["height"])
			self._resize(width, height)
		return self._shot()

	def _resize(self, width, height):
		self.page.set_viewport_size({"width": width, "height": height})

	def _shot(self, **options):
		answer = self.tools.send("Page.captureScreenshot", {"optimizeForSpeed": True, **options})
		return image.open(io.BytesIO(base64.b64decode(answer["data"]))).convert("RGB")

	def texts(self):
		"""Return the texts of the page on a wide screen: {"shown": …, "hidden": …}."""
		self._resize(WIDE, LOWEST)
		return self.page.evaluate(SHOWN)

	def colours_of_link(self, address):
		"""Return how many colours the last link to an address has, with what is behind it; 0 for none."""
		boxes = self.page.evaluate(BOXES, address)
		if not boxes:
			return 0
		link = self._shot(clip={**boxes[-1], "scale": 1}, captureBeyondViewport=True)
		return len(link.getcolors(link.width * link.height))


def views(html):
	"""Return the widths and colour schemes in which a template may look different."""
	schemes = ("dark", "light") if "prefers-color-scheme" in html else ("light",)
	return [(width, scheme) for width in WIDTHS for scheme in schemes]


def differences(before, after):
	"""Return a sentence for each view in which two sets of pictures differ."""
	found = []
	for view, picture in before.items():
		box = image_chops.difference(picture, after[view]).getbbox()
		if box:
			found.append("{} px {}: {} to {} of {}".format(*view, box[:2], box[2:], picture.size))
	return found


class Look(NamedTuple):
	"""What Chromium shows of a template: differences of its mail, colours of the unsubscribe link, texts."""

	differences: list[str]
	colours: int
	texts: dict[str, list[str]]


@pytest.fixture(scope="module")
def look(screen, bench):
	"""`look(name)` shows a template and its mail, once for all tests."""

	@lru_cache(None)
	def looked(name):
		written, sent = corpus.as_written(name), corpus.as_sent(name).html
		before = screen.pictures(written)
		texts = screen.texts()
		alone = before if sent == written else screen.pictures(sent, before)
		mailed = screen.pictures(corpus.as_mailed(name).html, before)
		colours = screen.colours_of_link(corpus.ADDRESSES["unsubscribe_url"])
		found = [f"alone, {line}" for line in differences(before, alone)]
		found += [f"with footer and tracked links, {line}" for line in differences(before, mailed)]
		if found:
			keep(bench.screenshots / "corpus", name, {"before": before, "alone": alone, "mailed": mailed})
		return Look(found, colours, texts)

	return looked


def keep(folder, name, sets):
	"""Write the pictures of a template that differs, for a person to look at."""
	folder.mkdir(parents=True, exist_ok=True)
	for kind, pictures in sets.items():
		for (width, scheme), picture in pictures.items():
			picture.save(folder / f"{name.replace('/', '-')}-{width}-{scheme}-{kind}.png")


@pytest.mark.parametrize("name", corpus.templates("looks", corpus.PLAIN))
def test_a_template_looks_the_same_in_the_mail(name, look):
	assert not look(name).differences


@pytest.mark.parametrize("name", corpus.templates("footer_seen"))
def test_a_reader_sees_the_unsubscribe_link(name, look):
	assert look(name).colours > 1, "it is not shown, or has the colour of what is behind it"


@pytest.mark.parametrize("name", corpus.templates("compiles"))
def test_the_corpus_names_its_hidden_texts(name, look):
	texts = look(name).texts
	assert not [text for text in texts["shown"] if corpus.HIDDEN in text]
	assert not [text for text in texts["hidden"] if corpus.HIDDEN not in text and any(map(str.isalnum, text))]
