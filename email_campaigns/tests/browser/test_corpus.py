"""Templates look the same in Chromium before and after compiling, at the widths of a desk and of a phone.

Pictures of both are compared pixel by pixel, as far down as the template goes: what comes after it is the
footer. Nothing is read from the network.
"""

import base64
import io
import os
from math import ceil

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


# Where the links with an address are, as (left, top, right, bottom)
BOXES = """address => [...document.links].filter(link => link.getAttribute("href") === address)
	.map(link => link.getBoundingClientRect()).filter(box => box.width && box.height)
	.map(box => [box.left, box.top, box.right, box.bottom].map(Math.round))"""


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
		self.context = browser.new_context(
			java_script_enabled=False, viewport={"width": 600, "height": LOWEST}
		)
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
		self.page.set_viewport_size({"width": width, "height": height or LOWEST})
		if not height:
			height = ceil(self.tools.send("Page.getLayoutMetrics")["cssContentSize"]["height"])
			self.page.set_viewport_size({"width": width, "height": height})
		answer = self.tools.send("Page.captureScreenshot", {"optimizeForSpeed": True})
		return image.open(io.BytesIO(base64.b64decode(answer["data"]))).convert("RGB")


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


@pytest.mark.parametrize("name", corpus.templates("looks", corpus.PLAIN))
def test_a_template_looks_the_same_in_the_mail(name, screen, bench):
	before = screen.pictures(corpus.as_written(name))
	alone = screen.pictures(corpus.as_sent(name).html, before)
	mailed = screen.pictures(corpus.as_mailed(name).html, before)
	found = [f"alone, {line}" for line in differences(before, alone)]
	found += [f"with footer and tracked links, {line}" for line in differences(before, mailed)]
	if found:
		keep(bench.screenshots / "corpus", name, {"before": before, "alone": alone, "mailed": mailed})
	assert not found, f"{name} looks different: {found}"


def keep(folder, name, sets):
	"""Write the pictures of a template that differs, for a person to look at."""
	folder.mkdir(parents=True, exist_ok=True)
	for kind, pictures in sets.items():
		for (width, scheme), picture in pictures.items():
			picture.save(folder / f"{name.replace('/', '-')}-{width}-{scheme}-{kind}.png")


@pytest.mark.parametrize("name", corpus.templates("footer_seen"))
def test_a_reader_sees_the_unsubscribe_link(name, screen):
	picture = screen.pictures(corpus.as_mailed(name).html)[WIDTHS[-1], "light"]
	boxes = screen.page.evaluate(BOXES, corpus.ADDRESSES["unsubscribe_url"])
	assert boxes, "it stands in a comment or another element"
	link = picture.crop(boxes[-1])
	assert len(link.getcolors(link.width * link.height)) > 1, "it has the colour of what is behind it"


@pytest.mark.parametrize("name", corpus.NAMES)
def test_the_corpus_names_its_hidden_texts(name, screen):
	screen.show(corpus.as_written(name))
	screen.page.set_viewport_size({"width": WIDE, "height": LOWEST})
	texts = screen.page.evaluate(SHOWN)
	assert not [text for text in texts["shown"] if corpus.HIDDEN in text]
	assert not [text for text in texts["hidden"] if corpus.HIDDEN not in text and any(map(str.isalnum, text))]
