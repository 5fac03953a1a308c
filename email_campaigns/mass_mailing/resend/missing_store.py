"""Missing members: they got nothing, for they joined a list after the freeze, or were left out then.

A search goes slice by slice like a freeze, and decides by its rules; a slice and the place where it ended are
one transaction. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import frappe
from frappe import _

from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import PER_ADDRESS, Candidate
from email_campaigns.audience.lists import members_store
from email_campaigns.delivery import enqueue_store
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.ledger.row import LedgerEntry
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing import ab_versions, freeze, status_store
from email_campaigns.mass_mailing.resend import requeue_store, resend_store
from email_campaigns.mass_mailing.resend.resend import LedgerRow, ResendPlan

LEFT_OUT = ("Skipped", "Expired", "Cancelled")
_OF_MEMBERS = "cc_of = 0 AND resend_of = 0 AND is_seed = 0"


def count_missing(name: str) -> dict:
	"""Return {"joined": members without a row in the ledger, "left_out": rows that ended without a mail}."""
	lists = mailing_store.load_mass_email(name).lists
	joined = frappe.db.sql(
		f"""SELECT COUNT(*) FROM `tabTarget List Member` m WHERE m.target_list IN %s AND NOT EXISTS (
			SELECT 1 FROM `tabCampaign Message` WHERE member = m.name AND source = %s AND {_OF_MEMBERS})""",
		(lists or ("",), name),
	)[0][0]
	left_out = frappe.db.sql(
		f"""SELECT COUNT(*) FROM `tabCampaign Message`
		WHERE source = %s AND status IN %s AND {_OF_MEMBERS}""",
		(name, LEFT_OUT),
	)[0][0]
	return {"joined": joined, "left_out": left_out}


def start_search(name: str) -> None:
	"""Start the search. Raises ValidationError where nothing can be sent, or a search is under way."""
	resend_store.begin_resend(name)
	if status_store.lock(name).missing_cursor:
		frappe.throw(_("Missing members are being looked for already."))
	_set_cursor(name, 1)


def stop_search(name: str, problem: str = "") -> None:
	"""End the search; the mailing's form shows the `problem` for which it could not go on, if any."""
	_set_cursor(name, 0)
	if problem:
		status_store.show_problem(name, problem)


def _set_cursor(name: str, cursor: int) -> None:
	frappe.db.set_value("Mass Email", name, "missing_cursor", cursor, update_modified=False)


def queue_next(name: str) -> bool:
	"""Queue the mails of the next slice of members who may have one now; return whether there may be more."""
	# Locked before anything else is read, so that all of it is as it is now.
	doc = status_store.lock(name)
	if not doc or not doc.missing_cursor:
		return False
	mailing, problem = mailing_store.load_mass_email(name), resend_store.current_hindrance(doc)
	members = (
		[] if problem else members_store.read_slice(mailing.lists, mailing.excluding, doc.missing_cursor - 1)
	)
	if members:
		_queue_slice(mailing, members)
		_set_cursor(name, members[-1].member + 1)
		return True
	_finish(mailing, problem)
	return False


def _finish(mailing: Mailing, problem: str) -> None:
	stop_search(mailing.name, problem)
	counts_store.recount_mails(mailing.name)
	if mailing.spread_until:
		resend_store.continue_sending(mailing)


def _queue_slice(mailing: Mailing, members: list[Candidate]) -> None:
	known = _read_rows(mailing, members)
	missing = [
		member
		for member in members
		if member.member not in known or _ended_without_mail(known[member.member])
	]
	if not missing:
		return
	earlier = {member.member: known[member.member] for member in missing if member.member in known}
	keys = freeze.mail_keys(mailing, missing)
	taken = _taken_keys(mailing, keys, missing, earlier) if keys else set()
	versions = ab_versions.versions_after_freeze(mailing.ab_test, mailing.ab_winner)
	_write(mailing, freeze.freeze_slice(mailing, missing, taken, versions=versions), earlier)


def _ended_without_mail(row: LedgerRow) -> bool:
	return row.status in LEFT_OUT and row.settled


def _read_rows(mailing: Mailing, members: Iterable[Candidate]) -> dict[int, LedgerRow]:
	values = {"source": mailing.name, "members": tuple(member.member for member in members)}
	condition = f"source = %(source)s AND member IN %(members)s AND {_OF_MEMBERS}"
	return {row.member: row for row in resend_store.read_rows(condition, values)}


def _taken_keys(
	mailing: Mailing, keys: list[str], missing: list[Candidate], earlier: Mapping[int, LedgerRow]
) -> set[str]:
	"""Return which of `keys` are taken; those of the `earlier` rows, which are decided upon anew, are free.

	Where an address counts, the addresses that a mail was sent again to are taken as well.
	"""
	held = frappe.db.sql(
		"""SELECT dedupe_key FROM `tabCampaign Message` WHERE source = %s AND step = 0 AND dedupe_key IN %s
			AND status != 'Skipped' AND name NOT IN %s""",
		(mailing.name, tuple(keys), tuple(row.name for row in earlier.values()) or (0,)),
		pluck=True,
	)
	if mailing.duplicate_policy != PER_ADDRESS:
		return set(held)
	emails = frappe.db.sql(
		"SELECT email FROM `tabCampaign Message` WHERE email IN %s AND source = %s AND resend_of > 0",
		(tuple(member.email for member in missing), mailing.name),
		pluck=True,
	)
	return {*held, *(f"a:{address_key(email)}" for email in emails)}


def _write(mailing: Mailing, entries: list[LedgerEntry], earlier: Mapping[int, LedgerRow]) -> None:
	"""Write a row for each member who has none, and queue the earlier rows whose reason no longer holds."""
	new = [entry for entry in entries if entry.decision.candidate.member not in earlier]
	mails = [entry for entry in entries if not entry.decision.reason]
	wanted = {entry.decision.dedupe_key: _earlier_name(entry, earlier) for entry in mails}
	requeue_store.free_keys(mailing, wanted, [row.name for row in earlier.values()])
	if new:
		enqueue_store.enqueue(mailing, new)
		planned = sum(not entry.decision.reason for entry in new)
		counts_store.add_to_counts(mailing.name, planned=planned, skipped=len(new) - planned)
	plans = [_resend_plan(entry, earlier) for entry in mails if _earlier_name(entry, earlier)]
	requeue_store.requeue(mailing, plans)
	if mails:
		status_store.reopen(mailing.name)


def _earlier_name(entry: LedgerEntry, earlier: Mapping[int, LedgerRow]) -> int:
	row = earlier.get(entry.decision.candidate.member)
	return row.name if row else 0


def _resend_plan(entry: LedgerEntry, earlier: Mapping[int, LedgerRow]) -> ResendPlan:
	candidate = entry.decision.candidate
	return ResendPlan(earlier[candidate.member], candidate, entry.decision.dedupe_key)
