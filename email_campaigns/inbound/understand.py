"""From the bytes of a mail to what it says. Pure; raises nothing but MailError.

A report comes first: a machine's words about a mail that was not delivered are nobody's answer.
"""

from typing import Any

from email_campaigns.inbound.mail.header import addresses_in
from email_campaigns.inbound.mail.ids import clues
from email_campaigns.inbound.mail.message import IncomingMail, read
from email_campaigns.inbound.reports.machine import is_surely_by_machine
from email_campaigns.inbound.reports.reader import WORDS, Reading, read_reports, sign_of_other_report
from email_campaigns.inbound.speech.speaker import said
from email_campaigns.inbound.values import Finding, Kind, Report
from email_campaigns.text import Sentence

# A report about several addresses is of the kind that has the gravest consequence.
GRAVITY = (Kind.COMPLAINT, Kind.BOUNCE, Kind.DELAY, Kind.DELIVERY)


def understand(raw: bytes) -> Finding:
	"""Return what an incoming mail says. Raises MailError for bytes that are no mail, or too much of one."""
	mail = read(raw)
	reading = read_reports(mail)
	if reading.reports:
		return _reported(mail, reading)
	return _of_nobody(mail, sign) if (sign := sign_of_other_report(mail)) else _spoken(mail)


def _reported(mail: IncomingMail, reading: Reading) -> Finding:
	return _finding(
		mail,
		_gravest(reading.reports),
		reading.words,
		reading.why,
		reports=reading.reports,
		by_machine=is_surely_by_machine(mail),
	)


def _of_nobody(mail: IncomingMail, sign: Sentence) -> Finding:
	return _finding(mail, Kind.OTHER, mail.plain[:WORDS], sign)


def _spoken(mail: IncomingMail) -> Finding:
	speech = said(mail)
	return _finding(
		mail,
		speech.kind,
		speech.text,
		speech.why,
		back_on=speech.back_on,
		asks_to_leave=speech.asks_to_leave,
		# An opt-out goes to an address that only mail programs know.
		by_machine=speech.kind is not Kind.REPLY,
	)


def _finding(mail: IncomingMail, kind: Kind, text: str, why: Sentence | None, **values: Any) -> Finding:
	return Finding(
		kind,
		clues(mail),
		sender=(addresses_in(mail.headers.get("from")) or [""])[0],
		subject=mail.headers.get("subject"),
		text=text,
		message_id=mail.headers.get("message-id").strip("<> "),
		why=why,
		**values,
	)


def _gravest(reports: tuple[Report, ...]) -> Kind:
	return min((report.kind for report in reports), key=GRAVITY.index)
