"""Routes that recipients reach without signing in, /ec/…; besides jobs/ the only place that commits.

They are answered before the website's own look-ups. Frappe treats a raised HTTPException as the answer and
rolls the transaction back, so an accepted change is committed here first, once.
"""

from __future__ import annotations

from collections.abc import Callable

import frappe
from frappe import _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from email_campaigns.api.public import hits, preferences, signup, view
from email_campaigns.api.public.page import Page, plain_answer, respond
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.ledger import arrivals_store
from email_campaigns.drip import events_store
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.mass_mailing.resend import uncertain_store
from email_campaigns.tracking import store
from email_campaigns.tracking.links import CLICK, IMAGE, OPEN, PREFIX, UNSUBSCRIBE, VIEW
from email_campaigns.tracking.tokens import PREVIEW, BadToken, Token

# Characters that mail programs and people add to the end of a link; no token ends with one.
TRAILING = "/.,;:!?)>]}\"'»”"
READING = ("GET", "HEAD")
CHANGING = ("GET", "HEAD", "POST")
OF_A_MAIL = ("unsubscribe", "open", "click", "view")  # purposes of tokens


def answer() -> None:
	"""Raise the answer to a path under /ec/; return at once for any other (before_request hook)."""
	path = frappe.request.path
	if path.startswith(PREFIX):
		raise HTTPException(response=_answer(path.removeprefix(PREFIX)))


def _answer(path: str) -> Response:
	kind, _slash, token = path.partition("/")
	route = ROUTES.get(kind)
	if frappe.request.method == "OPTIONS":
		return _allow(plain_answer("", 204))  # Frappe has opened no session for it
	if not route:
		return respond(Page(_("Page not found"), (_("There is nothing at this address."),), status=404))
	purpose, methods, handler = route
	if frappe.request.method not in methods:
		return _allow(plain_answer("Method not allowed", 405), methods)
	try:
		named = _named(purpose, token.strip().rstrip(TRAILING).removesuffix(IMAGE))
	except BadToken:
		return hits.pixel() if kind == OPEN else respond(_damaged())
	answer = _guarded(lambda: handler(named))
	if purpose in OF_A_MAIL and isinstance(named, Token) and named.message != PREVIEW:
		_settle(named.message)
	return answer


def _settle(message: int) -> None:
	"""Mark an Uncertain mail as arrived: its links and its image are nowhere else, so somebody has it.

	This is a transaction of its own because it locks the mailing, which is locked before its mails
	everywhere.
	"""
	try:
		frappe.db.rollback()
		if _mark_arrived(message):
			frappe.db.commit()
	except Exception:
		frappe.db.rollback()
		frappe.log_error("Email Campaigns: an uncertain mail was not settled")
		frappe.db.commit()


def _mark_arrived(message: int) -> bool:
	fields = ["status", "source_doctype", "source"]
	mail = frappe.db.get_value("Campaign Message", message, fields, as_dict=True)
	if not mail or mail.status != "Uncertain":
		return False
	reason = _(arrivals_store.SHOWN_BY_EVENT)
	if mail.source_doctype == MASS_EMAIL:
		return bool(uncertain_store.mark_arrived(mail.source, [message], reason))
	return events_store.settle_uncertain(message, reason)


def _named(purpose: str, token: str) -> Token | str:
	# Before any query: a guessed token costs no look at the database.
	return store.token_ring().verify(purpose, token) if purpose else token


def _allow(response: Response, methods: tuple[str, ...] = CHANGING) -> Response:
	response.headers["Allow"] = ", ".join((*methods, "OPTIONS"))
	return response


def _guarded(handle: Callable[[], Response]) -> Response:
	"""Answer, and try once more after a deadlock; any other error changes nothing, and the page says so."""
	try:
		try:
			change_latest_rows()
			return handle()
		except frappe.QueryDeadlockError:
			frappe.db.rollback()
			return handle()
	except Exception:
		return _sorry()


def _damaged() -> Page:
	lines = (
		_("Some mail programs break long links. Please copy the whole link from the mail and try again."),
		_("Or reply to the mail and ask to be unsubscribed."),
	)
	return Page(_("This link is incomplete or damaged"), lines, status=400, signed=False)


def _sorry() -> Response:
	frappe.db.rollback()
	try:
		frappe.log_error("Email Campaigns: a recipient's request failed")
		frappe.db.commit()
	except Exception:
		frappe.logger().error("A recipient's request failed", exc_info=True)
	response = _apology()
	response.headers["Retry-After"] = "300"
	return response


def _apology() -> Response:
	title, line = _("Something went wrong"), _("Nothing was changed. Please try again in a few minutes.")
	try:
		return respond(Page(title, (line,), status=503))
	except Exception:
		return plain_answer(f"{title}. {line}", 503)  # the page's footer needs the database


def _unsubscribe(token: Token) -> Response:
	message = token.message
	if frappe.request.method != "POST":
		return respond(preferences.show(message))
	if _is_one_click():
		page = preferences.one_click(message)
		frappe.db.commit()
		return plain_answer(page.result or page.title, page.status)
	action = frappe.request.form.get("action")
	if not preferences.is_action(action):
		return respond(preferences.show(message))
	page = preferences.act(message, action)
	frappe.db.commit()
	return respond(page)


def _is_one_click() -> bool:
	"""Tell whether a POST is a one-click unsubscription (RFC 8058, section 3.2).

	The body is one key and value, as a form of either content type; some mail services send none.
	"""
	form = frappe.request.form
	value = form.get("List-Unsubscribe") or ("" if form else frappe.request.get_data(as_text=True))
	return value.strip().removeprefix("List-Unsubscribe=").lower() == "one-click"


def _sign_up(token: str) -> Response:
	if frappe.request.method != "POST":
		return respond(signup.form_page(token))
	page = signup.ask(token, frappe.request.form, frappe.local.request_ip or "")
	frappe.db.commit()
	return respond(page)


def _confirm(token: Token) -> Response:
	page = signup.confirmation(token, agreed=frappe.request.method == "POST")
	frappe.db.commit()
	return respond(page)


def _committed(handle: Callable[[Token], Response]) -> Callable[[Token], Response]:
	"""Return a handler whose changes are committed before its answer goes out."""

	def handle_and_commit(token: Token) -> Response:
		# Rows are read anew: another hit on the same mail may have come since this transaction began.
		frappe.db.rollback()
		response = handle(token)
		frappe.db.commit()
		return response

	return handle_and_commit


# {first part of the path: (purpose of its tokens, "" where a list's own token follows; methods; handler)}
ROUTES: dict[str, tuple[str, tuple[str, ...], Callable[..., Response]]] = {
	UNSUBSCRIBE: ("unsubscribe", CHANGING, _unsubscribe),
	OPEN: ("open", READING, _committed(hits.opened)),
	CLICK: ("click", READING, _committed(hits.clicked)),
	VIEW: ("view", READING, view.answer_view),
	signup.SIGN_UP: ("", CHANGING, _sign_up),
	signup.CONFIRM: ("confirm", CHANGING, _confirm),
}
