"""What follows from what came back, where several rooms have to act: sequences, wishes, mailings."""

from __future__ import annotations

from collections.abc import Sequence

import frappe
from frappe import _
from frappe.utils import escape_html, now

from email_campaigns.api.public import preferences
from email_campaigns.audience.suppression import suppression_store
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.ledger import arrivals_store
from email_campaigns.delivery.sending import domain_hold_store
from email_campaigns.drip import absences_store, events_store
from email_campaigns.inbound.outcomes import guard_store, outcomes_store
from email_campaigns.inbound.outcomes.effects import Effects
from email_campaigns.inbound.outcomes.outcomes_store import Case
from email_campaigns.inbound.values import Finding
from email_campaigns.jobs.opt_outs import as_guest
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.mass_mailing import status_store
from email_campaigns.mass_mailing.resend import uncertain_store
from email_campaigns.notify import notify_users
from email_campaigns.text import Sentence
from email_campaigns.tracking import log_store
from email_campaigns.translation import in_language, site_language, translate, translate_for_site

EXPIRED_AT_ONCE = 500


def apply(event: int, finding: Finding, message: int | None) -> bool:
	"""Carry out what follows from a finding, as outcomes_store.apply. The caller commits."""
	return outcomes_store.apply(event, finding, message, EFFECTS)


def apply_bounces(cases: Sequence[Case]) -> set[int]:
	"""Carry out what follows from plain bounces, as outcomes_store.apply_bounces. The caller commits."""
	return outcomes_store.apply_bounces(cases, EFFECTS)


def check_refused(mailing: str) -> bool:
	"""Pause a mailing where its mail server has refused too many addresses as dead; tell whether it did.

	The caller commits.
	"""
	return guard_store.check_refused(mailing, EFFECTS)


def _opt_out(message: int, how: str) -> None:
	"""Do what the unsubscribe link of a mail does, in nobody's name: the recipient has asked for it."""
	with as_guest():
		preferences.act(message, preferences.LEAVE_LISTS, how)


def settle(message: int) -> bool:
	"""Make an Uncertain mail Sent: a hit, or what came back, shows that the server took it.

	Returns False for a mail that is not Uncertain. The caller commits.
	"""
	fields = ["status", "source_doctype", "source"]
	mail = frappe.db.get_value("Campaign Message", message, fields, as_dict=True)
	if not mail or mail.status != "Uncertain":
		return False
	reason = translate_for_site(arrivals_store.SHOWN_BY_EVENT)
	if mail.source_doctype == MASS_EMAIL:
		return bool(uncertain_store.mark_arrived(mail.source, [message], reason))
	return events_store.settle_uncertain(message, reason)


def _pause(mailing: str, why: Sentence, pauses: int) -> bool:
	with in_language(site_language()):
		problem = translate(why)
		# The guard alone pauses what is sending now; a person may have paused or cancelled it meanwhile.
		paused = status_store.move(
			mailing, "Paused", from_statuses=("In Process",), problem=problem, guard_pauses=pauses
		)
		if paused:
			title, owner = frappe.db.get_value(MASS_EMAIL, mailing, ["title", "owner"])
			subject = _("{0} has paused itself: {1}").format(title, problem)
			notify_users([owner], MASS_EMAIL, mailing, escape_html(subject))
	return paused


EFFECTS = Effects(
	record_reply=events_store.record_reply,
	hold=absences_store.hold,
	opt_out=_opt_out,
	end_sequences=events_store.end_all_sequences,
	settle=settle,
	pause=_pause,
)


def end_suppressions() -> None:
	"""Delete suppressions that have ended by themselves, slice by slice, and blocks of long ago."""
	change_latest_rows()
	while ended := suppression_store.delete_expired(EXPIRED_AT_ONCE):
		for email, origin in ended:
			log_store.append("Suppression Lifted", now(), email=email, details=origin or "")
		frappe.db.commit()
	domain_hold_store.forget_old()
	frappe.db.commit()
