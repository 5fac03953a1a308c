"""The secret that a provider sends back with each call, where it signs nothing. Pure.

Postmark, Brevo and Mailjet call the address `https://USER:SECRET@…` with the header Authorization: Basic (RFC
7617); Brevo can send a bearer token (RFC 6750) instead. The user counts for nothing.
"""

from __future__ import annotations

import hmac
from base64 import b64decode

from email_campaigns.inbound.webhooks.request import Credentials, Forbidden, HookRequest
from email_campaigns.text import _lt


def check_secret(request: HookRequest, credentials: Credentials) -> None:
	"""Raise Forbidden unless the call has one of the secrets, in a time that does not depend on them."""
	sent = _sent_secret(request.headers.get("authorization", ""))
	matches = [hmac.compare_digest(sent, secret.encode()) for secret in credentials.secrets if secret]
	if not any(matches):
		raise Forbidden(_lt("The call has no secret, or a wrong one."))


def _sent_secret(header: str) -> bytes:
	scheme, _space, value = header.strip().partition(" ")
	if scheme.lower() == "bearer":
		return value.strip().encode("utf-8", "replace")
	if scheme.lower() != "basic":
		return b""
	try:
		return b64decode(value.strip(), validate=True).partition(b":")[2]
	except ValueError:
		return b""
