"""The explanation why somebody got a mailing, or did not: its facts are looked up and worded.

The facts stand in the ledger, on the lists and among the suppressed addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import cint, format_datetime

from email_campaigns.audience import chance, recipients_store
from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import UNSUBSCRIBED, Candidate, Decision, decide
from email_campaigns.audience.recipients_store import Recipient, Suppression
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, WAITS_FOR_WINNER
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import REST
from email_campaigns.delivery.sending import limits_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.replies import reported_words
from email_campaigns.mass_mailing.explain import sentences
from email_campaigns.mass_mailing.explain.sentences import MailFacts, SuppressionFacts, WaitReasons
from email_campaigns.record_rights_store import visible
from email_campaigns.schedule.limits import Limits, opens
from email_campaigns.site_time import database_epoch, site_time
from email_campaigns.translation import translate

SHOWN = 50
WORDS = 300  # characters of a server's words
STAMPS = {
	"sent": "sent_at",
	"bounced": "bounced_at",
	"opened": "opened_at",
	"clicked": "clicked_at",
	"replied": "replied_at",
	"opted_out": "opted_out_at",
}
FIELDS = """l.name, l.source, l.status, COALESCE(l.reason, '') reason, COALESCE(l.email, '') email, l.domain,
	l.target_list, COALESCE(l.member, 0) member, l.recipient_doctype, l.recipient_name, l.is_seed, l.cc_of,
	l.resend_of, l.send_after, l.attempts, COALESCE(l.version, '') version, l.sent_at, l.bounced_at,
	l.opened_at, l.clicked_at, l.replied_at, l.opted_out_at, l.creation,
	COALESCE((SELECT m.email FROM `tabCampaign Message` m WHERE m.name = l.cc_of), '') copy_of"""

Membership = tuple[Recipient, datetime]  # a member of a list, and since when


class Explainer:
	"""Explains of one mailing why somebody got it, or did not.

	Raises ValidationError where the mailing can't be loaded.
	"""

	def __init__(self, name: str):
		self.doc = frappe.get_doc("Mass Email", name)
		self.mailing = mailing_store.load_mass_email(name)
		self.epoch = database_epoch()
		self.limits: Limits | None = None

	def explain_address(self, email: str) -> list[str]:
		"""Return a sentence for each mail or membership of a normalised address that the user may see."""
		return self._explain(email, "", "", email)

	def explain_record(self, doctype: str, record: str) -> list[str]:
		"""Return a sentence for each mail or membership of a record of a recipient source, or of a member."""
		recipient = Recipient(0, "", 0, doctype, record)
		(candidate,) = recipients_store.read_candidates([recipient], ()).values()
		return self._explain(candidate.email, doctype, record, candidate.email or record)

	def _explain(self, email: str, doctype: str, record: str, name: str) -> list[str]:
		members = _visible(self._members(email, doctype, record))
		numbers = [member.member for member, _since in members]
		mails = self._mails("" if record else email, doctype, record, numbers)
		explained = {mail.member for mail in mails if not mail.cc_of}
		remaining = [(member, since) for member, since in members if member.member not in explained]
		lines = [self.sentence(mail) for mail in mails] + self._explain_members(remaining, email)
		if not lines and self._is_hidden(email):
			return [_("You have no permission to read the record that has the address {0}.").format(email)]
		return lines or [self._explain_stranger(email, doctype, record, name)]

	def _is_hidden(self, email: str) -> bool:
		"""Tell whether a member or a mail has this address, seen by the user or not."""
		rows = frappe.get_all(
			"Campaign Message", {"source": self.mailing.name, "email": email}, pluck="email"
		)
		return bool(self._members(email, "", "")) or any(
			address_key(row) == address_key(email) for row in rows
		)

	def _members(self, email: str, doctype: str, record: str) -> list[Membership]:
		lists = [*self.mailing.lists, *filter(None, [self.mailing.seed_list])]
		return [
			(member, since)
			for member, since in recipients_store.find_members(lists, email, doctype, record)
			if not record or (member.doctype, member.record) == (doctype, record)
		]

	def _mails(self, email: str, doctype: str, record: str, members: Sequence[int]) -> list:
		return ledger_rows(
			"""l.source = %(source)s
				AND (l.member IN %(members)s AND l.cc_of = 0 OR l.email = %(email)s)""",
			{"source": self.mailing.name, "members": tuple(members) or (0,), "email": email or "\n"},
			lambda row: row.member in members or address_key(row.email) == address_key(email),
		) or (self._logged_mails(doctype, record) if record else [])

	def _logged_mails(self, doctype: str, record: str) -> list:
		"""Return the mails of a record by the log, which names those who have left the list as well."""
		return ledger_rows(
			"""l.source = %(source)s AND l.name IN (SELECT g.message FROM `tabCampaign Log` g
				WHERE g.recipient_name = %(record)s AND g.recipient_doctype = %(doctype)s
					AND g.source = %(source)s)""",
			{"source": self.mailing.name, "doctype": doctype, "record": record},
		)

	def sentence(self, row) -> str:
		"""Return the sentence for a row that `ledger_rows` gave, in the user's language."""
		facts = {
			"status": row.status,
			"email": row.email,
			"reason": row.reason,
			"resent": bool(row.resend_of),
			"seed": bool(row.is_seed),
			"copy_of": row.copy_of if row.cc_of else "",
			"version": row.version.removeprefix(REST).strip(),
			**{event: _format_time(row[field]) for event, field in STAMPS.items()},
		}
		if row.bounced_at and row.status == "Sent":
			facts["report"] = _report(row.name)
		if row.status == "Queued":
			facts["waits"] = self._wait_reasons(row)
		if row.status == "Skipped":
			facts["suppression"] = current_suppression(row.email, row.target_list or "")
			facts["excluding"] = self._excluding_lists_of_row(row)
		return translate(sentences.explain_mail(MailFacts(**facts)))

	def _wait_reasons(self, row) -> WaitReasons:
		limit, opens_at = self._next_limit(row.domain or "")
		return WaitReasons(
			paused=self.doc.status == "Paused",
			hindrance=self.doc.problem or transport.sending_hindrance() or self._campaign_hindrance(),
			for_mail=bool(row.cc_of) and row.send_after == WAITS_FOR_MAIL,
			for_winner=WAITS_FOR_WINNER <= row.send_after < WAITS_FOR_MAIL,
			refused=row.reason if row.attempts else "",
			optimised=self.mailing.optimised,
			due=_format_epoch(row.send_after) if self.epoch < row.send_after < WAITS_FOR_WINNER else "",
			limit=limit,
			opens=_format_epoch(opens_at) if opens_at > self.epoch else "",
		)

	def _campaign_hindrance(self) -> str:
		if frappe.db.get_value("Campaign", self.doc.campaign, "status") != "Inactive":
			return ""
		return _("The campaign is Inactive, so nothing is sent until it is Active again.")

	def _next_limit(self, domain: str) -> tuple[str, int]:
		"""Return the limit that opens last for mails to a domain, and when it does (Unix seconds)."""
		self.limits = self.limits or limits_store.mailing_limits(self.mailing, self.epoch)
		limits = (*self.limits.shared, *self.limits.domains.get(domain.lower(), ()))
		opens_at, name = opens(limits, self.epoch)
		return name, opens_at

	def _excluding_lists_of_row(self, row) -> list[str]:
		return self._excluding_lists(row.recipient_doctype, row.recipient_name, row.email)

	def _excluding_lists(self, doctype: str, record: str, email: str) -> list[str]:
		members = recipients_store.find_members(self.mailing.excluding, email, doctype, record)
		return sorted({member.target_list for member, _since in members})

	def _explain_members(self, members: list[Membership], email: str) -> list[str]:
		"""Return sentences for members who have no row in the ledger."""
		if not members:
			return []
		if self.doc.frozen or self.doc.status == "In Process":
			return [self._explain_missing_row(member, since, email) for member, since in members]
		decisions = self._decisions(email, [member for member, _since in members])
		lines = [self._explain_outlook(decision) for decision in decisions]
		return [self._explain_cancelled(), *lines] if self.doc.status == "Cancelled" else lines

	def _explain_missing_row(self, member: Recipient, since: datetime, email: str) -> str:
		name = email or member.record
		if not self.doc.frozen:
			return translate(sentences.explain_settling(name))
		return translate(sentences.explain_late_member(name, member.target_list, _format_time(since)))

	def _explain_cancelled(self) -> str:
		return _("The mailing was cancelled before it started: {0}").format(self.doc.cancel_reason or "")

	def _decisions(self, email: str, wanted: Sequence[Recipient]) -> list[Decision]:
		"""Decide as a freeze would, among all who have this address: the first of them gets it."""
		members = {member.id: member for member, _since in self._members(email, "", "")}
		members |= {member.id: member for member in wanted}
		candidates = recipients_store.read_candidates(
			[members[number] for number in sorted(members)], self.mailing.excluding
		)
		numbers = {member.id for member in wanted}
		decisions = self._decide(list(candidates.values()))
		return [decision for decision in decisions if decision.candidate.member in numbers]

	def _decide(self, candidates: list[Candidate]) -> list[Decision]:
		mailing = self.mailing
		members = [candidate for candidate in candidates if candidate.target_list in mailing.lists]
		seeds = [candidate for candidate in candidates if candidate.target_list not in mailing.lists]
		policy, informational = mailing.duplicate_policy, mailing.informational
		held_out = chance.hold_out(mailing.holdout_seed, mailing.holdout_percent)
		decisions = decide(members, policy, (), informational=informational, held_out=held_out)
		taken = [decision.dedupe_key for decision in decisions]
		return decisions + decide(seeds, policy, taken, informational=informational)

	def _explain_outlook(self, decision: Decision) -> str:
		candidate, excluding = decision.candidate, []
		if decision.reason:
			excluding = self._excluding_lists(candidate.doctype, candidate.record, candidate.email)
		suppression = current_suppression(candidate.email, candidate.target_list)
		return translate(sentences.explain_outlook(candidate.email, decision.reason, suppression, excluding))

	def _explain_stranger(self, email: str, doctype: str, record: str, name: str) -> str:
		excluding = self._excluding_lists(doctype, record, email)
		suppression = current_suppression(email, *self.mailing.lists)
		return translate(sentences.explain_stranger(name, suppression, excluding))


def _visible(members: list[Membership]) -> list[Membership]:
	"""Return those of some members that the user may see."""
	seen = frappe.db.sql(
		f"""SELECT m.name FROM `tabTarget List Member` m
		WHERE m.name IN %s AND {visible("Target List Member", "m")}""",
		(tuple(member.member for member, _since in members) or (0,),),
		pluck=True,
	)
	return [membership for membership in members if membership[0].member in seen]


def ledger_rows(
	condition: str,
	values: dict,
	wanted: Callable = lambda row: True,
	*,
	newest_first: bool = False,
) -> list:
	"""Return at most SHOWN rows of the ledger `l` that meet a condition in SQL, with FIELDS.

	They are rows that the user may see.
	`wanted` says of a row whether it is meant, since the collation takes é and e for one letter.
	"""
	order = "DESC" if newest_first else "ASC"
	rows = frappe.db.sql(
		f"""SELECT {FIELDS} FROM `tabCampaign Message` l
		WHERE ({condition}) AND {visible("Campaign Message", "l")} ORDER BY l.name {order} LIMIT {SHOWN}""",
		values,
		as_dict=True,
	)
	return [row for row in rows if wanted(row)]


def current_suppression(email: str, *lists: str) -> SuppressionFacts:
	"""Return what keeps mail of some lists from an address today."""
	if not email:
		return SuppressionFacts()
	known = recipients_store.read_suppressions({email}).get(address_key(email), [])
	holding = [suppression for suppression in known if suppression.target_list in ("", *lists)]
	# A reason other than an unsubscription holds for informational mail too, so it comes first.
	strictest = min(holding, key=lambda suppression: suppression.reason == UNSUBSCRIBED, default=None)
	return _suppression_facts(strictest) if strictest else SuppressionFacts()


def _suppression_facts(suppression: Suppression) -> SuppressionFacts:
	since = _format_time(suppression.since)
	return SuppressionFacts(suppression.reason, since, suppression.origin, suppression.target_list)


def _report(message: int) -> str:
	"""Return what the server said that sent a mail back, and its name: “5.1.1 unknown, reported by mx”."""
	filters = {"message": message, "kind": "Bounce", "status": "Done"}
	fields = ["enhanced", "text", "reporter"]
	event = frappe.db.get_value("Inbound Event", filters, fields, order_by="name", as_dict=True)
	if not event:
		return ""
	text = " ".join((event.text or "").removeprefix(event.enhanced or "").split())[:WORDS].rstrip(".")
	return translate(reported_words(event.enhanced or "", text, event.reporter or ""))


def _format_time(moment) -> str:
	return format_datetime(moment) if moment else ""


def _format_epoch(epoch: int) -> str:
	return format_datetime(site_time(cint(epoch)))
