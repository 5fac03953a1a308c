"""What some users may all read of a doctype's records, by their present roles: the levels of its fields.

Which records somebody gets mail about is decided by the lists. So the fields of a mail that leaves follow the
roles alone; what is shown to a user asks for the permission on the record too (`shown_store`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_fullname

from email_campaigns.audience.sources_store import PLAIN
from email_campaigns.delivery.mailing import authors_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.record_rights_store import may_read_any

_SECRET = ("Password",)
_ALL_LEVELS = frozenset(range(10))
_OF_PLAIN = {"name", "email", "first_name", "last_name", "language"}


@dataclass(frozen=True, slots=True)
class FieldLevels:
	"""The levels of a doctype's fields that may be read, and those of which masked fields may be read."""

	read: frozenset[int]
	unmasked: frozenset[int]

	def may_show(self, df: Any) -> bool:
		"""Tell whether a mail may show the field `df` of the doctype, or of one of its child tables."""
		if df.fieldtype in _SECRET or df.permlevel not in self.read:
			return False
		return not df.get("mask") or df.permlevel in self.unmasked


class FieldRights:
	"""What all of `users` may read. Each doctype is looked up once: an object is for one job or request."""

	def __init__(self, users: Iterable[str]):
		self.users = tuple(dict.fromkeys(users))
		self._levels: dict[str, FieldLevels] = {}
		self._fields: dict[str, frozenset[str]] = {}

	def levels(self, doctype: str) -> FieldLevels:
		"""Return the levels of a doctype that every one of the users may read."""
		if doctype not in self._levels:
			self._levels[doctype] = FieldLevels(
				_common(lambda user: _levels(doctype, user, "read"), self.users),
				_common(lambda user: _levels(doctype, user, "mask"), self.users),
			)
		return self._levels[doctype]

	def fields(self, doctype: str) -> frozenset[str]:
		"""Return the fields of a doctype that they may all read and whose value a mail can show."""
		if doctype not in self._fields:
			self._fields[doctype] = frozenset(_fields(doctype, self.levels(doctype)))
		return self._fields[doctype]


class EveryReader(FieldRights):
	"""What everybody may read who may read a record at all: its fields of level 0."""

	def __init__(self) -> None:
		super().__init__(())

	def levels(self, doctype: str) -> FieldLevels:
		"""Return level 0, without masked fields."""
		return FieldLevels(frozenset({0}), frozenset())


def _common(levels_of: Callable[[str], frozenset[int]], users: Collection[str]) -> frozenset[int]:
	"""Return the levels that are in `levels_of` each user; none where there is no user."""
	levels = [levels_of(user) for user in users]
	return frozenset.intersection(*levels) if levels else frozenset()


def _levels(doctype: str, user: str, right: str) -> frozenset[int]:
	if user == "Administrator":
		return _ALL_LEVELS
	if not authors_store.is_enabled(user) or not may_read_any(doctype, user):
		return frozenset()
	roles = set(frappe.get_roles(user))
	# A right to the records that one has made oneself says nothing of the records of a list.
	permissions = [perm for perm in frappe.get_meta(doctype).permissions if not perm.if_owner]
	return frozenset(perm.permlevel for perm in permissions if perm.get(right) and perm.role in roles)


def _fields(doctype: str, levels: FieldLevels) -> set[str]:
	if 0 not in levels.read:
		return {"name"}
	if doctype == PLAIN:
		return _OF_PLAIN
	meta = frappe.get_meta(doctype)
	known = set(meta.get_valid_columns()) | {df.fieldname for df in meta.get_table_fields()}
	return known - {df.fieldname for df in meta.fields if not levels.may_show(df)}


def hidden_columns(child: str, levels: FieldLevels) -> frozenset[str]:
	"""Return the columns of a child table that these levels of its parent's doctype do not show."""
	return frozenset(df.fieldname for df in frappe.get_meta(child).fields if not levels.may_show(df))


def unreadable(doctype: str, fields: Collection[str], rights: FieldRights) -> list[str]:
	"""Return the labels of those of `fields` that a doctype has and that the users may not all read."""
	meta = frappe.get_meta(doctype)
	hidden = {df.fieldname for df in meta.fields} & set(fields) - rights.fields(doctype)
	return sorted(_(meta.get_label(field)) for field in hidden)


def check_joined(mailing: Mailing, doctypes: Iterable[str], fields: Collection[str]) -> None:
	"""Raise ValidationError where a mailing would show fewer of its fields than those who prepared it saw.

	That is so where somebody has changed its text since, and may not read what it shows of `doctypes`.
	"""
	if not mailing.joined:
		return
	before = FieldRights(set(mailing.authors) - set(mailing.joined))
	now = FieldRights(mailing.authors)
	for doctype in doctypes:
		lost = set(unreadable(doctype, fields, now)) - set(unreadable(doctype, fields, before))
		if lost:
			sentence = _(
				"{0} has changed a text of this mailing since it was prepared, and may not read these fields"
				" of {1}: {2}. Press Resume to send it without them."
			)
			names = ", ".join(map(get_fullname, mailing.joined))
			frappe.throw(sentence.format(names, _(doctype), ", ".join(sorted(lost))))
