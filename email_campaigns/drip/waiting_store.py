"""Steps that wait for their twin: the same step of another enrolment to the same address, which is still to
leave.

They are decided on when that one has ended: Skipped where it was sent, else they leave themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import frappe

from email_campaigns.audience.decide import PER_ENROLMENT, UNSUBSCRIBED
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger import twins_store
from email_campaigns.delivery.ledger.ends_store import RELEASE, end_queued
from email_campaigns.delivery.ledger.twins_store import Twins, WaitingMail
from email_campaigns.delivery.mailing.mailing_store import INFORMATIONAL


def decide_waiting(campaign: str, waiting: Sequence[WaitingMail]) -> None:
	"""Decide on some of a campaign's mails that wait; those whose twins are still to leave wait on.

	The transaction must have read nothing before, as in `plan_store.lock_due`.
	"""
	policy, kind = frappe.db.get_value(
		"Campaign", campaign, ["duplicate_policy", "campaign_type"], for_update=True
	)
	if policy == PER_ENROLMENT:
		twins_store.release([mail.number for mail in waiting])
		return
	twins = Twins(campaign, [mail.email for mail in waiting])
	released: list[int] = []
	skipped: dict[str, list[int]] = defaultdict(list)
	for mail in waiting:
		taken = twins.taken(mail.email, mail.source, mail.since, before=mail.number)
		if kind != INFORMATIONAL and twins.has_left(mail.email, mail.since):
			skipped[UNSUBSCRIBED].append(mail.number)
		elif mail.step not in taken:
			released.append(mail.number)
		elif taken[mail.step]:
			skipped[taken[mail.step]].append(mail.number)
	twins_store.release(released)
	_skip(skipped)


def _skip(skipped: dict[str, list[int]]) -> None:
	for reason, names in skipped.items():
		end_queued("c.name IN %(names)s", {"names": tuple(names)}, "Skipped", reason, RELEASE)
		copies_store.follow_mails(names)
