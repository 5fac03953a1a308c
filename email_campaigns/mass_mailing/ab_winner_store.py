"""The winner of an A/B test in the database: when it is due, the choice, and the release of the rest.

The choice is one UPDATE on the mailing with a condition on its state, so of two that race for it only one
succeeds. The release of the rest follows from the choice, slice by slice, and goes on wherever it was killed.
Nothing here commits.
"""

from __future__ import annotations

import frappe
from frappe.utils import cint

from email_campaigns.compat import affected_rows
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, WAITS_FOR_WINNER
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import REST
from email_campaigns.mass_mailing import status_store
from email_campaigns.mass_mailing.ab_versions import BY_HAND, KINDS, LABELS
from email_campaigns.results import store as results
from email_campaigns.results.ab import ABVerdict, compare, winner_reason
from email_campaigns.results.rates import Counts
from email_campaigns.schedule.limits import HOUR
from email_campaigns.site_time import site_now
from email_campaigns.translation import translate

SLICE = 5000
DAY = 24 * HOUR
UNDER_WAY = ("In Process", "Paused")
FIELDS = ["status", "frozen", "ab_seed", "ab_winner", "ab_winner_by", "ab_hours", "ab_due_epoch"]
_WAITS = "source = %(source)s AND status = 'Queued' AND send_after BETWEEN %(waiting)s AND %(end)s"


def _values(source: str, **values) -> dict:
	return {"source": source, "waiting": WAITS_FOR_WINNER, "end": WAITS_FOR_MAIL - 1, **values}


def mailings_under_test() -> list[str]:
	"""Return the mailings in process that have an A/B test, of campaigns that are not Inactive."""
	with_test = frappe.get_all("Mass Email", {"status": "In Process", "ab_seed": ("!=", "")}, pluck="name")
	return [name for name in mailing_store.in_process(frozen=True) if name in with_test]


def has_waiting(source: str) -> bool:
	"""Return whether mails of a mailing wait for the winner."""
	query = f"SELECT EXISTS(SELECT 1 FROM `tabCampaign Message` WHERE {_WAITS})"
	return bool(frappe.db.sql(query, _values(source))[0][0])


def count_waiting(source: str) -> int:
	"""Return how many mails of a mailing wait for the winner, from an index alone."""
	return frappe.db.sql(f"SELECT COUNT(*) FROM `tabCampaign Message` WHERE {_WAITS}", _values(source))[0][0]


def count_test_mails_remaining(source: str) -> int:
	"""Return how many mails of the test have still to leave."""
	return frappe.db.sql(
		"""SELECT COUNT(*) FROM `tabCampaign Message` WHERE source = %(source)s AND version IN %(labels)s
			AND (status = 'Queued' AND send_after < %(waiting)s OR status = 'Sending')""",
		_values(source, labels=LABELS),
	)[0][0]


def winner_due_at(name: str, row, epoch: int) -> int:
	"""Return when the winner is chosen (Unix seconds), 0 while that is not known yet.

	The hours count from the last mail of the test. `row` has FIELDS of the mailing; a test without a mail is
	over at `epoch` (Unix seconds).
	"""
	if row.ab_due_epoch:
		return cint(row.ab_due_epoch)
	if row.ab_winner_by == BY_HAND or not row.frozen or count_test_mails_remaining(name):
		return 0
	mails, last_sent = frappe.db.sql(
		"""SELECT COUNT(*), MAX(sent_epoch) FROM `tabCampaign Message`
		WHERE source = %s AND version IN %s AND is_seed = 0""",
		(name, LABELS),
	)[0]
	# Where no mail could be sent, people have this time to send them again.
	due = (cint(last_sent) or epoch) + (max(1, cint(row.ab_hours)) * HOUR if mails else 0)
	frappe.db.set_value("Mass Email", name, "ab_due_epoch", due, update_modified=False)
	return due


def choose_if_due(name: str, epoch: int) -> bool:
	"""Choose the winner by the figures if it is due at `epoch` (Unix seconds); return whether it was."""
	row = frappe.db.get_value("Mass Email", name, FIELDS, as_dict=True)
	if row.ab_winner or row.ab_winner_by not in KINDS or not has_waiting(name):
		return False
	due = winner_due_at(name, row, epoch)
	if not due or due > epoch:
		return False
	kind = KINDS[row.ab_winner_by]
	verdict = compare_versions(name, kind)
	return choose_winner(name, verdict.winner, translate(winner_reason(verdict, kind)), epoch)


def version_labels(name: str) -> tuple[str, ...]:
	"""Return the labels of a mailing's versions, A first; () where it has no test."""
	rows = frappe.get_all("Campaign AB Version", {"parent": name}, pluck="label", order_by="idx")
	return ("A", *rows) if rows else ()


def version_counts(name: str) -> dict[str, Counts]:
	"""Return {version: counts of people} of a mailing.

	The versions are labels for the test, "Rest" or "Rest B" for the rest, "" for mails in a language version.
	"""
	numbers_by_version = results.people_by(name, "{0}.version", 2 * len(LABELS))
	return {version: Counts(**numbers) for version, numbers in numbers_by_version.items()}


def compare_versions(name: str, kind: str, counts: dict[str, Counts] | None = None) -> ABVerdict:
	"""Compare the versions of a test by what people did.

	`kind` is one of KINDS' values; `counts` are those of `version_counts`, which are read where they are not
	passed in.
	"""
	counts = version_counts(name) if counts is None else counts
	return compare({label: counts.get(label, Counts()) for label in version_labels(name)}, kind)


def choose_winner(name: str, version: str, reason: str, epoch: int, user: str | None = None) -> bool:
	"""Choose the version that the rest gets, once; return whether that happened.

	`user` is the User who chose it, None where the figures did; `epoch` is now, in Unix seconds.
	"""
	frappe.db.sql(
		"""UPDATE `tabMass Email` SET ab_winner = %(version)s, ab_reason = %(reason)s,
			ab_chosen_by = %(user)s,
			ab_chosen_on = %(now)s, modified = %(now)s
		WHERE name = %(name)s AND COALESCE(ab_winner, '') = '' AND frozen = 1 AND status IN %(under_way)s""",
		{
			"name": name,
			"version": version,
			"reason": reason,
			"user": user,
			"now": site_now(),
			"under_way": UNDER_WAY,
		},
	)
	if affected_rows() != 1:
		return False
	frappe.clear_document_cache("Mass Email", name)
	# The hours of a spread begin anew, or the mails that waited would leave in one burst.
	frappe.db.set_value("Mass Email", name, "spread_until", 0, update_modified=False)
	status_store.spread_from(name, counts_store.count_remaining(name), epoch)
	return True


def release_rest(name: str, epoch: int) -> int:
	"""Give the next mails of the rest the chosen version, and let them leave; return how many there were.

	`epoch` is now, in Unix seconds. A mail that has an hour of its own leaves when that hour comes next.
	"""
	winner = frappe.db.get_value("Mass Email", name, "ab_winner")
	if not winner:
		return 0
	frappe.db.sql(
		f"""UPDATE `tabCampaign Message` SET version = %(version)s, send_after = IF(send_after > %(waiting)s,
			%(epoch)s + MOD(MOD(send_after - %(waiting)s - %(epoch)s, %(day)s) + %(day)s, %(day)s), 0)
		WHERE {_WAITS} LIMIT {SLICE}""",
		_values(name, version=f"{REST} {winner}", epoch=epoch, day=DAY),
	)
	return affected_rows()
