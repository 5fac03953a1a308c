"""The mails of a mailing by status: counted from the ledger, and stored on the mailing's form."""

from __future__ import annotations

from collections import Counter

import frappe

from email_campaigns.delivery.ledger.row import MailSelection
from email_campaigns.results import store as results

COUNTS = {
	"planned": ("Queued", "Sending", "Sent", "Failed", "Uncertain", "Expired", "Cancelled"),
	"sent": ("Sent",),
	"failed": ("Failed", "Expired"),
	"skipped": ("Skipped",),
	"uncertain": ("Uncertain",),
	"cancelled": ("Cancelled",),
}


def hourly_rate(source: str, epoch: int) -> int:
	"""Return the rate of a mailing in mails an hour: twelve times the mails of the last five minutes."""
	return 12 * frappe.db.count("Campaign Message", {"source": source, "sent_epoch": (">", epoch - 300)})


def count_unclaimed(source: str) -> int:
	"""Return the number of Queued mails of a mailing that no batch has claimed."""
	return frappe.db.sql(
		"SELECT COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND status = 'Queued' AND claim = ''",
		source,
	)[0][0]


def count_remaining(source: str) -> int:
	"""Return the number of mails of a mailing that are still to leave."""
	numbers = count_by_status(source)
	return numbers.get("Queued", 0) + numbers.get("Sending", 0)


def is_open(source: str) -> bool:
	"""Tell whether a mail of a mailing is still to leave, or a batch of it is not settled yet."""
	return bool(
		frappe.db.sql(
			"""SELECT EXISTS(SELECT 1 FROM `tabCampaign Message` WHERE source = %(source)s
				AND status IN ('Queued', 'Sending'))
			OR EXISTS(SELECT 1 FROM `tabCampaign Message` WHERE source = %(source)s AND lease_until > 0)""",
			{"source": source},
		)[0][0]
	)


def count_due(queue: MailSelection, epoch: int, limit: int) -> int:
	"""Return the number of mails of a queue that are due at `epoch` (Unix seconds), counted up to `limit`."""
	return frappe.db.sql(
		f"""SELECT COUNT(*) FROM (SELECT 1 FROM `tabCampaign Message` WHERE {queue.condition}
			AND status = 'Queued' AND claim = '' AND send_after <= %(epoch)s LIMIT %(limit)s) few""",
		{**queue.values, "epoch": epoch, "limit": limit},
	)[0][0]


def count_by_status(source: str) -> dict[str, int]:
	"""Return {status: number of mails} of a mailing. The query reads only an index."""
	return dict(
		frappe.db.sql(
			"SELECT status, COUNT(*) FROM `tabCampaign Message` WHERE source = %s GROUP BY status", source
		)
	)


def count_by_reason(source: str) -> dict[str, int]:
	"""Return {reason: number of members} of those that were skipped, the most frequent first."""
	return dict(
		frappe.db.sql(
			"""SELECT reason, COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND status = 'Skipped'
			GROUP BY reason ORDER BY COUNT(*) DESC""",
			source,
		)
	)


def count_deltas(status: str, target: str, number: int) -> dict[str, int]:
	"""Return {figure: change} of `number` mails that go from `status` to `target`, for `add_to_counts`."""
	return {
		kind: number * ((target in states) - (status in states))
		for kind, states in COUNTS.items()
		if (target in states) != (status in states)
	}


def recount_mails(source: str) -> None:
	"""Count the mails of a Mass Email again and put the figures on its form.

	A mail that has ended in a batch which is not settled yet counts as Sending: the batch adds its end when
	it settles.
	"""
	numbers = Counter(count_by_status(source))
	for status, number in frappe.db.sql(
		"""SELECT status, COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND lease_until > 0
			AND status NOT IN ('Queued', 'Sending') GROUP BY status""",
		source,
	):
		numbers[status] -= number
		numbers["Sending"] += number
	values = {f"{kind}_count": sum(numbers[status] for status in states) for kind, states in COUNTS.items()}
	frappe.db.set_value("Mass Email", source, values, update_modified=False)
	results.recount_people(source)


def publish_progress(name: str) -> None:
	"""Let the open forms of a Mass Email show its figures, after the commit."""
	frappe.publish_realtime(
		"mass_email_progress", {"name": name}, doctype="Mass Email", docname=name, after_commit=True
	)


def add_to_counts(name: str, **deltas: int) -> None:
	"""Add to the counters of a mailing, in mails. Cheap enough for every batch, unlike `recount_mails`."""
	frappe.db.sql(
		"UPDATE `tabMass Email` SET "
		+ ", ".join(f"{kind}_count = {kind}_count + {int(n)}" for kind, n in deltas.items())
		+ " WHERE name = %s",
		name,
	)
	publish_progress(name)
