"""Filling what members of a list lack, from a file that has them again. It overwrites nothing."""

from __future__ import annotations

from collections.abc import Sequence

import frappe
from frappe.utils import now

from email_campaigns.audience.address import plain_key
from email_campaigns.audience.lists.csv_file import NewMember

_COLUMNS = ("name", "modified", "modified_by", "first_name", "last_name", "language")


def fill_members(target_list: str, members: Sequence[NewMember]) -> set[str]:
	"""Fill names and language of plain members that lack them; return the addresses of those that changed.

	A name is filled as a whole: a first name of the file does not go with another last name.
	"""
	given = {plain_key(member.email): member for member in members if _has_values(member)}
	rows = frappe.db.sql(
		"""SELECT name, member_key, COALESCE(first_name, ''), COALESCE(last_name, ''), COALESCE(language, '')
		FROM `tabTarget List Member` WHERE target_list = %s AND member_key IN %s FOR UPDATE""",
		(target_list, tuple(given) or ("",)),
	)
	changes = {}
	for name, key, *old in rows:
		member = given[key]
		first, last = old[:2] if any(old[:2]) else (member.first_name, member.last_name)
		new = [first, last, old[2] or member.language]
		if new != old:
			changes[member.email] = (name, *new)
	_write(list(changes.values()))
	return set(changes)


def _has_values(member: NewMember) -> bool:
	return bool(member.first_name or member.last_name or member.language)


def _write(rows: Sequence[tuple]) -> None:
	if not rows:
		return
	stamp, user = now(), frappe.session.user
	frappe.db.sql(
		f"INSERT INTO `tabTarget List Member` ({', '.join(_COLUMNS)}) VALUES "
		+ ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
		+ " ON DUPLICATE KEY UPDATE "
		+ ", ".join(f"{column} = VALUES({column})" for column in _COLUMNS[1:]),
		[v for name, first, last, lang in rows for v in (name, stamp, user, first, last, lang or None)],
	)
