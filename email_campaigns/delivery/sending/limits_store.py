"""The limits on a mailing as they are at this moment: what the last hour held, counted from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import frappe
from frappe.utils import cint

from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.schedule.limits import HOUR, Limit, Limits, Rolling, Spread
from email_campaigns.settings import app_settings

# What the form calls them.
SITE, OWN, SPREAD = (
	"the site's mails per hour",
	"this mailing's mails per hour",
	"the hours it is spread over",
)


@dataclass(frozen=True, slots=True)
class LimitUse:
	"""Mails of the last hour that one limit may count: `own` those of the mailing, `domain` "" for those without a limit."""

	own: bool
	domain: str
	sent: int = 0
	reserved: int = 0
	oldest: int | None = None


def mass_email_limits(name: str, epoch: int) -> Limits:
	"""Return the limits on a Mass Email at `epoch` (Unix seconds)."""
	return mailing_limits(mailing_store.load_mass_email(name), epoch)


def mailing_limits(mailing: Mailing, epoch: int) -> Limits:
	"""Return the limits on a mailing at `epoch` (Unix seconds), for whoever claims under the lock of claiming."""
	settings = app_settings()
	site, of_site = cint(settings.hourly_limit), _rates(settings.domain_rates)
	of_mailing = dict(mailing.domain_rates)
	domains = sorted({*of_site, *of_mailing})
	uses = _uses(mailing.name, domains, epoch) if site or mailing.hourly_rate or domains else []
	own = [use for use in uses if use.own]
	return Limits(
		shared=(
			_rolling(SITE, site, uses),
			_rolling(OWN, mailing.hourly_rate, own),
			*_spread(mailing),
		),
		domains={
			domain: (
				_rolling(domain, of_site.get(domain, 0), _to(domain, uses)),
				_rolling(domain, of_mailing.get(domain, 0), _to(domain, own)),
			)
			for domain in domains
		},
		deadline=mailing.deadline,
	)


def _rates(rows) -> dict[str, int]:
	return {row.domain.lower(): cint(row.hourly_rate) for row in rows}


def _rolling(name: str, limit: int, uses: list[LimitUse]) -> Limit:
	oldest = [use.oldest for use in uses if use.oldest is not None]
	return Rolling(
		name,
		limit,
		sum(use.sent for use in uses),
		sum(use.reserved for use in uses),
		min(oldest, default=None),
	)


def _to(domain: str, uses: list[LimitUse]) -> list[LimitUse]:
	return [use for use in uses if use.domain == domain]


def _spread(mailing: Mailing) -> Iterable[Limit]:
	if mailing.spread_until:
		waiting = counts_store.count_unclaimed(mailing.name)
		yield Spread(SPREAD, mailing.anchor, mailing.spread_until, mailing.anchor_left, waiting)


def _uses(source: str, domains: list[str], epoch: int) -> list[LimitUse]:
	values = {"source": source, "domains": tuple(domains) or ("",), "hour": epoch - HOUR, "epoch": epoch}
	group = "source = %(source)s, IF(domain IN %(domains)s, LOWER(domain), '')"
	sent = frappe.db.sql(
		f"""SELECT {group}, COUNT(*), 0, MIN(sent_epoch) FROM `tabCampaign Message`
		WHERE sent_epoch > %(hour)s GROUP BY 1, 2""",
		values,
	)
	reserved = frappe.db.sql(
		f"""SELECT {group}, 0, COUNT(*), NULL FROM `tabCampaign Message`
		WHERE lease_until > %(epoch)s AND status IN ('Queued', 'Sending') GROUP BY 1, 2""",
		values,
	)
	return [LimitUse(bool(own), *rest) for own, *rest in (*sent, *reserved)]
