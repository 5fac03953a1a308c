"""Planning of drip sequences: each step that is due gets a row of the ledger, Queued, or Skipped with the
reason.

An enrolment is planned when its `next_epoch` (Unix seconds) has come. The rows of a slice of enrolments and
their next times are one transaction. A step that the ledger has a row of is done; the unique key absorbs a
second decision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import frappe
from frappe.utils import cint, get_system_timezone

from email_campaigns.audience import recipients_store
from email_campaigns.audience.decide import PER_ENROLMENT
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.delivery.ledger.row import WAITS_FOR_TWIN, LedgerEntry
from email_campaigns.delivery.ledger.twins_store import Twins
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.delivery.mailing.mailing_store import CAMPAIGN_SENDS, INFORMATIONAL
from email_campaigns.drip import decide, enrolment_store, groups_store, ledger_store, schedule_store
from email_campaigns.drip.decide import DripPlan, DripRules, Person
from email_campaigns.drip.enrolment_store import GROUPS
from email_campaigns.drip.ledger_store import Enrolment
from email_campaigns.schedule.drip import Clocks
from email_campaigns.settings import setting_number

SLICE = 500
# SQL over an Email Campaign `e`.
_ENROLMENT = """e.name, e.campaign_name, e.email_campaign_for, e.recipient,
	COALESCE(NULLIF(e.sender, ''), e.owner), e.start_date, e.plan_step, COALESCE(e.plan_cursor, ''),
	e.creation, COALESCE(e.held_epoch, 0)"""
_DUE = "e.status IN %(open)s AND e.next_epoch BETWEEN 1 AND %(epoch)s"


def due_enrolments(epoch: int, leave_out: Collection[str] = ()) -> list[Enrolment]:
	"""Return a slice of the enrolments of one campaign that have something due at `epoch` (Unix seconds).

	`leave_out` are campaigns that can't be planned now. Nothing is locked: a range of an index would hold up
	those who enrol or leave meanwhile. The caller begins a transaction and locks them (`lock_due`).
	"""
	rows = frappe.db.sql(
		f"""SELECT {_ENROLMENT}
		FROM `tabEmail Campaign` e JOIN `tabCampaign` c ON c.name = e.campaign_name
		WHERE {_DUE} AND {CAMPAIGN_SENDS} AND c.name NOT IN %(leave_out)s
		ORDER BY e.next_epoch, e.campaign_name LIMIT %(most)s""",
		{**_due_values(epoch), "leave_out": tuple(leave_out) or ("",), "most": SLICE},
	)
	due = [Enrolment(*row) for row in rows]
	return [enrolment for enrolment in due if enrolment.campaign == due[0].campaign]


def lock_due(enrolments: Sequence[Enrolment], epoch: int) -> list[Enrolment]:
	"""Lock some enrolments of one campaign, and the campaign; return those that are still due, as they are.

	The transaction must have read nothing before that, or it would plan records as they were earlier.
	"""
	# The campaign first, as whoever enrols does.
	frappe.db.sql("SELECT name FROM `tabCampaign` WHERE name = %s FOR UPDATE", enrolments[0].campaign)
	rows = frappe.db.sql(
		f"""SELECT {_ENROLMENT} FROM `tabEmail Campaign` e FORCE INDEX (PRIMARY)
		WHERE e.name IN %(names)s AND e.campaign_name = %(campaign)s AND {_DUE}
		ORDER BY e.next_epoch, e.creation, e.name FOR UPDATE""",
		{
			**_due_values(epoch),
			"names": tuple(enrolment.name for enrolment in enrolments),
			"campaign": enrolments[0].campaign,
		},
	)
	return [Enrolment(*row) for row in rows]


def _due_values(epoch: int) -> dict[str, object]:
	return {"open": enrolment_store.UNFINISHED, "epoch": epoch}


def plan_enrolments(enrolments: Sequence[Enrolment], epoch: int) -> None:
	"""Plan what is due of a slice of one campaign's enrolments at `epoch` (Unix seconds).

	Raises ValidationError where a step can't be loaded; then nothing has been written.
	"""
	rules, excluding = campaign_rules(enrolments[0].campaign, epoch)
	ended = enrolment_store.end_duplicates([enrolment.name for enrolment in enrolments])
	unfinished = [enrolment for enrolment in enrolments if enrolment.name not in ended]
	groups = [enrolment for enrolment in unfinished if enrolment.doctype in GROUPS]
	_plan_people(rules, excluding, [enrolment for enrolment in unfinished if enrolment.doctype not in GROUPS])
	for group in groups:
		groups_store.plan_next(rules, excluding, group)


def campaign_rules(name: str, epoch: int) -> tuple[DripRules, list[str]]:
	"""Return the rules of a campaign at `epoch` (Unix seconds), and its excluding lists."""
	campaign = frappe.get_doc("Campaign", name)
	rules = DripRules(
		steps=tuple(schedule_store.numbered_steps(campaign)),
		clocks=Clocks(get_system_timezone(), setting_number("default_hour")),
		now=epoch,
		catch_up=setting_number("catch_up_days"),
		informational=campaign.campaign_type == INFORMATIONAL,
		stops_on_reply=bool(cint(campaign.stop_on_reply)),
		per_address=campaign.duplicate_policy != PER_ENROLMENT,
	)
	return rules, [row.target_list for row in campaign.excluding_target_lists]


def _plan_people(rules: DripRules, excluding: Sequence[str], enrolments: Sequence[Enrolment]) -> None:
	if not enrolments:
		return
	recipients = [
		Recipient(place, "", 0, enrolment.doctype, enrolment.record)
		for place, enrolment in enumerate(enrolments)
	]
	candidates = recipients_store.read_candidates(recipients, excluding)
	twins = ledger_store.find_twins(rules, enrolments[0].campaign, candidates.values())
	people = ledger_store.read_people(
		rules, [(enrolment, candidates[place]) for place, enrolment in enumerate(enrolments)], twins
	)
	done = ledger_store.planned_steps([enrolment.name for enrolment in enrolments])
	plans = {
		enrolment: _plan_person(
			rules,
			enrolment,
			people[enrolment.name, enrolment.doctype, enrolment.record],
			done[enrolment.name],
			twins,
		)
		for enrolment in enrolments
	}
	ledger_store.write_entries(_entries(plans))
	_save_next_times(plans)
	_end_opted_out(plans)


def _plan_person(
	rules: DripRules, enrolment: Enrolment, person: Person, done: Collection[int], twins: Twins | None
) -> DripPlan:
	"""Plan one person. A later enrolment of the slice with the same address sees the steps as taken."""
	email = person.candidate.email
	taken = ledger_store.taken_steps(twins, enrolment, email)
	plan = decide.plan_person(rules, enrolment.start, person, done, taken)
	if twins:
		for step in plan.leaving:
			twins.add(email, enrolment.name, step)
	return plan


def _entries(plans: dict[Enrolment, DripPlan]) -> dict[Stream, list[LedgerEntry]]:
	entries: dict[Stream, list[LedgerEntry]] = defaultdict(list)
	for enrolment, plan in plans.items():
		for step, decision in plan.steps.items():
			entries[Stream(enrolment.campaign, step, enrolment.sender)].append(
				LedgerEntry(
					decision,
					decision.candidate.language,
					WAITS_FOR_TWIN if step in plan.waiting else 0,
					source=enrolment.name,
				)
			)
	return entries


def _save_next_times(plans: dict[Enrolment, DripPlan]) -> None:
	names_by_time: dict[int, list[str]] = defaultdict(list)
	for enrolment, plan in plans.items():
		names_by_time[plan.next_due].append(enrolment.name)
	for next_due, names in names_by_time.items():
		ledger_store.set_next(names, next_due)


def _end_opted_out(plans: dict[Enrolment, DripPlan]) -> None:
	for enrolment, plan in plans.items():
		if plan.opt_out:
			enrolment_store.end_enrolment(enrolment.name, "Unsubscribed", plan.opt_out)


def has_due(epoch: int) -> bool:
	"""Tell whether an enrolment has something due at `epoch` (Unix seconds)."""
	return bool(
		frappe.db.sql(
			"SELECT 1 FROM `tabEmail Campaign` WHERE status IN %s AND next_epoch BETWEEN 1 AND %s LIMIT 1",
			(enrolment_store.UNFINISHED, epoch),
		)
	)
