"""Uncertain mails that arrived after all: the row becomes Sent, and the log says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import frappe

from email_campaigns import lifecycle
from email_campaigns.delivery.ledger.log_store import log_sent
from email_campaigns.site_time import site_now, site_time
from email_campaigns.text import _lt

SHOWN_BY_EVENT = _lt("What happened to it shows that it arrived.")


def lock_uncertain(names: Collection[int]) -> dict[int, int]:
	"""Lock the Uncertain ones of some mails that no job holds; return {number: Unix seconds of sending}."""
	rows = frappe.db.sql(
		"""SELECT name, COALESCE(sent_epoch, 0) FROM `tabCampaign Message`
		WHERE name IN %s AND status = 'Uncertain' AND lease_until = 0 FOR UPDATE""",
		(tuple(names) or (0,),),
	)
	return dict(rows)


def mark_sent(sent_epochs: Mapping[int, int], reason: str) -> None:
	"""Make Uncertain mails Sent and log the reason in words; `sent_epochs` is as from `lock_uncertain`."""
	names_by_epoch: dict[int, list[int]] = defaultdict(list)
	for name, epoch in sent_epochs.items():
		names_by_epoch[epoch].append(name)
	for epoch, names in names_by_epoch.items():
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Sent', reason = '', sent_at = %s
			WHERE name IN %s AND status = 'Uncertain' AND status IN %s""",
			(
				site_time(epoch) if epoch else site_now(),
				tuple(names),
				lifecycle.origins("Campaign Message", "Sent"),
			),
		)
	log_sent(tuple(sent_epochs), reason)
