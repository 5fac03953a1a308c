"""Members in the database: adding them, keeping them in step with their records, reading them in slices."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import frappe
from frappe import _
from frappe.utils import now

from email_campaigns.audience.address import normalise_or_empty, plain_key, record_key
from email_campaigns.audience.decide import FORGOTTEN, OPTED_OUT_ELSEWHERE, Candidate
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.audience.recipients_store import HOLDS, find_disabled
from email_campaigns.audience.sources_store import (
	OPT_OUT_ORIGIN,
	PLAIN,
	PLAIN_SOURCE,
	Source,
	missing_doctypes,
	source,
	sources,
)
from email_campaigns.audience.suppression import forgotten_store
from email_campaigns.compat import affected_rows

SLICE = 2000  # members
T = TypeVar("T")

_COLUMNS = (
	"name, creation, modified, owner, modified_by, target_list, email, member_doctype, member_name,"
	" first_name, last_name, language, time_zone, opted_out, record_missing, member_key, by_person"
)
# Of a Suppressed Email `s`: it stands for the opt-out field of a record.
_BY_RECORD = "(s.reason = 'Unsubscribed' AND s.origin LIKE %(by_record)s)"
_REFRESHED = ("name", "email", "language", "time_zone", "opted_out", "record_missing")


def slices(values: Iterable[T], size: int = SLICE) -> Iterator[list[T]]:
	"""Yield `values` in lists of at most `size`."""
	batch: list[T] = []
	for value in values:
		batch.append(value)
		if len(batch) == size:
			yield batch
			batch = []
	if batch:
		yield batch


def add_records(target_list: str, origin: Source, names: Sequence[str], *, by_person: bool = True) -> int:
	"""Add one slice of records, by their names, to a list and return how many are new.

	Members that are on it already stay as they are. Without `by_person` a feed brings them, and may remove
	them later.
	"""
	rows = frappe.db.sql(
		f"""SELECT s.name, {origin.email}, {origin.language}, {origin.time_zone}, {origin.opt_out}
		FROM `tab{origin.doctype}` s WHERE s.name IN %(names)s LOCK IN SHARE MODE""",
		# Locked, so that a record which is being renamed joins by its new name, or not at all.
		{"names": tuple(names)},
	)
	if by_person:
		_mark_by_person(target_list, [record_key(origin.doctype, row[0]) for row in rows])
	return _insert(
		target_list,
		[
			(
				normalise_or_empty(email),
				origin.doctype,
				str(name),
				"",
				"",
				language,
				time_zone,
				opted_out,
				record_key(origin.doctype, name),
			)
			for name, email, language, time_zone, opted_out in rows
		],
		by_person,
	)


def add_addresses(
	target_list: str, members: Sequence[NewMember], *, by_person: bool = True
) -> list[NewMember]:
	"""Add one slice of plain addresses to a list and return those that were on it already."""
	present = present_keys(target_list, [plain_key(member.email) for member in members])
	if by_person:
		_mark_by_person(target_list, present)
	new = [member for member in members if plain_key(member.email) not in present]
	_insert(
		target_list,
		[
			(m.email, None, None, m.first_name, m.last_name, m.language or None, None, 0, plain_key(m.email))
			for m in new
		],
		by_person,
	)
	return [member for member in members if plain_key(member.email) in present]


def present_keys(target_list: str, keys: Sequence[str]) -> set[str]:
	"""Return those of `keys`, keys of members, that are on a list."""
	return set(
		frappe.db.sql(
			"SELECT member_key FROM `tabTarget List Member` WHERE target_list = %s AND member_key IN %s",
			(target_list, tuple(keys)),
			pluck=True,
		)
	)


def _mark_by_person(target_list: str, keys: Collection[str]) -> None:
	"""Mark members that a person adds: no feed may remove them, though it has brought them before."""
	if keys:
		frappe.db.sql(
			"""UPDATE `tabTarget List Member` SET by_person = 1
			WHERE target_list = %s AND member_key IN %s AND by_person = 0""",
			(target_list, tuple(keys)),
		)


def _insert(target_list: str, rows: list[tuple[Any, ...]], by_person: bool) -> int:
	forgotten = forgotten_store.find_forgotten([row[0] for row in rows])
	rows = [row for row in rows if row[0] not in forgotten]
	if not rows:
		return 0
	stamp, user = now(), frappe.session.user
	values: list[Any] = []
	for email, doctype, record, first, last, language, time_zone, opted_out, key in rows:
		values += [stamp, stamp, user, user, target_list, email, doctype, record]
		values += [first, last, language, time_zone, opted_out, key, int(by_person)]
	row = f"(NEXTVAL(`target_list_member_id_seq`), {'%s, ' * 13}0, %s, %s)"
	frappe.db.sql(
		f"INSERT IGNORE INTO `tabTarget List Member` ({_COLUMNS}) VALUES " + ", ".join([row] * len(rows)),
		values,
	)
	return affected_rows()


def refresh_members(lists: Sequence[str]) -> int:
	"""Bring the members of `lists` in step with their records, and return how many changed.

	That is address, language, time zone, opt-out, and whether the record exists. Lists reach a million
	members, so only those that differ are read.
	"""
	return sum(refresh_slices(lists))


def refresh_slices(lists: Sequence[str]) -> Iterator[int]:
	"""Do the same slice by slice, and yield how many members of each changed, for the caller to commit."""
	for origin in sources().values() if lists else ():
		yield from _refresh(origin, tuple(lists))


def _refresh(origin: Source, lists: tuple[str, ...]) -> Iterator[int]:
	after = 0
	while rows := _differing(origin, lists, after):
		after = rows[-1][0]
		read = [(name, email, normalise_or_empty(raw), *rest) for name, email, raw, *rest in rows]
		# A record may have an address that was forgotten; the list must not learn it again.
		forgotten = forgotten_store.find_forgotten([address for _name, _email, address, *_rest in read])
		updates = [
			(name, "" if address in forgotten else address, *rest)
			for name, email, address, settled, *rest in read
			if not settled or address != email
		]
		_update(updates)
		yield len(updates)


def _differing(origin: Source, lists: tuple[str, ...], after: int) -> tuple[tuple[Any, ...], ...]:
	# The comparison is binary, for the collation takes é and e for the same letter.
	settled = f"""(m.record_missing = (s.name IS NULL) AND m.opted_out = {origin.opt_out}
		AND COALESCE(m.language, '') = {origin.language}
		AND COALESCE(m.time_zone, '') = {origin.time_zone})"""
	return frappe.db.sql(
		f"""SELECT m.name, COALESCE(m.email, ''), {origin.email}, {settled}, {origin.language},
			{origin.time_zone}, {origin.opt_out}, s.name IS NULL
		FROM `tabTarget List Member` m LEFT JOIN `tab{origin.doctype}` s ON s.name = m.member_name
		WHERE m.target_list IN %(lists)s AND m.member_doctype = %(doctype)s AND m.name > %(after)s
			AND NOT ({settled}
				AND BINARY COALESCE(m.email, '') = BINARY TRIM(COALESCE({origin.email}, '')))
		ORDER BY m.name LIMIT {SLICE}""",
		{"lists": lists, "doctype": origin.doctype, "after": after},
	)


def _update(rows: list[tuple[Any, ...]]) -> None:
	if not rows:
		return
	frappe.db.sql(
		f"INSERT INTO `tabTarget List Member` ({', '.join(_REFRESHED)}) VALUES "
		+ ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
		+ " ON DUPLICATE KEY UPDATE "
		+ ", ".join(f"{column} = VALUES({column})" for column in _REFRESHED[1:]),
		[value for row in rows for value in row],
	)


def read_slice(
	lists: Sequence[str], excluding: Sequence[str], after: int, size: int = SLICE
) -> list[Candidate]:
	"""Return the next `size` members of `lists` with a number above `after`, in joining order.

	`excluding` are target lists whose members get no mail. Where an address is suppressed for several
	reasons, the candidate has one that is not an unsubscription, for it holds for informational mail too.
	"""
	if not lists:
		return []
	rows = frappe.db.sql(
		f"""SELECT m.name, m.target_list, m.member_key, COALESCE(m.email, ''),
			COALESCE(m.member_doctype, ''), COALESCE(m.member_name, ''), m.record_missing, m.opted_out,
			COALESCE(m.language, ''), COALESCE(m.time_zone, ''),
			COALESCE((SELECT IF({_BY_RECORD}, %(elsewhere)s, s.reason) FROM `tabSuppressed Email` s
				WHERE s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
					AND COALESCE(s.target_list, '') IN ('', m.target_list) AND {HOLDS}
				ORDER BY s.reason = 'Unsubscribed', {_BY_RECORD} LIMIT 1), ''),
			EXISTS(SELECT 1 FROM `tabTarget List Member` x
				WHERE x.target_list IN %(excluding)s AND x.member_key = m.member_key),
			EXISTS(SELECT 1 FROM `tabTarget List Member` x
				WHERE x.target_list IN %(excluding)s AND x.email = m.email
					AND BINARY LOWER(x.email) = BINARY LOWER(m.email))
		FROM `tabTarget List Member` m
		WHERE m.target_list IN %(lists)s AND m.name > %(after)s ORDER BY m.name LIMIT {int(size)}""",
		{
			"lists": tuple(lists),
			"excluding": tuple(excluding) or ("",),
			"after": after,
			"by_record": f"{OPT_OUT_ORIGIN}%",
			"elsewhere": OPTED_OUT_ELSEWHERE,
		},
	)
	candidates = _mark_unusable([_candidate(row) for row in rows])
	forgotten = forgotten_store.find_forgotten([candidate.email for candidate in candidates])
	return [
		replace(candidate, email="", suppressed=FORGOTTEN) if candidate.email in forgotten else candidate
		for candidate in candidates
	]


def _mark_unusable(candidates: list[Candidate]) -> list[Candidate]:
	"""Mark those whose record is disabled, and those whose doctype this site no longer has."""
	missing = missing_doctypes(candidate.doctype for candidate in candidates)
	known = ((row.doctype, row.record) for row in candidates if row.doctype not in missing)
	disabled = find_disabled(known)
	return [
		replace(row, type_missing=row.doctype in missing, disabled=(row.doctype, row.record) in disabled)
		if row.doctype in missing or (row.doctype, row.record) in disabled
		else row
		for row in candidates
	]


def _candidate(row: tuple[Any, ...]) -> Candidate:
	(
		member,
		target_list,
		key,
		email,
		doctype,
		record,
		missing,
		opted_out,
		language,
		time_zone,
		suppressed,
		by_record,
		by_address,
	) = row
	return Candidate(
		member=member,
		target_list=target_list,
		member_key=key,
		email=email,
		doctype=doctype or PLAIN,
		record=record or str(member),
		record_missing=bool(missing),
		opted_out=bool(opted_out),
		language=language,
		time_zone=time_zone,
		suppressed=suppressed,
		excluded_record=bool(by_record),
		excluded_address=bool(by_address) and bool(email),
	)


def update_counts(target_list: str) -> None:
	"""Count the members of a list: all, those who left it, and those whose address gets no mail at all.

	The count reads the transaction's snapshot and locks no row: whoever unsubscribes meanwhile must not wait
	for it. Only the list's own row is locked, and only where a figure has changed.
	"""
	suppressed = f"""SELECT COUNT(*) FROM `tabTarget List Member` m JOIN `tabSuppressed Email` s
		ON s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
		WHERE m.target_list = l.name AND {HOLDS} AND"""
	rows = frappe.db.sql(
		f"""SELECT l.member_count, l.opted_out_count, l.suppressed_count,
			(SELECT COUNT(*) FROM `tabTarget List Member` m WHERE m.target_list = l.name),
			({suppressed} s.target_list = l.name),
			({suppressed} COALESCE(s.target_list, '') = '')
		FROM `tabTarget List` l WHERE l.name = %s""",
		target_list,
	)
	if rows and rows[0][:3] != rows[0][3:]:
		frappe.db.sql(
			"""UPDATE `tabTarget List` SET member_count = %s, opted_out_count = %s, suppressed_count = %s
			WHERE name = %s""",
			(*rows[0][3:], target_list),
		)


def delete_members(target_list: str) -> None:
	"""Delete all members of a list. Their wishes (Suppressed Email) stay."""
	delete_by_names("Target List Member", {"target_list": target_list})


def delete_by_names(doctype: str, filters: Mapping[str, object]) -> None:
	"""Delete rows of a large table, as they are when the transaction begins.

	They are read without a lock and deleted by their numbers: a range of an index would hold up those who
	add its neighbours, as whoever joins another list. The join makes MariaDB look each number up; with IN it
	may read, and lock, the whole table.
	"""
	names = frappe.get_all(doctype, filters, pluck="name", order_by=None)
	for part in slices(names):
		frappe.db.sql(
			f"""DELETE d FROM JSON_TABLE(%s, '$[*]' COLUMNS (name BIGINT PATH '$')) n
				STRAIGHT_JOIN `tab{doctype}` d FORCE INDEX (PRIMARY) ON d.name = n.name""",
			json.dumps(part),
		)


def keep_fed_members(target_list: str, feeds: Collection[str]) -> None:
	"""Keep the members whom feeds of a list have brought, as if a person had added them.

	They are read without a lock, as in `delete_by_names`.
	"""
	names = frappe.db.sql(
		"""SELECT m.name FROM `tabTarget List Member` m
			JOIN `tabTarget List Feed Member` f ON f.member_key = m.member_key
		WHERE m.target_list = %s AND f.feed IN %s AND m.by_person = 0""",
		(target_list, tuple(feeds) or ("",)),
		pluck=True,
	)
	for part in slices(names):
		frappe.db.sql(
			"UPDATE `tabTarget List Member` FORCE INDEX (PRIMARY) SET by_person = 1 WHERE name IN %s", (part,)
		)


def read_address(doctype: str, name: str) -> dict[str, Any]:
	"""Return {"email", "language", "time_zone", "opted_out", "record_missing"} of a record or plain address.

	The email is normalised, "" where it is not valid. Raises ValidationError where there is no such record.
	"""
	origin = PLAIN_SOURCE if doctype == PLAIN else source(doctype)
	rows = frappe.db.sql(
		f"""SELECT {origin.email}, {origin.language}, {origin.time_zone}, {origin.opt_out}, 0
		FROM `tab{doctype}` s WHERE s.name = %s""",
		name,
	)
	if not rows:
		frappe.throw(_("{0} {1} does not exist.").format(_(doctype), name))
	return dict(zip(_REFRESHED[1:], (normalise_or_empty(rows[0][0]), *rows[0][1:]), strict=True))
