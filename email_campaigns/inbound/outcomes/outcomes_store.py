"""What follows from one mail or event that came back, in the transaction of the caller.

`apply` is the entrance for one event, `apply_bounces` for many. An event is judged once: its row is locked,
and its status is written in the same transaction as all that follows from it, so a job may be killed anywhere
and begin again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from frappe import _
from frappe.utils import escape_html, format_date, format_datetime

from email_campaigns.audience.address import InvalidAddress, address_key, normalise_known
from email_campaigns.inbound.outcomes import bounces_store, events_store, ledger_store
from email_campaigns.inbound.outcomes.bounces_store import Bounce
from email_campaigns.inbound.outcomes.effects import Effects
from email_campaigns.inbound.outcomes.harmless import harmless
from email_campaigns.inbound.outcomes.ledger_store import LedgerMail
from email_campaigns.inbound.outcomes.proof import NO_MAIL, prove
from email_campaigns.inbound.values import Finding, Kind, Report
from email_campaigns.notify import notify_users
from email_campaigns.settings import app_settings
from email_campaigns.site_time import site_time
from email_campaigns.text import Sentence
from email_campaigns.tracking import store as tracking
from email_campaigns.translation import in_language, site_language

QUOTED = 200  # characters of an answer that the log shows
REPORTS = (Kind.BOUNCE, Kind.DELAY, Kind.DELIVERY, Kind.COMPLAINT)
NOTHING = Sentence("")


@dataclass(frozen=True, slots=True)
class Case:
	"""An Inbound Event by its number, what it says, and the number of the mail that it is about."""

	event: int
	finding: Finding
	message: int


def apply_bounces(cases: Sequence[Case], effects: Effects) -> set[int]:
	"""Carry out what follows from those cases that are plain bounces; returns their events.

	The others need `apply`: a bounce that proves nothing, about an Uncertain mail or one of which another
	case is a bounce. The transaction must have read nothing before that it changes here.
	"""
	waiting = events_store.lock_those_waiting([case.event for case in cases])
	mails = ledger_store.lock([case.message for case in cases])
	judged = []
	for case in cases:
		mail = mails.pop(case.message, None) if case.event in waiting else None
		report = prove(case.finding.reports, mail.email) if mail and mail.status != "Uncertain" else None
		if mail and isinstance(report, Report) and report.kind is Kind.BOUNCE:
			judged.append((case.event, case.finding, mail, report))
	events_store.finish_proven(judged)
	bounces_store.apply_bounces([Bounce(mail, report) for *_event, mail, report in judged], effects)
	return {event for event, *_others in judged}


def apply(event: int, finding: Finding, message: int | None, effects: Effects) -> bool:
	"""Carry out what follows from a finding about the mail number `message`; False where it was done before.

	`event` is the number of an Inbound Event, `message` None where the finding leads to no mail of ours. The
	transaction must have read nothing before that it changes here.
	"""
	status = events_store.lock_waiting(event, message)
	if status is None:
		return False
	finding = harmless(finding)
	if message and status == "Uncertain" and finding.kind is not Kind.OTHER:
		effects.settle(message)  # somebody has it, or reports on it
	mail = ledger_store.lock([message]).get(message) if message else None
	if not mail:
		events_store.finish(event, finding, None, None, Sentence(NO_MAIL))
		return True
	report = _prove(finding, mail)
	if isinstance(report, Sentence):
		events_store.finish(event, finding, mail, None, report)
		return True
	events_store.finish(event, finding, mail, report, NOTHING)
	if report and finding.kind in REPORTS:
		bounces_store.apply_report(mail, report, effects)
	else:
		_SPEECH.get(finding.kind, _nothing)(event, finding, mail, effects)
	return True


def _prove(finding: Finding, mail: LedgerMail) -> Report | Sentence | None:
	# A provider's opt-out has a report too; that of a mail program came to a signed address.
	has_address = finding.kind in REPORTS or finding.reports
	return prove(finding.reports, mail.email) if has_address else None


def _nothing(event: int, finding: Finding, mail: LedgerMail, effects: Effects) -> None:
	"""Do nothing: the mail is about ours, and says nothing that has a consequence."""


def _reply(event: int, finding: Finding, mail: LedgerMail, effects: Effects) -> None:
	# A reply to a copy counts for the person in To, whoever has written it.
	effects.record_reply(mail.named.cc_of or mail.number, _quote(finding, mail))
	if finding.asks_to_leave and app_settings().obey_leave_words and _is_from(finding, mail):
		effects.opt_out(mail.number, "the words of an answer")


def _is_from(finding: Finding, mail: LedgerMail) -> bool:
	"""Tell whether somebody writes for themselves: a mail may have been passed on."""
	try:
		return address_key(normalise_known(finding.sender)) == address_key(mail.email)
	except InvalidAddress:
		return False


def _quote(finding: Finding, mail: LedgerMail) -> str:
	"""Return the beginning of an answer, with its sender where that is somebody else."""
	words = " ".join((finding.text or finding.subject).split())
	short = words[:QUOTED] + ("…" if len(words) > QUOTED else "")
	# In the log of the person in To, a reader of a copy is somebody else.
	by_other = finding.sender and (mail.named.cc_of or not _is_from(finding, mail))
	return f"{finding.sender}: {short}" if by_other else short


def _opt_out(event: int, finding: Finding, mail: LedgerMail, effects: Effects) -> None:
	how = "the provider's unsubscribe link" if finding.reports else "a mail to the unsubscribe address"
	effects.opt_out(mail.number, how)


def _automatic(event: int, finding: Finding, mail: LedgerMail, effects: Effects) -> None:
	with in_language(site_language()):
		details = _quote(finding, mail)
		if finding.back_on:
			reason = _("An automatic answer says: away until {0}.").format(format_date(finding.back_on))
			until = effects.hold(mail.number, finding.back_on, reason)
			waits = _("The sequence waits until {0}.").format(format_datetime(site_time(until)))
			details = " · ".join(filter(None, (details, waits if until else reason)))
	tracking.log("Automatic Answer", mail.named, details, own_wish=True)


def _departed(event: int, finding: Finding, mail: LedgerMail, effects: Effects) -> None:
	tracking.log("Departed", mail.named, _quote(finding, mail), own_wish=True)
	with in_language(site_language()):
		sentence = _("An automatic answer from {0} says that nobody reads this address any more.")
		notify_users([mail.owner], "Inbound Event", str(event), sentence.format(escape_html(mail.email)))


def _receipt(event: int, finding: Finding, mail: LedgerMail, effects: Effects) -> None:
	# A mail program sends it, perhaps for a mail that was deleted unread: it is no open.
	tracking.log("Read Receipt", mail.named, _quote(finding, mail), own_wish=True)


_SPEECH: dict[Kind, Callable[[int, Finding, LedgerMail, Effects], None]] = {
	Kind.REPLY: _reply,
	Kind.OPT_OUT: _opt_out,
	Kind.AUTOMATIC: _automatic,
	Kind.DEPARTED: _departed,
	Kind.RECEIPT: _receipt,
}
