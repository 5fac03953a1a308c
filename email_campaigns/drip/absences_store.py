"""Absences that automatic answers name: the steps of a person's sequences wait for the day after.

An enrolment of one person waits as a whole, with the reason on its form. In a group, the ledger's row that
was answered has the end of the absence, and each row that a step gets meanwhile may leave from then on. What
is due in an absence is caught up after it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from datetime import time as clock_time

import frappe
from frappe.utils import get_system_timezone

from email_campaigns.compat import affected_rows
from email_campaigns.drip.enrolment_store import GROUPS, UNFINISHED, publish_enrolment
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.schedule.clock import to_epoch
from email_campaigns.schedule.drip import DAY
from email_campaigns.settings import setting_number
from email_campaigns.site_time import database_epoch, site_time

_WAITING = "status = 'Queued' AND claim = '' AND send_after < %(until)s"


def end_of_absence(back_on: date, now: int, most_days: int) -> int:
	"""Return when the steps of somebody go on who is away until the end of `back_on`, in Unix seconds.

	That is the day after, at the default hour of the site's clock, at most `most_days` from `now` (Unix
	seconds); 0 where the absence is over, or nothing waits for one.
	"""
	hour = clock_time(setting_number("default_hour"))
	day = min(back_on, site_time(now).date() + timedelta(days=most_days)) + timedelta(days=1)
	until = min(to_epoch(datetime.combine(day, hour), get_system_timezone()), now + most_days * DAY)
	return until if until > now else 0


def hold(message: int, back_on: date, reason: str) -> int:
	"""Let the sequences of the recipient of a mail wait for the day after `back_on`, with a reason in words.

	Returns until when, in Unix seconds, 0 where nothing waits. An absence that is known to last longer stays.
	"""
	now = database_epoch()
	until = end_of_absence(back_on, now, setting_number("hold_automatic_days"))
	mail = _read_mail(message) if until else None
	if not mail:
		return 0
	held = [_hold_enrolment(name, until, reason) for name in _enrolments(mail)]
	if mail.source_doctype == EMAIL_CAMPAIGN and _is_group(mail.source):
		held.append(_hold_member(mail, until))
	return until if any(held) else 0


def _read_mail(message: int) -> frappe._dict | None:
	fields = ["name", "source_doctype", "source", "email", "recipient_doctype", "recipient_name", "cc_of"]
	mail = frappe.db.get_value("Campaign Message", message, fields, as_dict=True)
	# Who answers a copy is not the person of the sequence.
	return None if not mail or mail.cc_of else mail


def _enrolments(mail: frappe._dict) -> list[str]:
	"""Return the unfinished enrolments of the record that a mail went to."""
	filters = {
		"email_campaign_for": mail.recipient_doctype or "",
		"recipient": mail.recipient_name or "",
		"status": ("in", UNFINISHED),
	}
	return frappe.get_all(EMAIL_CAMPAIGN, filters, pluck="name", order_by="name")


def _is_group(source: str) -> bool:
	return frappe.db.get_value(EMAIL_CAMPAIGN, source, "email_campaign_for") in GROUPS


def _hold_enrolment(name: str, until: int, reason: str) -> bool:
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET held_epoch = %(until)s, held_until = %(at)s,
			held_because = %(reason)s,
			next_epoch = IF(next_epoch > 0, GREATEST(next_epoch, %(until)s), 0)
		WHERE name = %(name)s AND status IN %(open)s AND COALESCE(held_epoch, 0) < %(until)s""",
		{"until": until, "at": site_time(until), "reason": reason, "name": name, "open": UNFINISHED},
	)
	held = affected_rows() > 0
	if held:
		_postpone("source = %(source)s", until, source=name)
		publish_enrolment(name)
	return held


def _hold_member(mail: frappe._dict, until: int) -> bool:
	frappe.db.sql(
		"UPDATE `tabCampaign Message` SET absent_until = %s WHERE name = %s AND absent_until < %s",
		(until, mail.name, until),
	)
	held = affected_rows() > 0
	_postpone("source = %(source)s AND email = %(email)s", until, source=mail.source, email=mail.email)
	return held


def _postpone(condition: str, until: int, **values: object) -> None:
	"""Let those Queued mails wait that no batch has claimed; the others are leaving."""
	names = frappe.db.sql(
		f"SELECT name FROM `tabCampaign Message` WHERE {condition} AND {_WAITING}",
		{**values, "until": until},
		pluck=True,
	)
	if names:
		frappe.db.sql(
			f"UPDATE `tabCampaign Message` SET send_after = %(until)s WHERE name IN %(names)s AND {_WAITING}",
			{"names": tuple(names), "until": until},
		)


def end_hold(name: str) -> bool:
	"""Let an enrolment go on at once; returns whether it was waiting for the end of an absence."""
	until = frappe.db.get_value(EMAIL_CAMPAIGN, name, "held_epoch", for_update=True) or 0
	if until <= database_epoch():
		return False
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET held_epoch = 0, held_until = NULL, held_because = '',
			next_epoch = IF(next_epoch > 0, 1, 0) WHERE name = %s""",
		name,
	)
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` SET send_after = 0
		WHERE source = %s AND status = 'Queued' AND claim = '' AND send_after = %s""",
		(name, until),
	)
	publish_enrolment(name)
	return True
