"""Drip sequences for forms, lists and the calendar. Each function checks the user's permission."""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.desk.records import chosen_records, may_read, readable_conditions
from email_campaigns.api.kinds import Conditions, Day, Name, Names, Number, Text, Unused
from email_campaigns.delivery.compose import preview_store
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.delivery.mailing.mailing_store import load_step
from email_campaigns.drip import absences_store, enrolment_store, figures_store
from email_campaigns.drip.bulk_enrol_store import BulkEnrolment
from email_campaigns.jobs import drip
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.site_time import site_now
from email_campaigns.translation import translate

EVENTS = 500  # that a calendar shows
AT_ONCE = 100  # records that are enrolled while the user waits


@frappe.whitelist()
@checked
def kinds() -> list[str]:
	"""Return the doctypes whose records the user may enrol."""
	if not frappe.has_permission("Email Campaign", "read"):
		frappe.throw(_("You have no permission to read Email Campaigns."), frappe.PermissionError)
	return list(filter(may_read, enrolment_store.enrollable_doctypes()))


@frappe.whitelist(methods=["POST"])
@checked
def enrol(
	campaign: Name,
	doctype: Name,
	start_date: Day | None = None,
	names: Names | None = None,
	filters: Conditions | None = None,
) -> dict:
	"""Enrol records, those named or all that match a list-view filter, one Email Campaign each.

	Returns {"enrolled", "left_out": {reason: number}}, or {"queued": number} for more than AT_ONCE records:
	these are enrolled in the background, and the user gets a notification at the end.
	"""
	if not frappe.has_permission("Email Campaign", "create"):
		frappe.throw(_("You have no permission to enrol anybody."), frappe.PermissionError)
	load("Campaign", campaign)
	today = site_now().date()
	first_day = start_date or today
	if first_day < today:
		frappe.throw(_("Start Date cannot be before the current date"))
	start = str(first_day)
	records = _chosen_recipients(doctype, names, filters)
	if len(records) > AT_ONCE:
		return _enrol_later(campaign, doctype, start, records)
	run = BulkEnrolment(campaign, doctype, start)
	run.add(records)
	drip.plan_soon()
	return {"enrolled": run.enrolled, "left_out": dict(run.left_out)}


def _enrol_later(campaign: str, doctype: str, start_date: str, names: list[str]) -> dict:
	values = {"campaign": campaign, "doctype": doctype, "start_date": start_date, "names": names}
	frappe.enqueue(drip.enrol, queue="long", timeout=drip.PLAN_SECONDS, enqueue_after_commit=True, **values)
	return {"queued": len(names)}


def _chosen_recipients(doctype: str, names, filters) -> list[str]:
	if doctype not in enrolment_store.enrollable_doctypes() or not may_read(doctype):
		frappe.throw(_("You can't enrol {0}.").format(_(doctype)), frappe.PermissionError)
	return chosen_records(doctype, names, filters)


@frappe.whitelist(methods=["POST"])
@checked
def stop(name: Name, reason: Text) -> None:
	"""End an enrolment for good; its mails that have not been sent are Skipped with the reason."""
	doc = _enrolment(name, "write")
	if not reason.strip():
		frappe.throw(_("Say why the sequence is stopped."))
	if not enrolment_store.end_enrolment(name, "Cancelled", _("Cancelled: {0}").format(reason.strip())):
		frappe.throw(_("An Email Campaign that is {0} can't be stopped.").format(_(doc.status)))


@frappe.whitelist(methods=["POST"])
@checked
def go_on(name: Name) -> None:
	"""Let an enrolment go on that waits for the end of an absence."""
	_enrolment(name, "write")
	if not absences_store.end_hold(name):
		frappe.throw(_("This Email Campaign does not wait for anybody's return."))
	drip.plan_soon()


@frappe.whitelist()
@checked
def steps(name: Name) -> list[dict]:
	"""Return the steps of an enrolment, as figures_store.enrolment_steps does."""
	return figures_store.enrolment_steps(_enrolment(name))


@frappe.whitelist()
@checked
def figures(campaign: Name) -> dict:
	"""Return {"steps": the answer of figures_store.campaign_figures, "statuses": {status: enrolments}}."""
	load("Campaign", campaign)
	if not frappe.has_permission("Email Campaign", "read"):
		return {"steps": [], "statuses": {}}
	statuses = frappe.db.sql(
		"SELECT COALESCE(status, ''), COUNT(*) FROM `tabEmail Campaign` WHERE campaign_name = %s GROUP BY 1",
		campaign,
	)
	return {"steps": figures_store.campaign_figures(campaign), "statuses": dict(statuses)}


@frappe.whitelist()
@checked
def preview(name: Name, step: Number) -> dict:
	"""Return the mail of a step for its recipient, or for the first member of a group.

	The answer is that of preview_store.render_preview; `step` is the number of the step, from 0.
	"""
	doc = _enrolment(name)
	stream = Stream(doc.campaign_name, step, doc.sender or doc.owner)
	try:
		mail = preview_store.render_preview(load_step(stream), *enrolment_store.first_recipient(doc))
	except (TemplateError, RenderError, HeaderError) as error:
		frappe.throw(translate(error), title=_("The Mail Can't Be Shown"))
	return mail


@frappe.whitelist()
@checked
def events(
	start: Day,
	end: Day,
	doctype: Unused = None,
	fields: Unused = None,
	filters: Conditions | None = None,
	**field_map,
) -> list[dict]:
	"""Return the enrolments between two dates that the user may read, at most EVENTS, for the calendar."""
	within = [["start_date", "<=", end], ["end_date", ">=", start]]
	conditions = [*readable_conditions("Email Campaign", filters or []), *within]
	shown = ["name", "campaign_name", "email_campaign_for", "recipient", "start_date", "end_date", "status"]
	rows = frappe.get_list(
		"Email Campaign", filters=conditions, fields=shown, limit=EVENTS, order_by="start_date"
	)
	return [{**row, "recipient": f"{row.campaign_name}: {row.recipient}", "all_day": 1} for row in rows]


def _enrolment(name: str, ptype: str = "read"):
	return load("Email Campaign", name, ptype)
