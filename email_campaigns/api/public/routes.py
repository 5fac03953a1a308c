"""Routes that recipients reach without signing in, /ec/…; besides jobs/ the only place that commits.

They are answered before the website's own look-ups. Frappe treats a raised HTTPException as the answer and
rolls the transaction back, so an accepted change is committed here first, once.

An opt-out is never lost: one that can't be carried out at once is stored for jobs/opt_outs.py, in a table or,
without a database, in a file. Only where neither works the answer is 503, and the sender's server or the
person has to try again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import frappe
from frappe import _
from frappe.utils import cint
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from email_campaigns.api.public import hits, preferences, signup, view, webhooks
from email_campaigns.api.public.page import Page, plain_answer, respond
from email_campaigns.api.public.visitor import visitor_address
from email_campaigns.audience.suppression import waiting_store
from email_campaigns.audience.suppression.waiting_store import WaitingWish, make_wish
from email_campaigns.compat import answer_early, change_latest_rows, lock_wait
from email_campaigns.delivery.ledger import claims_store
from email_campaigns.jobs import outcomes
from email_campaigns.tracking import store
from email_campaigns.tracking.links import CLICK, IMAGE, OPEN, PREFIX, UNSUBSCRIBE, VIEW
from email_campaigns.tracking.tokens import PREVIEW, BadToken, Token

# Characters that mail programs and people add to the end of a link; no token ends with one.
TRAILING = "/.,;:!?)>]}\"'»”"
READING = ("GET", "HEAD")
CHANGING = ("GET", "HEAD", "POST")
HOOKS = f"{PREFIX}{webhooks.HOOK}/"
OF_A_MAIL = ("unsubscribe", "open", "click", "view")  # purposes of tokens
# That a request waits for a row which somebody holds: mail services give a one-click POST some ten seconds.
LOCK_SECONDS = 3
# In site_config.json: the number of proxies before the site, where they are in no private network.
PROXIES = "email_campaigns_proxies"


def answer() -> None:
	"""Raise the answer to a path under /ec/; return at once for any other (before_request hook)."""
	answer_early(HOOKS, answer)
	path = frappe.request.path
	if path.startswith(PREFIX):
		response = _answer(path.removeprefix(PREFIX))
		frappe.flags.ec_answered = True
		if frappe.flags.ec_no_database:
			# Frappe would roll back first, which fails, and the answer would never leave.
			frappe.local.db = None
		raise HTTPException(response=response)


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
		named = _named(purpose, _token(token))
	except BadToken:
		return hits.pixel() if kind == OPEN else respond(_damaged())
	otherwise = UNRECORDED.get(kind)
	last_resort = partial(otherwise, named) if otherwise else None
	answer = _guarded(lambda: handler(named), last_resort, locks=kind != webhooks.HOOK)
	of_a_mail = purpose in OF_A_MAIL and not frappe.flags.ec_no_database
	if of_a_mail and isinstance(named, Token) and named.message != PREVIEW:
		_settle(named.message)
	return answer


def _settle(message: int) -> None:
	"""Mark an Uncertain mail as arrived: its links and its image are nowhere else, so somebody has it.

	This is a transaction of its own because it locks the mailing, which is locked before its mails
	everywhere.
	"""
	try:
		frappe.db.rollback()
		with lock_wait(LOCK_SECONDS):
			has_arrived = outcomes.settle(message)
		if has_arrived:
			frappe.db.commit()
	except Exception:
		frappe.db.rollback()
		frappe.log_error("Email Campaigns: an uncertain mail was not settled")
		frappe.db.commit()


def _token(rest: str) -> str:
	return rest.strip().rstrip(TRAILING).removesuffix(IMAGE)


def _named(purpose: str, token: str) -> Token | str:
	# Before any query: a guessed token costs no look at the database.
	return store.token_ring().verify(purpose, token) if purpose else token


def _allow(response: Response, methods: tuple[str, ...] = CHANGING) -> Response:
	response.headers["Allow"] = ", ".join((*methods, "OPTIONS"))
	return response


def _guarded(
	handle: Callable[[], Response],
	otherwise: Callable[[], Response | None] | None = None,
	*,
	locks: bool = True,
) -> Response:
	"""Answer, and try once more after a deadlock or a wait for a row.

	Any other error changes nothing: the answer is then that of `otherwise`, or a page that says so. A handler
	that only adds rows has no `locks` to wait for, and is spared the statements about them.
	"""
	try:
		with _short_waits() if locks else nullcontext():
			return _persistently(handle)
	except Exception:
		_log_failure()
		return (otherwise and _attempt(otherwise)) or _sorry()


@contextmanager
def _short_waits() -> Iterator[None]:
	change_latest_rows()
	with lock_wait(LOCK_SECONDS):
		yield


def _persistently(handle: Callable[[], Response]) -> Response:
	try:
		return handle()
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		frappe.db.rollback()
		return handle()


def _attempt(handle: Callable[[], Response | None]) -> Response | None:
	try:
		return handle()
	except Exception:
		return None


def _damaged() -> Page:
	lines = (
		_("Some mail programs break long links. Please copy the whole link from the mail and try again."),
		_("Or reply to the mail and ask to be unsubscribed."),
	)
	return Page(_("This link is incomplete or damaged"), lines, status=400, signed=False)


def _log_failure() -> None:
	"""Roll back and log the present exception, in the database if that works. Never raises."""
	try:
		frappe.db.rollback()
		frappe.log_error("Email Campaigns: a recipient's request failed")
		frappe.db.commit()
	except Exception:
		frappe.flags.ec_no_database = True
		frappe.logger().error("A recipient's request failed", exc_info=True)


def _sorry() -> Response:
	title, line = _("Something went wrong"), _("Nothing was changed. Please try again in a few minutes.")
	response = _respond_anyhow(Page(title, (line,), status=503))
	response.headers["Retry-After"] = "300"
	return response


def _respond_anyhow(page: Page) -> Response:
	"""Render a page, as plain text where even that fails: a page's footer needs the database."""
	return _attempt(lambda: respond(page)) or plain_answer("\n".join((page.title, *page.lines)), page.status)


def _unsubscribe(token: Token) -> Response:
	action, how = preferences.asked(frappe.request)
	if not action:
		return respond(preferences.show(token.message))
	page = preferences.act(token.message, action, how)
	frappe.db.commit()
	return plain_answer(page.result or page.title, page.status) if how else respond(page)


def _note(token: Token) -> Response | None:
	"""Store an opt-out that could not be carried out, and say so; None for any other request."""
	action, how = preferences.asked(frappe.request)
	if not preferences.is_opt_out(action) or token.message == PREVIEW:
		return None
	_store(make_wish(token.message, action, how))
	page = preferences.noted()
	return plain_answer("\n".join((page.title, *page.lines))) if how else _respond_anyhow(page)


def _store(wish: WaitingWish) -> None:
	try:
		email = waiting_store.add(wish)
		frappe.db.commit()
	except Exception:
		waiting_store.write_file(wish)
	else:
		_hold_back(email)


def _hold_back(email: str) -> None:
	"""Let batches under way pass over an address; claims do so already."""
	try:
		with lock_wait(1):
			claims_store.release_address(email)
		frappe.db.commit()
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		frappe.db.rollback()


def note_refused(response: Response | None = None, request: Request | None = None) -> None:
	"""Store an opt-out that never came to `answer` (after_request hook).

	During a migration, Frappe answers every request itself, and even with the status 200. A request that it
	refuses for its own fault, such as a missing CSRF token, stays refused.
	"""
	path = f"{PREFIX}{UNSUBSCRIBE}/"
	if not response or not request or frappe.flags.ec_answered or not request.path.startswith(path):
		return
	if response.status_code < 500 and not frappe.conf.maintenance_mode:
		return
	action, how = preferences.asked(request)
	try:
		token = _named("unsubscribe", _token(request.path.removeprefix(path)))
	except BadToken:
		return
	if preferences.is_opt_out(action) and isinstance(token, Token) and token.message != PREVIEW:
		waiting_store.write_file(make_wish(token.message, action, how))
		page = preferences.noted()
		response.status_code = 200
		response.mimetype = "text/plain"
		response.set_data("\n".join((page.title, *page.lines)))


def _sign_up(token: str) -> Response:
	if frappe.request.method != "POST":
		return respond(signup.form_page(token))
	page = signup.ask(token, frappe.request.form, _visitor(frappe.request))
	frappe.db.commit()
	return respond(page)


def _visitor(request: Request) -> str:
	proxies = frappe.conf.get(PROXIES)
	# Not frappe.local.request_ip, which is the beginning of the header: the visitor may have written it.
	forwarded = request.headers.get("X-Forwarded-For", "")
	return visitor_address(
		request.environ.get("REMOTE_ADDR") or "", forwarded, None if proxies is None else cint(proxies)
	)


def _confirm(token: Token) -> Response:
	page = signup.confirmation(token, agreed=frappe.request.method == "POST")
	frappe.db.commit()
	return respond(page)


def _take_call(slug: str) -> Response:
	response = webhooks.take_call(slug, frappe.request, _visitor(frappe.request))
	frappe.db.commit()
	if response.status_code == 200:
		# Frappe would roll an empty transaction back and begin another, while the provider waits. For a
		# refusal, Frappe 16 asks the database whether to add a header.
		frappe.db.close()
		frappe.local.db = None
	return response


def answer_late(response: Response | None = None, request: Request | None = None) -> None:
	"""Answer a webhook that never came to `answer` (after_request hook).

	The first call of a process comes before `answer_early`. During a migration, Frappe answers every
	request itself, and even with the status 200, so the provider would not repeat the call.
	"""
	answer_early(HOOKS, answer)
	if not response or not request or frappe.flags.ec_answered or not request.path.startswith(HOOKS):
		return
	if response.status_code == 413:
		return
	late = webhooks.later() if frappe.conf.maintenance_mode else _answer(request.path.removeprefix(PREFIX))
	response.status_code, response.mimetype = late.status_code, late.mimetype
	response.set_data(late.get_data())
	response.headers.update(late.headers)


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
	webhooks.HOOK: ("", ("POST",), _take_call),
}
# The answers where a hit can't be recorded, or an opt-out can't be carried out; None where there is none.
UNRECORDED: dict[str, Callable[..., Response | None]] = {
	UNSUBSCRIBE: _note,
	OPEN: lambda _token: hits.pixel(),
	CLICK: hits.clicked_unrecorded,
	webhooks.HOOK: lambda _slug: webhooks.later(),
}
