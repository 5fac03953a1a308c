"""The steps of a Campaign: read from its form, checked, and given numbers that never change."""

from __future__ import annotations

from datetime import datetime

import frappe
from frappe import _
from frappe.utils import cint

from email_campaigns.schedule import drip
from email_campaigns.schedule.clock import to_epoch
from email_campaigns.schedule.drip import DripStep
from email_campaigns.translation import translate


def campaign_steps(campaign) -> list[DripStep]:
	"""Return the steps of a Campaign document in the order of their days."""
	return sorted(map(_step, campaign.campaign_schedules), key=_by_day)


def _by_day(step: DripStep) -> tuple[int, int]:
	return step.days, step.number


def numbered_steps(campaign) -> list[DripStep]:
	"""Return those of `campaign_steps` that have their number.

	A row that a process with ERPNext's code has saved gets it with the next tick; until then its place in the
	schedule may be the number of another step.
	"""
	numbered = [_step(row) for row in campaign.campaign_schedules if cint(row.step)]
	return sorted(numbered, key=_by_day)


def _step(row) -> DripStep:
	return DripStep(
		number=cint(row.step) or cint(row.idx),
		days=cint(row.send_after_days),
		template=row.email_template,
		at=drip.time_of_day(row.send_time or ""),
		zone=row.time_zone or "",
		send_if=row.send_if or "",
	)


def check_schedule(campaign) -> None:
	"""Check the steps of a Campaign document, and give each new one a number that is never used again.

	Raises ValidationError with the row.
	"""
	for row in campaign.campaign_schedules:
		if cint(row.send_after_days) < 0:
			frappe.throw(_("Row {0}: a step can't be sent before the start date.").format(row.idx))
		_check_time(row)
	taken = {0}
	for row in campaign.campaign_schedules:
		if cint(row.step) in taken:
			campaign.last_step = cint(campaign.last_step) + 1
			row.step = campaign.last_step
		taken.add(row.step)


def _check_time(row) -> None:
	try:
		at = drip.time_of_day(row.send_time or "")
		if row.time_zone and row.time_zone != drip.RECIPIENTS:
			to_epoch(datetime(2000, 1, 1), row.time_zone)
	except ValueError as error:
		frappe.throw(_("Row {0}: {1}").format(row.idx, translate(error)))
	row.send_time = f"{at:%H:%M}" if at else ""
