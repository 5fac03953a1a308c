"""Who speaks in an incoming mail that is no report, and what they say. Pure; never raises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parsedate_to_datetime

from email_campaigns.inbound.mail.header import Headers
from email_campaigns.inbound.mail.ids import is_opt_out_address, recipients
from email_campaigns.inbound.mail.message import IncomingMail
from email_campaigns.inbound.speech.absence import Place, last_day_of_absence
from email_campaigns.inbound.speech.automatic import Speech, automatic_sign, says_departed
from email_campaigns.inbound.speech.leaving import asks_to_leave
from email_campaigns.inbound.speech.receipt import is_receipt
from email_campaigns.inbound.speech.written import has_quote, written
from email_campaigns.inbound.values import Kind
from email_campaigns.text import Sentence, _lt

_MONTH_FIRST = ("en-us", "en-ph")
_DAY_FIRST_TIMES = timedelta(hours=-3)  # west of it, English is written with the month first


@dataclass(frozen=True, slots=True)
class Said:
	"""Who speaks, and what: the fields of a Finding that words decide."""

	kind: Kind
	text: str
	why: Sentence
	back_on: date | None = None
	asks_to_leave: bool = False


def said(mail: IncomingMail) -> Said:
	"""Return who speaks in a mail that no server reports in: OPT_OUT, RECEIPT, AUTOMATIC, DEPARTED or REPLY.

	OPT_OUT is certain only when the address has our signature, which the caller verifies.
	"""
	text = written(mail)
	if any(is_opt_out_address(address) for address in recipients(mail.headers)):
		return Said(Kind.OPT_OUT, text, Sentence(_lt("It came to the opt-out address of a mail.")))
	if is_receipt(mail, text):
		return Said(Kind.RECEIPT, text, Sentence(_lt("It says that a mail was opened, or deleted unread.")))
	speech = Speech.of(mail.headers, text, has_quote=has_quote(mail, text))
	if sign := automatic_sign(speech):
		return _automatic(speech, text, sign)
	why = Sentence(_lt("Nothing in it is a machine's, so a person wrote it."))
	return Said(Kind.REPLY, text, why, asks_to_leave=asks_to_leave(text))


def _automatic(speech: Speech, text: str, sign: Sentence) -> Said:
	place = _place(speech.headers)
	# Some people put all of it into the subject.
	back_on = last_day_of_absence(f"{speech.subject}\n{text}", place) if place else None
	if says_departed(speech.text, names_return=bool(back_on)):
		return Said(Kind.DEPARTED, text, Sentence(_lt("{0} It says that the person has left."), sign))
	return Said(Kind.AUTOMATIC, text, sign, back_on=back_on)


def _place(headers: Headers) -> Place | None:
	try:
		sent = parsedate_to_datetime(headers.get("date"))
		offset = sent.utcoffset()
		return Place(sent.date(), _puts_month_first(headers, offset))
	except (ValueError, TypeError, OverflowError):
		return None


def _puts_month_first(headers: Headers, offset: timedelta | None) -> bool | None:
	language = headers.get("content-language").partition(",")[0].strip().lower()
	if language and not language.startswith("en"):
		return False
	if language.startswith("en-") and language not in _MONTH_FIRST:
		return False
	if not offset:
		return None  # UTC says nothing of the writer
	return offset < _DAY_FIRST_TIMES
