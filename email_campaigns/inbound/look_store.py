"""A raw mail under the magnifying glass: what it would be taken for, and why. It changes nothing."""

from __future__ import annotations

from typing import Any

from frappe import _
from frappe.utils import format_date

from email_campaigns.inbound import match_store
from email_campaigns.inbound.outcomes.outcomes_store import REPORTS
from email_campaigns.inbound.outcomes.proof import NO_MAIL, prove
from email_campaigns.inbound.understand import understand
from email_campaigns.inbound.values import BounceClass, Finding, Kind, Report
from email_campaigns.text import Sentence, _lt
from email_campaigns.tracking.store import NamedMail
from email_campaigns.translation import translate

SHOWN = 50  # reports, and clues of a kind
TEXT = 5000  # characters of what somebody wrote
_FOLLOWS = {
	Kind.REPLY: _lt("It counts as a reply, and ends the sequence where the campaign says so."),
	Kind.AUTOMATIC: _lt("It does not count as a reply."),
	Kind.DEPARTED: _lt("The owner gets a notification. Nobody is suppressed."),
	Kind.RECEIPT: _lt("It is noted in the log, and is no open."),
	Kind.OPT_OUT: _lt("The person is unsubscribed at once."),
	Kind.DELAY: _lt("It is noted in the log. The server still tries."),
	Kind.DELIVERY: _lt("An uncertain mail becomes Sent."),
	Kind.COMPLAINT: _lt("The address is suppressed at once."),
	Kind.OTHER: _lt("Nothing follows from it."),
}
_OF_BOUNCES = {
	BounceClass.HARD: _lt("The address is suppressed at once."),
	BounceClass.SOFT: _lt("It counts. After some of them the address gets no mail for a while."),
	BounceClass.BLOCKED: _lt("The sender is refused, so nobody is suppressed."),
}


def look_at(mail: str) -> dict[str, Any]:
	"""Return what a raw mail says, whose mail it is about, and what would follow. Raises MailError.

	{"kind", "why", "sender", "subject", "text", "reports": [...], "clues": {name: texts}, "mail": what it is
	about or None, "missing": what is not proven or "", "follows": a sentence or ""}.
	"""
	finding = understand(mail.encode("utf-8", "surrogateescape"))
	named = match_store.mail_about(finding)
	report, missing = _proof(finding, named)
	return {
		"kind": _(finding.kind.value),
		"why": translate(finding.why) if finding.why else "",
		"sender": finding.sender,
		"subject": finding.subject,
		"text": finding.text[:TEXT],
		"reports": [_describe(report) for report in finding.reports[:SHOWN]],
		"clues": _clues(finding),
		"mail": {"mailing": named.source, "email": named.email, "message": named.message} if named else None,
		"missing": translate(missing),
		"follows": "" if missing else translate(_consequence(finding, report)),
	}


def _proof(finding: Finding, named: NamedMail | None) -> tuple[Report | None, Sentence]:
	if not named:
		return None, Sentence(NO_MAIL)
	if finding.kind not in REPORTS:
		return None, Sentence("")
	proven = prove(finding.reports, named.email)
	return (None, proven) if isinstance(proven, Sentence) else (proven, Sentence(""))


def _consequence(finding: Finding, report: Report | None) -> Sentence:
	if report and report.bounce_class:
		return Sentence(_OF_BOUNCES[report.bounce_class])
	if finding.kind is Kind.AUTOMATIC and finding.back_on:
		text = _lt("It does not count as a reply. The person's sequences wait until the day after {0}.")
		return Sentence(text, format_date(finding.back_on))
	return Sentence(_FOLLOWS[report.kind if report else finding.kind])


def _describe(report: Report) -> dict[str, str]:
	return {
		"kind": _(report.kind.value),
		"bounce_class": _(report.bounce_class.value) if report.bounce_class else "",
		"address": report.original_address or report.address,
		"enhanced": report.enhanced,
		"text": report.text[:TEXT],
		"reporter": report.reporter,
	}


def _clues(finding: Finding) -> dict[str, list[str]]:
	clues = {
		_("Addresses with a token"): finding.clues.senders,
		_("Message-IDs"): finding.clues.message_ids,
		_("Ids of a provider"): finding.clues.provider_ids,
	}
	return {name: list(texts[:SHOWN]) for name, texts in clues.items() if texts}
