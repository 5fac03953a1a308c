"""The templates of tests/corpus: as they are written, and as a recipient gets them."""

import re
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from email_campaigns.message.compile import compile_message
from email_campaigns.message.html.footer import Footer
from email_campaigns.tests.support.corpus_faults import KNOWN

ROOM = Path(__file__).resolve().parents[1] / "corpus"
NAMES = sorted(str(path.relative_to(ROOM).with_suffix("")) for path in ROOM.glob("*/*.html"))
# What Frappe's editor marks becomes styles, so that these mails are not as they are written
PLAIN = [name for name in NAMES if not name.startswith("quill/")]
HIDDEN = "Concealed"  # begins every text of the corpus that no reader sees on a wide screen
RECORD = {"first_name": "Zoë", "company": "Kümmel & Söhne", "city": "Łódź"}
ADDRESSES = {
	"unsubscribe_url": "https://crm.example/ec/u/17?t=a&s=b",
	"view_url": "https://crm.example/ec/v/17",
	"open_url": "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=",
}
FOOTER = Footer("Kestrel Post Ltd", "1 Mill Lane, Wexcombe", unsubscribe_text="Leave this list")
TRACKED = "https://crm.example/ec/c/"
# https://html.spec.whatwg.org/#optional-tags: without these a text is a piece of a body
WHOLE = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def templates(check, names=NAMES):
	"""Return the parameters of a test of these templates, where the known faults of the app are marked."""
	return [pytest.param(name, marks=_marks(KNOWN.get(check, {}).get(name))) for name in names]


def _marks(fault):
	return [pytest.mark.xfail(strict=True, reason=fault)] if fault else []


def read(name):
	"""Return a template with the line ends that it has."""
	return (ROOM / f"{name}.html").read_bytes().decode()


def as_written(name):
	"""Return a template as a browser shows it: with the record's values, a fragment in a page of its own."""
	html = read(name)
	for place, value in ({f"doc.{field}": value for field, value in RECORD.items()} | ADDRESSES).items():
		html = html.replace(f"{{{{ {place} }}}}", escape(value))
	html = html.replace("{optOutUrl}", escape(ADDRESSES["unsubscribe_url"]))
	return html if is_whole(html) else f"<!doctype html><html><head></head><body>{html}</body></html>"


def is_whole(html):
	"""Tell whether a template is a document and no fragment."""
	return bool(WHOLE.search(COMMENT.sub("", html)))


@lru_cache(None)
def as_sent(name, *, track=False, footer=None, open_pixel=False):
	"""Return the mail of a template for the sample record, its links tracked if `track`."""
	tracks = (lambda url: True) if track else None
	compiled = compile_message("News", read(name), footer=footer, tracks=tracks, open_pixel=open_pixel)
	return compiled.render({"doc": RECORD, **ADDRESSES, "tracking_url": tracked})


def as_mailed(name):
	"""Return it with all that a campaign adds: footer, tracked links, pixel."""
	return as_sent(name, track=True, footer=FOOTER, open_pixel=True)


def tracked(url):
	"""Return the address that stands for a link in a mail."""
	return TRACKED + quote(url, safe="")
