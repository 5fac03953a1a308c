"""For unit tests of webhooks: a call is checked and read as the route does it."""

from __future__ import annotations

from email_campaigns.inbound.values import Finding
from email_campaigns.inbound.webhooks import PROVIDERS, finding_of
from email_campaigns.inbound.webhooks.request import Credentials, HookRequest, RawEvent
from email_campaigns.tests.support.webhook_calls import (
	NOW,
	SECRET,
	TOPIC,
	Call,
	sendgrid_secret,
	sns_certificate,
)

ASKED: list[str] = []  # addresses of certificates that were fetched


def certificate(url: str) -> bytes:
	ASKED.append(url)
	return sns_certificate()


def credentials(*secrets: str, topics: tuple[str, ...] = (TOPIC,)) -> Credentials:
	return Credentials(secrets or (SECRET, sendgrid_secret()), topics, certificate)


def request(call: Call) -> HookRequest:
	return HookRequest({name.lower(): value for name, value in call.headers.items()}, call.body)


def checked(slug: str, call: Call, now: float = NOW, given: Credentials | None = None) -> list[RawEvent]:
	"""Return the events of a call that are stored. Raises Forbidden and Malformed."""
	provider = PROVIDERS[slug]
	return provider.wanted(provider.check(request(call), given or credentials(), now))


def findings(slug: str, call: Call) -> list[Finding]:
	return [finding_of(slug, event.payload) for event in checked(slug, call)]
