"""Everything that recipients reach without signing in: /ec/… — and, with jobs.py, the only place that commits.

Answered before the website's own look-ups. Frappe treats a raised HTTPException as the answer and rolls the
transaction back, so that what was accepted is committed here first, once.
"""

from __future__ import annotations

from collections.abc import Callable

import frappe
from frappe import _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from email_campaigns.api import preferences, signup
from email_campaigns.api.page import Page, plain, respond
from email_campaigns.compat import change_latest_rows
from email_campaigns.tracking import store
from email_campaigns.tracking.links import PREFIX, UNSUBSCRIBE
from email_campaigns.tracking.tokens import BadToken

# What mail programs and people add to the end of a link; a token never ends so.
TRAILING = "/.,;:!?)>]}\"'»”"


def answer() -> None:
	"""before_request hook: raise the answer to a path under /ec/, return at once for any other."""
	path = frappe.request.path
	if path.startswith(PREFIX):
		raise HTTPException(response=_answer(path.removeprefix(PREFIX)))


def _answer(path: str) -> Response:
	kind, _slash, token = path.partition("/")
	handler = ROUTES.get(kind)
	if frappe.request.method == "OPTIONS":
		return _allow(plain("", 204))  # Frappe has opened no session for it
	if not handler:
		return respond(Page(_("Page not found"), (_("There is nothing at this address."),), status=404))
	if frappe.request.method not in ("GET", "HEAD", "POST"):
		return _allow(plain("Method not allowed", 405))
	return _guarded(lambda: handler(token.strip().rstrip(TRAILING)))


def _allow(response: Response) -> Response:
	response.headers["Allow"] = "GET, HEAD, POST, OPTIONS"
	return response


def _guarded(handle: Callable[[], Response]) -> Response:
	"""Answer, once more after a deadlock; whatever else goes wrong changes nothing and says so."""
	try:
		try:
			change_latest_rows()
			return handle()
		except frappe.QueryDeadlockError:
			frappe.db.rollback()
			return handle()
	except BadToken:
		return respond(_damaged())
	except Exception:
		return _sorry()


def _damaged() -> Page:
	lines = (
		_(
			"Some mail programs cut long links in two. Please copy the whole link from the mail and try again."
		),
		_("Or reply to the mail and ask to be taken off."),
	)
	return Page(_("This link is incomplete or damaged"), lines, status=400)


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
		return plain(f"{title}. {line}", 503)  # the page's footer needs the database


def _unsubscribe(token: str) -> Response:
	message = store.ring().verify("unsubscribe", token).message
	if frappe.request.method != "POST":
		return respond(preferences.show(message))
	if _is_one_click():
		page = preferences.one_click(message)
		frappe.db.commit()
		return plain(page.result or page.title, page.status)
	action = frappe.request.form.get("action")
	if action not in preferences.ACTIONS:
		return respond(preferences.show(message))
	page = preferences.act(message, action)
	frappe.db.commit()
	return respond(page)


def _is_one_click() -> bool:
	"""RFC 8058, section 3.2: the body is one key and value, as a form of either kind; some senders name no kind."""
	form = frappe.request.form
	value = form.get("List-Unsubscribe") or ("" if form else frappe.request.get_data(as_text=True))
	return value.strip().removeprefix("List-Unsubscribe=").lower() == "one-click"


def _sign_up(token: str) -> Response:
	if frappe.request.method != "POST":
		return respond(signup.page(token))
	page = signup.ask(token, frappe.request.form, frappe.local.request_ip or "")
	frappe.db.commit()
	return respond(page)


def _confirm(token: str) -> Response:
	page = signup.confirmation(token, agreed=frappe.request.method == "POST")
	frappe.db.commit()
	return respond(page)


ROUTES: dict[str, Callable[[str], Response]] = {
	UNSUBSCRIBE: _unsubscribe,
	signup.SIGN_UP: _sign_up,
	signup.CONFIRM: _confirm,
}
