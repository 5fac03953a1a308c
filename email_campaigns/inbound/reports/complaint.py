"""Complaints: RFC 5965 (message/feedback-report), redacted ones (RFC 6590), and older forms. Pure."""

import re

from email_campaigns.inbound.mail.header import Headers, addresses_in
from email_campaigns.inbound.mail.message import IncomingMail
from email_campaigns.inbound.reports.notice import Notice
from email_campaigns.inbound.values import Kind, Report

# RFC 5965 §7.3 and its registry: what a person did, or means. auth-failure (RFC 6591) and dmarc tell of our
# signatures, not-spam takes a complaint back.
COMPLAINTS = frozenset(
	{"abuse", "fraud", "opt-out", "opt-out-list", "virus", "other", "miscategorized", "spam"}
)
_OLD_SUBJECTS = re.compile(r"complaint about message from|email (?:feedback|abuse) report", re.IGNORECASE)
_OLD_WORDS = re.compile(
	r"^this is an? (?:email )?(?:abuse|spam|feedback|complaint) report", re.IGNORECASE | re.MULTILINE
)
# Outlook.com's Junk Mail Reporting Program, Yahoo, and what servers note of the envelope
_RETURNED_FIELDS = ("x-hmxmroriginalrecipient", "x-original-to", "x-apparently-to", "delivered-to", "to")


def complaint_reports(mail: IncomingMail, notice: Notice) -> list[Report]:
	"""Return what a mail complains of, a report for each address; nothing if it is no complaint."""
	part = mail.find("message/feedback-report")
	if part:
		fields = Headers.parse(part.text.strip())
		return _reports(fields, notice) if is_complaint(fields) else []
	if _is_of_old_form(mail, notice):
		return _reports(Headers({}), notice)
	return []


def is_complaint(fields: Headers) -> bool:
	"""Tell whether the fields of a feedback report are of a person's complaint."""
	return (fields.get("feedback-type").split() or [""])[0].lower() in COMPLAINTS


def _is_of_old_form(mail: IncomingMail, notice: Notice) -> bool:
	if "x-hmxmroriginalrecipient" in notice.returned:
		return True
	return bool(notice.returned and _OLD_SUBJECTS.search(notice.subject) and _OLD_WORDS.search(notice.text))


def _reports(fields: Headers, notice: Notice) -> list[Report]:
	addresses = _addresses(fields, notice) or [""]
	reporter = fields.get("reporting-mta").partition(";")[2].strip() or fields.get("user-agent")
	text = fields.get("feedback-type")
	return [Report(Kind.COMPLAINT, address, address, None, "", text, reporter[:140]) for address in addresses]


def _addresses(fields: Headers, notice: Notice) -> list[str]:
	"""Return who complains; nobody where the reporter has redacted it (RFC 6590)."""
	for values in (fields.raw("original-rcpt-to"), fields.raw("removal-recipient")):
		if addresses := [address for value in values for address in addresses_in(value)]:
			return addresses[:1000]
	for name in _RETURNED_FIELDS:
		if addresses := [address for value in notice.returned.raw(name) for address in addresses_in(value)]:
			return addresses if len(addresses) == 1 else []
	return []
