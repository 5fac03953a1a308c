"""What follows from a proven report: a stamp, a line of the log, a suppression, the guard.

A Sent mail stays Sent: the server took it, and another one could not deliver it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import frappe

from email_campaigns.audience.suppression.suppression import COMPLAINT, EVERYTHING, HARD_BOUNCE, SOFT_BOUNCE
from email_campaigns.audience.suppression.suppression_store import Row, suppress, suppress_bounced
from email_campaigns.delivery.smtp.refusal_key import refusal_key
from email_campaigns.delivery.smtp.replies import Reply, reported_words
from email_campaigns.inbound.outcomes import events_store, guard, guard_store, ledger_store
from email_campaigns.inbound.outcomes.effects import Effects
from email_campaigns.inbound.outcomes.ledger_store import LedgerMail
from email_campaigns.inbound.values import BounceClass, Kind, Report
from email_campaigns.results.store import counting
from email_campaigns.schedule.drip import DAY
from email_campaigns.settings import setting_number
from email_campaigns.site_time import database_epoch
from email_campaigns.text import Sentence, _lt
from email_campaigns.tracking import store as tracking
from email_campaigns.translation import translate_for_site

PERMANENT = 550  # the class of the reply that such a report stands for
_CLASSES = {
	BounceClass.HARD: _lt("The address is dead: {0}"),
	BounceClass.SOFT: _lt("It takes no mail now: {0}"),
	BounceClass.BLOCKED: _lt("The sender or the mail is refused: {0}"),
}
# The counters on the form of a Mass Email.
_COUNTERS = {
	BounceClass.HARD: "hard_bounce_count",
	BounceClass.SOFT: "soft_bounce_count",
	BounceClass.BLOCKED: "blocked_count",
}


@dataclass(frozen=True)
class Bounce:
	"""A bounce that is proven to be about a mail and its address."""

	mail: LedgerMail
	report: Report

	@property
	def bounce_class(self) -> BounceClass:
		"""Its class, SOFT where the report has none."""
		return self.report.bounce_class or BounceClass.SOFT

	@cached_property
	def words(self) -> str:
		"""What was reported and by whom, in the site's language."""
		return translate_for_site(words_of(self.report))


def apply_report(mail: LedgerMail, report: Report, effects: Effects) -> None:
	"""Carry out what follows from a report that is proven to be about a mail and its address."""
	_BY_KIND[report.kind](mail, report, effects)


def words_of(report: Report) -> Sentence:
	"""Return “5.1.1 user unknown, reported by mx.example”, as far as it is known."""
	return reported_words(report.enhanced, _text(report), report.reporter)


def _text(report: Report) -> str:
	return report.text.removeprefix(report.enhanced).strip()


def _bounce(mail: LedgerMail, report: Report, effects: Effects) -> None:
	apply_bounces([Bounce(mail, report)], effects)


def apply_bounces(bounces: Sequence[Bounce], effects: Effects) -> None:
	"""Carry out what follows from bounces, each of another mail, in few statements for all."""
	stamped = ledger_store.stamp_bounced([bounce.mail for bounce in bounces])
	first = [bounce for bounce in bounces if bounce.mail.number in stamped]
	tracking.log_once("Bounced", [(bounce.mail.named, _details(bounce)) for bounce in first])
	_count([(bounce.mail, _COUNTERS[bounce.bounce_class]) for bounce in first])
	_consider(first, effects)
	suppress_bounced([row for bounce in bounces if (row := _suppression(bounce))])


def _details(bounce: Bounce) -> str:
	return translate_for_site(Sentence(_CLASSES[bounce.bounce_class], words_of(bounce.report)))


def _refusal(report: Report) -> str:
	"""Return the key of a report's words: what they have suppressed is lifted by it in one step."""
	return refusal_key("", Reply(PERMANENT, report.enhanced, _text(report)))


def _consider(bounces: Sequence[Bounce], effects: Effects) -> None:
	"""Ask the guard once for all hard bounces of a mailing, and for each block: that counts its domain."""
	hard = [bounce for bounce in bounces if bounce.bounce_class is BounceClass.HARD]
	for bounce in {bounce.mail.mailing: bounce for bounce in hard}.values():
		guard_store.consider(bounce.mail, guard.HARD, bounce.words, effects)
	for bounce in bounces:
		if bounce.bounce_class is BounceClass.BLOCKED:
			guard_store.consider_block(bounce.mail, bounce.words, effects)


def _suppression(bounce: Bounce) -> Row | None:
	"""Return what keeps mails from the address of a bounce, None where nothing does."""
	mail, hard = bounce.mail, bounce.bounce_class is BounceClass.HARD
	# Those who were forgotten have no address here any more.
	if not mail.email or not (hard or _is_soft_too_often(bounce)):
		return None
	origin = _origin(mail, bounce.words)
	if hard:
		return Row(mail.email, EVERYTHING, HARD_BOUNCE, origin, _refusal(bounce.report))
	expires = database_epoch() + setting_number("soft_suppression_days") * DAY
	return Row(mail.email, EVERYTHING, SOFT_BOUNCE, origin, expires=expires)


def _is_soft_too_often(bounce: Bounce) -> bool:
	most, days = setting_number("soft_bounces"), setting_number("soft_bounce_days")
	if bounce.bounce_class is not BounceClass.SOFT or not most:
		return False
	return events_store.count_soft_bounces(bounce.mail.email, days) >= most


def _origin(mail: LedgerMail, words: str) -> str:
	return f"{mail.named.source}: {words}"


def _complaint(mail: LedgerMail, report: Report, effects: Effects) -> None:
	words = translate_for_site(words_of(report))
	if not ledger_store.has_complained(mail.number):
		with counting(mail.number):
			tracking.log("Complained", mail.named, words, own_wish=True)
		_count([(mail, "complaint_count")])
		guard_store.consider(mail, guard.COMPLAINTS, words, effects)
	if mail.email and suppress(mail.email, reason=COMPLAINT, origin=_origin(mail, words)):
		effects.end_sequences(mail.email)


def _delay(mail: LedgerMail, report: Report, effects: Effects) -> None:
	tracking.log("Delayed", mail.named, translate_for_site(words_of(report)), own_wish=True)


def _delivery(mail: LedgerMail, report: Report, effects: Effects) -> None:
	"""Do nothing more: an Uncertain mail has become Sent before."""


_BY_KIND: dict[Kind, Callable[[LedgerMail, Report, Effects], None]] = {
	Kind.BOUNCE: _bounce,
	Kind.COMPLAINT: _complaint,
	Kind.DELAY: _delay,
	Kind.DELIVERY: _delivery,
}


def _count(mails: Sequence[tuple[LedgerMail, str]]) -> None:
	"""Count more mails on a counter each of the forms of their Mass Emails, without seeds and copies."""
	numbers = Counter(
		(mail.mailing, counter)
		for mail, counter in mails
		if mail.mailing and not mail.is_seed and not mail.named.cc_of
	)
	for (mailing, counter), number in sorted(numbers.items()):
		values = (number, mailing)
		frappe.db.sql(f"UPDATE `tabMass Email` SET {counter} = {counter} + %s WHERE name = %s", values)
