"""Members of a mailing's lists who got nothing: they joined after its audience was frozen, or were left out then.

They are looked for slice by slice like a freeze, and decided upon by its rules; a slice and the place where it ended
are one transaction. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import frappe
from frappe import _

from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import PER_ADDRESS, Candidate
from email_campaigns.audience.lists import members_store as audience
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
	"""Return {"joined", "left_out"}: members without a row in the ledger, and rows that ended without a mail."""
	lists = mailing_store.load_mass_email(name).lists
	joined = frappe.db.sql(
		f"""SELECT COUNT(*) FROM `tabTarget List Member` m WHERE m.target_list IN %s AND NOT EXISTS (
			SELECT 1 FROM `tabCampaign Message` WHERE member = m.name AND source = %s AND {_OF_MEMBERS})""",
		(lists or ("",), name),
	)[0][0]
	left_out = frappe.db.sql(
		f"""SELECT COUNT(*) FROM `tabCampaign Message` WHERE source = %s AND status IN %s AND {_OF_MEMBERS}""",
		(name, LEFT_OUT),
	)[0][0]
	return {"joined": joined, "left_out": left_out}


def start_search(name: str) -> None:
	"""Have missing members looked for. Raises ValidationError where nothing can be sent, or a search is under way."""
	resend_store.begin_resend(name)
	if status_store.lock(name).missing_cursor:
		frappe.throw(_("Missing members are being looked for already."))
	_go_to(name, 1)


def stop_search(name: str, problem: str = "") -> None:
	"""End the search, with the sentence on the mailing's form for which it could not go on."""
	_go_to(name, 0)
	if problem:
		status_store.show_problem(name, problem)


def _go_to(name: str, cursor: int) -> None:
	frappe.db.set_value("Mass Email", name, "missing_cursor", cursor, update_modified=False)


def queue_next(name: str) -> bool:
	"""Queue the mails of the next slice of members that may have one now; tell whether there may be more."""
	# Locked before anything else is read, so that all of it is as it is now.
	doc = status_store.lock(name)
	if not doc or not doc.missing_cursor:
		return False
	mailing, problem = mailing_store.load_mass_email(name), resend_store.current_hindrance(doc)
	members = [] if problem else audience.read_slice(mailing.lists, mailing.excluding, doc.missing_cursor - 1)
	if members:
		_take(mailing, members)
		_go_to(name, members[-1].member + 1)
		return True
	_finish(mailing, problem)
	return False


def _finish(mailing: Mailing, problem: str) -> None:
	stop_search(mailing.name, problem)
	counts_store.recount(mailing.name)
	if mailing.spread_until:
		resend_store.continue_sending(mailing)


def _take(mailing: Mailing, members: list[Candidate]) -> None:
	known = _rows(mailing, members)
	missing = [who for who in members if who.member not in known or _ended(known[who.member])]
	if not missing:
		return
	again = {who.member: known[who.member] for who in missing if who.member in known}
	freeze.freeze_slice(
		mailing,
		missing,
		lambda keys: _taken(mailing, keys, missing, again),
		lambda entries: _write(mailing, entries, again),
		versions=ab_versions.versions_after_freeze(mailing.ab_test, mailing.ab_winner),
	)


def _ended(row: LedgerRow) -> bool:
	return row.status in LEFT_OUT and row.settled


def _rows(mailing: Mailing, members: Iterable[Candidate]) -> dict[int, LedgerRow]:
	values = {"source": mailing.name, "members": tuple(who.member for who in members)}
	condition = f"source = %(source)s AND member IN %(members)s AND {_OF_MEMBERS}"
	return {row.member: row for row in resend_store.read_rows(condition, values)}


def _taken(
	mailing: Mailing, keys: list[str], missing: list[Candidate], again: Mapping[int, LedgerRow]
) -> Collection[str]:
	"""Return the keys that mails have, those of rows decided upon anew left out; where an address counts, also the
	addresses that a mail was sent again to."""
	held = frappe.db.sql(
		"""SELECT dedupe_key FROM `tabCampaign Message` WHERE source = %s AND step = 0 AND dedupe_key IN %s
			AND status != 'Skipped' AND name NOT IN %s""",
		(mailing.name, tuple(keys), tuple(row.name for row in again.values()) or (0,)),
		pluck=True,
	)
	if mailing.duplicate_policy != PER_ADDRESS:
		return set(held)
	emails = frappe.db.sql(
		"SELECT email FROM `tabCampaign Message` WHERE email IN %s AND source = %s AND resend_of > 0",
		(tuple(who.email for who in missing), mailing.name),
		pluck=True,
	)
	return {*held, *(f"a:{address_key(email)}" for email in emails)}


def _write(mailing: Mailing, entries: list[LedgerEntry], again: Mapping[int, LedgerRow]) -> None:
	"""Write a row for who has none, and queue the rows again whose reason no longer holds."""
	fresh = [entry for entry in entries if entry.decision.candidate.member not in again]
	mails = [entry for entry in entries if not entry.decision.reason]
	wanted = {entry.decision.dedupe_key: _row_of(entry, again) for entry in mails}
	requeue_store.free_keys(mailing, wanted, [row.name for row in again.values()])
	if fresh:
		enqueue_store.enqueue(mailing, fresh)
		new = sum(not entry.decision.reason for entry in fresh)
		counts_store.add_to_counts(mailing.name, planned=new, skipped=len(fresh) - new)
	requeue_store.requeue(mailing, [_again(entry, again) for entry in mails if _row_of(entry, again)])
	if mails:
		status_store.reopen(mailing.name)


def _row_of(entry: LedgerEntry, again: Mapping[int, LedgerRow]) -> int:
	row = again.get(entry.decision.candidate.member)
	return row.name if row else 0


def _again(entry: LedgerEntry, again: Mapping[int, LedgerRow]) -> ResendPlan:
	who = entry.decision.candidate
	return ResendPlan(again[who.member], who, entry.decision.dedupe_key)
