"""The domains of recipients whose provider blocks this site, and how long the mails to them wait.

A row of tabDomain Hold is such a domain: how many blocks were counted since when, and a hold. Where a hold
is over, mails leave again; further blocks hold the domain for longer. Times are those of the database's
clock.
"""

from __future__ import annotations

from collections.abc import Collection

import frappe
from frappe import _
from frappe.utils import format_datetime

from email_campaigns.schedule.limits import HOUR
from email_campaigns.site_time import database_epoch, site_time
from email_campaigns.translation import in_language, site_language

WINDOW = 24 * HOUR  # seconds over which blocks are counted
HOLD_HOURS = (1, 4, 12, 24)
LOOKED_AT = 5000  # queued mails
FORGIVEN = 7 * 24 * HOUR  # seconds after the last hold; then the next is as short as the first


def held(epoch: int) -> dict[str, int]:
	"""Return {domain in lower case: Unix time until which mails to it wait} at `epoch` (Unix seconds)."""
	return dict(
		frappe.db.sql("SELECT LOWER(name), held_epoch FROM `tabDomain Hold` WHERE held_epoch > %s", epoch)
	)


def is_held(domain: str) -> bool:
	"""Tell whether mails to a domain wait at this moment."""
	return domain.lower() in held(database_epoch())


def held_since_ever() -> set[str]:
	"""Return the domains whose mails wait or have waited: what was blocked there has had its consequence."""
	return set(frappe.db.sql("SELECT LOWER(name) FROM `tabDomain Hold` WHERE level > 0", pluck=True))


def count_block(domain: str, words: str) -> tuple[int, int]:
	"""Count one mail that the provider of a domain has blocked, with its words.

	Returns how many there were within the last WINDOW, and since when, in Unix seconds.
	"""
	now, user = database_epoch(), frappe.session.user
	stamp = site_time(now)
	frappe.db.sql(
		"""INSERT INTO `tabDomain Hold`
			(name, creation, modified, owner, modified_by, domain, blocked, since_epoch, level, held_epoch,
			words)
		VALUES (%(domain)s, %(at)s, %(at)s, %(user)s, %(user)s, %(domain)s, 1, %(now)s, 0, 0, %(words)s)
		ON DUPLICATE KEY UPDATE blocked = IF(since_epoch < %(old)s, 1, blocked + 1),
			since_epoch = IF(since_epoch < %(old)s, %(now)s, since_epoch), words = %(words)s,
			modified = %(at)s""",
		{
			**{"domain": domain.lower(), "at": stamp, "user": user, "now": now},
			**{"words": words, "old": now - WINDOW},
		},
	)
	row = frappe.db.get_value("Domain Hold", domain.lower(), ["blocked", "since_epoch"], for_update=True)
	return (row[0], row[1]) if row else (0, now)


def count_sent(domain: str, since: int) -> int:
	"""Return how many mails have left to a domain since a time (Unix seconds)."""
	return frappe.db.sql(
		"SELECT COUNT(*) FROM `tabCampaign Message` WHERE sent_epoch >= %s AND domain = %s", (since, domain)
	)[0][0]


def hold(domains: Collection[str], words: str) -> int:
	"""Let the mails to some domains wait, longer than the last time; returns until when, in Unix seconds.

	Batches under way give back those that have not left.
	"""
	now = database_epoch()
	levels = frappe.get_all("Domain Hold", {"name": ("in", list(domains))}, ["level", "held_epoch"])
	level = max((row.level for row in levels if row.held_epoch > now - FORGIVEN), default=0)
	until = now + HOLD_HOURS[min(level, len(HOLD_HOURS) - 1)] * HOUR
	for domain in sorted(domains):
		count_block(domain, words)
		frappe.db.sql(
			"""UPDATE `tabDomain Hold` SET level = %s, held_epoch = %s, held_until = %s, blocked = 0,
				since_epoch = %s WHERE name = %s""",
			(level + 1, until, site_time(until), until, domain.lower()),
		)
	_release(domains)
	return until


def forget_old() -> None:
	"""Delete the domains that have had no block for so long that the next one would count anew."""
	old = database_epoch() - FORGIVEN
	frappe.db.sql("DELETE FROM `tabDomain Hold` WHERE since_epoch < %s AND held_epoch < %s", (old, old))


def _release(domains: Collection[str]) -> None:
	claimed = "lease_until > 0 AND status = 'Queued' AND claim != '' AND domain IN %(domains)s"
	values = {"domains": tuple(domains)}
	names = frappe.db.sql(f"SELECT name FROM `tabCampaign Message` WHERE {claimed}", values, pluck=True)
	if names:
		frappe.db.sql(
			f"""UPDATE `tabCampaign Message` SET claim = '', lease_until = 0
			WHERE name IN %(names)s AND {claimed}""",
			{**values, "names": tuple(names)},
		)


def hold_sentence(domains: Collection[str], words: str, until: int) -> str:
	"""Return what the log and a notification say of a hold, in the site's language."""
	with in_language(site_language()):
		sentence = _("Mails to {0} wait until {1}, because their provider blocks us: {2}")
		return sentence.format(", ".join(sorted(domains)), format_datetime(site_time(until)), words)


def waiting_sentence(source: str) -> str:
	"""Return which mails of a mailing wait for providers that block it, "" where none does."""
	rows = frappe.db.sql(
		# A form asks every few seconds, so it looks at the next mails alone.
		f"""SELECT h.name, h.held_epoch, h.words FROM `tabDomain Hold` h
		WHERE h.held_epoch > UNIX_TIMESTAMP() AND h.name IN (SELECT q.domain FROM (
			SELECT domain FROM `tabCampaign Message` WHERE source = %s AND status = 'Queued'
			ORDER BY send_after LIMIT {LOOKED_AT}) q)
		ORDER BY h.held_epoch, h.name""",
		source,
	)
	if not rows:
		return ""
	domains = ", ".join(name for name, _until, _words in rows)
	sentence = _(
		"Mails to {0} wait until {1}, because their provider blocks us. The others go on. It said: {2}"
	)
	return sentence.format(domains, format_datetime(site_time(rows[0][1])), rows[0][2])
