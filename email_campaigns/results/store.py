"""The counters of people on a Mass Email: moved where an event is stamped, so that a form reads them in
constant time.

Code that stamps an event on the ledger does it in a block `with counting(message)`; code that settles mails
which have been sent calls `count_left`, and code that has stamped bounces `count_bounced`. `recount_people`
counts from the ledger, and a nightly job compares. Each person counts once a mailing: a mail and its resends
(`resend_of`) are one person. Colleagues of the seed group and copies (CC) do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import frappe

from email_campaigns.compat import affected_rows
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.results.rates import KINDS, Counts

STAMPS = {
	"opened": "opened_at",
	"clicked": "clicked_at",
	"replied": "replied_at",
	"bounced": "bounced_at",
	"unsubscribed": "opted_out_at",
}
# Kinds that only the log has: {kind: (actions, whether only a bot's count)}. A bot that follows a link has
# fetched the mail: its click implies an open, as a person's does.
_HITS = {
	"complained": ("'Complained'", False),
	"machine_opened": ("'Opened', 'Clicked'", True),
	"machine_clicked": ("'Clicked'", True),
}
# {kind: the same by a person}: it is counted only where no person has done the same.
BOTS_ONLY = {"machine_opened": "opened", "machine_clicked": "clicked"}
_COLUMNS = {
	"planned": "people_planned_count",
	"sent": "people_sent_count",
	**{kind: f"{kind}_count" for kind in KINDS if kind not in ("planned", "sent")},
}
# SQL over a row `c` of the ledger.
PEOPLE = "c.is_seed = 0 AND COALESCE(c.cc_of, 0) = 0"
PERSON = "IF(c.resend_of > 0, c.resend_of, c.name)"
# It left for the recipient's server, which may have refused it.
COUNTS_AS_SENT = "(c.status = 'Sent' OR c.bounced_at IS NOT NULL)"
_PLANNED = "c.status != 'Skipped'"
_SETTLED = "COALESCE(c.claim, '') = ''"  # else the job that has claimed it counts it when it settles it


@dataclass(frozen=True, slots=True)
class _Mails:
	"""The mails of one person in a mailing: `source` is the mailing, `names` are the ledger's numbers."""

	source: str
	names: tuple[int, ...]


@contextmanager
def counting(message: int) -> Iterator[None]:
	"""Count what the block does to one mail: it stamps the ledger, logs hits, or takes back a wrong verdict.

	Block and count are one transaction, in which the mail is locked from here on. Stamps are exact because
	their UPDATE is conditional. Of hits that only the log has, two at the same moment are counted right if
	nothing was read in the transaction before. The cost is a few look-ups by key, whatever the size of the
	mailing, and a single one for a mail that is in no result.
	"""
	mails = _lock_mails(message)
	before = _read_state(mails) if mails else {}
	yield
	if mails:
		after = _read_state(mails)
		_add_to_counters(mails.source, {kind: after[kind] - before[kind] for kind in after})


def _lock_mails(message: int) -> _Mails | None:
	rows = frappe.db.sql(
		f"""SELECT c.source, {PERSON} FROM `tabCampaign Message` c
		WHERE c.name = %s AND c.source_doctype = %s AND {PEOPLE} FOR UPDATE""",
		(message, MASS_EMAIL),
	)
	if not rows:
		return None
	source, person = rows[0]
	resends = frappe.db.sql("SELECT name FROM `tabCampaign Message` WHERE resend_of = %s", person, pluck=True)
	return _Mails(source, (person, *resends))


def _read_state(mails: _Mails) -> dict[str, int]:
	"""Return {kind: 1 where it holds for the person, else 0}."""
	columns = [f"COUNT(c.`{stamp}`) > 0 `{kind}`" for kind, stamp in STAMPS.items()]
	columns += [f"EXISTS({_select_hits(*hits)}) `{kind}`" for kind, hits in _HITS.items()]
	(state,) = frappe.db.sql(
		f"SELECT {', '.join(columns)} FROM `tabCampaign Message` c WHERE c.name IN %(names)s",
		{"names": mails.names},
		as_dict=True,
	)
	for kind, by_people in BOTS_ONLY.items():
		state[kind] = int(state[kind] and not state[by_people])
	return state


def _select_hits(actions: str, by_bots: bool) -> str:
	"""Return SQL that selects the hits of %(names)s with some of the actions, of bots only or of all."""
	verdict = " AND l.verdict = 'machine'" if by_bots else ""
	return (
		f"SELECT 1 FROM `tabCampaign Log` l WHERE l.message IN %(names)s AND l.action IN ({actions}){verdict}"
	)


def _add_to_counters(source: str, changes: Mapping[str, int]) -> None:
	changed = {_COLUMNS[kind]: int(number) for kind, number in changes.items() if number}
	if changed:
		sums = ", ".join(f"{column} = GREATEST(0, {column} + {number})" for column, number in changed.items())
		# Not `modified`: nobody has edited the form.
		frappe.db.sql(f"UPDATE `tabMass Email` SET {sums} WHERE name = %s", source)


def count_left(names: Collection[int]) -> None:
	"""Count mails that have just been sent, or that a server has just refused for good: once, when they are
	settled."""
	if not names:
		return
	for source, sent, bounced in frappe.db.sql(
		f"""SELECT c.source, COUNT(*), COALESCE(SUM(c.bounced_at IS NOT NULL), 0)
		FROM `tabCampaign Message` c LEFT JOIN `tabCampaign Message` o ON o.name = c.resend_of
		WHERE c.name IN %s AND c.source_doctype = %s AND {PEOPLE} AND {COUNTS_AS_SENT}
			AND NOT COALESCE(o.status = 'Sent' OR o.bounced_at IS NOT NULL, 0)
		GROUP BY c.source LOCK IN SHARE MODE""",
		# The latest rows: the journal has marked them, over its own connection, since this transaction began.
		(tuple(names), MASS_EMAIL),
	):
		_add_to_counters(source, {"sent": sent, "bounced": bounced})


def count_bounced(names: Collection[int]) -> None:
	"""Count mails that have just been stamped as bounced, in the transaction that has stamped them.

	A person of whom another mail bounced before is counted already.
	"""
	if not names:
		return
	other = "SELECT 1 FROM `tabCampaign Message` o WHERE o.bounced_at IS NOT NULL AND o.name NOT IN %(names)s"
	for source, bounced in frappe.db.sql(
		f"""SELECT c.source, COUNT(DISTINCT {PERSON}) FROM `tabCampaign Message` c
		WHERE c.name IN %(names)s AND c.source_doctype = %(doctype)s AND {PEOPLE}
			AND NOT EXISTS ({other} AND o.name = c.resend_of)
			AND NOT EXISTS ({other} AND o.resend_of = {PERSON})
		GROUP BY c.source ORDER BY c.source""",
		{"names": tuple(names), "doctype": MASS_EMAIL},
	):
		_add_to_counters(source, {"bounced": bounced})


def counts(name: str) -> Counts:
	"""Return the counters of one mailing."""
	return next(iter(_stored_counts("name = %s", name).values()), Counts())


def counts_by_mailing(names: Collection[str]) -> dict[str, Counts]:
	"""Return {mailing: its counters} of those among `names` that have been started, the latest first."""
	condition = "name IN %s AND people_planned_count > 0 ORDER BY started_on DESC, name DESC"
	return _stored_counts(condition, (tuple(names) or ("",),))


def _stored_counts(condition: str, value: object) -> dict[str, Counts]:
	rows = frappe.db.sql(
		f"SELECT name, {', '.join(_COLUMNS[kind] for kind in KINDS)} FROM `tabMass Email` WHERE {condition}",
		value,
	)
	return {name: Counts(*numbers) for name, *numbers in rows}


def count_anew(source: str) -> Counts:
	"""Count the people of a mailing from its ledger and its log; the time grows with the mailing."""
	(numbers,) = people_by(source).values()
	return Counts(**numbers, **{kind: _count_people_in_log(source, kind) for kind in _HITS})


def people_by(source: str, column: str = "''", most: int = 1) -> dict[str, dict[str, int]]:
	"""Return {value of a column of the ledger: {kind: people}} of the `most` values that most mails went to.

	`column` is SQL with the ledger's row as {0}; by default the whole mailing is one value, "". The kinds are
	all but those that only the log has.

	Resends are counted in a statement of their own: grouping a million rows by person takes minutes.
	"""
	kinds = _conditions()
	people: dict[str, Counter] = {} if column != "''" else {"": Counter()}
	for part, *numbers in _count_first_mails(source, column, kinds, most):
		people[part] = Counter(dict(zip(kinds, map(int, numbers), strict=True)))
	for part, *numbers in _count_resends(source, column, kinds):
		if part in people:
			people[part].update(dict(zip(kinds, map(int, numbers), strict=True)))
	return {part: {kind: numbers[kind] for kind in kinds} for part, numbers in people.items()}


def _conditions() -> dict[str, str]:
	"""Return {kind: SQL over a row `{0}` of the ledger}."""
	conditions = {"planned": _PLANNED, "sent": f"{COUNTS_AS_SENT} AND {_SETTLED}"}
	conditions |= {kind: f"c.`{stamp}` IS NOT NULL" for kind, stamp in STAMPS.items()}
	conditions["bounced"] += f" AND {_SETTLED}"
	return {kind: condition.replace("c.", "{0}.") for kind, condition in conditions.items()}


def _count_first_mails(source: str, column: str, kinds: Mapping[str, str], most: int):
	sums = ", ".join(
		f"COALESCE(SUM({condition.format('c')}), 0) `{kind}`" for kind, condition in kinds.items()
	)
	return frappe.db.sql(
		f"""SELECT COALESCE({column.format("c")}, '') part, {sums} FROM `tabCampaign Message` c
		WHERE c.source = %s AND {PEOPLE} AND COALESCE(c.resend_of, 0) = 0
		GROUP BY part ORDER BY sent DESC, part LIMIT %s""",
		(source, most),
	)


def _count_resends(source: str, column: str, kinds: Mapping[str, str]):
	"""Return rows (part, people of each kind): what holds for a resend and does not hold for the first
	mail."""
	news = ", ".join(
		f"MAX({condition.format('c')}) AND NOT MAX({condition.format('o')}) `{kind}`"
		for kind, condition in kinds.items()
	)
	sums = ", ".join(f"COALESCE(SUM(`{kind}`), 0)" for kind in kinds)
	return frappe.db.sql(
		f"""SELECT part, {sums} FROM (
			SELECT COALESCE({column.format("o")}, '') part, {news}
			FROM `tabCampaign Message` c JOIN `tabCampaign Message` o ON o.name = c.resend_of
			WHERE c.source = %s AND c.resend_of > 0 AND {PEOPLE} GROUP BY o.name, part) persons
		GROUP BY part""",
		source,
	)


def _count_people_in_log(source: str, kind: str) -> int:
	actions, by_bots = _HITS[kind]
	return frappe.db.sql(
		f"""SELECT COUNT(DISTINCT {PERSON})
		FROM `tabCampaign Log` l JOIN `tabCampaign Message` c ON c.name = l.message
		WHERE l.source = %s AND l.action IN ({actions}) AND c.source = l.source AND {PEOPLE}
			{_only_bots(STAMPS[BOTS_ONLY[kind]]) if by_bots else ""}""",
		source,
	)[0][0]


def _only_bots(stamp: str) -> str:
	"""Return SQL: the hit `l` is a bot's, and no mail of the person has the stamp."""
	other = f"SELECT 1 FROM `tabCampaign Message` o WHERE o.`{stamp}` IS NOT NULL AND o."
	return f"""AND l.verdict = 'machine' AND c.`{stamp}` IS NULL
		AND NOT EXISTS ({other}name = c.resend_of) AND NOT EXISTS ({other}resend_of = {PERSON})"""


def recount_people(source: str) -> dict[str, tuple[int, int]]:
	"""Set the counters of a mailing to what its ledger says; return {counter: (stored, counted)} of those
	that differ.

	Counters and ledger are compared as they were at one moment, that of the transaction's snapshot, so a job
	begins a transaction before. Nothing is locked while a million mails are counted: who opens or
	unsubscribes meanwhile does not wait. A counter that has moved since the snapshot stays as it is, and is
	not among those returned; the next count mends it.
	"""
	different = _compare(source)
	return {
		_COLUMNS[kind]: pair for kind, pair in different.items() if _correct(source, _COLUMNS[kind], *pair)
	}


def compare_people(source: str) -> dict[str, tuple[int, int]]:
	"""Return {counter: (stored, counted)} of the counters of a mailing that differ from its ledger.

	It locks nothing. Both numbers are of one moment where the transaction has changed nothing.
	"""
	return {_COLUMNS[kind]: numbers for kind, numbers in _compare(source).items()}


def _compare(source: str) -> dict[str, tuple[int, int]]:
	stored, counted = counts(source), count_anew(source)
	return {
		kind: (getattr(stored, kind), getattr(counted, kind))
		for kind in KINDS
		if getattr(stored, kind) != getattr(counted, kind)
	}


def _correct(source: str, column: str, stored: int, counted: int) -> bool:
	frappe.db.sql(
		f"UPDATE `tabMass Email` SET {column} = %s WHERE name = %s AND {column} = %s",
		(counted, source, stored),
	)
	return affected_rows() == 1


def changed_since(moment: datetime) -> list[str]:
	"""Return the mailings with a row of the log since `moment` (the site's clock), in the order of their
	names."""
	return frappe.db.sql(
		"""SELECT DISTINCT l.source FROM `tabCampaign Log` l JOIN `tabMass Email` m ON m.name = l.source
		WHERE l.creation >= %s AND l.source_doctype = %s ORDER BY l.source""",
		(moment, MASS_EMAIL),
		pluck=True,
	)


def report_differences(name: str, different: Mapping[str, tuple[int, int]]) -> None:
	"""Write an Error Log with the counters of a mailing that differed, as `recount_people` gives them."""
	lines = [f"{counter}: stored {before}, counted {now}" for counter, (before, now) in different.items()]
	frappe.log_error(
		title=f"Email Campaigns: the counters of {name} were wrong",
		message="\n".join([f"Mass Email {name}; the counters are what was counted now.", *lines]),
		reference_doctype=MASS_EMAIL,
		reference_name=name,
	)
