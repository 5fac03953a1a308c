"""What forms and lists call of drip sequences. Each checks the user's permission."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cstr, getdate, nowdate

from email_campaigns.api.desk.records import chosen_records, may_read
from email_campaigns.delivery.compose import preview_store
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.delivery.mailing.mailing_store import load_step
from email_campaigns.drip import enrolment_store, figures_store
from email_campaigns.drip.bulk_enrol_store import BulkEnrolment
from email_campaigns.jobs import drip
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.message.headers import HeaderError

EVENTS = 500  # that a calendar shows
AT_ONCE = 100  # records that are enrolled while the user waits


@frappe.whitelist()
def kinds() -> list[str]:
	"""Return the doctypes whose records the user may enrol."""
	if not frappe.has_permission("Email Campaign", "read"):
		frappe.throw(_("You have no permission to read Email Campaigns."), frappe.PermissionError)
	return list(filter(may_read, enrolment_store.enrollable_doctypes()))


@frappe.whitelist(methods=["POST"])
def enrol(
	campaign: str,
	doctype: str,
	start_date: str = "",
	names: str | list | None = None,
	filters: str | list | None = None,
) -> dict:
	"""Enrol records, those named or all that match a list-view filter, one Email Campaign each.

	Returns {"enrolled", "left_out": {reason: number}}, or {"queued": number} where they are many: then the user is
	told when it is done.
	"""
	if not frappe.has_permission("Email Campaign", "create"):
		frappe.throw(_("You have no permission to enrol anybody."), frappe.PermissionError)
	frappe.get_doc("Campaign", campaign).check_permission("read")
	start = cstr(getdate(start_date or nowdate()))
	if getdate(start) < getdate(nowdate()):
		frappe.throw(_("Start Date cannot be before the current date"))
	found = _chosen(doctype, names, filters)
	if len(found) > AT_ONCE:
		frappe.enqueue(
			drip.enrol,
			queue="long",
			timeout=drip.PLAN_SECONDS,
			enqueue_after_commit=True,
			campaign=campaign,
			doctype=doctype,
			start_date=start,
			names=found,
		)
		return {"queued": len(found)}
	run = BulkEnrolment(campaign, doctype, start)
	run.add(found)
	drip.plan_soon()
	return {"enrolled": run.enrolled, "left_out": dict(run.left_out)}


def _chosen(doctype: str, names, filters) -> list[str]:
	if doctype not in enrolment_store.enrollable_doctypes() or not may_read(doctype):
		frappe.throw(_("You can't enrol {0}.").format(_(doctype)), frappe.PermissionError)
	return chosen_records(doctype, names, filters)


@frappe.whitelist(methods=["POST"])
def stop(name: str, reason: str) -> None:
	"""End an enrolment for good; what has not left is skipped with the reason."""
	doc = _enrolment(name, "write")
	if not cstr(reason).strip():
		frappe.throw(_("Say why the sequence is stopped."))
	if not enrolment_store.end_enrolment(name, "Cancelled", _("Cancelled: {0}").format(reason.strip())):
		frappe.throw(_("An Email Campaign that is {0} can't be stopped.").format(_(doc.status)))


@frappe.whitelist()
def steps(name: str) -> list[dict]:
	"""Return the steps of an enrolment, as drip_figures_store.of_enrolment does."""
	return figures_store.enrolment_steps(_enrolment(name))


@frappe.whitelist()
def figures(campaign: str) -> dict:
	"""Return {"steps": as drip_figures_store.of_campaign does, "statuses": {status: enrolments}}."""
	frappe.get_doc("Campaign", campaign).check_permission("read")
	if not frappe.has_permission("Email Campaign", "read"):
		return {"steps": [], "statuses": {}}
	statuses = frappe.db.sql(
		"SELECT COALESCE(status, ''), COUNT(*) FROM `tabEmail Campaign` WHERE campaign_name = %s GROUP BY 1",
		campaign,
	)
	return {"steps": figures_store.campaign_figures(campaign), "statuses": dict(statuses)}


@frappe.whitelist()
def preview(name: str, step: int | str) -> dict:
	"""Return a step as its recipient would get it, or the first member of a group, as preview_store.shown does."""
	doc = _enrolment(name)
	stream = Stream(doc.campaign_name, int(step), doc.sender or doc.owner)
	try:
		return preview_store.render_preview(load_step(stream), *enrolment_store.first_recipient(doc))
	except (TemplateError, RenderError, HeaderError) as error:
		frappe.throw(str(error), title=_("The Mail Can't Be Shown"))


@frappe.whitelist()
def events(
	start: str, end: str, doctype: str = "", fields: str = "", filters: str | list | None = None, **field_map
) -> list[dict]:
	"""Return the enrolments that the user may read and that last into the time shown, for the calendar."""
	wanted = [*(frappe.parse_json(filters) or []), ["start_date", "<=", end], ["end_date", ">=", start]]
	shown = ["name", "campaign_name", "email_campaign_for", "recipient", "start_date", "end_date", "status"]
	found = frappe.get_list(
		"Email Campaign", filters=wanted, fields=shown, limit=EVENTS, order_by="start_date"
	)
	return [{**row, "recipient": f"{row.campaign_name}: {row.recipient}", "all_day": 1} for row in found]


def _enrolment(name: str, ptype: str = "read"):
	doc = frappe.get_doc("Email Campaign", name)
	doc.check_permission(ptype)
	return doc
