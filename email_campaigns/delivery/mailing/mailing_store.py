"""A Mass Email, with its campaign, its templates and its sender, loaded as one value."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cint, flt, get_fullname

from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.audience.lists import members_store as audience
from email_campaigns.delivery.mailing.mailing import (
	BY_RATE,
	ONE_LANGUAGE,
	OPTIMISED,
	SPREAD,
	ABTest,
	CcField,
	Mailing,
	MailText,
	Stream,
	Variant,
)
from email_campaigns.lifecycle import EMAIL_CAMPAIGN

INFORMATIONAL = "Informational Email"
# Of `tabCampaign` c, and of `tabMass Email` p of that campaign: whether their mails may leave at this moment.
CAMPAIGN_SENDS = "c.status != 'Inactive'"
MASS_EMAIL_SENDS = f"p.status = 'In Process' AND {CAMPAIGN_SENDS}"


def load_mass_email(name: str) -> Mailing:
	"""Return a Mass Email as a value. Raises ValidationError where its template or its sender is of no use."""
	return from_doc(frappe.get_doc("Mass Email", name))


def from_doc(doc) -> Mailing:
	"""Return a Mass Email that may not have been saved yet as a value. Raises ValidationError as `load_mass_email` does."""
	campaign = frappe.get_doc("Campaign", doc.campaign)
	account = sender_account(doc.sender_account)
	subject, html = template_content(doc.email_template)
	informational = campaign.campaign_type == INFORMATIONAL
	return Mailing(
		name=doc.name,
		title=doc.title,
		campaign=campaign.name,
		subject=subject,
		html=html,
		sender_user=doc.owner,
		account=account.name,
		sender_address=sender_address(account),
		sender_name=doc.from_name or account.name,
		reply_to=doc.reply_to or "",
		informational=informational,
		lists=_lists(doc.target_lists or campaign.target_lists),
		excluding=_lists(doc.excluding_target_lists or campaign.excluding_target_lists),
		duplicate_policy=doc.duplicate_policy,
		prefix=doc.subject_prefix or "",
		versions=tuple(
			MailText(row.language, *template_content(row.email_template)) for row in doc.language_versions
		),
		forced_language=(doc.forced_language or "") if doc.language_policy == ONE_LANGUAGE else "",
		seed_list=doc.seed_list or "",
		holdout_percent=flt(doc.holdout_percent),
		holdout_seed=doc.holdout_seed or "",
		# Those that the settings have switched off since too: whether a field can be used is decided at the freeze.
		cc_fields=tuple(CcField.from_key(row.cc_field) for row in doc.cc_fields),
		approval_hash=doc.approval_hash or "",
		# Nothing is learnt of whoever gets mail that cannot be refused.
		track_opens=not informational and bool(cint(doc.track_opens)),
		track_links=not informational and bool(cint(doc.track_links)),
		ab_test=_ab_test(doc, subject, html),
		ab_winner=doc.ab_winner or "",
		store_emails=bool(cint(doc.store_emails)),
		**_timing(doc),
	)


def _ab_test(doc, subject: str, html: str) -> ABTest | None:
	"""Return the A/B test of a mailing whose version A has this subject and HTML, None where it has only that."""
	if not doc.ab_versions:
		return None
	variants = []
	for row in doc.ab_versions:
		own = template_content(row.email_template) if row.email_template else (subject, html)
		variants.append(Variant(row.label, row.subject or own[0], own[1]))
	return ABTest(tuple(variants), flt(doc.ab_percent), doc.ab_winner_by or "", doc.ab_seed or "")


def _timing(doc) -> dict:
	return {
		"optimised": doc.send_when == OPTIMISED,
		"starts": cint(doc.start_epoch),
		"deadline": cint(doc.deadline_epoch),
		"hourly_rate": cint(doc.hourly_rate) if doc.pace == BY_RATE else 0,
		"domain_rates": tuple((row.domain.lower(), cint(row.hourly_rate)) for row in doc.domain_rates),
		"spread_until": cint(doc.spread_until) if doc.pace == SPREAD else 0,
		"anchor": cint(doc.anchor_epoch),
		"anchor_left": cint(doc.anchor_left),
	}


def load_step(stream: Stream) -> Mailing:
	"""Return a step as what is sent. Raises ValidationError where its template or its sender is of no use."""
	campaign = frappe.get_doc("Campaign", stream.campaign)
	template = next(
		(row.email_template for row in campaign.campaign_schedules if row.step == stream.step), ""
	)
	if not template:
		frappe.throw(_("The campaign {0} has no step {1} any more.").format(campaign.name, stream.step))
	subject, html = template_content(template)
	informational = campaign.campaign_type == INFORMATIONAL
	return Mailing(
		# What its tracked links are named after: the same for whoever sends the step.
		name=f"{campaign.name} / {stream.step}",
		title=template,
		campaign=campaign.name,
		subject=subject,
		html=html,
		sender_user=stream.sender,
		**_sender(stream.sender),
		informational=informational,
		excluding=tuple(row.target_list for row in campaign.excluding_target_lists),
		doctype=EMAIL_CAMPAIGN,
		cc_fields=tuple(CcField.from_key(row.cc_field) for row in campaign.cc_fields),
		track_opens=not informational and bool(cint(campaign.track_opens)),
		track_links=not informational and bool(cint(campaign.track_links)),
		store_emails=True,
		stream=stream,
	)


def load_source(source_doctype: str, source: str, *stream) -> Mailing:
	"""Return what a mail of the ledger belongs to: its Mass Email, or the step that its (campaign, step, sender) name.
	Raises ValidationError."""
	return load_step(Stream(*stream)) if source_doctype == EMAIL_CAMPAIGN else load_mass_email(source)


def _sender(user: str) -> dict:
	"""By the user's own Email Account where there is one, else by the site's, and replies go to the user."""
	email = frappe.db.get_value("User", user, "email") or ""
	own = frappe.db.get_value("Email Account", {"email_id": email, "enable_outgoing": 1}) if email else None
	account = sender_account(own)
	name = get_fullname(user) if user not in ("Administrator", "Guest") else ""
	return {
		"account": account.name,
		"sender_address": sender_address(account),
		"sender_name": name or account.name,
		"reply_to": "" if own or "@" not in email or not name else email,
	}


def template_content(template: str) -> tuple[str, str]:
	"""Return (subject, HTML) of an Email Template."""
	doc = frappe.get_doc("Email Template", template)
	return doc.subject or "", (doc.response_html if doc.use_html else doc.response) or ""


def _lists(rows) -> tuple[str, ...]:
	return tuple(row.target_list for row in rows)


def sender_account(name: str | None):
	"""Return the Email Account that sends: the one named, else the site's default outgoing one.

	Raises ValidationError with a sentence where there is none or it does not send.
	"""
	if name:
		account = frappe.get_doc("Email Account", name)
	else:
		account = (
			frappe.get_doc("Email Account", {"default_outgoing": 1, "enable_outgoing": 1})
			if _default()
			else None
		)
	if not account:
		frappe.throw(
			_("There is no default outgoing Email Account. Choose an Email Account for this mailing.")
		)
	if not account.enable_outgoing:
		frappe.throw(_("The Email Account {0} is not enabled for outgoing mail.").format(account.name))
	return account


def _default() -> bool:
	return bool(frappe.db.exists("Email Account", {"default_outgoing": 1, "enable_outgoing": 1}))


def sender_address(account) -> str:
	"""Return the account's address in the form for the envelope. Raises ValidationError."""
	try:
		return normalise(account.email_id or "")
	except InvalidAddress as error:
		frappe.throw(_("The Email Account {0} has no valid address: {1}").format(account.name, error))


def refresh_lists(mailing: Mailing) -> None:
	"""Bring the members of all lists that a mailing looks at in step with their records."""
	audience.refresh_members([*mailing.lists, *mailing.excluding, *filter(None, [mailing.seed_list])])


def in_process(*, frozen: bool) -> list[str]:
	"""Return the mailings in process of campaigns that are not Inactive, the earliest first."""
	return frappe.db.sql(
		f"""SELECT p.name FROM `tabMass Email` p JOIN `tabCampaign` c ON c.name = p.campaign
		WHERE {MASS_EMAIL_SENDS} AND p.frozen = %s ORDER BY p.started_on""",
		int(frozen),
		pluck=True,
	)


def may_send(name: str) -> bool:
	"""Tell whether the mailing is in process and its campaign not Inactive at this moment."""
	return name in in_process(frozen=True)
