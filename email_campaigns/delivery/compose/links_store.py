"""The tracked links of one mailing: those that its templates name, and those made of plain links."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe import _

from email_campaigns.delivery.compose.sent_text import LinkTarget
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.message.compile import CompiledMessage
from email_campaigns.tracking import link_store
from email_campaigns.tracking.link_store import Link
from email_campaigns.tracking.links import automatic_id


def link_targets(mailing: Mailing, message: CompiledMessage) -> dict[str, LinkTarget]:
	"""Return the targets of the names that a template gives to tracking_url(), as they are now.

	Links that the template does not use are left out, unless it works out names.
	"""
	targets = {
		# Only informational mail leads to the address itself, so a change of it changes no other mail.
		name: LinkTarget(link.name, link.url if mailing.informational else "")
		for name, link in _named(mailing, message).items()
		if link.enabled and (message.uses_any_link or name in message.tracking_links)
	}
	for url in message.automatic_links:
		targets[url] = LinkTarget(automatic_id(mailing.link_source, url), url)
	return targets


def check_links(mailing: Mailing, message: CompiledMessage) -> None:
	"""Raise ValidationError for a link that a template names and its campaign does not have."""
	known = _named(mailing, message)
	for name in sorted(message.tracking_links):
		shown = frappe.bold(frappe.utils.escape_html(str(name)))
		if name not in known:
			frappe.throw(_("The template names the tracked link {0}, which does not exist.").format(shown))
		if not known[name].enabled:
			frappe.throw(_("The template names the tracked link {0}, which is disabled.").format(shown))


def save_links(mailing: Mailing, messages: Iterable[CompiledMessage]) -> None:
	"""Store the addresses of the mailing's plain links.

	The caller commits before the first such mail leaves.
	"""
	titles: dict[str, str] = {}
	for message in messages:
		titles = {**message.automatic_links, **titles}
	links = {automatic_id(mailing.link_source, url): (url, title) for url, title in titles.items()}
	link_store.save_automatic(mailing.name, mailing.campaign, links)


def _named(mailing: Mailing, message: CompiledMessage) -> dict[str, Link]:
	return link_store.links_by_name(mailing.campaign, [str(name) for name in message.tracking_links])
