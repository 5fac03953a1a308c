"""Reports by RFC 3464 (message/delivery-status) and RFC 6533 (message/global-delivery-status). Pure."""

import re
from collections.abc import Iterator

from email_campaigns.inbound.mail.header import Headers, addresses_in
from email_campaigns.inbound.mail.message import IncomingMail
from email_campaigns.inbound.reports.notice import Notice, original_in
from email_campaigns.inbound.reports.severity import classify
from email_campaigns.inbound.values import Kind, Report

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
RECIPIENTS = 1000
# RFC 3464 §2.3.3
KINDS = {
	"failed": Kind.BOUNCE,
	"delayed": Kind.DELAY,
	"delivered": Kind.DELIVERY,
	"relayed": Kind.DELIVERY,
	"expanded": Kind.DELIVERY,
	"deliverable": Kind.DELIVERY,  # Postfix answers "sendmail -bv" so
}
KINDS_OF_CLASSES = {"2": Kind.DELIVERY, "4": Kind.DELAY}
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
# RFC 6533 §3: characters beyond ASCII in an address of the type utf-8
_UNITEXT = re.compile(r"\\x\{([0-9A-F]{2,6})\}")
_FIELDS_IN_TEXT = re.compile(r"^[ \t]{0,8}Final-Recipient[ \t]{0,4}:", re.IGNORECASE | re.MULTILINE)


def status_reports(mail: IncomingMail, notice: Notice) -> list[Report]:
	"""Return what the delivery-status of a mail says of each recipient; nothing where it has none.

	Some servers write the fields into their text (Amazon WorkMail), or damage the MIME around them.
	"""
	text = _status_text(mail, notice)
	if not text:
		return []
	blocks = [Headers.parse(block) for block in _BLANK_LINES.split(text)[: RECIPIENTS * 2]]
	reporter = next((_host(block.get("reporting-mta")) for block in blocks if "reporting-mta" in block), "")
	return list(_reports(blocks, notice, reporter))


def _status_text(mail: IncomingMail, notice: Notice) -> str:
	if part := mail.find(*STATUS_TYPES):
		return part.text
	if match := _FIELDS_IN_TEXT.search(notice.text):
		start = notice.text.rfind("\n\n", 0, match.start())
		return "\n".join(line.strip() for line in notice.text[max(start, 0) :].split("\n"))
	return ""


def _reports(blocks: list[Headers], notice: Notice, reporter: str) -> Iterator[Report]:
	about = [
		block for block in blocks if any(name in block for name in ("action", "final-recipient", "status"))
	]
	for block in about:
		yield _report(block, notice, reporter, len(about) == 1)


def _report(block: Headers, notice: Notice, reporter: str, alone: bool) -> Report:
	status = _status(block.get("status"))
	kind = _kind(block.get("action"), status)
	original = address_of(block.get("original-recipient"))
	address = address_of(block.get("final-recipient")) or original or notice.only_address
	around = notice.words_about(address)
	original = original or original_in(around)
	words = _diagnostic(block) or around
	reporter = _host(block.get("remote-mta")) or reporter
	if kind is not Kind.BOUNCE:
		return Report(kind, address, original, None, status, one_line(words), reporter)
	bounce_class, enhanced = classify((words, *notice.texts_about(address, alone)), status)
	return Report(kind, address, original, bounce_class, enhanced, one_line(words), reporter)


def _kind(action: str, status: str) -> Kind:
	word = (action.split() or [""])[0].strip(";,()").lower()
	return KINDS.get(word) or KINDS_OF_CLASSES.get(status[:1], Kind.BOUNCE)


def _status(value: str) -> str:
	match = _STATUS.search(value)
	return match[0] if match else ""


def _diagnostic(block: Headers) -> str:
	texts = (value.partition(";")[2].strip() or value for value in block.all("diagnostic-code"))
	return " ".join(text for text in texts if any(char.isalpha() for char in text))


def _host(value: str) -> str:
	name = value.partition(";")[2] or value
	return (name.split() or [""])[0].strip("[]<>().,").lower()


def address_of(value: str) -> str:
	"""Return the address of a recipient field ("rfc822; a@example.com"), "" where it has none of email."""
	text = _UNITEXT.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)), value.partition(";")[2] or value)
	return (addresses_in(text) or [""])[0]


def one_line(words: str) -> str:
	"""Return words in one line, as long as a report keeps them."""
	return " ".join(words.split())[:300]
