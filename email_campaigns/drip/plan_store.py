"""Planning the steps of drip sequences: whoever has one due gets a row of the ledger for it, Queued or Skipped with the reason.

An enrolment is looked at when its `next_epoch` (Unix seconds) has come. A slice of them and their next times are one
transaction. A step that the ledger has a row of is done; whatever is decided twice is absorbed by the unique key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import frappe
from frappe.utils import cint, get_system_timezone

from email_campaigns.audience import recipients_store
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.delivery.ledger.row import LedgerEntry
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.delivery.mailing.mailing_store import CAMPAIGN_SENDS, INFORMATIONAL
from email_campaigns.drip import decide, enrolment_store, groups_store, ledger_store, schedule_store
from email_campaigns.drip.decide import DripPlan, DripRules
from email_campaigns.drip.enrolment_store import GROUPS
from email_campaigns.drip.ledger_store import Enrolment
from email_campaigns.schedule.drip import Clocks
from email_campaigns.settings import app_settings

SLICE = 500


def due_enrolments(epoch: int, leave_out: Collection[str] = ()) -> list[Enrolment]:
	"""Return and lock a slice of the enrolments of one campaign that have something due at `epoch`; `leave_out` are
	campaigns that can't be planned now."""
	rows = frappe.db.sql(
		f"""SELECT e.name, e.campaign_name, e.email_campaign_for, e.recipient, COALESCE(NULLIF(e.sender, ''), e.owner),
			e.start_date, e.plan_step, COALESCE(e.plan_cursor, '')
		FROM `tabEmail Campaign` e JOIN `tabCampaign` c ON c.name = e.campaign_name
		WHERE e.status IN %s AND e.next_epoch BETWEEN 1 AND %s AND {CAMPAIGN_SENDS} AND c.name NOT IN %s
		ORDER BY e.next_epoch, e.campaign_name LIMIT %s FOR UPDATE""",
		(enrolment_store.UNFINISHED, epoch, tuple(leave_out) or ("",), SLICE),
	)
	found = [Enrolment(*row) for row in rows]
	return [one for one in found if one.campaign == found[0].campaign]


def plan_enrolments(enrolments: Sequence[Enrolment], epoch: int) -> None:
	"""Decide upon what is due of a slice of one campaign, and write it. Raises ValidationError where a step can't be
	loaded; then nothing has been written."""
	rules, excluding = campaign_rules(enrolments[0].campaign, epoch)
	ended = enrolment_store.end_duplicates([one.name for one in enrolments])
	enrolments = [one for one in enrolments if one.name not in ended]
	groups = [one for one in enrolments if one.doctype in GROUPS]
	_plan_people(rules, excluding, [one for one in enrolments if one.doctype not in GROUPS])
	for one in groups:
		groups_store.plan_next(rules, excluding, one)


def campaign_rules(name: str, epoch: int) -> tuple[DripRules, list[str]]:
	"""Return what holds for a campaign at a moment, and its excluding lists."""
	campaign, settings = frappe.get_doc("Campaign", name), app_settings()
	rules = DripRules(
		steps=tuple(schedule_store.steps_of(campaign)),
		clocks=Clocks(get_system_timezone(), cint(settings.default_hour)),
		now=epoch,
		catch_up=cint(settings.catch_up_days),
		informational=campaign.campaign_type == INFORMATIONAL,
		stops_on_reply=bool(cint(campaign.stop_on_reply)),
	)
	return rules, [row.target_list for row in campaign.excluding_target_lists]


def _plan_people(rules: DripRules, excluding: Sequence[str], enrolments: Sequence[Enrolment]) -> None:
	if not enrolments:
		return
	who = [Recipient(place, "", 0, one.doctype, one.record) for place, one in enumerate(enrolments)]
	candidates = recipients_store.read_candidates(who, excluding)
	people = ledger_store.read_people(
		rules, [(one.name, candidates[place]) for place, one in enumerate(enrolments)]
	)
	done = ledger_store.planned_steps([one.name for one in enrolments])
	plans = {
		one: decide.plan_person(rules, one.start, people[one.name, one.doctype, one.record], done[one.name])
		for one in enrolments
	}
	ledger_store.write_entries(_entries(plans))
	_go_on(plans)


def _entries(plans: dict[Enrolment, DripPlan]) -> dict[Stream, list[LedgerEntry]]:
	found: dict[Stream, list[LedgerEntry]] = defaultdict(list)
	for one, planned in plans.items():
		for step, decision in planned.steps.items():
			found[Stream(one.campaign, step, one.sender)].append(
				LedgerEntry(decision, decision.candidate.language, source=one.name)
			)
	return found


def _go_on(plans: dict[Enrolment, DripPlan]) -> None:
	times: dict[int, list[str]] = defaultdict(list)
	for one, planned in plans.items():
		times[planned.next_due].append(one.name)
	for at, names in times.items():
		ledger_store.set_next(names, at)
	for one, planned in plans.items():
		if planned.left:
			why = next(
				decision.reason for decision in planned.steps.values() if decision.reason in decide.LEFT
			)
			enrolment_store.end_enrolment(one.name, "Unsubscribed", why)


def has_due(epoch: int) -> bool:
	"""Tell whether an enrolment has something due at `epoch` (Unix seconds)."""
	return bool(
		frappe.db.sql(
			"SELECT 1 FROM `tabEmail Campaign` WHERE status IN %s AND next_epoch BETWEEN 1 AND %s LIMIT 1",
			(enrolment_store.UNFINISHED, epoch),
		)
	)
