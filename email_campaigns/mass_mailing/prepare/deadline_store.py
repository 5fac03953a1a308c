"""The check list's findings on the deadline of a mailing, from its limits and its start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from frappe.utils import cint

from email_campaigns.delivery.mailing.mailing import NOW, SPREAD, Mailing
from email_campaigns.delivery.sending import limits_store
from email_campaigns.mass_mailing.ab_versions import KINDS
from email_campaigns.mass_mailing.prepare import checks
from email_campaigns.mass_mailing.prepare.checks import ERROR, Finding
from email_campaigns.schedule.estimate import EXPECTED_RATE, ends_at
from email_campaigns.schedule.limits import HOUR, Limit, Spread
from email_campaigns.site_time import database_epoch
from email_campaigns.text import Sentence, _lt

Domains = Iterable[tuple[str, int]]  # (domain, number of mails)


def deadline_findings(doc, mailing: Mailing, count: Mapping | None) -> Iterator[Finding]:
	"""Yield the findings on the deadline; `count` is the result of freeze_store.count_audience."""
	if not mailing.deadline:
		return
	start = start_of(doc, mailing, database_epoch())
	if mailing.deadline <= start:
		text = _lt("The deadline has passed before the mailing would start.")
		yield Finding(ERROR, Sentence(text))
	elif count and count["planned"]:
		planned = count["planned"] + count["seeds"]
		seconds = mailing.deadline - start - test_seconds(doc, mailing)
		late = _estimate_late(doc, mailing, planned, count["domains"], seconds)
		yield from checks.deadline_findings(late, planned)


def start_of(doc, mailing: Mailing, now: int) -> int:
	"""Return when a mailing would start, in Unix seconds; `now` is the database's time."""
	return now if doc.send_when == NOW else max(now, mailing.starts)


def test_seconds(doc, mailing: Mailing) -> int:
	"""Return for how many seconds the rest of an A/B test waits at least."""
	by_figures = mailing.ab_test and mailing.ab_test.winner_by in KINDS
	return cint(doc.ab_hours) * HOUR if by_figures else 0


def _estimate_late(doc, mailing: Mailing, planned: int, domains: Domains, seconds: int) -> int:
	"""Return how many mails do not leave within `seconds`, by the limits on all or on single domains."""
	now = database_epoch()
	limits = limits_store.mailing_limits(mailing, now)
	shared = list(limits.shared)
	if doc.pace == SPREAD:
		shared.append(Spread("", now, now + cint(doc.spread_hours) * HOUR, planned, planned))
	limited = [(limits.domains[name], number) for name, number in domains if name in limits.domains]
	return max(
		_count_late(shared, planned, now, now + seconds),
		sum(_count_late(domain_limits, number, now, now + seconds) for domain_limits, number in limited),
	)


def _count_late(limits: Iterable[Limit], mails: int, now: int, deadline: int) -> int:
	# There is no estimate only for a rate of 0.
	return checks.count_late(
		lambda number: ends_at(limits, number, now, EXPECTED_RATE) or now, mails, deadline
	)
