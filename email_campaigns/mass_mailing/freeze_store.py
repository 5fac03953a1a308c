"""Planning a mailing in the database: who would get it, and freezing that into the ledger."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

import frappe
from frappe.utils import cint, get_system_timezone

from email_campaigns.audience.decide import Candidate
from email_campaigns.audience.lists import members_store as audience
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
from email_campaigns.settings import app_settings
from email_campaigns.tracking.store import read_habits


def freeze_next(name: str) -> bool:
	"""Freeze the next slice of a mailing's audience; tell whether there may be more.

	The slice and the place where it ended are one transaction, so a freeze that was killed goes on where
	it was, with each member decided upon once. A mailing that is not in process freezes nothing.
	"""
	# Locked before anything else is read: what another freeze or a cancellation has just done must be seen.
	fields = ["status", "frozen", "freeze_cursor"]
	row = frappe.db.get_value("Mass Email", name, fields, as_dict=True, for_update=True)
	if not row or row.frozen or row.status != "In Process":
		return False
	mailing, cursor = approval_store.load_approved(name), row.freeze_cursor or 0
	candidates = audience.read_slice(mailing.lists, mailing.excluding, cursor)
	if not candidates:
		_finish(mailing)
		return False
	last = _freeze(mailing, candidates)
	frappe.db.set_value("Mass Email", name, "freeze_cursor", last, update_modified=False)
	return True


def _finish(mailing: Mailing) -> None:
	"""The seed group comes last, so that a colleague who is a member too is mailed as a member."""
	if seeds := _seeds(mailing):
		_freeze(mailing, seeds, seeds=True)
	frappe.db.set_value("Mass Email", mailing.name, "frozen", 1, update_modified=False)
	counts_store.recount(mailing.name)
	status_store.spread_from(mailing.name, counts_store.count_remaining(mailing.name), int(time.time()))


def _freeze(mailing: Mailing, candidates: list[Candidate], *, seeds: bool = False) -> int:
	return freeze.freeze_slice(
		mailing,
		candidates,
		lambda keys: taken_keys(mailing.name, 0, keys),
		lambda entries: enqueue(mailing, entries),
		times=_best_times(mailing) if mailing.optimised and not seeds else freeze.at_once,
		seeds=seeds,
	)


def _seeds(mailing: Mailing) -> list[Candidate]:
	"""The seed group is a handful of colleagues, so it is read at once."""
	if not mailing.seed_list:
		return []
	return audience.read_slice([mailing.seed_list], (), 0)


def count_audience(name: str) -> dict:
	"""Return who would get the mailing now, as freeze.count does."""
	mailing = mailing_store.load_mass_email(name)
	refresh_lists(mailing)
	read = lambda after: audience.read_slice(mailing.lists, mailing.excluding, after)  # noqa: E731
	copies = decide_store.count_copies(mailing) if mailing.cc_fields else freeze.no_copies
	return freeze.count_slices(mailing, read, _seeds(mailing), copies)


def _best_times(mailing: Mailing) -> freeze.Times:
	"""When each member is likeliest to read: by their own habits, else by those of the slice, in their own time zone."""
	site, default = get_system_timezone(), cint(app_settings().default_hour)

	def times(candidates: list[Candidate]) -> dict[int, int]:
		habits = read_habits([candidate.email for candidate in candidates])
		together, found = sum(habits.values(), Counter()), {}
		for candidate in candidates:
			zone, ahead = _clock(candidate.time_zone, site, mailing.starts)
			own = habits.get(candidate.email.lower(), {})
			hour = best_hour(_shifted(own, ahead), _shifted(together, ahead), default)
			found[candidate.member] = next_time(mailing.starts, hour, zone, _place(candidate.member))
		return found

	return times


def _clock(zone: str, site: str, epoch: int) -> tuple[str, int]:
	"""Return the zone that holds for a recipient, and by how many hours its clocks are ahead of the site's."""
	try:
		ahead = in_zone(epoch, zone) - in_zone(epoch, site)
	except UnknownZone:
		return site, 0
	return zone, round(ahead.total_seconds() / HOUR)


def _shifted(hours: Mapping[int, int], ahead: int) -> dict[int, int]:
	return {(hour + ahead) % 24: number for hour, number in hours.items()}


def _place(member: int) -> int:
	"""Seconds within the hour, so that not everybody's mail is due at its first second."""
	return member * 2654435761 % HOUR  # Knuth's multiplicative hash


def new_holdout_seed(doc) -> str:
	"""Return the seed of a mailing's hold-out group: its own, or its campaign's where the group is kept.

	A campaign gets its seed when the first of its mailings asks for it.
	"""
	if not cint(doc.keep_holdout):
		campaigns = frappe.db.get_value("Campaign", doc.campaign, "holdout_seed")
		return (
			doc.holdout_seed
			if doc.holdout_seed not in ("", None, campaigns)
			else frappe.generate_hash(length=16)
		)
	seed = frappe.db.get_value("Campaign", doc.campaign, "holdout_seed")
	if not seed:
		seed = frappe.generate_hash(length=16)
		frappe.db.set_value("Campaign", doc.campaign, "holdout_seed", seed, update_modified=False)
	return seed
