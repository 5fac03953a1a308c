"""Looks up why somebody got a mailing, or did not: in the ledger, on the lists, among the suppressed addresses."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import frappe
from frappe import _
from frappe.utils import cint, format_datetime, get_system_timezone

from email_campaigns.audience import chance, recipients_store
from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import Candidate, Decision, decide
from email_campaigns.audience.recipients_store import Recipient, Suppression
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, WAITS_FOR_WINNER
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import REST
from email_campaigns.delivery.sending import limits_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.mass_mailing.explain import sentences
from email_campaigns.mass_mailing.explain.sentences import MailFacts, SuppressionFacts, WaitReasons
from email_campaigns.schedule.clock import in_zone
from email_campaigns.schedule.limits import Limits, opens

SHOWN = 50
STAMPS = {
	"sent": "sent_at",
	"bounced": "bounced_at",
	"opened": "opened_at",
	"clicked": "clicked_at",
	"replied": "replied_at",
	"opted_out": "opted_out_at",
}
FIELDS = """l.name, l.source, l.status, COALESCE(l.reason, '') reason, COALESCE(l.email, '') email, l.domain,
	l.target_list, COALESCE(l.member, 0) member, l.recipient_doctype, l.recipient_name, l.is_seed, l.cc_of, l.resend_of,
	l.send_after, l.attempts, COALESCE(l.version, '') version, l.sent_at, l.bounced_at, l.opened_at, l.clicked_at, l.replied_at, l.opted_out_at, l.creation,
	COALESCE((SELECT m.email FROM `tabCampaign Message` m WHERE m.name = l.cc_of), '') copy_of"""


class Explainer:
	"""Tells of one mailing why somebody got it, or did not."""

	def __init__(self, name: str):
		self.doc = frappe.get_doc("Mass Email", name)
		self.mailing = mailing_store.load_mass_email(name)
		self.epoch = int(time.time())
		self.limits: Limits | None = None

	def explain_address(self, email: str) -> list[str]:
		"""Return a sentence for each mail or membership of a normalised address."""
		return self._tell(email, "", "", email)

	def explain_record(self, doctype: str, record: str) -> list[str]:
		"""Return a sentence for each mail or membership of a record of a recipient source, or of a member."""
		(who,) = recipients_store.read_candidates([Recipient(0, "", 0, doctype, record)], ()).values()
		return self._tell(who.email, doctype, record, who.email or record)

	def _tell(self, email: str, doctype: str, record: str, shown: str) -> list[str]:
		members = self._members(email, doctype, record)
		mails = self._mails(
			email if not record else "", doctype, record, [one.member for one, _since in members]
		)
		sentences = [self.sentence(mail) for mail in mails]
		told = {mail.member for mail in mails if not mail.cc_of}
		rest = [(one, since) for one, since in members if one.member not in told]
		sentences += self._of_members(rest, email, record)
		return sentences or [self._of_stranger(email, doctype, record, shown)]

	def _members(self, email: str, doctype: str, record: str) -> list[tuple[Recipient, object]]:
		lists = [*self.mailing.lists, *filter(None, [self.mailing.seed_list])]
		found = recipients_store.find_members(lists, email, doctype, record)
		return [
			(one, since)
			for one, since in found
			if not record or (one.doctype, one.record) == (doctype, record)
		]

	def _mails(self, email: str, doctype: str, record: str, members: Sequence[int]) -> list:
		return ledger_rows(
			"""l.source = %(source)s AND (l.member IN %(members)s AND l.cc_of = 0 OR l.email = %(email)s)""",
			{"source": self.mailing.name, "members": tuple(members) or (0,), "email": email or "\n"},
			lambda row: row.member in members or address_key(row.email) == address_key(email),
		) or (self._mails_of_record(doctype, record) if record else [])

	def _mails_of_record(self, doctype: str, record: str) -> list:
		"""Whoever has left the list since is found by the log, which has what became of each mail."""
		return ledger_rows(
			"""l.source = %(source)s AND l.name IN (SELECT g.message FROM `tabCampaign Log` g
				WHERE g.recipient_name = %(record)s AND g.recipient_doctype = %(doctype)s AND g.source = %(source)s)""",
			{"source": self.mailing.name, "doctype": doctype, "record": record},
		)

	def sentence(self, row) -> str:
		"""Return the sentence for a row that `ledger_rows` gave."""
		reason_of_today = row.status == "Skipped"
		return sentences.explain_mail(
			MailFacts(
				status=row.status,
				email=row.email,
				reason=row.reason,
				again=bool(row.resend_of),
				seed=bool(row.is_seed),
				copy_of=row.copy_of if row.cc_of else "",
				version=row.version.removeprefix(REST).strip(),
				waits=self._waits(row) if row.status == "Queued" else WaitReasons(),
				kept=current_suppression(row.email, row.target_list or "")
				if reason_of_today
				else SuppressionFacts(),
				lists=self._excluding(row) if reason_of_today else (),
				**{word: _shown(row[field]) for word, field in STAMPS.items()},
			),
			_,
		)

	def _waits(self, row) -> WaitReasons:
		limit, at = self._limit(row.domain or "")
		return WaitReasons(
			paused=self.doc.status == "Paused",
			held=self.doc.problem or transport.sending_hindrance() or self._inactive(),
			for_mail=bool(row.cc_of) and row.send_after == WAITS_FOR_MAIL,
			for_winner=WAITS_FOR_WINNER <= row.send_after < WAITS_FOR_MAIL,
			refused=row.reason if row.attempts else "",
			optimised=self.mailing.optimised,
			due=_clock(row.send_after) if self.epoch < row.send_after < WAITS_FOR_WINNER else "",
			limit=limit,
			opens=_clock(at) if at > self.epoch else "",
		)

	def _inactive(self) -> str:
		if frappe.db.get_value("Campaign", self.doc.campaign, "status") != "Inactive":
			return ""
		return _("The campaign is Inactive, so nothing is sent until it is Active again.")

	def _limit(self, domain: str) -> tuple[str, int]:
		self.limits = self.limits or limits_store.mailing_limits(self.mailing, self.epoch)
		at, name = opens((*self.limits.shared, *self.limits.domains.get(domain.lower(), ())), self.epoch)
		return name, at

	def _excluding(self, row) -> list[str]:
		who = Recipient(0, row.target_list or "", row.member, row.recipient_doctype, row.recipient_name)
		return self._excluding_lists(who, row.email)

	def _excluding_lists(self, who: Recipient, email: str) -> list[str]:
		found = recipients_store.find_members(self.mailing.excluding, email, who.doctype, who.record)
		return sorted({one.target_list for one, _since in found})

	def _of_members(self, members: list[tuple[Recipient, object]], email: str, record: str) -> Iterable[str]:
		"""Return what can be said of members who have no row in the ledger."""
		if not members:
			return []
		if self.doc.frozen or self.doc.status == "In Process":
			return [self._without_row(one, since, email) for one, since in members]
		decisions = self._decisions(email, [one for one, _since in members])
		sentences = [self._would(decision) for decision in decisions]
		return [self._cancelled(), *sentences] if self.doc.status == "Cancelled" else sentences

	def _without_row(self, one: Recipient, since, email: str) -> str:
		shown = email or one.record
		if not self.doc.frozen:
			return sentences.explain_settling(shown, _)
		return sentences.explain_late_member(shown, one.target_list, _shown(since), _)

	def _cancelled(self) -> str:
		return _("The mailing was cancelled before it started: {0}").format(self.doc.cancel_reason or "")

	def _decisions(self, email: str, wanted: Sequence[Recipient]) -> list[Decision]:
		"""Decide as a freeze would, among all who have this address: the first of them gets it."""
		everybody = {one.id: one for one, _since in self._members(email, "", "")} | {
			one.id: one for one in wanted
		}
		today = recipients_store.read_candidates(
			[everybody[id] for id in sorted(everybody)], self.mailing.excluding
		)
		members = [who for who in today.values() if who.target_list in self.mailing.lists]
		seeds = [who for who in today.values() if who.target_list not in self.mailing.lists]
		numbers = {one.id for one in wanted}
		return [one for one in self._decide(members, seeds) if one.candidate.member in numbers]

	def _decide(self, members: list[Candidate], seeds: list[Candidate]) -> list[Decision]:
		mailing = self.mailing
		group = chance.hold_out(mailing.holdout_seed, mailing.holdout_percent)
		rules = {"informational": mailing.informational}
		first = decide(members, mailing.duplicate_policy, (), held_out=group, **rules)
		keys = [decision.dedupe_key for decision in first]
		return first + decide(seeds, mailing.duplicate_policy, keys, **rules)

	def _would(self, decision: Decision) -> str:
		who = decision.candidate
		one = Recipient(who.member, who.target_list, who.member, who.doctype, who.record)
		lists = self._excluding_lists(one, who.email) if decision.reason else ()
		return sentences.explain_outlook(
			who.email, decision.reason, _, current_suppression(who.email, who.target_list), lists
		)

	def _of_stranger(self, email: str, doctype: str, record: str, shown: str) -> str:
		lists = self._excluding_lists(Recipient(0, "", 0, doctype, record), email)
		return sentences.explain_stranger(shown, _, current_suppression(email, *self.mailing.lists), lists)


def ledger_rows(condition: str, values: dict, wanted=lambda row: True, *, newest_first: bool = False) -> list:
	"""Return the rows of the ledger `l` that meet a condition in SQL, at most SHOWN, as they are told."""
	order = "DESC" if newest_first else "ASC"
	rows = frappe.db.sql(
		f"SELECT {FIELDS} FROM `tabCampaign Message` l WHERE {condition} ORDER BY l.name {order} LIMIT {SHOWN}",
		values,
		as_dict=True,
	)
	# The collation takes é and e for one letter.
	return [row for row in rows if wanted(row)]


def current_suppression(email: str, *lists: str) -> SuppressionFacts:
	"""Return what keeps mail of some lists from an address today."""
	known = recipients_store.read_suppressions({email}).get(address_key(email), []) if email else []
	holding = [one for one in known if one.target_list in ("", *lists)]
	return (
		_kept(min(holding, key=lambda one: one.reason == "Unsubscribed")) if holding else SuppressionFacts()
	)


def _kept(one: Suppression) -> SuppressionFacts:
	return SuppressionFacts(one.reason, _shown(one.since), one.origin, one.target_list)


def _shown(at) -> str:
	return format_datetime(at) if at else ""


def _clock(epoch: int) -> str:
	return format_datetime(in_zone(cint(epoch), get_system_timezone()).replace(tzinfo=None))
