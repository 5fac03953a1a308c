"""Sends mails of a mailing again: one, or all that failed.

Each change is an INSERT that the unique key absorbs or an UPDATE that names the status it comes from, so that
of two people who want the same only one gets it. All is done under the mailing's lock; nothing here commits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import frappe
from frappe import _
from frappe.utils import cint, now

from email_campaigns.audience import chance, recipients_store
from email_campaigns.audience.decide import Candidate
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.compat import affected_rows, change_latest_rows
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.smtp import transport
from email_campaigns.mass_mailing import status_store
from email_campaigns.mass_mailing.resend import resend
from email_campaigns.mass_mailing.resend.requeue_store import SETTLED, requeue
from email_campaigns.mass_mailing.resend.resend import ON_ITS_WAY, LedgerRow, ResendPlan, ResendRules
from email_campaigns.site_time import database_epoch

_ROW = """name, status, COALESCE(reason, ''), COALESCE(email, ''), COALESCE(target_list, ''),
	COALESCE(member, 0), COALESCE(recipient_doctype, ''), COALESCE(recipient_name, ''),
	COALESCE(language, ''), dedupe_key, is_seed, COALESCE(cc_of, 0), COALESCE(resend_of, 0),
	COALESCE(sent_epoch, 0), lease_until = 0"""


def read_rows(condition: str, values: dict, *, fresh: bool = False) -> list[LedgerRow]:
	"""Return one slice of the ledger's rows that meet a condition in SQL, in their order.

	`fresh` locks them as they are now.
	"""
	locked = " FOR UPDATE" if fresh else ""
	rows = frappe.db.sql(
		f"""SELECT {_ROW} FROM `tabCampaign Message`
		WHERE {condition} ORDER BY name LIMIT {members_store.SLICE}{locked}""",
		values,
	)
	return [LedgerRow(*row) for row in rows]


def row_slices(source: str, condition: str, values: dict | None = None) -> Iterator[list[LedgerRow]]:
	"""Yield the rows of a mailing that meet a condition in SQL, slice by slice."""
	after = 0
	while rows := read_rows(
		f"source = %(source)s AND name > %(after)s AND {condition}",
		{**(values or {}), "source": source, "after": after},
	):
		yield rows
		after = rows[-1].name


def begin_resend(name: str) -> Mailing:
	"""Lock a mailing to send its mails again, and return it. Raises ValidationError where nothing can go."""
	change_latest_rows()
	if sentence := current_hindrance(status_store.lock(name)):
		frappe.throw(sentence, title=_("Nothing Is Sent Again"))
	return mailing_store.load_mass_email(name)


def inspect_mailing(name: str) -> tuple[str, Mailing]:
	"""Return the sentence for which nothing of a mailing can be sent again, "" where it can, and the mailing.

	Raises ValidationError where the mailing can't be loaded.
	"""
	doc = frappe.db.get_value("Mass Email", name, status_store.LOCKED, as_dict=True)
	return current_hindrance(doc), mailing_store.load_mass_email(name)


def current_hindrance(doc) -> str:
	"""Return the sentence for which nothing of a mailing can be sent again now, "" where it can.

	`doc` has the fields that status_store.lock returns.
	"""
	sentence = resend.resend_hindrance(
		status=doc.status,
		frozen=bool(doc.frozen),
		deadline=cint(doc.deadline_epoch),
		campaign=frappe.db.get_value("Campaign", doc.campaign, "status") or "",
		epoch=database_epoch(),
	)
	return _(sentence) if sentence else transport.sending_hindrance()


def continue_sending(mailing: Mailing) -> None:
	"""Let the mailing send the mails that are open again: an ended one goes on, a Paused one stays so."""
	status_store.reopen(mailing.name)
	if mailing.spread_until:
		status_store.spread_from(mailing.name, counts_store.count_remaining(mailing.name), database_epoch())


def resend_rules(mailing: Mailing, *, decided: bool = False) -> ResendRules:
	"""Return the rules by which a mailing's recipients were chosen; `decided` as ResendRules has it."""
	held_out = chance.hold_out(mailing.holdout_seed, mailing.holdout_percent)
	return ResendRules(mailing.duplicate_policy, mailing.informational, held_out, decided)


def current_candidates(mailing: Mailing, rows: Sequence[LedgerRow]) -> dict[int, Candidate]:
	"""Return {row: what is known today of its recipient}; a copy's is the address alone, without a record."""
	recipients = [
		Recipient(row.name, row.target_list, row.member, row.doctype, row.record)
		for row in rows
		if not row.cc_of
	]
	copies = [row for row in rows if row.cc_of]
	return recipients_store.read_candidates(recipients, mailing.excluding) | _copy_candidates(copies)


def _copy_candidates(copies: Sequence[LedgerRow]) -> dict[int, Candidate]:
	known = recipients_store.read_suppressions({row.email for row in copies})
	return {
		row.name: Candidate(
			member=row.member,
			target_list=row.target_list,
			member_key="",
			email=row.email,
			doctype=row.doctype,
			record=row.record,
			suppressed=recipients_store.strictest_reason(known, row.email, row.target_list),
		)
		for row in copies
	}


def resend_mail(message: int) -> None:
	"""Send a mail of the ledger again. Raises ValidationError with a sentence where that can't be."""
	source = frappe.db.get_value("Campaign Message", message, "source")
	mailing = begin_resend(source)
	(row,) = read_rows("name = %(name)s", {"name": message})
	if reason := (_repeat(mailing, row) if row.status == "Sent" else _queue(mailing, row)):
		frappe.throw(_(reason), title=_("The Mail Is Not Sent Again"))
	continue_sending(mailing)


def _repeat(mailing: Mailing, row: LedgerRow) -> str:
	"""Add a row beside that of a mail that was sent; return why not, "" where that was done."""
	resends = read_resends(mailing.name, row.original)
	candidate = current_candidates(mailing, [row])[row.name]
	if reason := resend.resend_refusal(row, candidate, resend_rules(mailing), resends, database_epoch()):
		return reason
	_insert(row, candidate, resend.resend_key(row.original, len(resends) + 1))
	if not affected_rows():
		return ON_ITS_WAY
	counts_store.add_to_counts(mailing.name, planned=1)
	return ""


def read_resends(source: str, original: int) -> list[LedgerRow]:
	"""Return the rows of the mails that repeat an `original`."""
	key = resend.resend_key(original, 0).removesuffix("0")
	values = {"source": source, "key": f"{key}%"}
	return read_rows("source = %(source)s AND step = 0 AND dedupe_key LIKE %(key)s", values)


def _insert(row: LedgerRow, candidate: Candidate, key: str) -> None:
	copied = (
		"source_doctype, source, campaign, step, target_list, member, recipient_doctype, recipient_name,"
		" language, version, is_seed"
	)
	frappe.db.sql(
		f"""INSERT IGNORE INTO `tabCampaign Message` (name, creation, modified, owner, modified_by, {copied},
			email, domain, resend_of, dedupe_key, status, reason, claim)
		SELECT NEXTVAL(`campaign_message_id_seq`), %(now)s, %(now)s, %(user)s, %(user)s, {copied},
			%(email)s, %(domain)s, %(original)s, %(key)s, 'Queued', '', ''
		FROM `tabCampaign Message` WHERE name = %(name)s""",
		{
			"now": now(),
			"user": frappe.session.user,
			"email": candidate.email,
			"domain": candidate.domain,
			"original": row.original,
			"key": key,
			"name": row.name,
		},
	)


def _queue(mailing: Mailing, row: LedgerRow) -> str:
	"""Queue a mail again that never left; return why not, "" where that was done."""
	(plan,) = plan_rows(mailing, [row], resend_rules(mailing))
	return plan.reason or ("" if requeue(mailing, [plan]) else ON_ITS_WAY)


def plan_rows(mailing: Mailing, rows: Sequence[LedgerRow], rules: ResendRules) -> list[ResendPlan]:
	"""Decide over rows that never left, by today's facts."""
	candidates = current_candidates(mailing, rows)
	wanted = {resend.wanted_key(row, candidates[row.name], rules.policy) for row in rows}
	return list(resend.plan_requeue(rows, candidates, _holders(mailing, wanted), rules))


def _holders(mailing: Mailing, keys: Collection[str]) -> dict[str, int]:
	"""Return {key: the row that has it}. A Skipped row gives way, since its recipient gets nothing."""
	return dict(
		frappe.db.sql(
			"""SELECT dedupe_key, name FROM `tabCampaign Message`
			WHERE source = %s AND step = 0 AND dedupe_key IN %s AND status != 'Skipped'""",
			(mailing.name, tuple(keys) or ("",)),
		)
	)


def resend_failed(name: str) -> dict:
	"""Queue every Failed mail again; return {"queued": number, "left_out": {reason: number}}."""
	mailing, queued = begin_resend(name), 0
	left_out: Counter[str] = Counter()
	rules = resend_rules(mailing)
	for rows in row_slices(name, f"status = 'Failed' AND cc_of = 0 AND {SETTLED}"):
		plans = plan_rows(mailing, rows, rules)
		queued += requeue(mailing, plans)
		left_out.update(plan.reason for plan in plans if plan.reason)
	if queued:
		continue_sending(mailing)
	return {"queued": queued, "left_out": dict(left_out.most_common())}
