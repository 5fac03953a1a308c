"""One run of a feed: who matches joins, who matches no longer leaves where that is wanted.

It works slice by slice, each with what it notes about itself in one transaction of the caller's. Killed anywhere and
started again, it compares anew and does what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256

import frappe
from frappe import _
from frappe.utils import now, now_datetime

from email_campaigns.audience.feeds import rows_store, source_store
from email_campaigns.audience.feeds.rules import ADDRESSES, FAILED, FINE, WAITING, decide_feed
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.audience.lists.members_store import add_addresses, add_records, present_keys, slices
from email_campaigns.audience.sources_store import source
from email_campaigns.compat import affected_rows

LEAVE = "Leave"


@contextmanager
def feed_lock(target_list: str) -> Iterator[bool]:
	"""Let one run at a time feed a list; the lock dies with its connection."""
	lock = f"{frappe.conf.db_name[:20]}.ec_feed.{sha256(target_list.encode()).hexdigest()[:24]}"
	got = frappe.db.sql("SELECT GET_LOCK(%s, 0)", lock)[0][0]
	try:
		yield bool(got)
	finally:
		if got:
			frappe.db.sql("SELECT RELEASE_LOCK(%s)", lock)


class FeedRun:
	"""A run of one feed. After it, `tell` writes on the list's form what it came to."""

	def __init__(self, feed):
		self.feed = feed
		self.began = now_datetime()
		self.came = self.left = self.matching = self.held_back = 0

	def run(self) -> Iterator[tuple[int, int]]:
		"""Yields (done, total) after each slice, for the caller to commit. Raises FeedFault before anything changed."""
		answer = source_store.read_matches(self.feed)
		brought = _brought(self.feed.name)
		step = decide_feed(
			answer.members,
			brought,
			leave=self.feed.no_longer_match == LEAVE,
			confirmed=self.feed.status == WAITING,
		)
		self.matching, self.held_back = len(answer.members), len(brought) if step.waits else 0
		total, done = len(step.come) + len(step.go), 0
		# In the order of the answer, which is that of the records' making.
		for keys in slices(key for key in answer.members if key in step.come):
			self.came += self._bring(answer, keys)
			yield (done := done + len(keys)), total
		for keys in slices(sorted(step.go)):
			self.left += self._take_off(keys)
			yield (done := done + len(keys)), total

	def _bring(self, answer: source_store.Matches, keys: Sequence[str]) -> int:
		target_list = self.feed.parent
		fresh = set(keys) - present_keys(target_list, keys)
		values = [answer.members[key] for key in keys]
		if answer.doctype == ADDRESSES:
			add_addresses(target_list, [NewMember(0, email) for email in values], by_person=False)
		else:
			add_records(target_list, source(answer.doctype), values, by_person=False)
		# Who was refused is not on the list, and so is not noted as brought either.
		frappe.db.sql(
			"""INSERT IGNORE INTO `tabTarget List Feed Member` (name, creation, modified, feed, member_key)
			SELECT NEXTVAL(`target_list_feed_member_id_seq`), %s, %s, %s, member_key
			FROM `tabTarget List Member` WHERE target_list = %s AND member_key IN %s""",
			(now(), now(), self.feed.name, target_list, tuple(keys)),
		)
		return self._log("Came", fresh)

	def _take_off(self, keys: Sequence[str]) -> int:
		"""Remove those whom no person and no other feed has put on the list."""
		frappe.db.delete("Target List Feed Member", {"feed": self.feed.name, "member_key": ("in", keys)})
		loose = frappe.db.sql(
			"""SELECT m.member_key FROM `tabTarget List Member` m
			WHERE m.target_list = %s AND m.member_key IN %s AND m.by_person = 0 AND NOT EXISTS (
				SELECT 1 FROM `tabTarget List Feed Member` o JOIN `tabTarget List Feed` f ON f.name = o.feed
				WHERE o.member_key = m.member_key AND f.parent = m.target_list)""",
			(self.feed.parent, tuple(keys)),
			pluck=True,
		)
		left = self._log("Left", loose)
		if loose:
			members = {"target_list": self.feed.parent, "member_key": ("in", loose)}
			frappe.db.delete("Target List Member", members)
		return left

	def _log(self, movement: str, keys) -> int:
		"""Log members of the list by their keys, and return how many there are."""
		if not keys:
			return 0
		user = self.feed.run_as
		frappe.db.sql(
			"""INSERT INTO `tabTarget List Change` (name, creation, modified, owner, modified_by, target_list, movement,
				feed, email, member_doctype, member_name)
			SELECT NEXTVAL(`target_list_change_id_seq`), %s, %s, %s, %s, target_list, %s, %s, email, member_doctype,
				member_name
			FROM `tabTarget List Member` WHERE target_list = %s AND member_key IN %s""",
			(now(), now(), user, user, movement, self.feed.title, self.feed.parent, tuple(keys)),
		)
		return affected_rows()

	def save_result(self) -> None:
		"""Write on the form what the run came to."""
		status = WAITING if self.held_back else FINE
		rows_store.save_result(self.feed.name, self.began, status, self._result())

	def save_failure(self, why: str) -> None:
		"""Write on the form why the run ended early, and how far it got."""
		told = (
			_("It goes on with the rest at its next run.")
			if self.came or self.left
			else _("Nothing was changed.")
		)
		rows_store.save_result(self.feed.name, self.began, FAILED, f"{why} {told}")

	def _result(self) -> str:
		if self.held_back:
			return _(
				"Nobody matched, where the feed had {0} members. That may be a fault, so they stay. If the next run"
				" finds nobody either, they leave; run it now to let them go at once."
			).format(self.held_back)
		return _("{0} match: {1} came, {2} left.").format(self.matching, self.came, self.left)


def _brought(feed: str) -> set[str]:
	"""Return the keys of the members that a feed has brought and that still match as far as it knows."""
	return set(
		frappe.db.sql("SELECT member_key FROM `tabTarget List Feed Member` WHERE feed = %s", feed, pluck=True)
	)
