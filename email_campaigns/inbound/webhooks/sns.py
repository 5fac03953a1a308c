"""Amazon SNS: its addresses, and the signature of a message. Pure; a certificate comes from the caller.

Source: Amazon SNS's developer guide, “Verifying the signatures of Amazon SNS messages”, “HTTP/HTTPS
notification JSON format” and “HTTP/HTTPS subscription confirmation JSON format”. A valid signature proves
that some AWS account wrote the message, so the topic has to be one that a person has chosen.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from email_campaigns.inbound.webhooks.fields import mapping
from email_campaigns.inbound.webhooks.request import Forbidden
from email_campaigns.text import _lt

NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
UNSUBSCRIPTION = "UnsubscribeConfirmation"

_ARN = re.compile(r"arn:aws[a-z-]{0,10}:sns:[a-z]{2}(-[a-z]+)+-\d:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?", re.A)
_HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?", re.A)
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem", re.A)
_HASHES: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
# What is signed, in this order; of a notification without a subject, the subject is left out.
_SIGNED = {
	NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
	CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
	UNSUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def is_topic(arn: str) -> bool:
	"""Tell whether a text is the ARN of an SNS topic."""
	return bool(_ARN.fullmatch(arn))


def is_certificate_url(url: str) -> bool:
	"""Tell whether an address is that of a certificate of SNS."""
	return _is_at_sns(url) and bool(_CERTIFICATE.fullmatch(urlsplit(url).path)) and "?" not in url


def is_confirmation_url(url: str, topic: str) -> bool:
	"""Tell whether an address confirms the subscription of a topic, and nothing else."""
	if not _is_at_sns(url) or urlsplit(url).path != "/":
		return False
	query = parse_qs(urlsplit(url).query)
	return query.get("Action") == ["ConfirmSubscription"] and query.get("TopicArn") == [topic]


def _is_at_sns(url: str) -> bool:
	try:
		parts = urlsplit(url)
	except ValueError:
		return False
	# `netloc` has user, password and port too: with these, another host could look like this one.
	return (
		parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc)) and not set(url) & set("\\ \t\r\n#")
	)


def check_signature(message: Mapping[str, Any], certificate: bytes, now: float) -> None:
	"""Raise Forbidden unless the key of a PEM certificate has signed a message. `now`: Unix seconds."""
	algorithm = _HASHES.get(str(message.get("SignatureVersion")))
	try:
		key = _read_key(certificate, now)
		signature = b64decode(str(message.get("Signature")), validate=True)
		if not algorithm:
			raise ValueError
		key.verify(signature, signed_text(message), PKCS1v15(), algorithm())
	except (ValueError, UnsupportedAlgorithm, InvalidSignature):
		raise Forbidden(_lt("The signature is wrong.")) from None


def signed_text(message: Mapping[str, Any]) -> bytes:
	"""Return what the signature of a message covers. Raises ValueError for a message without it."""
	lines: list[str] = []
	for name in _SIGNED.get(str(message.get("Type")), ()):
		value = message.get(name)
		if value is None and name == "Subject":
			continue
		if not isinstance(value, str):
			raise ValueError(name)
		lines += (name, value)
	if not lines:
		raise ValueError("Type")
	return ("\n".join(lines) + "\n").encode()


def _read_key(certificate: bytes, now: float) -> RSAPublicKey:
	"""Return the key of a certificate that is valid now. Raises ValueError."""
	parsed = x509.load_pem_x509_certificate(certificate)
	begin, end = _validity(parsed)
	key = parsed.public_key()
	if not begin <= datetime.fromtimestamp(now, timezone.utc) <= end or not isinstance(key, RSAPublicKey):
		raise ValueError("The certificate is not valid now")
	return key


def _validity(certificate: x509.Certificate) -> tuple[datetime, datetime]:
	if hasattr(certificate, "not_valid_before_utc"):  # since cryptography 42
		return certificate.not_valid_before_utc, certificate.not_valid_after_utc
	begin, end = certificate.not_valid_before, certificate.not_valid_after
	return begin.replace(tzinfo=timezone.utc), end.replace(tzinfo=timezone.utc)


def epoch_of(message: Mapping[str, Any]) -> float:
	"""Return the time of a message in Unix seconds. Raises Forbidden."""
	try:
		moment = datetime.strptime(str(message.get("Timestamp")), "%Y-%m-%dT%H:%M:%S.%fZ")
	except ValueError:
		raise Forbidden(_lt("The time of the signature is missing.")) from None
	return moment.replace(tzinfo=timezone.utc).timestamp()


def content(message: Mapping[str, Any]) -> dict[str, Any]:
	"""Return the JSON in a notification, {} for one that has none, such as the first after a confirmation."""
	return mapping(message.get("Message"))
