"""The audience of a mailing in the database: counted beforehand, and frozen into the ledger at the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import frappe
from frappe.utils import cint, get_system_timezone

from email_campaigns.audience.decide import Candidate
from email_campaigns.audience.lists import members_store
from email_campaigns.delivery.copies import decide_store
from email_campaigns.delivery.enqueue_store import enqueue, taken_keys
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.mailing.mailing_store import refresh_lists
from email_campaigns.mass_mailing import approval_store, freeze, status_store
from email_campaigns.schedule.best_hour import best_hour, next_time
from email_campaigns.schedule.clock import UnknownZone, in_zone
from email_campaigns.schedule.limits import HOUR
from email_campaigns.settings import setting_number
from email_campaigns.site_time import database_epoch
from email_campaigns.tracking.store import read_habits


def freeze_next(name: str) -> bool:
	"""Freeze the next slice of a mailing's audience; return whether there may be more.

	The slice and the place where it ended are one transaction, so a freeze that was killed goes on where
	it was, with each member decided upon once. A mailing that is not in process freezes nothing.
	"""
	# Locked before anything else is read: what another freeze or a cancellation has just done must be seen.
	fields = ["status", "frozen", "freeze_cursor"]
	row = frappe.db.get_value("Mass Email", name, fields, as_dict=True, for_update=True)
	if not row or row.frozen or row.status != "In Process":
		return False
	mailing, cursor = approval_store.load_approved(name), row.freeze_cursor or 0
	candidates = members_store.read_slice(mailing.lists, mailing.excluding, cursor)
	if not candidates:
		_finish(mailing)
		return False
	_freeze(mailing, candidates)
	frappe.db.set_value("Mass Email", name, "freeze_cursor", candidates[-1].member, update_modified=False)
	return True


def _finish(mailing: Mailing) -> None:
	"""Freeze the seed group, last, so that a colleague who is a member too is mailed as a member."""
	if seeds := _read_seeds(mailing):
		_freeze(mailing, seeds, seeds=True)
	frappe.db.set_value("Mass Email", mailing.name, "frozen", 1, update_modified=False)
	counts_store.recount_mails(mailing.name)
	status_store.spread_from(mailing.name, counts_store.count_remaining(mailing.name), database_epoch())


def _freeze(mailing: Mailing, candidates: list[Candidate], *, seeds: bool = False) -> None:
	keys = freeze.mail_keys(mailing, candidates)
	taken = taken_keys(mailing.name, 0, keys) if keys else set()
	times = _best_times(mailing, candidates) if mailing.optimised and not seeds else freeze.AT_ONCE
	entries = freeze.freeze_slice(mailing, candidates, taken, times, seeds=seeds)
	enqueue(mailing, entries)


def _read_seeds(mailing: Mailing) -> list[Candidate]:
	"""Return the seed group, a handful of colleagues that one slice holds."""
	if not mailing.seed_list:
		return []
	return members_store.read_slice([mailing.seed_list], (), 0)


def read_member_slices(mailing: Mailing) -> Iterator[list[Candidate]]:
	"""Yield the members of a mailing's lists, slice by slice, in the order of their numbers."""
	cursor = 0
	while members := members_store.read_slice(mailing.lists, mailing.excluding, cursor):
		yield members
		cursor = members[-1].member


def count_audience(name: str) -> dict:
	"""Return the figures of freeze.count_slices for the mails that a mailing would send if it started now."""
	mailing = mailing_store.load_mass_email(name)
	refresh_lists(mailing)
	copies = decide_store.count_copies(mailing) if mailing.cc_fields else freeze.no_copies
	return freeze.count_slices(mailing, read_member_slices(mailing), _read_seeds(mailing), copies)


def _best_times(mailing: Mailing, candidates: list[Candidate]) -> dict[int, int]:
	"""Return {member: Unix seconds of the hour at which they are likeliest to read, in their own time zone}.

	Their own habits decide, else those of all mailable members of the slice.
	"""
	mailable = freeze.mailable_candidates(mailing, candidates)
	habits = read_habits([candidate.email for candidate in mailable])
	habits_of_slice: Counter[int] = sum(habits.values(), Counter())
	site, default = get_system_timezone(), setting_number("default_hour")
	times = {}
	for candidate in mailable:
		zone, hours_ahead = _zone_of_recipient(candidate.time_zone, site, mailing.starts)
		own_habits = habits.get(candidate.email.lower(), Counter())
		hour = best_hour(_shift(own_habits, hours_ahead), _shift(habits_of_slice, hours_ahead), default)
		times[candidate.member] = next_time(mailing.starts, hour, zone, _second_within_hour(candidate.member))
	return times


def _zone_of_recipient(zone: str, site: str, epoch: int) -> tuple[str, int]:
	"""Return the time zone of a recipient, and by how many hours its clocks are ahead of the site's."""
	try:
		ahead = in_zone(epoch, zone) - in_zone(epoch, site)
	except UnknownZone:
		return site, 0
	return zone, round(ahead.total_seconds() / HOUR)


def _shift(hours: Mapping[int, int], ahead: int) -> dict[int, int]:
	return {(hour + ahead) % 24: number for hour, number in hours.items()}


def _second_within_hour(member: int) -> int:
	"""Return a second of the hour, from 0, so that not everybody's mail is due at its first one."""
	return member * 2654435761 % HOUR  # Knuth's multiplicative hash


def new_holdout_seed(doc) -> str:
	"""Return the seed of a Mass Email's hold-out group: its own, or its campaign's where the group is kept.

	A campaign gets its seed when the first of its mailings asks for it.
	"""
	campaign_seed = frappe.db.get_value("Campaign", doc.campaign, "holdout_seed")
	if not cint(doc.keep_holdout):
		has_own = doc.holdout_seed not in ("", None, campaign_seed)
		return doc.holdout_seed if has_own else frappe.generate_hash(length=16)
	if not campaign_seed:
		campaign_seed = frappe.generate_hash(length=16)
		frappe.db.set_value("Campaign", doc.campaign, "holdout_seed", campaign_seed, update_modified=False)
	return campaign_seed
