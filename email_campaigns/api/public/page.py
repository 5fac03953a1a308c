"""Small self-contained web pages for recipients, in their language: no script, nothing loaded."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import frappe
from frappe.sessions import get_csrf_token
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from werkzeug.wrappers import Response

from email_campaigns.settings import app_settings

# Not under templates/ or www/: Frappe would serve these as web pages of their own.
FOLDER = Path(__file__).parent / "pages"
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Button:
	"""A button that posts `action` to the page's own address; `main` for the one that stands out."""

	action: str
	label: str
	main: bool = False


@dataclass(frozen=True, slots=True)
class Field:
	"""A line of a form; `kind` is the type of the HTML input."""

	name: str
	label: str
	kind: str
	value: str = ""
	required: bool = False


@dataclass(frozen=True, slots=True)
class Page:
	"""The content of a page, in plain text: `respond` escapes everything.

	`result` says what the last button did; `status` is the HTTP status; `consent` is the label of a box to
	tick.
	"""

	title: str
	lines: tuple[str, ...] = ()
	result: str = ""
	buttons: tuple[Button, ...] = ()
	status: int = 200
	signed: bool = True  # with the sender's name and postal address, which are in the database
	fields: tuple[Field, ...] = ()
	consent: str = ""


def respond(page: Page) -> Response:
	"""Render a page in the visitor's language, which Frappe takes from user, cookie or Accept-Language."""
	lang = (getattr(frappe.local, "lang", None) or "en").replace("_", "-")
	html = _template().render(
		page=page,
		lang=lang,
		direction="rtl" if lang.split("-")[0] in RIGHT_TO_LEFT else "ltr",
		style=Markup(_style()),
		csrf_token=_csrf_token() if page.buttons else "",
		footer=_footer() if page.signed else "",
	)
	return Response(html, page.status, private_headers(), mimetype="text/html")


def plain_answer(text: str, status: int = 200) -> Response:
	"""Answer a mail server or another program with one line of text."""
	return Response(text + "\n", status, private_headers(), mimetype="text/plain")


@cache
def _template():
	environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
	return environment.get_template("page.html")


@cache
def _style() -> str:
	return (FOLDER / "page.css").read_text("utf-8")


@cache
def _style_hash() -> str:
	return b64encode(sha256(_style().encode()).digest()).decode()


def private_headers() -> dict[str, str]:
	"""Return the headers of every answer under /ec/; a page of another kind has a policy of its own."""
	# The URL is a key to somebody's subscription: it must not be cached, indexed or passed on.
	return {
		"Cache-Control": "no-store",
		"Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_style_hash()}';"
		" form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff",
		"X-Robots-Tag": "noindex, nofollow",
	}


def _csrf_token() -> str:
	"""Frappe refuses the POST of a signed-in user without it; a guest has none."""
	return "" if frappe.session.user == "Guest" else get_csrf_token()


def _footer() -> str:
	settings = app_settings()
	return "\n".join(part for part in (settings.sender_line, settings.postal_address) if part)
