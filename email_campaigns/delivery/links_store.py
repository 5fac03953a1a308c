"""The tracked links of one mailing: what the names in its templates stand for, and those made of plain links."""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe import _

from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.tracked import Personal, Target
from email_campaigns.message.compile import CompiledMessage
from email_campaigns.tracking import link_store
from email_campaigns.tracking.link_store import Link
from email_campaigns.tracking.links import LinkMaker, automatic_id


def personal(mailing: Mailing, message: CompiledMessage, maker: LinkMaker) -> Personal:
	"""Return what makes the view link, the tracked links and the pixel of each recipient."""
	targets = {
		name: Target(link.name, link.url) for name, link in _named(mailing, message).items() if link.enabled
	}
	for url in message.automatic_links:
		targets[url] = Target(automatic_id(mailing.name, url), url, automatic=True)
	return Personal(maker, targets, tracked=mailing.heeds_opt_out)


def refuse_unknown(mailing: Mailing, message: CompiledMessage) -> None:
	"""Stop a template that names a link which its campaign does not have. Raises ValidationError."""
	known = _named(mailing, message)
	for name in sorted(message.tracking_links):
		shown = frappe.bold(frappe.utils.escape_html(str(name)))
		if name not in known:
			frappe.throw(_("The template names the tracked link {0}, which does not exist.").format(shown))
		if not known[name].enabled:
			frappe.throw(_("The template names the tracked link {0}, which is disabled.").format(shown))


def keep(mailing: Mailing, messages: Iterable[CompiledMessage]) -> None:
	"""Store where the mailing's plain links lead. The caller commits before the first mail that holds them leaves."""
	titles: dict[str, str] = {}
	for message in messages:
		titles = {**message.automatic_links, **titles}
	link_store.keep_automatic(mailing.name, mailing.campaign, titles)


def _named(mailing: Mailing, message: CompiledMessage) -> dict[str, Link]:
	return link_store.by_name(mailing.campaign, [str(name) for name in message.tracking_links])
