"""Finds the twins of enrolments: other enrolments of their campaign that mail, or have left, for an address.

Each statement finds its rows by the index of address and step, so it takes a time that grows with what the
ledger has of sequences to these addresses, and not with the campaign or with mailings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import frappe
from frappe.utils import now_datetime

from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import UNSUBSCRIBED
from email_campaigns.delivery.ledger.row import WAITS_FOR_TWIN, WAITS_FOR_WINNER
from email_campaigns.delivery.ledger.twins import TAKEN, TwinMail, taken_steps, twins_of
from email_campaigns.lifecycle import EMAIL_CAMPAIGN, UNFINISHED_EMAIL_CAMPAIGN
from email_campaigns.text import Sentence
from email_campaigns.translation import translate

# The mails `m` of the enrolments `o` of one campaign to some addresses. Only sequences have steps; no other
# condition may suggest another index than that of the address.
_MAILS = """`tabCampaign Message` m STRAIGHT_JOIN `tabEmail Campaign` o ON o.name = m.source
	WHERE m.email IN %(emails)s AND m.step > 0 AND m.cc_of + 0 = 0 AND o.campaign_name = %(campaign)s"""


def waiting(prefix: str = "") -> str:
	"""Return the condition that a row of the ledger waits for its twin."""
	span = f"{WAITS_FOR_TWIN} AND {WAITS_FOR_WINNER - 1}"
	return f"{prefix}status = 'Queued' AND {prefix}send_after BETWEEN {span}"


class WaitingMail(NamedTuple):
	"""A mail that waits for its twin: its row, enrolment, step and address, and when that enrolment was
	made."""

	number: int
	source: str
	step: int
	email: str
	since: datetime


class Twins:
	"""The mails of a campaign's sequences to some addresses, and who has left one of these sequences."""

	def __init__(self, campaign: str, emails: Iterable[str]):
		values = {"campaign": campaign, "emails": tuple({email for email in emails if email}) or ("",)}
		self._mails = _read_mails(values)
		self._left = _read_left(values)

	def mails_for(self, email: str, source: str, since: datetime) -> list[TwinMail]:
		"""Return the mails to an address that count for the enrolment `source`, made at `since`."""
		return twins_of(self._mails[address_key(email)], source, since)

	def taken(self, email: str, source: str, since: datetime, before: int = 0) -> dict[int, str]:
		"""Return {step: why the enrolment `source` does not mail it to an address} of those that a twin has.

		The reason is "" while the twin is still to leave. `before` as in `taken_steps`.
		"""
		return {
			step: "" if twin.waiting else translate(Sentence(TAKEN, twin.source))
			for step, twin in taken_steps(self.mails_for(email, source, since), before).items()
		}

	def has_left(self, email: str, since: datetime) -> bool:
		"""Tell whether an address has left one of the sequences since a time of the site's clock."""
		return any(moment >= since for moment in self._left[address_key(email)])

	def add(self, email: str, source: str, step: int) -> None:
		"""Add a mail that is about to be queued."""
		mail = TwinMail(0, source, step, "Queued", running=True, latest=now_datetime())
		self._mails[address_key(email)].append(mail)


def _read_mails(values: dict) -> dict[str, list[TwinMail]]:
	rows = frappe.db.sql(
		f"""SELECT m.email, m.name, m.source, m.step, m.status, o.status IN %(open)s,
			GREATEST(m.creation, COALESCE(m.sent_at, m.creation), COALESCE(m.replied_at, m.creation)),
			m.opened_at IS NOT NULL, m.clicked_at IS NOT NULL, m.replied_at IS NOT NULL
		FROM {_MAILS}""",
		{**values, "open": UNFINISHED_EMAIL_CAMPAIGN},
	)
	mails: dict[str, list[TwinMail]] = defaultdict(list)
	for email, number, source, step, status, running, latest, *acted in sorted(rows, key=lambda row: row[1]):
		mail = TwinMail(number, source, step, status, bool(running), latest, *map(bool, acted))
		mails[address_key(email)].append(mail)
	return mails


def _read_left(values: dict) -> dict[str, list[datetime]]:
	"""Return {key of an address: when it left a sequence of the campaign, or a list that is enrolled}."""
	rows = frappe.db.sql(
		"""SELECT u.email, u.creation FROM `tabEmail Unsubscribe` u
			JOIN `tabEmail Campaign` o ON o.name = u.reference_name AND o.campaign_name = %(campaign)s
		WHERE u.email IN %(emails)s AND u.reference_doctype = %(doctype)s
		UNION ALL SELECT s.email, s.creation FROM `tabSuppressed Email` s
			JOIN `tabEmail Campaign` o ON o.recipient = s.target_list AND o.campaign_name = %(campaign)s
				AND o.email_campaign_for = 'Target List'
		WHERE s.email IN %(emails)s AND s.reason = %(reason)s""",
		{**values, "doctype": EMAIL_CAMPAIGN, "reason": UNSUBSCRIBED},
	)
	left: dict[str, list[datetime]] = defaultdict(list)
	for email, moment in rows:
		left[address_key(email)].append(moment)
	return left


def sources_of(campaign: str, email: str) -> list[str]:
	"""Return the enrolments of a campaign under way that the ledger knows an address of."""
	rows = frappe.db.sql(
		f"SELECT DISTINCT m.source, m.email FROM {_MAILS} AND o.status IN %(open)s",
		{"campaign": campaign, "emails": (email,), "open": UNFINISHED_EMAIL_CAMPAIGN},
	)
	return sorted({source for source, address in rows if address_key(address) == address_key(email)})


def campaigns_with_waiting() -> list[str]:
	"""Return the campaigns that have a mail which waits for its twin."""
	return frappe.db.sql(
		f"""SELECT c.name FROM `tabCampaign` c WHERE EXISTS (SELECT 1 FROM `tabCampaign Message`
			WHERE campaign = c.name AND {waiting()})""",
		pluck=True,
	)


def read_waiting(campaign: str) -> list[WaitingMail]:
	"""Return the mails of a campaign that wait for their twins, the eldest first."""
	rows = frappe.db.sql(
		f"""SELECT m.name, m.source, m.step, m.email, e.creation FROM `tabCampaign Message` m
			JOIN `tabEmail Campaign` e ON e.name = m.source
		WHERE m.campaign = %s AND {waiting("m.")}""",
		campaign,
	)
	# Sorted here: to read them in this order, MariaDB may go through the whole table.
	return sorted(WaitingMail(*row) for row in rows)


def release(names: Collection[int]) -> None:
	"""Let mails that wait for their twins leave at their own time."""
	if names:
		frappe.db.sql(
			f"""UPDATE `tabCampaign Message` SET send_after = send_after - {WAITS_FOR_TWIN}
			WHERE name IN %s AND {waiting()}""",
			(tuple(names),),
		)
