"""The providers whose webhooks are understood: `/ec/h/<slug>` for each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from email_campaigns.inbound.values import Clues, Finding, Kind
from email_campaigns.inbound.webhooks import amazon_ses, brevo, mailgun, mailjet, postmark, sendgrid
from email_campaigns.inbound.webhooks.request import Credentials, HookRequest, RawEvent
from email_campaigns.inbound.webhooks.vocabulary import HookEvent, kind_of, make_finding

SHARED = "shared"  # we make the secret, and the provider sends it back
GIVEN = "given"  # the provider shows a key that has to be entered
TOPIC = "topic"  # no secret: the topic that may report


@dataclass(frozen=True, slots=True)
class Provider:
	"""A provider: `name` for people, the kind of its secret, and the functions that its module documents."""

	slug: str
	name: str
	secret: str
	check: Callable[[HookRequest, Credentials, float], Any]
	events: Callable[[Any], list[RawEvent]]
	read: Callable[[dict[str, Any]], HookEvent]

	def wanted(self, payload: Any) -> list[RawEvent]:
		"""Return the events of a checked payload that say something about a mail: no opens, no clicks."""
		return [
			event for event in self.events(payload) if kind_of(self.read(event.payload)) is not Kind.OTHER
		]


def _provider(slug: str, name: str, secret: str, module: ModuleType) -> Provider:
	return Provider(slug, name, secret, module.check, module.events, module.read)


PROVIDERS: Mapping[str, Provider] = {
	provider.slug: provider
	for provider in (
		_provider("ses", "Amazon SES", TOPIC, amazon_ses),
		_provider("mailgun", "Mailgun", GIVEN, mailgun),
		_provider("sendgrid", "SendGrid", GIVEN, sendgrid),
		_provider("postmark", "Postmark", SHARED, postmark),
		_provider("brevo", "Brevo", SHARED, brevo),
		_provider("mailjet", "Mailjet", SHARED, mailjet),
	)
}
_BY_NAME = {provider.name: provider for provider in PROVIDERS.values()}


def find_provider(name: str) -> Provider | None:
	"""Return a provider by its slug or its name for people."""
	return PROVIDERS.get(name) or _BY_NAME.get(name)


def finding_of(name: str, payload: Any) -> Finding:
	"""Return what one stored event of a provider says. Never raises.

	`payload` is that of a RawEvent. The kind is OTHER where nobody has to know, or the provider is unknown.
	"""
	provider = find_provider(name)
	if not provider or not isinstance(payload, dict):
		return Finding(Kind.OTHER, Clues())
	return make_finding(provider.name, provider.read(payload))
