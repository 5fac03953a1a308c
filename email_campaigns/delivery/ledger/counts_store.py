"""The mails of a mailing by status: counted from the ledger, and stored on the mailing's form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import frappe
from frappe.utils import cint

from email_campaigns.delivery.ledger.row import EndedMail, MailSelection
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


def move_counts(name: str, status: str, target: str, number: int) -> None:
	"""Count `number` mails of a mailing that went from `status` to `target`."""
	add_to_counts(name, **count_deltas(status, target, number))


def settled_deltas(ended: Iterable[EndedMail]) -> Counter[str]:
	"""Return {figure: change} of the mails of a batch that is settled, for `add_to_counts`.

	They counted as Sending so far; a late one was Uncertain when its lease was taken back.
	"""
	changes = Counter(("Uncertain" if mail.late else "Sending", mail.status) for mail in ended)
	deltas: Counter[str] = Counter()
	for (before, after), number in changes.items():
		deltas.update(count_deltas(before, after, number))
	return deltas


def recount_mails(source: str) -> dict[str, tuple[int, int]]:
	"""Set the counters of a Mass Email, of mails and of people, to what its ledger says.

	Returns {counter: (stored, counted)} of those that differed.

	The form's row is locked before anything is counted, as `add_to_counts` locks it. The transaction must
	have read nothing before that, or it would count the ledger of an earlier moment.
	"""
	if not frappe.db.sql("SELECT 1 FROM `tabMass Email` WHERE name = %s FOR UPDATE", source):
		return {}
	different = _compare_mails(source)
	values = {counter: counted for counter, (_stored, counted) in different.items()}
	if values:
		frappe.db.set_value("Mass Email", source, values, update_modified=False)
	return different | results.recount_people(source)


def compare_counts(source: str) -> dict[str, tuple[int, int]]:
	"""Return {counter: (stored, counted)} of the counters of a Mass Email that differ from its ledger.

	It locks nothing. Both numbers are of one moment where the transaction has changed nothing.
	"""
	return _compare_mails(source) | results.compare_people(source)


def _compare_mails(source: str) -> dict[str, tuple[int, int]]:
	numbers = _count_settled(source)
	counters = [f"{kind}_count" for kind in COUNTS]
	stored = frappe.db.get_value("Mass Email", source, counters) or [0] * len(counters)
	counted = [sum(numbers[status] for status in states) for states in COUNTS.values()]
	pairs = zip(counters, map(cint, stored), counted, strict=True)
	return {counter: (form, ledger) for counter, form, ledger in pairs if form != ledger}


def _count_settled(source: str) -> Counter[str]:
	"""Return {status: number of mails}.

	A mail that has ended in a batch which is not settled yet counts as it did before, as in
	`settled_deltas`: the batch adds its end when it settles.
	"""
	rows = frappe.db.sql(
		"""SELECT IF(COALESCE(claim, '') = '' OR status IN ('Queued', 'Sending'), status,
			IF(lease_until > 0, 'Sending', 'Uncertain')) counted, COUNT(*)
		FROM `tabCampaign Message` WHERE source = %s GROUP BY counted""",
		source,
	)
	return Counter(dict(rows))


def publish_progress(name: str) -> None:
	"""Let the open forms of a Mass Email show its figures, after the commit."""
	frappe.publish_realtime(
		"mass_email_progress", {"name": name}, doctype="Mass Email", docname=name, after_commit=True
	)


def add_to_counts(name: str, **deltas: int) -> None:
	"""Add to the counters of a mailing, in mails. Cheap enough for every batch, unlike `recount_mails`."""
	sums = ", ".join(f"{kind}_count = {kind}_count + {int(n)}" for kind, n in deltas.items() if n)
	if sums:
		frappe.db.sql(f"UPDATE `tabMass Email` SET {sums} WHERE name = %s", name)
	publish_progress(name)
