"""Tracking Links in the database: those that a template may name, and those made for plain links."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now


@dataclass(frozen=True, slots=True)
class Link:
	"""One Tracking Link; `message` is shown in place of a redirect where `url` is ""."""

	name: str
	title: str
	url: str
	message: str
	enabled: bool


_COLUMNS = "name, title, IF(show_message, '', COALESCE(url, '')), COALESCE(message, ''), enabled"


def read_link(name: str) -> Link | None:
	"""Return a link, or None where it has been deleted."""
	rows = frappe.db.sql(f"SELECT {_COLUMNS} FROM `tabTracking Link` WHERE name = %s", name)
	return _link(rows[0]) if rows else None


def links_by_name(campaign: str, names: Collection[str]) -> dict[str, Link]:
	"""Return {name: link} of the links that a template may name.

	A link of `campaign` goes by its title and by its id, any other by its id, if that is among `names`.
	"""
	own = "campaign = %(campaign)s AND is_automatic = 0"
	rows = frappe.db.sql(
		f"SELECT {_COLUMNS}, COALESCE({own}, 0) FROM `tabTracking Link` WHERE {own} OR name IN %(names)s",
		{"campaign": campaign, "names": tuple(names) or ("",)},
	)
	titles = {row[1]: _link(row) for row in rows if row[-1]}
	return titles | {row[0]: _link(row) for row in rows}


def _link(row: tuple) -> Link:
	name, title, url, message, enabled = row[:5]
	return Link(name, title, url, message, bool(enabled))


def save_automatic(source: str, campaign: str, links: Mapping[str, tuple[str, str]]) -> None:
	"""Create the missing Tracking Links of the plain links of the mailing `source`.

	`links` is {name (links.automatic_id): (URL, title)}.
	"""
	if not links:
		return
	known = frappe.db.sql("SELECT name FROM `tabTracking Link` WHERE name IN %s", (tuple(links),), pluck=True)
	stamp, user = now(), frappe.session.user
	rows = [
		(name, stamp, stamp, user, user, title, campaign, url, source)
		for name, (url, title) in links.items()
		if name not in known
	]
	if rows:
		places = f"({', '.join(['%s'] * 9)}, 1, 1, 0)"
		# Two jobs may find a link missing at the same moment; both give it the same name.
		frappe.db.sql(
			"""INSERT IGNORE INTO `tabTracking Link` (name, creation, modified, owner, modified_by, title,
				campaign, url, source, enabled, is_automatic, show_message) VALUES """
			+ ", ".join([places] * len(rows)),
			[value for values in rows for value in values],
		)


def follow_renamed_campaign(old: str, new: str) -> None:
	"""Let the links of a renamed campaign's steps name their mailing (“campaign / step”) as it is now."""
	frappe.db.sql(
		"""UPDATE `tabTracking Link`
		SET source = CONCAT(%(new)s, ' / ', SUBSTRING_INDEX(source, ' / ', -1))
		WHERE campaign = %(new)s AND is_automatic = 1
			AND source = CONCAT(%(old)s, ' / ', SUBSTRING_INDEX(source, ' / ', -1))""",
		{"old": old, "new": new},
	)


def check_deletable(link: Document) -> None:
	"""Raise ValidationError where mails with a Tracking Link may have left, for their readers need it.

	Of a link without a campaign the log alone says whether it was used.
	"""
	used = (
		_mails("source = %s", link.source)
		or _mails("campaign = %s AND status IN ('Sending', 'Sent', 'Uncertain')", link.campaign)
		or frappe.db.sql("SELECT 1 FROM `tabCampaign Log` WHERE link = %s LIMIT 1", link.name)
	)
	if used:
		frappe.throw(
			_(
				"The link {0} can't be deleted, because it may stand in mails that were sent. Disable it"
				" instead: then it leads to a page that says so."
			).format(frappe.bold(link.title)),
			title=_("The Link Is in Use"),
		)


def _mails(condition: str, value: str | None) -> bool:
	query = f"SELECT 1 FROM `tabCampaign Message` WHERE {condition} LIMIT 1"
	return bool(value and frappe.db.sql(query, value))
