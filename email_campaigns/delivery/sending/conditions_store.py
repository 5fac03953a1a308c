"""The question “may this mail leave now?” in SQL, for the seconds between a claim and the mail's way out.

judge_store.py has asked it of the whole batch already, by the rules of audience/decide.py. Here it is asked
again of each mail in the journal's own statement, so each condition looks rows up by a primary key or another
index. A mail that fails one is given back, and the next claim decides on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import frappe

from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import SEQUENCE_ENDED, SEQUENCE_GONE, UNSUBSCRIBED
from email_campaigns.audience.recipients_store import HOLDS
from email_campaigns.audience.sources_store import PLAIN, PLAIN_SOURCE, Source, sources
from email_campaigns.delivery.copies import fields_store
from email_campaigns.delivery.ledger.claims_store import ANSWER_RESERVE
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.mailing.mailing_store import CAMPAIGN_SENDS, MASS_EMAIL_SENDS
from email_campaigns.lifecycle import EMAIL_CAMPAIGN, LEFT_EMAIL_CAMPAIGN, MASS_EMAIL
from email_campaigns.text import Sentence, _lt
from email_campaigns.translation import translate

CANCELLED = _lt("Cancelled: {0}")

# What holds for a row `m` of the ledger.
LEASE_LIVES = f"m.lease_until >= UNIX_TIMESTAMP() + {ANSWER_RESERVE}"
SUPPRESSION = f"""SELECT s.reason FROM `tabSuppressed Email` s
	WHERE s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
		AND COALESCE(s.target_list, '') IN ('', m.target_list) AND s.reason != %(ignored)s
		AND {HOLDS}"""
# All mails of a Mass Email stop together, and all of a campaign's sequences. So the database asks once a
# statement, and not for each row.
_SENDS = {
	MASS_EMAIL: f"""SELECT 1 FROM `tabMass Email` p JOIN `tabCampaign` c ON c.name = p.campaign
		WHERE p.name = %(sender)s AND {MASS_EMAIL_SENDS}""",
	EMAIL_CAMPAIGN: f"SELECT 1 FROM `tabCampaign` c WHERE c.name = %(sender)s AND {CAMPAIGN_SENDS}",
}
_IS_COPY = "COALESCE(m.cc_of, 0) > 0"
# By its key too: a record that was merged into another has the other's place on the list.
_ON_LIST = f"""(COALESCE(m.member, 0) = 0 OR m.recipient_doctype = '{PLAIN}' OR {_IS_COPY}
	OR EXISTS (SELECT 1 FROM `tabTarget List Member` t WHERE t.name = m.member)
	OR EXISTS (SELECT 1 FROM `tabTarget List Member` t WHERE t.target_list = m.target_list
		AND t.member_key = CONCAT(m.recipient_doctype, '/', m.recipient_name)))"""
_ENROLLED = f"""EXISTS (SELECT 1 FROM `tabEmail Campaign` e
	WHERE e.name = m.source AND e.status NOT IN {LEFT_EMAIL_CAMPAIGN})"""
_STAYED = f"""NOT EXISTS (SELECT 1 FROM `tabEmail Unsubscribe` u
	WHERE u.email = m.email AND BINARY LOWER(u.email) = BINARY LOWER(m.email)
		AND u.reference_doctype = '{EMAIL_CAMPAIGN}' AND u.reference_name = m.source)"""
_LEFT = """SELECT u.email FROM `tabEmail Unsubscribe` u
	WHERE u.email = %s AND u.reference_doctype = %s AND u.reference_name = %s"""


@dataclass(frozen=True, slots=True)
class LeaveConditions:
	"""Conditions in SQL on a row `m` of the ledger, for the mails of one mailing.

	`sends` holds where the mailing or campaign named %(sender)s sends now. `wanted` holds where neither the
	recipient nor their record keeps the mail back; `exact` asks in addition whether the record's address is
	still that of the mail, byte by byte. `address` is an expression for the record's address, as the record
	has it.
	`doctypes` are those of the recipients that still are recipient sources.
	"""

	doctypes: frozenset[str]
	sends: str
	wanted: str
	exact: str
	address: str


def leave_conditions(mailing: Mailing, doctypes: Collection[str]) -> LeaveConditions:
	"""Return the conditions on the mails of a mailing to records of `doctypes`.

	The recipient sources are those of this moment. Each subquery costs time with every mail, so there are
	none for doctypes that do not occur.
	"""
	origins = [source for source in (PLAIN_SOURCE, *sources().values()) if source.doctype in doctypes]
	return LeaveConditions(
		doctypes=frozenset(source.doctype for source in origins),
		sends=f"EXISTS ({_SENDS[mailing.doctype]})",
		wanted=_wanted(mailing, origins, exact=False),
		exact=_wanted(mailing, origins, exact=True),
		address=_by_doctype(origins, _address, "NULL"),
	)


def _wanted(mailing: Mailing, origins: Sequence[Source], *, exact: bool) -> str:
	def usable(source: Source) -> str:
		return _usable(source, informational=mailing.informational, exact=exact)

	conditions = [f"({_IS_COPY} OR {_by_doctype(origins, usable, 'TRUE')})"]
	if any(source.doctype != PLAIN for source in origins):
		conditions.append(_ON_LIST)
	if mailing.cc_fields:
		conditions.append(_copy_wanted(mailing))
	if mailing.stream:
		conditions += [_ENROLLED] if mailing.informational else [_ENROLLED, _STAYED]
	return " AND ".join(conditions)


def _by_doctype(origins: Sequence[Source], expression: Callable[[Source], str], otherwise: str) -> str:
	"""Return the expression for the recipient source of a row, `otherwise` where it has none any more."""
	cases = [f"WHEN {frappe.db.escape(source.doctype)} THEN {expression(source)}" for source in origins]
	return f"CASE m.recipient_doctype {' '.join(cases)} ELSE {otherwise} END" if cases else otherwise


def _usable(source: Source, *, informational: bool, exact: bool) -> str:
	conditions = [
		*([f"NOT {source.disabled}"] if source.disabled != "0" else []),
		*([f"{source.opt_out} = 0"] if source.opt_out_field and not informational else []),
		*([f"BINARY {source.email} = BINARY m.email"] if exact else []),
	]
	return f"EXISTS (SELECT 1 {_record(source)}{''.join(f' AND {part}' for part in conditions)})"


def _address(source: Source) -> str:
	return f"(SELECT {source.email} {_record(source)})"


def _record(source: Source) -> str:
	"""Return FROM and WHERE that find the record `s` by its primary key."""
	name = "m.recipient_name"
	if source.doctype == PLAIN:
		name = "m.member"
	elif frappe.get_meta(source.doctype).autoname == "autoincrement":
		name = "CAST(m.recipient_name AS SIGNED)"
	return f"FROM `tab{source.doctype}` s WHERE s.name = {name}"


def _copy_wanted(mailing: Mailing) -> str:
	"""Return the condition that the User who gets a copy is enabled, and has not opted out."""
	keys = [field.key for field in mailing.cc_fields if fields_store.links_to_user(field)]
	if not keys:
		return "TRUE"
	user = sources().get("User")
	opted_out = f" OR {user.opt_out} = 1" if user and not mailing.informational else ""
	fields = ", ".join(frappe.db.escape(key) for key in keys)
	return f"""(m.cc_field IS NULL OR m.cc_field NOT IN ({fields})
		OR NOT EXISTS (SELECT 1 FROM `tabUser` s WHERE s.name = m.email AND (s.enabled = 0{opted_out})))"""


def read_end(cursor: Any, mailing: Mailing, name: int) -> tuple[str, str]:
	"""Return (status, reason) of the end that the mail number `name` has instead of waiting, "" for none.

	That is where its mailing was cancelled, or its recipient has left its sequence. The mailing or enrolment
	stays locked against that until the end of the cursor's transaction.
	"""
	if not mailing.stream:
		query = "SELECT status, cancel_reason FROM `tabMass Email` WHERE name = %s LOCK IN SHARE MODE"
		cursor.execute(query, (mailing.name,))
		status, reason = cursor.fetchone() or ("Cancelled", "")
		return (
			("Cancelled", translate(Sentence(CANCELLED, reason or ""))) if status == "Cancelled" else ("", "")
		)
	cursor.execute("SELECT source, email FROM `tabCampaign Message` WHERE name = %s", (name,))
	source, email = cursor.fetchone() or ("", "")
	query = "SELECT status, ended_because FROM `tabEmail Campaign` WHERE name = %s LOCK IN SHARE MODE"
	cursor.execute(query, (source,))
	reason = enrolment_end(*(cursor.fetchone() or (None, "")))
	if not reason and not mailing.informational:
		cursor.execute(_LEFT, (email, EMAIL_CAMPAIGN, source))
		keys = {address_key(address) for (address,) in cursor.fetchall()}
		reason = UNSUBSCRIBED if address_key(email) in keys else ""
	return ("Skipped", reason) if reason else ("", "")


def enrolment_end(status: str | None, because: str | None) -> str:
	"""Return the reason why nothing more of an enrolment leaves, "" where it goes on.

	`status` is None where it was deleted; `because` is what its form says.
	"""
	if status is None:
		return SEQUENCE_GONE
	return (because or SEQUENCE_ENDED) if status in LEFT_EMAIL_CAMPAIGN else ""
