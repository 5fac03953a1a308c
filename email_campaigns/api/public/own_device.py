"""A cookie that marks the devices of our own users, whose opens and clicks are not counted.

The cookie identifies nobody. Browsers send it to /ec/ only, also from a webmail page (SameSite=None), which
they allow over https only.
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
	"""Let the answer to this sign-in mark the device of a System User (on_session_creation hook)."""
	if _works_here(frappe.session.user):
		frappe.flags.ec_own_device = True


def mark_device(response: Response | None = None, request: Request | None = None) -> None:
	"""Set the cookie on the answer to a sign-in (after_request hook).

	The framework's cookie manager knows no path, and this cookie is for /ec/ only.
	"""
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
	"""Tell whether the request comes from a device of our own, by its cookie or its session."""
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
