"""Calls of webhooks as the providers make them, signed with keys of these tests.

Payloads are those of the providers' manuals, shortened, with other addresses.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from email_campaigns.inbound.webhooks.sns import signed_text

NOW = 1_800_000_000.0
SECRET = "a-secret-of-the-tests-1234"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
OURS = "a.2f.0123456789abcdef0123456789abcdef@mail.example"  # a Message-ID
JO = "jo@people.example"
UNKNOWN_USER = "550 5.1.1 <jo@people.example>: user unknown"


@dataclass(frozen=True)
class Call:
	"""A call: what is posted, and with which headers beside Content-Type."""

	body: bytes
	headers: dict[str, str]

	def with_bit_changed(self, place: int) -> Call:
		"""Return the call with one bit of its body changed."""
		changed = bytearray(self.body)
		changed[place] ^= 1
		return replace(self, body=bytes(changed))


@cache
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
	return ec.generate_private_key(ec.SECP256R1())


def sendgrid_secret() -> str:
	"""Return the verification key as SendGrid shows it."""
	public = sendgrid_key().public_key()
	return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@cache
def sns_key() -> rsa.RSAPrivateKey:
	return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def sns_certificate(around: float = NOW) -> bytes:
	"""Return a certificate of our key, valid for three days before and after a time in Unix seconds."""
	name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
	moment, days = datetime.fromtimestamp(around, timezone.utc), timedelta(days=3)
	builder = x509.CertificateBuilder(name, name, sns_key().public_key(), x509.random_serial_number())
	certificate = builder.not_valid_before(moment - days).not_valid_after(moment + days)
	return certificate.sign(sns_key(), SHA256()).public_bytes(Encoding.PEM)


def mailgun(payload: dict, now: float = NOW, token: str = "0123456789abcdef" * 3, key: str = SECRET) -> Call:
	stamp = str(int(now))
	signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), "sha256").hexdigest()
	signed = {"signature": {"timestamp": stamp, "token": token, "signature": signature}, **payload}
	return Call(json.dumps(signed).encode(), {})


def sendgrid(payload: list | dict, now: float = NOW) -> Call:
	body, stamp = json.dumps(payload).encode(), str(int(now))
	signature = sendgrid_key().sign(stamp.encode() + body, ec.ECDSA(SHA256()))
	headers = {
		"X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
		"X-Twilio-Email-Event-Webhook-Timestamp": stamp,
	}
	return Call(body, headers)


def with_secret(payload: list | dict, secret: str = SECRET) -> Call:
	"""Return a call of Postmark, Brevo or Mailjet."""
	basic = b64encode(f"anybody:{secret}".encode()).decode()
	return Call(json.dumps(payload).encode(), {"Authorization": f"Basic {basic}"})


def sns(payload: dict, now: float = NOW, version: str = "2", **values: str) -> Call:
	"""Return a notification with a payload of SES in it, signed; `values` replace those of the message."""
	stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
	message = {
		"Type": "Notification",
		"MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
		"TopicArn": TOPIC,
		"Message": json.dumps(payload),
		"Timestamp": stamp,
		"SignatureVersion": version,
		"SigningCertURL": CERTIFICATE_URL,
		**values,
	}
	algorithm = SHA1() if version == "1" else SHA256()
	signature = sns_key().sign(signed_text(message), PKCS1v15(), algorithm)
	return Call(json.dumps({**message, "Signature": b64encode(signature).decode()}).encode(), {})


def confirmation(topic: str = TOPIC, now: float = NOW) -> Call:
	host = topic.split(":")[3]
	url = f"https://sns.{host}.amazonaws.com/?Action=ConfirmSubscription&TopicArn={topic}&Token=2336412f37fb"
	words = f"You have chosen to subscribe to the topic {topic}."
	asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": url, "Token": "2336412f37fb"}
	return sns({}, now, Message=words, TopicArn=topic, **asked)


SES_MAIL = {
	"timestamp": "2027-01-15T08:00:00.000Z",
	"messageId": "0100018f00000001-aaaa-000000",
	"destination": [JO],
	"headersTruncated": False,
	"headers": [{"name": "From", "value": "news@mail.example"}, {"name": "Message-ID", "value": f"<{OURS}>"}],
}
SES_BOUNCE = {
	"eventType": "Bounce",
	"bounce": {
		"bounceType": "Permanent",
		"bounceSubType": "General",
		"bouncedRecipients": [
			{
				"emailAddress": JO,
				"action": "failed",
				"status": "5.1.1",
				"diagnosticCode": f"smtp; {UNKNOWN_USER}",
			}
		],
		"reportingMTA": "dns; mx.people.example",
		"feedbackId": "0100018f-feedback",
	},
	"mail": SES_MAIL,
}
MAILGUN_BOUNCE = {
	"event-data": {
		"event": "failed",
		"severity": "permanent",
		"reason": "bounce",
		"id": "G9Bn5sl1TC6nu79C8C0bwg",
		"timestamp": 1521233195.375624,
		"recipient": JO,
		"delivery-status": {
			"code": 550,
			"enhanced-code": "5.1.1",
			"message": "5.1.1 <jo@people.example>: user unknown",
			"mx-host": "mx.people.example",
		},
		"message": {"headers": {"to": JO, "message-id": OURS}},
		"user-variables": {},
		"storage": {"url": "https://storage.example/1"},
	}
}
SENDGRID_BOUNCE = {
	"email": JO,
	"timestamp": 1800000000,
	"smtp-id": f"<{OURS}>",
	"event": "bounce",
	"type": "bounce",
	"bounce_classification": "Invalid Address",
	"sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
	"sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
	"reason": UNKNOWN_USER,
	"status": "5.1.1",
}
POSTMARK_BOUNCE = {
	"RecordType": "Bounce",
	"ID": 4323372036854775807,
	"Type": "HardBounce",
	"TypeCode": 1,
	"MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
	"Metadata": {"message-id": OURS},
	"Details": f"smtp;{UNKNOWN_USER}",
	"Email": JO,
	"BouncedAt": "2027-01-15T08:00:00Z",
	"Content": "the whole mail",
}
BREVO_BOUNCE = {
	"event": "hard_bounce",
	"email": JO,
	"id": 26224,
	"message-id": f"<{OURS}>",
	"ts_epoch": 1800000000000,
	"reason": UNKNOWN_USER,
}
MAILJET_BOUNCE = {
	"event": "bounce",
	"time": 1800000000,
	"MessageID": 13792286917004336,
	"Message_GUID": "1ab23cd4-e567-8901-2345-6789f0gh1i2j",
	"email": JO,
	"CustomID": OURS,
	"Payload": "",
	"blocked": False,
	"hard_bounce": True,
	"error_related_to": "recipient",
	"error": "user unknown",
	"comment": "Host or domain name not found.",
}
# {provider: (a function from a payload to the call, the payload of a hard bounce)}
BOUNCES = {
	"ses": (sns, SES_BOUNCE),
	"mailgun": (mailgun, MAILGUN_BOUNCE),
	"sendgrid": (sendgrid, [SENDGRID_BOUNCE]),
	"postmark": (with_secret, POSTMARK_BOUNCE),
	"brevo": (with_secret, BREVO_BOUNCE),
	"mailjet": (with_secret, [MAILJET_BOUNCE]),
}


def bounce_call(slug: str) -> Call:
	"""Return the call by which a provider reports that Jo's address is dead."""
	make, payload = BOUNCES[slug]
	return make(payload)
