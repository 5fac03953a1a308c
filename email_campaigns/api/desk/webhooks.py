"""Webhooks on the form of the settings: the addresses for the providers, and the topics of Amazon SNS."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.api.arguments import checked
from email_campaigns.api.kinds import Text
from email_campaigns.api.public.webhooks import HOOK
from email_campaigns.compat import site_url
from email_campaigns.inbound.webhooks import certificates_store, sources_store
from email_campaigns.inbound.webhooks.providers import PROVIDERS, SHARED, Provider, find_provider
from email_campaigns.inbound.webhooks.request import Forbidden
from email_campaigns.settings import changeable_settings
from email_campaigns.site_time import database_epoch
from email_campaigns.tracking.links import PREFIX

USER = "webhook"  # before the secret in an address; it counts for nothing


@frappe.whitelist(methods=["POST"])
@checked
def addresses() -> list[dict[str, Any]]:
	"""Return {"provider", "enabled", "url"} of each saved row; the address has the secret, if it is ours.

	For those who may change the settings.
	"""
	return [
		{"provider": row.provider, "enabled": row.enabled, "url": _address(row, provider)}
		for row in changeable_settings().webhook_sources
		if (provider := find_provider(row.provider))
	]


def _address(row: Document, provider: Provider) -> str:
	url = f"{site_url()}{PREFIX}{HOOK}/{provider.slug}"
	secret = sources_store.stored_secret(row.name) if provider.secret == SHARED else ""
	scheme, _separator, rest = url.partition("://")
	return f"{scheme}://{USER}:{quote(secret, safe='')}@{rest}" if secret else url


@frappe.whitelist(methods=["POST"])
@checked
def topics() -> list[str]:
	"""Return the topics of Amazon SNS that ask to be confirmed, for those who may change the settings."""
	return list(_waiting(_amazon_row(changeable_settings())))


@frappe.whitelist(methods=["POST"])
@checked
def confirm_topic(topic: Text) -> None:
	"""Confirm the subscription of a topic that asks for it, and let it report.

	Throws ValidationError where it does not ask, or Amazon does not answer.
	"""
	settings = changeable_settings()
	row = _amazon_row(settings)
	asked = _waiting(row).get(topic)
	if row and asked:
		_ask_amazon(asked["url"], topic)
		_allow(settings, row, topic)
	else:
		frappe.throw(_("This topic does not ask to be confirmed, or asked too long ago."))


def _allow(settings: Document, row: Document, topic: str) -> None:
	row.topic_arn = "\n".join(dict.fromkeys([*sources_store.topics_of(row), topic]))
	waiting = {key: asked for key, asked in _waiting(row).items() if key != topic}
	row.waiting_topics = frappe.as_json(waiting)
	settings.flags.by_app = True
	settings.save()


def _ask_amazon(url: str, topic: str) -> None:
	try:
		certificates_store.confirm(url, topic)
	except (Forbidden, OSError, ValueError):
		frappe.throw(_("Amazon SNS did not confirm the topic. Ask it to send the request once more."))


def _amazon_row(settings: Document) -> Document | None:
	name = PROVIDERS["ses"].name
	return next((row for row in settings.webhook_sources if row.provider == name), None)


def _waiting(row: Document | None) -> dict[str, dict[str, Any]]:
	return sources_store.waiting_topics(row.waiting_topics, database_epoch()) if row else {}
