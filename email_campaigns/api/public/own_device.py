"""Our own devices: a browser in which somebody has signed in to work here says so when it opens a mail.

The cookie names nobody. It is sent to /ec/ alone, also from within a mail program on the web (SameSite=None), for
which browsers ask for https.
"""

from __future__ import annotations

from secrets import randbits

import frappe
from werkzeug.wrappers import Request, Response

from email_campaigns.tracking import store
from email_campaigns.tracking.links import PREFIX
from email_campaigns.tracking.tokens import BadToken

COOKIE = "ec_internal"
PURPOSE = "device"
LIFETIME = 2 * 365 * 86400  # seconds


def remember_device(login_manager=None) -> None:
	"""on_session_creation hook: let the answer to this sign-in mark the device, where a System User signed in."""
	if _works_here(frappe.session.user):
		frappe.flags.ec_own_device = True


def mark_device(response: Response | None = None, request: Request | None = None) -> None:
	"""after_request hook. The framework's own cookies have no path, and this one is nothing for the whole site."""
	if not frappe.flags.ec_own_device or response is None:
		return
	secure = _is_https(request)
	response.set_cookie(
		COOKIE,
		store.token_ring().sign(PURPOSE, randbits(62)),
		max_age=LIFETIME,
		path=PREFIX,
		secure=secure,
		httponly=True,
		samesite="None" if secure else "Lax",
	)


def is_ours() -> bool:
	"""Tell whether the request comes from a device of our own: by its cookie, or by the session that it is in."""
	cookie = frappe.request.cookies.get(COOKIE)
	if cookie and _is_valid(cookie):
		return True
	return _works_here(frappe.session.user)


def _is_valid(cookie: str) -> bool:
	try:
		return bool(store.token_ring().verify(PURPOSE, cookie))
	except BadToken:
		return False


def _works_here(user: str) -> bool:
	return user != "Guest" and frappe.get_cached_value("User", user, "user_type") == "System User"


def _is_https(request: Request | None) -> bool:
	if request is None:
		return False
	return request.scheme == "https" or request.headers.get("X-Forwarded-Proto", "").startswith("https")
