"""Copies of mails (CC) in the ledger.

Each waits until its mail has left, and is dropped where that failed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import frappe

from email_campaigns import lifecycle
from email_campaigns.audience.decide import NO_ADDRESS, Candidate
from email_campaigns.audience.lists.members_store import slices
from email_campaigns.compat import affected_rows, change_latest_rows
from email_campaigns.delivery.copies import decide_store, fields_store, rules
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.ledger.claims_store import may_stay_claimed
from email_campaigns.delivery.ledger.ends_store import COPIES, RELEASE, end_queued
from email_campaigns.delivery.ledger.log_store import log_skipped_copies
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, ClaimedMail, MailHeading
from email_campaigns.delivery.mailing.mailing import Mailing


def prepare_copies(rows: Sequence[ClaimedMail]) -> tuple[list[ClaimedMail], dict[int, MailHeading]]:
	"""Return the claimed rows that may be sent, and {number of a mail: its To and Cc}, with one query.

	Copies from a field that is switched off are Skipped, so nobody is copied from it after that.
	"""
	family = _families(rows)
	fields = {name: field for name, cc_of, _email, field, _key in family if cc_of}
	enabled = fields_store.enabled_keys()
	off = {row.name for row in rows if row.cc_of and fields.get(row.name) not in enabled}
	if off:
		end_queued("c.name IN %(names)s", {"names": tuple(off)}, "Skipped", rules.SWITCHED_OFF)
	return [row for row in rows if row.name not in off], _headings(family)


def read_headings(rows: Sequence[ClaimedMail]) -> dict[int, MailHeading]:
	"""Return {number of a mail: its To and Cc} of mails and copies. A claimed mail keeps its heading."""
	return _headings(_families(rows))


def _families(rows: Sequence[ClaimedMail]) -> tuple[tuple, ...]:
	"""Return (number, mail that it is a copy of, address, CC field, dedupe key) of mails and their copies."""
	return frappe.db.sql(
		"""SELECT name, 0, email, '', '' FROM `tabCampaign Message` WHERE name IN %(mails)s
		UNION ALL SELECT name, cc_of, email, cc_field, dedupe_key FROM `tabCampaign Message`
		WHERE cc_of IN %(mails)s ORDER BY 1""",
		{"mails": tuple({row.mail for row in rows})},
	)


def _headings(family: Sequence[tuple]) -> dict[int, MailHeading]:
	copied: dict[int, list[str]] = defaultdict(list)
	for _name, cc_of, email, _field, key in family:
		if key.startswith(f"{rules.PLANNED}:"):
			copied[cc_of].append(email)
	return {
		name: MailHeading(email, tuple(copied[name])) for name, cc_of, email, *_rest in family if not cc_of
	}


class _OpenCopy(NamedTuple):
	"""A copy that may still change; one that `waits` is in no batch."""

	name: int
	main: int
	field: str
	email: str
	waits: bool


def follow_records(
	mailing: Mailing, claimed: Sequence[ClaimedMail], today: Mapping[int, Candidate]
) -> list[ClaimedMail]:
	"""Bring copies in step with the fields of the records that name them, before they or their mails leave.

	Those are the copies among the `claimed` rows, and the ones that wait for a mail among these. `today` is
	{row: what is known now of its recipient, of a copy that of its mail}. Who gets no copy any more is
	Skipped with the reason. One with a new address goes there, perhaps with a later batch. Returns the
	claimed rows that may leave.
	"""
	mains = {row.mail: today[row.name] for row in claimed}
	copies = _open_copies(mains, [row.name for row in claimed])
	changes = _changes(mailing, mains, copies) if copies else {}
	stays = {copy: may_stay_claimed(copy.email, change.email) for copy, change in changes.items()}
	reasons = {
		copy: change.reason or _move(copy.name, change, stays[copy]) for copy, change in changes.items()
	}
	_skip(mailing, reasons)
	emails = {row.name: row.email for row in claimed if row.name not in {copy.name for copy in changes}}
	emails |= {
		copy.name: change.email for copy, change in changes.items() if stays[copy] and not reasons[copy]
	}
	return [replace(row, email=emails[row.name]) for row in claimed if row.name in emails]


def _open_copies(mails: Collection[int], claimed: Collection[int]) -> Sequence[_OpenCopy]:
	"""Return the copies of some mails that may still change."""
	rows = frappe.db.sql(
		"""SELECT name, cc_of, cc_field, email, claim = '' FROM `tabCampaign Message`
		WHERE cc_of IN %(mails)s AND status = 'Queued'
			AND (name IN %(claimed)s OR claim = '' AND send_after = %(waiting)s)""",
		{"mails": tuple(mails), "claimed": tuple(claimed), "waiting": WAITS_FOR_MAIL},
	)
	return [_OpenCopy(*row) for row in rows]


def _changes(
	mailing: Mailing, mains: Mapping[int, Candidate], copies: Iterable[_OpenCopy]
) -> dict[_OpenCopy, rules.Copy]:
	"""Return {copy: what its record says now} of those for which that is something else."""
	decided = {
		(main, copy.field): copy
		for main, own in zip(
			mains, decide_store.read_copies(mailing, list(mains.values()), list(mains)), strict=True
		)
		for copy in own
	}
	chosen = {field.key for field in mailing.cc_fields}
	none = {
		copy: rules.Copy("", copy.field, "", NO_ADDRESS if copy.field in chosen else rules.SWITCHED_OFF)
		for copy in copies
	}
	present = {copy: decided.get((copy.main, copy.field), none[copy]) for copy in copies}
	return {copy: change for copy, change in present.items() if change.reason or change.email != copy.email}


def _move(name: int, copy: rules.Copy, stays: bool) -> str:
	"""Write a new address to a copy; return the reason why it gets none, where it has the mail already."""
	frappe.db.sql(
		f"""UPDATE IGNORE `tabCampaign Message` SET email = %s, domain = %s, dedupe_key = %s
			{"" if stays else ", claim = '', lease_until = 0"}
		WHERE name = %s AND status = 'Queued'""",
		(copy.email, copy.domain, copy.key, name),
	)
	return "" if affected_rows() else rules.TWICE


def _skip(mailing: Mailing, reasons: Mapping[_OpenCopy, str]) -> None:
	"""Skip copies that have a reason, and count those of no batch, which no batch will count."""
	names: dict[tuple[str, bool], list[int]] = defaultdict(list)
	for copy, reason in reasons.items():
		if reason:
			names[reason, copy.waits].append(copy.name)
	skipped: Counter[bool] = Counter()
	for (reason, waits), copies in names.items():
		skipped[waits] += end_queued("c.name IN %(names)s", {"names": tuple(copies)}, "Skipped", reason)
	if skipped[True] and not mailing.stream:
		counts_store.move_counts(mailing.name, "Queued", "Skipped", skipped[True])


def follow_mails(mails: Iterable[int], *, again: bool = False) -> Counter[str]:
	"""Give the copies of mails the status that their mails require.

	Returns {figure: change} for `counts_store.add_to_counts`.

	Called when mails have been settled; with `again` when a person has settled them or queued them again in a
	mailing under way, so that copies which ended with their mail wait or leave again.
	"""
	names = _copies(mails)
	deltas: Counter[str] = Counter()
	fates: dict[tuple[str, tuple[str, str, int]], list[int]] = defaultdict(list)
	for name, present, mail_status in _undecided(names, again):
		if (fate := rules.copy_fate(mail_status)) != present:
			fates[present[0], fate].append(name)
	for (before, fate), copies in fates.items():
		deltas.update(counts_store.count_deltas(before, fate[0], _follow(copies, *fate)))
	return deltas


def is_any_copied(mails: Collection[int]) -> bool:
	"""Tell whether any of some mails has copies, sent or not."""
	query = "SELECT EXISTS(SELECT 1 FROM `tabCampaign Message` WHERE cc_of IN %s)"
	return bool(mails and frappe.db.sql(query, (tuple(mails),))[0][0])


def _follow(copies: list[int], status: str, reason: str, send_after: int) -> int:
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` SET status = %s, reason = %s, send_after = %s
		WHERE name IN %s AND status IN %s""",
		(
			*(status, reason, send_after, tuple(copies)),
			(status, *lifecycle.origins("Campaign Message", status)),
		),
	)
	return affected_rows()


def _copies(mails: Iterable[int]) -> tuple[int, ...]:
	mails = tuple(mails)
	if not mails:
		return ()
	query = "SELECT name FROM `tabCampaign Message` WHERE cc_of IN %s"
	return tuple(frappe.db.sql(query, (mails,), pluck=True))


def _undecided(names: tuple[int, ...], again: bool) -> list[tuple]:
	"""Return (number, (status, reason, send_after), status of its mail) of copies whose mail decides on them.

	These are the copies that wait, and with `again` those that ended with their mail.
	"""
	if not names:
		return []
	# By primary key, since a range of another index would be locked with its neighbours.
	rows = frappe.db.sql(
		"""SELECT c.name, c.status, c.reason, c.send_after, m.status FROM `tabCampaign Message` c
		STRAIGHT_JOIN `tabCampaign Message` m ON m.name = c.cc_of
		WHERE c.name IN %(names)s AND c.send_after = %(waiting)s
			AND (c.status = 'Queued' OR %(again)s AND (c.status IN ('Expired', 'Cancelled')
				OR c.status = 'Skipped' AND c.reason IN %(with_mail)s))
		FOR UPDATE""",
		{
			"names": names,
			"waiting": WAITS_FOR_MAIL,
			"again": again,
			"with_mail": (rules.NOT_SENT, rules.UNSURE),
		},
	)
	return [(name, (status, reason or "", after), mail) for name, status, reason, after, mail in rows]


def log_skipped(mails: Iterable[int]) -> None:
	"""Log the skipped copies of mails that have ended, each with its reason."""
	if names := _copies(mails):
		log_skipped_copies(names, "TRUE", {})


def skip_disabled_fields(keys: Sequence[str]) -> None:
	"""Skip the copies from fields that the settings no longer offer, also those that a batch has claimed.

	The batch finds its claim gone and passes over them. A mail that no batch has claimed will not name them
	in Cc.
	"""
	if not keys:
		return
	change_latest_rows()
	under_way = frappe.get_all("Mass Email", {"status": ("in", ("In Process", "Paused"))}, pluck="name")
	for source in under_way:
		names = frappe.db.sql(
			"""SELECT name FROM `tabCampaign Message`
			WHERE source = %s AND status = 'Queued' AND cc_field IN %s""",
			(source, tuple(keys)),
			pluck=True,
		)
		skipped = sum(_switch_off(tuple(part)) for part in slices(names))
		if skipped:
			counts_store.move_counts(source, "Queued", "Skipped", skipped)


def _switch_off(names: tuple[int, ...]) -> int:
	key = """c.dedupe_key = IF(m.status = 'Queued' AND m.claim = '',
		CONCAT(%(noted)s, ':', c.cc_of, ':o', c.name), c.dedupe_key)"""
	values = {"noted": rules.NOTED, "names": names}
	skipped = end_queued(
		"c.name IN %(names)s", values, "Skipped", rules.SWITCHED_OFF, RELEASE, key, tables=COPIES
	)
	# Copies whose mail is not settled yet are logged with it.
	settled = "m.reason = %(off)s AND o.status = 'Sent' AND o.lease_until = 0"
	log_skipped_copies(names, settled, {"off": rules.SWITCHED_OFF})
	return skipped
