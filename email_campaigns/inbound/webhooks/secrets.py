"""The secret that a provider sends back with each call, where it signs nothing. Pure.

Postmark, Brevo and Mailjet call the address `https://USER:SECRET@…` with the header Authorization: Basic (RFC
7617); Brevo can send a bearer token (RFC 6750) instead. The user counts for nothing.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from typing import Any

from email_campaigns.inbound.webhooks.request import Credentials, Forbidden, HookRequest, read_json
from email_campaigns.text import _lt


def read_with_secret(request: HookRequest, credentials: Credentials, now: float) -> Any:
	"""Return the payload of a call that has one of the secrets. Raises Forbidden and Malformed.

	The time that this takes does not depend on the secrets.
	"""
	sent = _sent_secret(request.headers.get("authorization", ""))
	matches = [hmac.compare_digest(sent, secret.encode()) for secret in credentials.secrets if secret]
	if not any(matches):
		raise Forbidden(_lt("The call has no secret, or a wrong one."))
	return read_json(request.body)


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
