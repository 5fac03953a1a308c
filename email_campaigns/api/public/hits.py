"""Answers to the image and the links of a mail, each hit recorded as one fact. The caller commits.

The target of a link is read from its Tracking Link alone, never from the request.
"""

from __future__ import annotations

from base64 import b64decode

import frappe
from frappe import _
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response

from email_campaigns.api.public import own_device
from email_campaigns.api.public.page import Page, private_headers, respond
from email_campaigns.characters import plain_start
from email_campaigns.results.store import counting
from email_campaigns.settings import app_settings
from email_campaigns.tracking import events_store, link_store
from email_campaigns.tracking.events import PREFETCH
from email_campaigns.tracking.link_store import Link
from email_campaigns.tracking.target import problem_with_url, utm, with_parameters
from email_campaigns.tracking.tokens import PREVIEW, Token
from email_campaigns.tracking.verdict import CLICK, OPEN

# The smallest possible GIF: one transparent pixel.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def pixel() -> Response:
	"""Return the answer to the image of any mail."""
	return Response(PIXEL, 200, private_headers(), mimetype="image/gif")


def opened(token: Token) -> Response:
	"""Answer the image at the end of a mail and record the open."""
	if mail := _lock_mail(token.message):
		_record(mail, OPEN)
	return pixel()


def clicked(token: Token) -> Response:
	"""Redirect to the target of a link, or show the page that stands in its place, and record the click."""
	mail, link = _lock_mail(token.message), link_store.read_link(token.link)
	if mail:
		_record(mail, CLICK, link=token.link, details=link.title if link else "")
	return _answer(link, mail)


def clicked_unrecorded(token: Token) -> Response:
	"""Answer a click that can't be recorded now: the reader gets to the target all the same."""
	return _answer(link_store.read_link(token.link), None)


def _lock_mail(message: int) -> events_store.HitMail | None:
	"""Return the mail that a hit belongs to, locked; None for a preview and a test."""
	return None if message == PREVIEW else events_store.lock_mail(message)


def _record(mail: events_store.HitMail, kind: str, **values: str) -> None:
	with counting(mail.message):
		events_store.record_hit(
			mail, kind, _agent(), internal=own_device.is_ours(), request=_request(), **values
		)


def _request() -> str:
	"""Return the method, or PREFETCH, of a request whose answer nobody will see, else ""."""
	if frappe.request.method != "GET":
		return frappe.request.method
	return PREFETCH if is_prefetch() else ""


def is_prefetch() -> bool:
	"""Tell whether a browser or a proxy fetches the page ahead, before anybody asked to see it."""
	headers = frappe.request.headers
	purposes = (headers.get(name, "").lower() for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"))
	return any(word in purpose for purpose in purposes for word in ("prefetch", "prerender", "preview"))


def _agent() -> str:
	# Whoever sends it may write anything, and it is stored, shown and exported.
	return plain_start(frappe.request.headers.get("User-Agent", ""))


def _answer(link: Link | None, mail: events_store.HitMail | None) -> Response:
	if link and link.enabled and not link.url and link.message:
		return respond(Page(link.title, tuple(filter(None, link.message.splitlines()))))
	if not link or not link.enabled or problem_with_url(link.url):
		return respond(page_gone())
	response = Response("", 302, private_headers(), mimetype="text/plain")
	response.headers["Location"] = iri_to_uri(_target(link, mail))
	return response


def page_gone() -> Page:
	"""Return the page for a link that was switched off or deleted."""
	line = _("The sender has withdrawn the page behind this link. The mail itself is still valid.")
	return Page(_("This link is no longer available"), (line,), status=410)


def _target(link: Link, mail: events_store.HitMail | None) -> str:
	settings = app_settings()
	if not settings.add_utm or not mail:
		return link.url
	return with_parameters(link.url, utm(mail.campaign or "", _mailing_title(mail), link.title))


def _mailing_title(mail: events_store.HitMail) -> str:
	"""Return the name of the mailing for the target site; of a sequence it is the campaign's."""
	if mail.source_doctype != "Mass Email":
		return mail.campaign or ""
	title = frappe.db.get_value("Mass Email", mail.source, "title") if mail.source else ""
	return title or mail.source or ""
