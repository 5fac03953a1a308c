"""Reports in free words: which form is it, which addresses does it name, and what of each? Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace

from email_campaigns.inbound.mail.header import ADDRESS, addresses_in
from email_campaigns.inbound.mail.message import IncomingMail
from email_campaigns.inbound.reports import forms
from email_campaigns.inbound.reports.delivery_status import one_line
from email_campaigns.inbound.reports.machine import has_no_sender
from email_campaigns.inbound.reports.notice import Notice, original_in
from email_campaigns.inbound.reports.second_opinion import failed_addresses
from email_campaigns.inbound.reports.severity import classify
from email_campaigns.inbound.values import Kind, Report

_A = rf"[\[(\"']?(?:SMTP:)?<?(?P<address>{ADDRESS})>?"
# A line that begins with an address, or that names one behind a label
_ADDRESS_LINES = tuple(
	re.compile(pattern, re.IGNORECASE | re.MULTILINE)
	for pattern in (
		rf"^[ \t>*#-]{{0,60}}{_A}",
		rf"^[ \t<>]{{0,6}}[45]\d\d[ -](?:[45]\.\d\.\d )?{_A}\.\.\.",
		r"^[ \t>*-]{0,12}(?:failed |intended |final |original )?"
		r"(?:recipients?|rcpt to|to|user|address|error-for|delivery failed)"
		rf"(?: address(?:es)?)?[\])(s ]{{0,4}}: ?{_A}",
		rf"^[^\n@:]{{3,80}}: ?{_A}[ \t]*$",
		r"(?:rcpt to|recipient|returned permanent errors|(?:message|mail|addressed|deliverable) to|user|for)"
		rf"[: ]{{1,3}}{_A}",
	)
)
_OTHERS = re.compile(
	r"^(?:mailer-daemon|postmaster|abuse|support|help|noreply|no-reply|admin\w*)@", re.IGNORECASE
)


def free_reports(mail: IncomingMail, notice: Notice) -> tuple[str, list[Report]]:
	"""Return the form of a report in free words and its reports; "" and nothing if it is none."""
	form = form_of_report(mail, notice)
	if not form:
		return "", []
	kind = _kind(notice)
	addresses = list(_failed(mail, notice)) or [""]
	alone = len(addresses) == 1
	reporter = mail.headers.get("from").rpartition("@")[2].partition(">")[0].strip()[:140]
	reports = (_report(kind, address, notice, alone) for address in addresses)
	return form, [replace(report, reporter=reporter) for report in reports]


def form_of_report(mail: IncomingMail, notice: Notice) -> str:
	"""Return the form in which a machine says that a mail was not delivered, "" if none says so."""
	is_machine, subject = _is_by_machine(mail), notice.subject.lower()
	if (not is_machine and not _has_subject_of_report(subject)) or _answers_otherwise(subject):
		return ""
	form = next((name for name, form in forms.FORMS.items() if form.search(notice.low)), "")
	if form == forms.ANY and (not is_machine or forms.NO_REPORTS.search(notice.low)):
		return ""
	return form


def _has_subject_of_report(subject: str) -> bool:
	"""Tell whether a mail from an ordinary address may be a report: not if people talk about one."""
	return bool(forms.MACHINE_SUBJECTS.search(subject)) and not forms.ANSWERS.match(subject)


def _answers_otherwise(subject: str) -> bool:
	"""Tell whether a subject is of another automatic mail, not of a report that repeats one."""
	other, report = forms.NO_REPORTS.search(subject), forms.MACHINE_SUBJECTS.search(subject)
	return other is not None and not (report and report.start() < other.start())


def _is_by_machine(mail: IncomingMail) -> bool:
	return has_no_sender(mail) or bool(forms.MACHINE_SENDERS.search(mail.headers.get("from").lower()))


def _kind(notice: Notice) -> Kind:
	text = f"{notice.subject.lower()}\n{notice.low}"
	return Kind.DELAY if forms.DELAYS.search(text) and not forms.FINAL.search(text) else Kind.BOUNCE


def _failed(mail: IncomingMail, notice: Notice) -> Iterator[str]:
	"""Yield the addresses that failed, from the first source that knows any."""
	for source in (_in_fields, _on_lines, _by_library, _returned_to, _in_words):
		if addresses := list(dict.fromkeys(source(mail, notice))):
			yield from addresses[:1000]
			return


def _in_fields(mail: IncomingMail, notice: Notice) -> list[str]:
	return [address for value in mail.headers.all("x-failed-recipients") for address in addresses_in(value)]


def _on_lines(mail: IncomingMail, notice: Notice) -> list[str]:
	for line in _ADDRESS_LINES:
		addresses = [match["address"] for match in line.finditer(notice.text)]
		others = [address for address in addresses if not _is_other(address, notice)]
		if others:
			return others
	return []


def _is_other(address: str, notice: Notice) -> bool:
	return address.lower() in notice.own_addresses or bool(_OTHERS.match(address))


def _by_library(mail: IncomingMail, notice: Notice) -> list[str]:
	return failed_addresses(mail, notice)


def _returned_to(mail: IncomingMail, notice: Notice) -> list[str]:
	for name in ("x-original-to", "delivered-to", "to"):
		if addresses := [address for value in notice.returned.raw(name) for address in addresses_in(value)]:
			return addresses if len(addresses) == 1 else []
	return []


def _in_words(mail: IncomingMail, notice: Notice) -> list[str]:
	return [address for address in notice.addresses if not _OTHERS.match(address)][:1] or notice.addresses[:1]


def _report(kind: Kind, address: str, notice: Notice, alone: bool) -> Report:
	words = notice.words_about(address)
	original = original_in(words)
	if kind is not Kind.BOUNCE:
		return Report(kind, address, original, text=one_line(words))
	bounce_class, enhanced = classify((*notice.texts_about(address, alone), notice.subject))
	return Report(kind, address, original, bounce_class, enhanced, one_line(words))
