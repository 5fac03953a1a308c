"""What the form of a campaign says about its steps before they are sent."""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe import _

from email_campaigns.delivery.mailing.mailing_store import account_name, template_content
from email_campaigns.drip.enrolment_store import GROUPS, UNFINISHED
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.message.child import apart
from email_campaigns.message.compile import TemplateError
from email_campaigns.message.html.foreign_tags import text_warnings
from email_campaigns.translation import translate

_ANY = {"name", "doctype"}  # fields of every record


def read_hints(campaign) -> list[str]:
	"""Return sentences on what is wrong, or may be, with the steps of a Campaign document."""
	return list(_hints(campaign)) if campaign.campaign_schedules else []


def _hints(campaign) -> Iterator[str]:
	if not account_name(""):
		yield _(
			"This site has no default outgoing Email Account: only steps in the name of a user who has an"
			" Email Account can be sent."
		)
	for template in _templates(campaign):
		for sentence in text_warnings(*template_content(template)):
			yield f"{template}: {translate(sentence)}"
	yield from template_hints(campaign)


def template_hints(campaign) -> Iterator[str]:
	"""Yield sentences on the templates of a Campaign document that do not fit those who are enrolled.

	Such a template can't be used, or names fields that their records have not. ERPNext renders a mail to a
	group with the fields of the group, this app with those of the member.
	"""
	doctypes = _enrolled_doctypes(campaign.name)
	for template in _templates(campaign) if doctypes else ():
		try:
			message = apart.compile_message(*template_content(template))
		except TemplateError as error:
			yield f"{template}: {translate(error)}"
			continue
		for doctype in doctypes:
			if lacking := sorted(message.record_fields - _fields(doctype)):
				yield _(
					"{0}: recipients of the type {1} have no field {2}. It is empty in their mails."
				).format(template, _(doctype), ", ".join(lacking))


def _templates(campaign) -> list[str]:
	names = dict.fromkeys(row.email_template for row in campaign.campaign_schedules)
	return [name for name in names if frappe.db.exists("Email Template", name)]


def _enrolled_doctypes(campaign: str) -> list[str]:
	"""Return the doctypes of the records by which enrolments under way are mailed.

	The members of a Target List are of many doctypes: *Preview* and the check list look at them.
	"""
	enrolled = frappe.get_all(
		EMAIL_CAMPAIGN,
		{
			"campaign_name": campaign,
			"status": ("in", UNFINISHED),
			"email_campaign_for": ("!=", "Target List"),
		},
		pluck="email_campaign_for",
		distinct=True,
		order_by="email_campaign_for",
	)
	doctypes = [GROUPS[doctype][0] if doctype in GROUPS else doctype for doctype in enrolled]
	return [doctype for doctype in doctypes if frappe.db.exists("DocType", doctype)]


def _fields(doctype: str) -> set[str]:
	meta = frappe.get_meta(doctype)
	return {*_ANY, *meta.get_valid_columns(), *(field.fieldname for field in meta.get_table_fields())}


def all_template_hints() -> Iterator[str]:
	"""Yield the `template_hints` of all campaigns with enrolments under way, each after its campaign."""
	for name in frappe.get_all(
		EMAIL_CAMPAIGN,
		{"status": ("in", UNFINISHED)},
		pluck="campaign_name",
		distinct=True,
		order_by="campaign_name",
	):
		for sentence in template_hints(frappe.get_doc("Campaign", name)):
			yield f"{name}, {sentence}"
