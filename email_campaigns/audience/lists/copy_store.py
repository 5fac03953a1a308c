"""Comparing two lists, and copying the members of a list, or of a part of it, to another.

Two members are the same person where they are the same record or have the same address. Only members whom the
user of the session may see are copied. All of it is SQL over indexes, because lists reach a million members.
"""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.utils import now

from email_campaigns.audience.suppression.suppression_store import carry_over
from email_campaigns.compat import affected_rows
from email_campaigns.record_rights_store import visible

ALL, ONLY, BOTH = "", "only", "both"  # the parts of a list, compared with another
SLICE = 5000  # members

# The comparison is binary too, for the collation takes é and e for the same letter.
_IN_OTHER = """(EXISTS(SELECT 1 FROM `tabTarget List Member` o WHERE o.target_list = %(other)s
		AND o.member_key = m.member_key)
	OR (m.email != '' AND EXISTS(SELECT 1 FROM `tabTarget List Member` o WHERE o.target_list = %(other)s
		AND o.email = m.email AND BINARY LOWER(o.email) = BINARY LOWER(m.email))))"""
_PARTS = {ALL: "TRUE", ONLY: f"NOT {_IN_OTHER}", BOTH: _IN_OTHER}
_COPIED = (
	"email, member_doctype, member_name, first_name, last_name, language, time_zone,"
	" opted_out, record_missing, member_key"
)


def compare_lists(first: str, second: str) -> dict[str, int]:
	"""Return numbers of members, {"only_first", "only_second", "both"}; "both" counts those of `first`."""
	in_first, shared = _count(first, ALL, second), _count(first, BOTH, second)
	return {"only_first": in_first - shared, "only_second": _count(second, ONLY, first), "both": shared}


def _count(target_list: str, part: str, other: str) -> int:
	return frappe.db.sql(
		f"""SELECT COUNT(*) FROM `tabTarget List Member` m
		WHERE m.target_list = %(target_list)s AND {_PARTS[part]}""",
		{"target_list": target_list, "other": other},
	)[0][0]


class ListCopy:
	"""A run that copies the members of `source`, or of a `part` of it, to `target`.

	The part is that of a comparison with `other`. A member who left the source has left the target too,
	unless they were on it before. After `run`, `joined` is the number of new members. A run that was killed
	can be started anew; it adds the missing members.
	"""

	def __init__(self, source: str, target: str, part: str = ALL, other: str = ""):
		self.part = f"{_PARTS[part]} AND {visible('Target List Member', 'm')}"
		self.values = {"source": source, "target": target, "other": other, "user": frappe.session.user}
		self.joined = 0

	def run(self) -> Iterator[int]:
		"""Yield the number of members looked at so far after each slice, for the caller to commit."""
		done = last = 0
		while names := self._next(last):
			self._copy(last, names[-1])
			done, last = done + len(names), names[-1]
			yield done

	def _next(self, after: int) -> list[int]:
		return frappe.db.sql(
			f"""SELECT name FROM `tabTarget List Member` WHERE target_list = %s AND name > %s
			ORDER BY name LIMIT {SLICE}""",
			(self.values["source"], after),
			pluck=True,
		)

	def _copy(self, after: int, last: int) -> None:
		values = {**self.values, "after": after, "last": last, "now": now()}
		in_slice = "m.target_list = %(source)s AND m.name > %(after)s AND m.name <= %(last)s"
		suppressed = frappe.db.sql(
			f"""SELECT m.email, s.reason, s.origin FROM `tabTarget List Member` m JOIN `tabSuppressed Email` s
				ON s.target_list = m.target_list AND s.email = m.email
					AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
			WHERE {in_slice} AND {self.part} AND NOT EXISTS(SELECT 1 FROM `tabTarget List Member` t
				WHERE t.target_list = %(target)s AND t.email = m.email
					AND BINARY LOWER(t.email) = BINARY LOWER(m.email))""",
			values,
		)
		frappe.db.sql(
			f"""INSERT IGNORE INTO `tabTarget List Member` (name, creation, modified, owner, modified_by,
				target_list, by_person, {_COPIED})
			SELECT NEXTVAL(`target_list_member_id_seq`), %(now)s, %(now)s, %(user)s, %(user)s,
				%(target)s, 1, {_COPIED}
			FROM `tabTarget List Member` m WHERE {in_slice} AND {self.part}""",
			values,
		)
		self.joined += affected_rows()
		carry_over(
			[(email, reason, _origin(origin, values["source"])) for email, reason, origin in suppressed],
			values["target"],
		)


def _origin(origin: str | None, source: str) -> str:
	return _("{0} (copied from {1})").format(origin or "", source).strip()
