"""One run of a feed: members that match join; members that match no longer leave, where that is wanted.

It works slice by slice; each slice and the records about it are one transaction of the caller's. A run that
was killed can be started anew: it compares again and does the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager

import frappe
from frappe import _
from frappe.utils import now, now_datetime

from email_campaigns.audience.feeds import rows_store, source_store
from email_campaigns.audience.feeds.rules import ADDRESSES, FAILED, FINE, WAITING, decide_feed
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.audience.lists.members_store import add_addresses, add_records, present_keys, slices
from email_campaigns.audience.sources_store import source
from email_campaigns.compat import affected_rows, named_lock

LEAVE = "Leave"


def feed_lock(target_list: str) -> AbstractContextManager[bool]:
	"""Let one run at a time feed a list; the context is False where another run holds the lock."""
	return named_lock(f"feed/{target_list}")


class FeedRun:
	"""A run of one feed, a row of rows_store.read_feeds; `save_result` shows on the form what it did."""

	def __init__(self, feed: frappe._dict):
		self.feed = feed
		self.began = now_datetime()
		self.joined = self.removed = self.matching = self.held_back = 0

	def run(self) -> Iterator[tuple[int, int]]:
		"""Yield (done, total) after each slice, for a commit. Raises FeedFault before any change."""
		answer = source_store.read_matches(self.feed)
		brought = _brought(self.feed.name)
		step = decide_feed(
			answer.members,
			brought,
			leave=self.feed.no_longer_match == LEAVE,
			confirmed=self.feed.status == WAITING,
		)
		self.matching, self.held_back = len(answer.members), len(brought) if step.waits else 0
		total, done = len(step.joining) + len(step.leaving), 0
		# In the order of the answer, which is the order in which the records were made.
		for keys in slices(key for key in answer.members if key in step.joining):
			self.joined += self._add(answer, keys)
			yield (done := done + len(keys)), total
		for keys in slices(sorted(step.leaving)):
			self.removed += self._remove(keys)
			yield (done := done + len(keys)), total

	def _add(self, answer: source_store.Matches, keys: Sequence[str]) -> int:
		target_list = self.feed.parent
		new = set(keys) - present_keys(target_list, keys)
		values = [answer.members[key] for key in keys]
		if answer.doctype == ADDRESSES:
			add_addresses(target_list, [NewMember(0, email) for email in values], by_person=False)
		else:
			add_records(target_list, source(answer.doctype), values, by_person=False)
		# An address that was refused is not on the list, and so is not recorded as brought.
		frappe.db.sql(
			"""INSERT IGNORE INTO `tabTarget List Feed Member` (name, creation, modified, feed, member_key)
			SELECT NEXTVAL(`target_list_feed_member_id_seq`), %s, %s, %s, member_key
			FROM `tabTarget List Member` WHERE target_list = %s AND member_key IN %s""",
			(now(), now(), self.feed.name, target_list, tuple(keys)),
		)
		return self._log("Came", new)

	def _remove(self, keys: Sequence[str]) -> int:
		"""Remove the members whom no person and no other feed has added; return how many that are."""
		frappe.db.delete("Target List Feed Member", {"feed": self.feed.name, "member_key": ("in", keys)})
		unheld = frappe.db.sql(
			"""SELECT m.member_key FROM `tabTarget List Member` m
			WHERE m.target_list = %s AND m.member_key IN %s AND m.by_person = 0 AND NOT EXISTS (
				SELECT 1 FROM `tabTarget List Feed Member` o JOIN `tabTarget List Feed` f ON f.name = o.feed
				WHERE o.member_key = m.member_key AND f.parent = m.target_list)""",
			(self.feed.parent, tuple(keys)),
			pluck=True,
		)
		removed = self._log("Left", unheld)
		if unheld:
			members = {"target_list": self.feed.parent, "member_key": ("in", unheld)}
			frappe.db.delete("Target List Member", members)
		return removed

	def _log(self, movement: str, keys: Collection[str]) -> int:
		"""Log members of the list by their keys, and return how many there are."""
		if not keys:
			return 0
		user = self.feed.run_as
		frappe.db.sql(
			"""INSERT INTO `tabTarget List Change` (name, creation, modified, owner, modified_by,
				target_list, movement, feed, email, member_doctype, member_name)
			SELECT NEXTVAL(`target_list_change_id_seq`), %s, %s, %s, %s,
				target_list, %s, %s, email, member_doctype, member_name
			FROM `tabTarget List Member` WHERE target_list = %s AND member_key IN %s""",
			(now(), now(), user, user, movement, self.feed.title, self.feed.parent, tuple(keys)),
		)
		return affected_rows()

	def save_result(self) -> None:
		"""Save the result of the run for the form."""
		status = WAITING if self.held_back else FINE
		rows_store.save_result(self.feed.name, self.began, status, self._result())

	def save_failure(self, why: str) -> None:
		"""Save for the form why the run ended early, a sentence for the user, and how far it got."""
		extent = (
			_("It goes on with the rest at its next run.")
			if self.joined or self.removed
			else _("Nothing was changed.")
		)
		rows_store.save_result(self.feed.name, self.began, FAILED, f"{why} {extent}")

	def _result(self) -> str:
		if self.held_back:
			return _(
				"Nobody matched, where the feed had {0} members. That may be a fault, so they stay. If the"
				" next run finds nobody either, they leave; run it now to let them go at once."
			).format(self.held_back)
		return _("{0} match: {1} came, {2} left.").format(self.matching, self.joined, self.removed)


def _brought(feed: str) -> set[str]:
	"""Return the keys of the members that a feed has brought and that matched at its last run."""
	return set(
		frappe.db.sql("SELECT member_key FROM `tabTarget List Feed Member` WHERE feed = %s", feed, pluck=True)
	)
