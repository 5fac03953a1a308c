"""The limits on a mailing as they are at this moment: what the last hour held, counted from the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import frappe
from frappe.utils import cint

from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.sending import hold_store
from email_campaigns.schedule.limits import HOUR, Limit, Limits, Rolling, Spread
from email_campaigns.settings import app_settings
from email_campaigns.text import _lt

# The names of the limits on the form; a limit of a domain has the domain's name.
SITE = _lt("the site's mails per hour")
OWN = _lt("this mailing's mails per hour")
SPREAD = _lt("the hours it is spread over")


@dataclass(frozen=True, slots=True)
class LimitUse:
	"""Mails of the last hour that one limit may count.

	`own` is true for those of the mailing, `domain` is "" for domains without a limit. `oldest` is the time
	of the first of them in Unix seconds, None where none was sent.
	"""

	own: bool
	domain: str
	sent: int = 0
	reserved: int = 0
	oldest: int | None = None


def mass_email_limits(name: str, epoch: int) -> Limits:
	"""Return the limits on a Mass Email at `epoch` (Unix seconds)."""
	return mailing_limits(mailing_store.load_mass_email(name), epoch)


def mailing_limits(mailing: Mailing, epoch: int) -> Limits:
	"""Return the limits on a mailing at `epoch` (Unix seconds).

	The caller claims under `claims_store.claim_lock`.
	"""
	settings = app_settings()
	site, site_rates = cint(settings.hourly_limit), _rates(settings.domain_rates)
	own_rates = dict(mailing.domain_rates)
	domains = sorted({*site_rates, *own_rates})
	uses = _uses(mailing.name, domains, epoch) if site or mailing.hourly_rate or domains else []
	own = [use for use in uses if use.own]
	return Limits(
		shared=(
			*hold_store.limits(mailing.account),
			_rolling(SITE, site, uses),
			_rolling(OWN, mailing.hourly_rate, own),
			*_spread(mailing),
		),
		domains={
			domain: (
				_rolling(domain, site_rates.get(domain, 0), _filter_domain(domain, uses)),
				_rolling(domain, own_rates.get(domain, 0), _filter_domain(domain, own)),
			)
			for domain in domains
		},
		deadline=mailing.deadline,
	)


def _rates(rows: Iterable) -> dict[str, int]:
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


def _filter_domain(domain: str, uses: list[LimitUse]) -> list[LimitUse]:
	return [use for use in uses if use.domain == domain]


def _spread(mailing: Mailing) -> Sequence[Limit]:
	if not mailing.spread_until:
		return ()
	waiting = counts_store.count_unclaimed(mailing.name)
	return (Spread(SPREAD, mailing.anchor, mailing.spread_until, mailing.anchor_left, waiting),)


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
