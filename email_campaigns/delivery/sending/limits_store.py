"""The limits on a mailing as they are at this moment: what the last hour held, counted from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import frappe

from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.sending import domain_hold_store, hold_store
from email_campaigns.schedule.limits import HOUR, Closed, Limit, Limits, Rates, Rolling, Spread
from email_campaigns.settings import latest_domain_rates, latest_number
from email_campaigns.text import _lt

# The names of the limits on the form; a limit of a domain has the domain's name.
SITE = _lt("the site's mails per hour")
OWN = _lt("this mailing's mails per hour")
BLOCKS = _lt("the provider of the domain, which blocks our mails")
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
	"""Return the limits on a mailing at `epoch` (Unix seconds), by the settings as they are at this moment.

	The caller claims under `claims_store.claim_lock`.
	"""
	rates = read_rates(mailing)
	domains = sorted({*rates.site_domains, *rates.own_domains})
	uses = _uses(mailing.name, domains, epoch) if rates.site or rates.own or domains else []
	own = [use for use in uses if use.own]
	held = domain_hold_store.held(epoch)
	return Limits(
		shared=(
			*hold_store.limits(mailing.account),
			_rolling(SITE, rates.site, uses),
			_rolling(OWN, rates.own, own),
			*_spread(mailing),
		),
		domains={
			domain: (
				_rolling(domain, rates.site_domains.get(domain, 0), _filter_domain(domain, uses)),
				_rolling(domain, rates.own_domains.get(domain, 0), _filter_domain(domain, own)),
				*([Closed(BLOCKS, held[domain])] if domain in held else []),
			)
			for domain in sorted({*domains, *held})
		},
		deadline=mailing.deadline,
		rates=rates,
	)


def read_rates(mailing: Mailing) -> Rates:
	"""Return the rates that hold for a mailing: its own, and those of the settings as they are now."""
	return Rates(
		site=latest_number("hourly_limit"),
		own=mailing.hourly_rate,
		site_domains=latest_domain_rates(),
		own_domains=dict(mailing.domain_rates),
	)


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
	values = {"source": source, "domains": tuple(domains) or ("",), "hour": epoch - HOUR}
	group = "source = %(source)s, IF(domain IN %(domains)s, LOWER(domain), '')"
	sent = frappe.db.sql(
		f"""SELECT {group}, COUNT(*), 0, MIN(sent_epoch) FROM `tabCampaign Message`
		WHERE sent_epoch > %(hour)s GROUP BY 1, 2""",
		values,
	)
	# Claimed mails count until they are settled or recovered, however long ago their lease ended: their job
	# may be about to learn that the last of them has left.
	reserved = frappe.db.sql(
		f"""SELECT {group}, 0, COUNT(*), NULL FROM `tabCampaign Message`
		WHERE lease_until > 0 AND status IN ('Queued', 'Sending') GROUP BY 1, 2""",
		values,
	)
	return [LimitUse(bool(own), *rest) for own, *rest in (*sent, *reserved)]
