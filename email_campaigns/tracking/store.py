"""Tracking in the database: the site's keys, the mail that a token names, and stamps on that mail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import frappe
from frappe.utils import now
from frappe.utils.password import get_encryption_key

from email_campaigns.compat import affected_rows, site_url
from email_campaigns.tracking import log_store
from email_campaigns.tracking.links import LinkMaker
from email_campaigns.tracking.tokens import TokenRing

# In site_config.json: former encryption keys, newest first, so that links in mails already sent keep working.
FORMER_KEYS = "email_campaigns_former_encryption_keys"

# SQL over the ledger: the fields of a NamedMail, in their order.
NAMED_MAIL = """name, COALESCE(email, ''), COALESCE(campaign, ''), COALESCE(source_doctype, ''),
	COALESCE(source, ''), COALESCE(target_list, ''), COALESCE(recipient_doctype, ''),
	COALESCE(recipient_name, ''), COALESCE(cc_of, 0)"""


@dataclass(frozen=True, slots=True)
class NamedMail:
	"""The mail that a token names, as the ledger has it; a value is "" where it is not known.

	A copy (CC) has the number of its mail in `cc_of`, and the record of that mail's recipient.
	"""

	message: int
	email: str
	campaign: str
	source_doctype: str
	source: str
	target_list: str
	recipient_doctype: str
	recipient_name: str
	cc_of: int = 0


def token_ring(key_id: str = "") -> TokenRing:
	"""Return the site's keys: the first signs, the former ones still verify.

	With `key_id` that key signs. Raises KeyError where the site does not have it any more.
	"""
	return _ring((get_encryption_key(), *(frappe.conf.get(FORMER_KEYS) or ())), key_id)


@lru_cache(maxsize=256)
def _ring(keys: tuple[str, ...], first: str) -> TokenRing:
	secrets: dict[str, bytes] = {}
	for key in keys:
		secrets.setdefault(sha256(b"key id" + key.encode()).hexdigest()[:4], key.encode())
	return TokenRing({first: secrets[first], **secrets} if first else secrets)


def link_maker() -> LinkMaker:
	"""Return the maker of links to this site."""
	return LinkMaker(site_url(), token_ring())


def unsubscribe_url(message: int) -> str:
	"""Return the unsubscribe link of one mail. For many mails, call `link_maker` once and use what it
	returns."""
	return link_maker().unsubscribe(message)


def read_mail(message: int) -> NamedMail | None:
	"""Return the mail of a ledger row, or None where the row is gone."""
	row = frappe.db.sql(f"SELECT {NAMED_MAIL} FROM `tabCampaign Message` WHERE name = %s", message)
	return NamedMail(*row[0]) if row else None


def read_habits(emails: Sequence[str]) -> dict[str, Counter]:
	"""Return {address in lower case: {hour of the day, 0-23 on the site's clock: opens and clicks by
	people}}.

	Addresses that nothing is known of are left out.
	"""
	hours: dict[str, Counter] = defaultdict(Counter)
	for email, hour, number in frappe.db.sql(
		"""SELECT LOWER(email), HOUR(creation), COUNT(*) FROM `tabCampaign Log`
		WHERE email IN %s AND action IN ('Opened', 'Clicked') AND verdict = 'human' GROUP BY 1, 2""",
		(tuple(emails) or ("",),),
	):
		hours[email][hour] += number
	return hours


def stamp_opted_out(message: int) -> bool:
	"""Stamp the first opt-out on the ledger row; False where it has a stamp already or is gone."""
	frappe.db.sql(
		"UPDATE `tabCampaign Message` SET opted_out_at = %s WHERE name = %s AND opted_out_at IS NULL",
		(now(), message),
	)
	return affected_rows() > 0


def stamp_replied(message: int) -> bool:
	"""Stamp the first reply on the ledger row, which implies an open.

	Returns False where the row has a stamp already or is gone.
	"""
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` SET opened_at = COALESCE(opened_at, %(now)s), replied_at = %(now)s
		WHERE name = %(name)s AND replied_at IS NULL""",
		{"now": now(), "name": message},
	)
	return affected_rows() > 0


def log(
	action: str, mail: NamedMail, details: str, verdict: str = "human", *, own_wish: bool = False
) -> None:
	"""Log one fact about a mail; the last of MOST_A_MINUTE facts of a minute is counted on instead.

	`own_wish` says that the fact is about the reader of this very address. In a copy (CC) that is not the
	person whose record the ledger names.
	"""
	if last := log_store.last_of_many(mail.message, action, log_store.MOST_A_MINUTE):
		log_store.count_on(last)
		return
	log_store.append(
		action, now(), **_columns(mail, details, verdict, about_record=not (own_wish and mail.cc_of))
	)


def log_once(action: str, facts: Sequence[tuple[NamedMail, str]]) -> None:
	"""Log a fact that each mail has once, by its (mail, details); it is about the reader of that address."""
	rows = [_columns(mail, details, "human", about_record=not mail.cc_of) for mail, details in facts]
	log_store.append_many(action, now(), rows)


def _columns(mail: NamedMail, details: str, verdict: str, *, about_record: bool) -> dict[str, object]:
	return {
		"email": mail.email,
		"details": details,
		"verdict": verdict,
		"campaign": mail.campaign or None,
		"source_doctype": mail.source_doctype or None,
		"source": mail.source or None,
		"message": mail.message,
		"recipient_doctype": (mail.recipient_doctype or None) if about_record else None,
		"recipient_name": (mail.recipient_name or None) if about_record else None,
	}
