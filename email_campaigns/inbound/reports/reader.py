"""What the report in a mail says, whatever its form. Pure; never raises for a mail that was read."""

from __future__ import annotations

from dataclasses import dataclass

from email_campaigns.inbound.mail.message import RETURNED_MAILS, IncomingMail
from email_campaigns.inbound.reports import forms
from email_campaigns.inbound.reports.complaint import complaint_reports
from email_campaigns.inbound.reports.delivery_status import status_reports
from email_campaigns.inbound.reports.free_form import free_reports
from email_campaigns.inbound.reports.notice import notice_of
from email_campaigns.inbound.values import Report
from email_campaigns.text import Sentence, _lt

COMPLAINT = _lt("The mail is a complaint (message/feedback-report, or an older form of it).")
STATUS = _lt("The mail has a delivery report (message/delivery-status).")
FREE_FORM = _lt("A mail server reports in its own words (form: {0}).")
OTHER_REPORT = _lt("It is a machine's report, but of no bounce and no complaint.")
RECALL = _lt("Its sender wants to recall an earlier mail.")
WORDS = 2000  # characters of a server's words that are kept for people


@dataclass(frozen=True, slots=True)
class Reading:
	"""The reports in a mail, one for each address; the server's words; and what the report was known by."""

	reports: tuple[Report, ...] = ()
	words: str = ""
	why: Sentence | None = None


def read_reports(mail: IncomingMail) -> Reading:
	"""Return what the report in a mail says, the most reliable form first; no reports if it is none.

	A filter may have put the report into a mail of its own (InterScan): then the inner one counts.
	"""
	notice = notice_of(mail)
	words = notice.text.strip()[:WORDS]
	if reports := complaint_reports(mail, notice):
		return Reading(tuple(reports), words, Sentence(COMPLAINT))
	if reports := status_reports(mail, notice):
		return Reading(tuple(reports), words, Sentence(STATUS))
	form, reports = free_reports(mail, notice)
	if reports:
		return Reading(tuple(reports), words, Sentence(FREE_FORM, form))
	inner = _inner_report(mail)
	return read_reports(inner) if inner else Reading()


def reports_of(mail: IncomingMail) -> tuple[Report, ...]:
	"""Return the reports in a mail; nothing if it is no report."""
	return read_reports(mail).reports


def sign_of_other_report(mail: IncomingMail) -> Sentence | None:
	"""Return what tells that a mail without reports is nobody's words either, None if it may be somebody's.

	Such are reports about signatures (RFC 6591, RFC 7489), about what is no spam, and of what went well.
	"""
	if mail.find("message/feedback-report") or _is_of_another_type(mail):
		return Sentence(OTHER_REPORT)
	if forms.DAEMONS.search(mail.headers.get("from").lower()):
		return Sentence(OTHER_REPORT)
	return Sentence(RECALL) if forms.RECALLS.search(mail.plain[:WORDS].lower()) else None


def _is_of_another_type(mail: IncomingMail) -> bool:
	report_type = mail.root.parameters.get("report-type", "").lower()
	return mail.root.content_type == "multipart/report" and report_type != "disposition-notification"


def _inner_report(mail: IncomingMail) -> IncomingMail | None:
	if mail.root.parameters.get("report-type", "").lower() != "delivery-status":
		return None
	returned = next((part for part in mail.root.walk() if part.content_type in RETURNED_MAILS), None)
	return IncomingMail(returned.parts[0]) if returned and returned.parts else None
