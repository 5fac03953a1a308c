"""The steps of a schedule that ERPNext has sent already, as far as its Communications say. Pure.

ERPNext does not record steps. Its daily job (erpnext/crm/doctype/email_campaign,
send_email_to_leads_or_contacts) sends the steps whose day is `start_date + send_after_days`, and writes one
Communication a mail, with its template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlannedStep:
	"""A step of one enrolment; `day` is when ERPNext sends it, `subject` that of its template."""

	number: int
	day: date
	template: str
	subject: str = ""


@dataclass(frozen=True, slots=True)
class SentMail:
	"""A mail to one or several people, from an enrolment's Communications of one day by the site's clock.

	`template` is "" where none was stored; then the subject distinguishes the mail from others.
	"""

	day: date
	template: str
	subject: str = ""


def _same_day(step: PlannedStep, mail: SentMail) -> bool:
	return step.day == mail.day


def _same_text(step: PlannedStep, mail: SentMail) -> bool:
	"""Compare by the template, else by the subject. A subject with placeholders is another in the mail, and
	never matches."""
	if mail.template:
		return step.template == mail.template
	return bool(mail.subject) and step.subject == mail.subject


# From the surest rule to the least sure. The days of a schedule may have been edited since (second rule); a
# mail without a template can be matched by its day alone (third rule).
_RULES: tuple[Callable[[PlannedStep, SentMail], bool], ...] = (
	lambda step, mail: _same_day(step, mail) and _same_text(step, mail),
	_same_text,
	lambda step, mail: _same_day(step, mail) and not mail.template,
)


def match_mails(steps: Sequence[PlannedStep], mails: Iterable[SentMail]) -> dict[int, SentMail]:
	"""Return {number of a step: its mail}. Each step has at most one mail, each mail at most one step.

	Where several fit, those nearest to each other in time are matched, the earlier step first. Mails that fit
	no step are left out.
	"""
	mail_by_step: dict[int, SentMail] = {}
	unmatched = set(mails)
	for rule in _RULES:
		pairs = [
			(abs((step.day - mail.day).days), step.day, step.number, mail.day, mail.subject, mail)
			for step in steps
			for mail in unmatched
			if step.number not in mail_by_step and rule(step, mail)
		]
		for *_order, number, _day, _subject, mail in sorted(pairs, key=lambda pair: pair[:5]):
			if number not in mail_by_step and mail in unmatched:
				mail_by_step[number] = mail
				unmatched.discard(mail)
	return mail_by_step


def passed_steps(steps: Iterable[PlannedStep], matched: Iterable[int], today: date) -> list[int]:
	"""Return the numbers of the steps whose day has passed and that are not `matched` with a mail.

	They may have been sent, because a Communication can be deleted, and nobody may be mailed twice.
	"""
	known = set(matched)
	return [step.number for step in steps if step.number not in known and step.day < today]
