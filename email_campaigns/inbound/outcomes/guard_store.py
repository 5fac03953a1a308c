"""The guard in the database: the figures of a mailing, the limits of the settings, and what is stopped.

The figures stand on the mailing's form, so that thousands of bounces cost few looks at it.
"""

from __future__ import annotations

import frappe
from frappe.utils import cint, flt

from email_campaigns.delivery.sending import domain_hold_store
from email_campaigns.inbound.outcomes import events_store
from email_campaigns.inbound.outcomes.effects import Effects
from email_campaigns.inbound.outcomes.guard import (
	BLOCKED,
	COMPLAINTS,
	HARD,
	CameBack,
	GuardLimits,
	exceeded,
	pause_sentence,
)
from email_campaigns.inbound.outcomes.ledger_store import LedgerMail
from email_campaigns.inbound.outcomes.providers import domains_of_provider
from email_campaigns.notify import notify_users
from email_campaigns.settings import app_settings, setting_number

_SHARES = {HARD: "hard_bounce_share", BLOCKED: "blocked_share", COMPLAINTS: "complaint_share"}
_FORM = """status, sent_count, hard_bounce_count, soft_bounce_count, blocked_count, complaint_count,
	bounced_count, guard_pauses"""


def read_limits(*kinds: str) -> GuardLimits:
	"""Return the limits of the settings, of all kinds or some."""
	settings = app_settings()
	shares = {kind: flt(settings.get(field)) for kind, field in _SHARES.items() if kind in (kinds or _SHARES)}
	return GuardLimits(shares, setting_number("guard_minimum"))


def consider(mail: LedgerMail, kind: str, words: str, effects: Effects) -> None:
	"""Pause the mailing of a mail where too many of its mails have come back as this one did."""
	if mail.mailing:
		_pause_beyond(mail.mailing, read_limits(kind), words, effects)


def consider_block(mail: LedgerMail, words: str, effects: Effects) -> None:
	"""Let the mails to a provider's domains wait where it blocks too many, or pause the mailing."""
	if domain_hold_store.is_held(mail.domain):
		return
	blocked, since = domain_hold_store.count_block(mail.domain, words)
	if _is_provider_beyond(mail.domain, blocked, since):
		_hold_provider(mail, words)
	elif mail.mailing:
		_pause_beyond(mail.mailing, read_limits(BLOCKED), words, effects)


def _is_provider_beyond(domain: str, blocked: int, since: int) -> bool:
	limits = read_limits(BLOCKED)
	# Only now and then: the mails of a day are counted.
	if not limits.minimum or blocked < limits.minimum or blocked % limits.minimum:
		return False
	# Those that have come back now left before the first of them did.
	sent = domain_hold_store.count_sent(domain, since - domain_hold_store.WINDOW)
	return bool(exceeded(CameBack(sent, {BLOCKED: blocked}), limits, 0))


def _hold_provider(mail: LedgerMail, words: str) -> None:
	domains = domains_of_provider(mail.domain)
	until = domain_hold_store.hold(domains, words)
	sentence = domain_hold_store.hold_sentence(domains, words, until)
	notify_users([mail.owner], "Domain Hold", mail.domain, frappe.utils.escape_html(sentence))


def _pause_beyond(mailing: str, limits: GuardLimits, words: str, effects: Effects) -> bool:
	"""Pause a mailing in process that is beyond one of the limits; tell whether it did."""
	form = frappe.db.sql(f"SELECT {_FORM} FROM `tabMass Email` WHERE name = %s", mailing, as_dict=True)
	if not form or form[0].status != "In Process":
		return False
	pauses, came_back = cint(form[0].guard_pauses), _came_back(mailing, form[0], exact=False)
	if not exceeded(came_back, limits, pauses):
		return False
	# The form learns of sent mails when their batch is settled, and bounces may be faster.
	came_back = _came_back(mailing, form[0], exact=True)
	kind = exceeded(came_back, limits, pauses)
	if not kind:
		return False
	why = pause_sentence(kind, came_back, limits, pauses, words or _last_refusal(mailing))
	return effects.pause(mailing, why, pauses + 1)


def _came_back(mailing: str, form: frappe._dict, *, exact: bool) -> CameBack:
	reported = form.hard_bounce_count + form.soft_bounce_count + form.blocked_count
	# Those that the server itself has refused for good while the mail was leaving are Failed.
	refused = max(0, form.bounced_count - reported)
	sent = form.sent_count + refused
	numbers = {
		HARD: form.hard_bounce_count + refused,
		BLOCKED: form.blocked_count,
		COMPLAINTS: form.complaint_count,
	}
	if exact:
		sent = frappe.db.count("Campaign Message", {"source": mailing, "status": "Sent"}) + refused
		numbers[BLOCKED] = _blocked_elsewhere(mailing)
	return CameBack(sent, numbers)


def _blocked_elsewhere(mailing: str) -> int:
	"""Return how many mails were blocked by providers whose domains do not wait."""
	held = domain_hold_store.held_since_ever()
	return sum(n for domain, n in events_store.count_blocks_by_domain(mailing).items() if domain not in held)


def check_refused(mailing: str, effects: Effects) -> bool:
	"""Pause a mailing where its mail server has refused too many addresses as dead; tell whether it did."""
	return _pause_beyond(mailing, read_limits(HARD), "", effects)


def _last_refusal(mailing: str) -> str:
	"""Return the reason of the mail that its server has refused for good last, "" without one."""
	filters = {"source": mailing, "status": "Failed", "bounced_at": ("is", "set")}
	return frappe.db.get_value("Campaign Message", filters, "reason", order_by="bounced_at desc") or ""
