"""Which steps of a schedule ERPNext has sent already, as far as its Communications tell. Pure.

ERPNext keeps no record of steps. Its job of a day (erpnext/crm/doctype/email_campaign, send_email_to_leads_or_contacts)
sends what `start_date + send_after_days` makes that day's, and leaves one Communication a mail, with its template.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlannedStep:
	"""A step of one enrolment: its number, the day that ERPNext sends it on, its template and that template's subject."""

	number: int
	day: date
	template: str
	subject: str = ""


@dataclass(frozen=True, slots=True)
class SentMail:
	"""What an enrolment's Communications of one day have in common: `day` by the site's clock, `template` "" where none
	was stored; then their subject tells them from others."""

	day: date
	template: str
	subject: str = ""


def _same_day(step: PlannedStep, mail: SentMail) -> bool:
	return step.day == mail.day


def _same_text(step: PlannedStep, mail: SentMail) -> bool:
	"""By the template, else by the subject: one with placeholders reads otherwise in a mail, and so matches none."""
	if mail.template:
		return step.template == mail.template
	return bool(mail.subject) and step.subject == mail.subject


# From the surest to the least sure. The days of a schedule may have been edited since (second), a mail without a
# template can be told by its day alone (third).
_RULES: tuple[Callable[[PlannedStep, SentMail], bool], ...] = (
	lambda step, mail: _same_day(step, mail) and _same_text(step, mail),
	_same_text,
	lambda step, mail: _same_day(step, mail) and not mail.template,
)


def match_mails(steps: Sequence[PlannedStep], mails: Iterable[SentMail]) -> dict[int, SentMail]:
	"""Return {number of a step: the mail that it was}. Each mail is one step, each step one mail; where several fit,
	those that lie nearest to each other, the earlier step first. Mails that fit none are left out."""
	found: dict[int, SentMail] = {}
	left = set(mails)
	for rule in _RULES:
		pairs = [
			(abs((step.day - mail.day).days), step.day, step.number, mail.day, mail.subject, mail)
			for step in steps
			for mail in left
			if step.number not in found and rule(step, mail)
		]
		for *_order, number, _day, _subject, mail in sorted(pairs, key=lambda pair: pair[:5]):
			if number not in found and mail in left:
				found[number] = mail
				left.discard(mail)
	return found


def passed_steps(steps: Iterable[PlannedStep], found: Iterable[int], today: date) -> list[int]:
	"""Return the numbers of the steps that no mail was found of, though their day has passed: they may have been sent,
	for a Communication can be deleted, and nobody may be mailed twice."""
	known = set(found)
	return [step.number for step in steps if step.number not in known and step.day < today]
