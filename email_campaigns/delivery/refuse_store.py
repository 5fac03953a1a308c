"""Mails that were planned to an address that has been forgotten on request: they never leave."""

from __future__ import annotations

import frappe

from email_campaigns.audience import forgotten_store
from email_campaigns.audience.forgotten import FORGOTTEN
from email_campaigns.delivery.mailing.mailing import Claimed


def without_forgotten(rows: list[Claimed]) -> list[Claimed]:
	"""Return the claimed mails that may leave; the others are Skipped, without the address that the ledger had learnt."""
	forgotten = forgotten_store.which([row.email for row in rows])
	refused = tuple(row.name for row in rows if row.email in forgotten)
	if refused:
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Skipped', reason = %s, email = '', domain = '',
				dedupe_key = CONCAT('f:', name), recipient_doctype = NULL, recipient_name = NULL
			WHERE name IN %s AND status = 'Queued'""",
			(FORGOTTEN, refused),
		)
	return [row for row in rows if row.email not in forgotten]
