"""What is fetched from Amazon SNS: certificates of signatures, and a confirmation that a person wants.

Nothing else is ever fetched: the addresses come from strangers, so `sns` checks them first.
"""

from __future__ import annotations

import frappe
import requests

from email_campaigns.inbound.webhooks import sns
from email_campaigns.inbound.webhooks.request import Forbidden, Unavailable
from email_campaigns.requests_store import count_request
from email_campaigns.text import _lt

SECONDS = 5  # for a connection, and for each part of an answer
LARGEST = 64 * 1024  # bytes of an answer; a certificate has two thousand
HOLDS = 86_400  # seconds that a certificate is kept; its own dates are looked at each time
DOWNLOADS = (60, 600)  # certificates, in seconds: Amazon has one for each of some thirty regions
FAILURE_HOLDS = 60  # seconds until one that could not be fetched is tried again
_NONE = b"-"


def read_certificate(url: str) -> bytes:
	"""Return the certificate at an address of SNS. Raises Forbidden for another, and Unavailable."""
	if not sns.is_certificate_url(url):
		raise Forbidden(_lt("The certificate is at an address that is not of Amazon SNS."))
	known = frappe.cache.get_value(_key(url), expires=True)
	if not known:
		check_downloads()
		known = _download_or_none(url)
		keep_certificate(url, known, HOLDS if known != _NONE else FAILURE_HOLDS)
	if known == _NONE:
		raise Unavailable(_lt("The certificate could not be fetched."))
	return known


def check_downloads() -> None:
	"""Raise Unavailable where too many certificates were asked for: a stranger can name any in a call."""
	if not count_request("certificates of webhooks", DOWNLOADS):
		raise Unavailable(_lt("The certificate could not be fetched."))


def keep_certificate(url: str, certificate: bytes, seconds: int = HOLDS) -> None:
	"""Keep a certificate for so many seconds."""
	frappe.cache.set_value(_key(url), certificate, expires_in_sec=seconds)


def _key(url: str) -> str:
	return f"email_campaigns_certificate:{url}"


def _download_or_none(url: str) -> bytes:
	try:
		return download(url)
	except (OSError, ValueError):
		return _NONE


def confirm(url: str, topic: str) -> None:
	"""Confirm the subscription of a topic at the address that SNS has sent. Raises Forbidden and OSError."""
	if not sns.is_confirmation_url(url, topic):
		raise Forbidden(_lt("This address does not confirm the topic."))
	download(url)


def download(url: str) -> bytes:
	"""Return what is at an address that has been checked.

	Raises OSError, and ValueError for an answer that is too long. A redirection would lead elsewhere.
	"""
	with requests.get(url, timeout=SECONDS, allow_redirects=False, stream=True) as answer:
		if answer.status_code != 200:
			raise OSError(f"The answer has the status {answer.status_code}.")
		body = answer.raw.read(LARGEST + 1, decode_content=True)
	if len(body) > LARGEST:
		raise ValueError("The answer is too long.")
	return body
