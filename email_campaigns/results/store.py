"""The counters of people on a Mass Email: moved where an event is stamped, so that a form reads them in constant time.

Whoever stamps an event on the ledger does it in a block `with counting(message)`, whoever settles mails that have left
calls `count_left`. `recount` counts from the ledger; the nightly proof compares. Each person counts once a mailing: a mail
and the mails that were sent again for it (`resend_of`) are one person; colleagues of the seed group and copies are nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import frappe

from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.results.rates import KINDS, Counts

STAMPS = {
	"opened": "opened_at",
	"clicked": "clicked_at",
	"replied": "replied_at",
	"bounced": "bounced_at",
	"unsubscribed": "opted_out_at",
}
# Kinds that the log alone knows: the actions, and whether only a program's count. A program that follows a link has
# fetched the mail: like a person's click, its click implies an opening.
_HITS = {
	"complained": ("'Complained'", False),
	"machine_opened": ("'Opened', 'Clicked'", True),
	"machine_clicked": ("'Clicked'", True),
}
ALONE = {
	"machine_opened": "opened",
	"machine_clicked": "clicked",
}  # counted where no person has done the same
_COLUMNS = {
	"planned": "people_planned_count",
	"sent": "people_sent_count",
	**{kind: f"{kind}_count" for kind in KINDS if kind not in ("planned", "sent")},
}
# SQL over a row `c` of the ledger.
PEOPLE = "c.is_seed = 0 AND COALESCE(c.cc_of, 0) = 0"
PERSON = "IF(c.resend_of > 0, c.resend_of, c.name)"
LEFT = (
	"(c.status = 'Sent' OR c.bounced_at IS NOT NULL)"  # for the recipient's server, which may have refused it
)
_PLANNED = "c.status != 'Skipped'"
_SETTLED = "COALESCE(c.lease_until, 0) = 0"  # else the page that holds it counts it when it settles


@dataclass(frozen=True, slots=True)
class _Mails:
	"""The mailing and the mails of one person."""

	source: str
	names: tuple[int, ...]


@contextmanager
def counting(message: int) -> Iterator[None]:
	"""Count what the block does to one mail: it stamps the ledger, logs hits, or takes back what was judged wrongly.

	Block and count are one transaction, in which the mail is locked from here on. Stamps are exact by their conditional
	UPDATE; of hits that only the log knows, two at the same moment are told apart where nothing was read in the
	transaction before. Costs a few look-ups by key, however large the mailing is; a mail that is in no result costs one.
	"""
	mails = _mails(message)
	before = _state(mails) if mails else {}
	yield
	if mails:
		after = _state(mails)
		_add(mails.source, {kind: after[kind] - before[kind] for kind in after})


def _mails(message: int) -> _Mails | None:
	rows = frappe.db.sql(
		f"""SELECT c.source, {PERSON} FROM `tabCampaign Message` c
		WHERE c.name = %s AND c.source_doctype = %s AND {PEOPLE} FOR UPDATE""",
		(message, MASS_EMAIL),
	)
	if not rows:
		return None
	source, person = rows[0]
	again = frappe.db.sql("SELECT name FROM `tabCampaign Message` WHERE resend_of = %s", person, pluck=True)
	return _Mails(source, (person, *again))


def _state(mails: _Mails) -> dict[str, int]:
	"""Return {kind: 1 where it holds for the person, else 0}."""
	columns = [f"COUNT(c.`{stamp}`) > 0 `{kind}`" for kind, stamp in STAMPS.items()]
	columns += [f"EXISTS({_logged(actions, machine)}) `{kind}`" for kind, (actions, machine) in _HITS.items()]
	(state,) = frappe.db.sql(
		f"SELECT {', '.join(columns)} FROM `tabCampaign Message` c WHERE c.name IN %(names)s",
		{"names": mails.names},
		as_dict=True,
	)
	for kind, of in ALONE.items():
		state[kind] = int(state[kind] and not state[of])
	return state


def _logged(actions: str, machine: bool) -> str:
	verdict = " AND l.verdict = 'machine'" if machine else ""
	return (
		f"SELECT 1 FROM `tabCampaign Log` l WHERE l.message IN %(names)s AND l.action IN ({actions}){verdict}"
	)


def _add(source: str, changes: Mapping[str, int]) -> None:
	changed = {_COLUMNS[kind]: int(number) for kind, number in changes.items() if number}
	if changed:
		# Not `modified`: nobody has edited the form.
		frappe.db.sql(
			"UPDATE `tabMass Email` SET "
			+ ", ".join(f"{column} = GREATEST(0, {column} + {number})" for column, number in changed.items())
			+ " WHERE name = %s",
			source,
		)


def count_left(names: Collection[int]) -> None:
	"""Count mails that have just left, or that a server has just refused for good: once, when they are settled."""
	if not names:
		return
	for source, sent, bounced in frappe.db.sql(
		f"""SELECT c.source, COUNT(*), COALESCE(SUM(c.bounced_at IS NOT NULL), 0)
		FROM `tabCampaign Message` c LEFT JOIN `tabCampaign Message` o ON o.name = c.resend_of
		WHERE c.name IN %s AND c.source_doctype = %s AND {PEOPLE} AND {LEFT}
			AND NOT COALESCE(o.status = 'Sent' OR o.bounced_at IS NOT NULL, 0)
		GROUP BY c.source LOCK IN SHARE MODE""",
		# As they are now: the journal, which has a connection of its own, has marked them since this transaction began.
		(tuple(names), MASS_EMAIL),
	):
		_add(source, {"sent": sent, "bounced": bounced})


def counts(name: str) -> Counts:
	"""Return the counters of one mailing."""
	return next(iter(_stored("name = %s", name).values()), Counts())


def counts_by_mailing(names: Collection[str]) -> dict[str, Counts]:
	"""Return {mailing: its counters} of those named that have begun, the latest first."""
	condition = "name IN %s AND people_planned_count > 0 ORDER BY started_on DESC, name DESC"
	return _stored(condition, (tuple(names) or ("",),))


def _stored(condition: str, value) -> dict[str, Counts]:
	rows = frappe.db.sql(
		f"SELECT name, {', '.join(_COLUMNS[kind] for kind in KINDS)} FROM `tabMass Email` WHERE {condition}",
		value,
	)
	return {name: Counts(*numbers) for name, *numbers in rows}


def count_anew(source: str) -> Counts:
	"""Count the people of a mailing from its ledger and its log; grows with the mailing."""
	(numbers,) = people_by(source).values()
	return Counts(**numbers, **{kind: _people_logged(source, kind) for kind in _HITS})


def people_by(source: str, column: str = "''", most: int = 1) -> dict[str, dict[str, int]]:
	"""Return {value of a column of the ledger: {kind: people}} of the `most` values that most mails went to; all kinds
	but those of the log. Without a column, the whole mailing is the value "".

	Who got a mail again is looked for beside the others: to tell persons apart among a million rows takes minutes.
	"""
	kinds = _conditions()
	found = {} if column != "''" else {"": Counter()}
	for part, *numbers in _of_first_mails(source, column, kinds, most):
		found[part] = Counter(dict(zip(kinds, map(int, numbers), strict=True)))
	for part, *numbers in _of_mails_again(source, column, kinds):
		if part in found:
			found[part].update(dict(zip(kinds, map(int, numbers), strict=True)))
	return {part: {kind: numbers[kind] for kind in kinds} for part, numbers in found.items()}


def _conditions() -> dict[str, str]:
	"""Return {kind: SQL over a row `{0}` of the ledger}."""
	conditions = {"planned": _PLANNED, "sent": f"{LEFT} AND {_SETTLED}"}
	conditions |= {kind: f"c.`{stamp}` IS NOT NULL" for kind, stamp in STAMPS.items()}
	conditions["bounced"] += f" AND {_SETTLED}"
	return {kind: condition.replace("c.", "{0}.") for kind, condition in conditions.items()}


def _of_first_mails(source: str, column: str, kinds: Mapping[str, str], most: int):
	sums = ", ".join(
		f"COALESCE(SUM({condition.format('c')}), 0) `{kind}`" for kind, condition in kinds.items()
	)
	return frappe.db.sql(
		f"""SELECT COALESCE({column.format("c")}, '') part, {sums} FROM `tabCampaign Message` c
		WHERE c.source = %s AND {PEOPLE} AND COALESCE(c.resend_of, 0) = 0
		GROUP BY part ORDER BY sent DESC, part LIMIT %s""",
		(source, most),
	)


def _of_mails_again(source: str, column: str, kinds: Mapping[str, str]):
	"""What holds for a mail that was sent again, and did not hold for the first."""
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


def _people_logged(source: str, kind: str) -> int:
	actions, machine = _HITS[kind]
	return frappe.db.sql(
		f"""SELECT COUNT(DISTINCT {PERSON}) FROM `tabCampaign Log` l JOIN `tabCampaign Message` c ON c.name = l.message
		WHERE l.source = %s AND l.action IN ({actions}) AND c.source = l.source AND {PEOPLE}
			{_nobody_did(STAMPS[ALONE[kind]]) if machine else ""}""",
		source,
	)[0][0]


def _nobody_did(stamp: str) -> str:
	"""SQL: the hit `l` is a program's, and no mail of the person has the stamp."""
	other = f"SELECT 1 FROM `tabCampaign Message` o WHERE o.`{stamp}` IS NOT NULL AND o."
	return f"""AND l.verdict = 'machine' AND c.`{stamp}` IS NULL
		AND NOT EXISTS ({other}name = c.resend_of) AND NOT EXISTS ({other}resend_of = {PERSON})"""


def recount(source: str) -> dict[str, tuple[int, int]]:
	"""Set the counters of a mailing to what its ledger says; return {counter: (stored, counted)} of those that differed.

	The form's row is locked before anything is counted: an event that is being counted meanwhile waits, so counters and
	ledger are compared as they were at one moment.
	"""
	if not frappe.db.sql("SELECT 1 FROM `tabMass Email` WHERE name = %s FOR UPDATE", source):
		return {}
	stored, found = counts(source), count_anew(source)
	different = {
		kind: (getattr(stored, kind), getattr(found, kind))
		for kind in KINDS
		if getattr(stored, kind) != getattr(found, kind)
	}
	# The difference, not the number: where the transaction is older, what was counted since stays.
	_add(source, {kind: now - before for kind, (before, now) in different.items()})
	return different


def changed_since(moment) -> list[str]:
	"""Return the mailings that the log knows anything of since `moment`, in the order of their names."""
	return frappe.db.sql(
		"""SELECT DISTINCT l.source FROM `tabCampaign Log` l JOIN `tabMass Email` m ON m.name = l.source
		WHERE l.creation >= %s AND l.source_doctype = %s ORDER BY l.source""",
		(moment, MASS_EMAIL),
		pluck=True,
	)


def report_differences(name: str, different: Mapping[str, tuple[int, int]]) -> None:
	"""Write an Error Log that names the mailing and each counter with what was stored and what was counted."""
	lines = [
		f"{_COLUMNS[kind]}: stored {stored}, counted {counted}"
		for kind, (stored, counted) in different.items()
	]
	frappe.log_error(
		title=f"Email Campaigns: the counters of {name} were wrong",
		message="\n".join([f"Mass Email {name}; the counters are what was counted now.", *lines]),
		reference_doctype=MASS_EMAIL,
		reference_name=name,
	)
