"""The tracked links of one mailing: those that its templates name, and those made of plain links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import frappe
from frappe import _

from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.message.compile import CompiledMessage
from email_campaigns.tracking import link_store
from email_campaigns.tracking.link_store import Link
from email_campaigns.tracking.links import LinkMaker, automatic_id
from email_campaigns.tracking.tokens import PREVIEW


@dataclass(frozen=True, slots=True)
class LinkTarget:
	"""The target of a name in a template: a Tracking Link, and its address ("" for a page of its own)."""

	link: str
	url: str
	automatic: bool = False


class PersonalLinks:
	"""Makes the links of one recipient. Informational mail tracks nothing."""

	def __init__(self, maker: LinkMaker, targets: Mapping[str, LinkTarget], *, informational: bool = False):
		self._maker, self._targets, self._informational = maker, targets, informational
		self._links_by_name = {name: target.link for name, target in targets.items()}

	def __call__(self, message: int) -> dict[str, object]:
		return {
			"view_url": self._maker.view(message),
			"open_url": self._maker.open(message),
			"tracking_url": self._links(message),
		}

	def _links(self, message: int) -> Callable[[str], str]:
		if self._informational or message == PREVIEW:
			return partial(self._untracked, self._maker.clicks(PREVIEW))
		links, click = self._links_by_name, self._maker.clicks(message)
		return lambda name: click(links[name])

	def _untracked(self, click: Callable[[str], str], name: str) -> str:
		"""Return the link of a preview, which counts nothing.

		It is the address itself where no Tracking Link has it yet.
		"""
		target = self._targets[name]
		return target.url if target.automatic or (target.url and self._informational) else click(target.link)


def make_personal_links(mailing: Mailing, message: CompiledMessage, maker: LinkMaker) -> PersonalLinks:
	"""Return the function that makes the view link, the tracked links and the pixel of each recipient."""
	targets = {
		name: LinkTarget(link.name, link.url)
		for name, link in _named(mailing, message).items()
		if link.enabled
	}
	for url in message.automatic_links:
		targets[url] = LinkTarget(automatic_id(mailing.link_source, url), url, automatic=True)
	return PersonalLinks(maker, targets, informational=mailing.informational)


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
