"""The signs of an automatic answer (RFC 3834, and what vendors write). Pure; never raises.

A person's answer must never be taken for an automatic one. So words count only where something else is a
machine's too: people write that they are out of office, answer automatic answers, and write through ticket
systems and mailing lists, which mark their mail `Precedence: bulk`. X-Auto-Response-Suppress is a sign of
nothing: it asks others not to answer automatically (MS-OXCMAIL §2.2.3.2.14).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from email_campaigns.inbound.mail.header import Headers
from email_campaigns.inbound.speech.automatic_words import (
	ABSENT,
	ABSENT_SUBJECT,
	ACKNOWLEDGED,
	AUTOMATIC_SUBJECT,
	AUTOMATIC_TEXT,
	DEPARTED,
	NOTES_SUBJECT,
	RECEIVED,
	SUCCESSOR,
)
from email_campaigns.text import Sentence, _lt

TEXT = 3000  # characters in which an automatic answer says what it is


def words(alternatives: tuple[str, ...], begin: str = r"(?<!\w)", end: str = "") -> re.Pattern[str]:
	"""Return a pattern for text in lowercase: it takes a third of the time of one that ignores case."""
	return re.compile(f"{begin}(?:{'|'.join(alternatives)}){end}")


_VENDORS = re.compile(r"x-(?:mail-?)?auto-?(?:repl|respon|generated|answer)(?!.{0,6}-suppress)|x-vacation")
_MARKED = {
	"x-fc-machinegenerated": re.compile(r"true"),
	"x-post-messageclass": re.compile(r".*autoresponder"),
	"delivered-to": re.compile(r"autoresponder\b(?!.*@)"),
	"precedence": re.compile(r"auto[-_ ]?reply"),
	"x-mailer": re.compile(r"vacation(?:/|$)"),
}
_NO = ("", "no", "false", "0")
_TICKETS = re.compile(
	r"(?:x-)?(?:zendesk|jira|atlassian|rt-|otrs|znuny|zammad|freshdesk|helpscout|intercom|front-|kayako|deskpro|sfdc"
	r"|redmine|osticket|servicenow|snow-|hubspot|gorgias|desk-|ticket|request-tracker|helpdesk|loop)"
)
_TICKET_MAILERS = re.compile(
	r"zendesk|zammad|otrs|znuny|osticket|jira|freshdesk|servicenow|helpscout", re.IGNORECASE
)
_NO_REPLY = re.compile(
	r"\b(?:no|do-?not|ne)[-_.]?(?:reply|respond|antwort|repondre|responder)\w{0,20}@", re.IGNORECASE
)
_NULL_PATH = re.compile(r"<>|<?mailer-daemon\b")
_BULK = re.compile(r"bulk|junk|list", re.IGNORECASE)
_TAGS = r"^(?:\[[^\]]{1,40}\] ?|\*{2,3}[^*]{1,40}\*{2,3} ?){0,3}"
_AUTOMATIC_SUBJECT = words(AUTOMATIC_SUBJECT, _TAGS)
_NOTES_SUBJECT = words(NOTES_SUBJECT, _TAGS)
_ABSENT_SUBJECT = words(
	ABSENT_SUBJECT,
	_TAGS,
	r"(?: ?[:(\[]| (?:auto|reply|notification|message|re:))",
)
_ABSENT = words(ABSENT)
_DEPARTED = words(DEPARTED)
_SUCCESSOR = words(SUCCESSOR)
_ACKNOWLEDGED = words(ACKNOWLEDGED)
_RECEIVED = words(RECEIVED)
_AUTOMATIC_TEXT = words(AUTOMATIC_TEXT, r"^\W{0,5}")


@dataclass(frozen=True, slots=True)
class Speech:
	"""What a sign is looked for in: the header, and subject and text in lowercase, each on one line."""

	headers: Headers
	subject: str
	text: str
	has_quote: bool

	@classmethod
	def of(cls, headers: Headers, text: str, *, has_quote: bool) -> Speech:
		return cls(headers, flat(headers.get("subject")), flat(text[:TEXT]), has_quote)


def flat(text: str) -> str:
	"""Return a text on one line in lowercase, with single blanks and straight apostrophes."""
	return " ".join(text.replace("’", "'").lower().split())


def automatic_sign(speech: Speech) -> Sentence | None:
	"""Return by what an automatic answer is known, None for what a person wrote."""
	return _sign_in_header(speech) or _sign_in_words(speech)


def says_departed(text: str, *, names_return: bool) -> bool:
	"""Tell whether an automatic answer says that the person works there no more; `text` is flat."""
	return bool(_DEPARTED.search(text)) or (not names_return and bool(_SUCCESSOR.search(text)))


def says_absent(text: str) -> bool:
	"""Tell whether a text in lowercase has the words of an absence."""
	return bool(_ABSENT.search(text))


def _sign_in_header(speech: Speech) -> Sentence | None:
	headers = speech.headers
	for value in headers.all("auto-submitted"):
		word = value.partition(";")[0].partition("(")[0].strip().lower()
		# Ticket systems mark as generated what their agents write, too.
		if word not in _NO and (
			word != "auto-generated" or not _is_ticket(headers) or _is_acknowledged(speech)
		):
			return Sentence(_lt("The header {0} is that of an automatic answer."), f"Auto-Submitted: {word}")
	for name in headers.names():
		if _VENDORS.match(name) and headers.get(name).strip().lower() not in _NO:
			return Sentence(_lt("The header {0} is that of an automatic answer."), name)
	for name, mark in _MARKED.items():
		if any(mark.match(value.strip().lower()) for value in headers.all(name)):
			return Sentence(_lt("The header {0} is that of an automatic answer."), name)
	if has_null_path(headers):
		return Sentence(_lt("It has no return path, so no person sent it."))
	return None


def has_null_path(headers: Headers) -> bool:
	"""Tell whether the last server wrote the return path of machines, `<>` (RFC 5321 §4.5.5).

	Some servers write it as their MAILER-DAEMON. A rule of Exchange that redirects a person's mail empties
	the path, too, and adds Resent-From.
	"""
	paths = ("".join(headers.get(name).lower().split()) for name in ("return-path", "x-envelope-from"))
	return "resent-from" not in headers and any(_NULL_PATH.match(path) for path in paths)


def _sign_in_words(speech: Speech) -> Sentence | None:
	if speech.has_quote:  # a person answers an automatic answer, perhaps with its subject
		return _sign_of_a_desk(speech)
	if _NOTES_SUBJECT.match(speech.subject) or (_has_subject(speech) and _sounds_automatic(speech.text)):
		return Sentence(_lt("The subject is that of an automatic answer: {0}"), speech.headers.get("subject"))
	if _AUTOMATIC_TEXT.match(speech.text):
		return Sentence(_lt("It says that it is an automatic answer."))
	return _sign_of_a_desk(speech)


def _sign_of_a_desk(speech: Speech) -> Sentence | None:
	if _is_from_desk(speech.headers) and _is_acknowledged(speech):
		return Sentence(_lt("A ticket system acknowledges the mail."))
	return None


def _has_subject(speech: Speech) -> bool:
	return bool(_AUTOMATIC_SUBJECT.match(speech.subject) or _ABSENT_SUBJECT.match(speech.subject))


def _sounds_automatic(text: str) -> bool:
	tables = (_ABSENT, _DEPARTED, _AUTOMATIC_TEXT, _RECEIVED, _ACKNOWLEDGED)
	return any(table.search(text) for table in tables)


def _is_from_desk(headers: Headers) -> bool:
	is_bulk = bool(_BULK.search(headers.get("precedence")))
	return is_bulk or _is_ticket(headers) or bool(_NO_REPLY.search(headers.get("from")))


def _is_ticket(headers: Headers) -> bool:
	return any(_TICKETS.match(name) for name in headers.names()) or bool(
		_TICKET_MAILERS.search(headers.get("x-mailer"))
	)


def _is_acknowledged(speech: Speech) -> bool:
	text = f"{speech.subject} {speech.text[:600]}"
	if _ACKNOWLEDGED.search(text):
		return True
	# “We have received your mail” is what a person may write through a ticket system.
	is_marked = "auto-submitted" in speech.headers or bool(_NO_REPLY.search(speech.headers.get("from")))
	return is_marked and bool(_RECEIVED.search(text))
