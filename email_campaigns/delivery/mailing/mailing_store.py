"""Loads a Mass Email, or a step of a drip sequence, with its campaign, templates and sender, as one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt, get_fullname

from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.audience.decide import PER_ADDRESS
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.suppression import opt_outs_store
from email_campaigns.delivery.mailing import authors_store
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
from email_campaigns.translation import translate

INFORMATIONAL = "Informational Email"
# Conditions on `tabCampaign` c, and on `tabMass Email` p of that campaign: their mails may leave at this
# moment.
CAMPAIGN_SENDS = "c.status != 'Inactive'"
MASS_EMAIL_SENDS = f"p.status = 'In Process' AND {CAMPAIGN_SENDS}"


def load_mass_email(name: str) -> Mailing:
	"""Return a Mass Email as a value. Raises ValidationError where its template or its sender is unusable."""
	return from_doc(frappe.get_doc("Mass Email", name))


def from_doc(doc) -> Mailing:
	"""Return `doc`, a Mass Email that may not be saved yet, as a value.

	Raises ValidationError as `load_mass_email`.
	"""
	campaign = frappe.get_doc("Campaign", doc.campaign)
	account = sender_account(doc.sender_account)
	subject, html = template_content(doc.email_template)
	informational = campaign.campaign_type == INFORMATIONAL
	authors, joined = authors_store.mass_email_authors(doc)
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
		# With those that the settings have switched off since: the freeze decides whether a field can be
		# used.
		cc_fields=tuple(CcField.from_key(row.cc_field) for row in doc.cc_fields),
		approval_hash=doc.approval_hash or "",
		# Mail that nobody can opt out of tracks nobody.
		track_opens=not informational and bool(cint(doc.track_opens)),
		track_links=not informational and bool(cint(doc.track_links)),
		ab_test=_ab_test(doc, subject, html),
		ab_winner=doc.ab_winner or "",
		store_emails=bool(cint(doc.store_emails)),
		authors=authors,
		joined=joined,
		**_timing(doc),
	)


def _ab_test(doc, subject: str, html: str) -> ABTest | None:
	"""Return the A/B test of a mailing whose version A has this subject and HTML, None where it has none."""
	if not doc.ab_versions:
		return None
	variants = []
	for row in doc.ab_versions:
		own_subject, own_html = (
			template_content(row.email_template) if row.email_template else (subject, html)
		)
		variants.append(Variant(row.label, row.subject or own_subject, own_html))
	return ABTest(tuple(variants), flt(doc.ab_percent), doc.ab_winner_by or "", doc.ab_seed or "")


_TIMING = (
	*("send_when", "start_epoch", "deadline_epoch", "pace", "hourly_rate"),
	*("spread_until", "anchor_epoch", "anchor_left"),
)


def _timing(doc) -> dict[str, Any]:
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


def with_latest_timing(mailing: Mailing) -> Mailing:
	"""Return a mailing with the deadline, the rates and the spread that its form has at this moment.

	A step of a drip sequence has none of its own. A mailing that was deleted is returned as it was.
	"""
	if mailing.stream:
		return mailing
	docs = frappe.db.sql(
		f"SELECT {', '.join(_TIMING)} FROM `tabMass Email` WHERE name = %s", mailing.name, as_dict=True
	)
	if not docs:
		return mailing
	(doc,) = docs
	doc.domain_rates = frappe.db.sql(
		"""SELECT domain, hourly_rate FROM `tabCampaign Domain Rate`
		WHERE parent = %s AND parenttype = 'Mass Email' ORDER BY idx""",
		mailing.name,
		as_dict=True,
	)
	return replace(mailing, **_timing(doc))


def load_step(stream: Stream) -> Mailing:
	"""Return a step as a value. Raises ValidationError where its template or its sender is unusable."""
	campaign = frappe.get_doc("Campaign", stream.campaign)
	template = next(
		(row.email_template for row in campaign.campaign_schedules if row.step == stream.step), ""
	)
	if not template:
		frappe.throw(_("The campaign {0} has no step {1} any more.").format(campaign.name, stream.step))
	subject, html = template_content(template)
	informational = campaign.campaign_type == INFORMATIONAL
	return Mailing(
		# The same for every user who sends the step, as are its tracked links.
		name=f"{campaign.name} / {stream.step}",
		link_key=f"{campaign.link_key or campaign.name} / {stream.step}",
		title=template,
		campaign=campaign.name,
		subject=subject,
		html=html,
		sender_user=stream.sender,
		**_sender(stream.sender),
		informational=informational,
		excluding=tuple(row.target_list for row in campaign.excluding_target_lists),
		duplicate_policy=campaign.duplicate_policy or PER_ADDRESS,
		doctype=EMAIL_CAMPAIGN,
		cc_fields=tuple(CcField.from_key(row.cc_field) for row in campaign.cc_fields),
		track_opens=not informational and bool(cint(campaign.track_opens)),
		track_links=not informational and bool(cint(campaign.track_links)),
		store_emails=True,
		authors=authors_store.step_authors(campaign, template, stream.sender),
		stream=stream,
	)


def load_source(source_doctype: str, source: str, *stream: Any) -> Mailing:
	"""Return the mailing of a mail of the ledger. Raises ValidationError.

	It is the Mass Email `source`, or the step that `stream`, which is (campaign, step, sender), names.
	"""
	return load_step(Stream(*stream)) if source_doctype == EMAIL_CAMPAIGN else load_mass_email(source)


def _sender(user: str) -> dict[str, Any]:
	"""Return the sender of a step: the user's own Email Account, else the site's with replies to the user."""
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


def _lists(rows: Iterable) -> tuple[str, ...]:
	return tuple(row.target_list for row in rows)


def sender_account(name: str | None):
	"""Return the Email Account `name`, or the site's default outgoing one where that is empty.

	Raises ValidationError with a sentence where there is none or it is not enabled for outgoing mail.
	"""
	name = account_name(name)
	if not name:
		frappe.throw(
			_("There is no default outgoing Email Account. Choose an Email Account for this mailing.")
		)
	account = frappe.get_doc("Email Account", name)
	if not account.enable_outgoing:
		frappe.throw(_("The Email Account {0} is not enabled for outgoing mail.").format(account.name))
	return account


def account_name(name: str | None) -> str:
	"""Return the name of an Email Account: for "" that of the default outgoing one, "" where none is."""
	return name or frappe.db.exists("Email Account", {"default_outgoing": 1, "enable_outgoing": 1}) or ""


def sender_address(account) -> str:
	"""Return the address of `account`, an Email Account, as the envelope has it. Raises ValidationError."""
	address = ""
	try:
		address = normalise(account.email_id or "")
	except InvalidAddress as error:
		sentence = _("The Email Account {0} has no valid address: {1}")
		frappe.throw(sentence.format(account.name, translate(error)))
	return address


def refresh_lists(mailing: Mailing) -> None:
	"""Update the members of all lists of a mailing, and the wishes of their addresses, from the records."""
	sum(refresh_slices(mailing))


def refresh_slices(mailing: Mailing) -> Iterator[int]:
	"""Do the same slice by slice, for the caller to commit."""
	opt_outs_store.follow_records()
	yield from members_store.refresh_slices(
		[*mailing.lists, *mailing.excluding, *filter(None, [mailing.seed_list])]
	)


def in_process(*, frozen: bool) -> list[str]:
	"""Return the names of the Mass Emails whose mails may leave now, the earliest first."""
	return frappe.db.sql(
		f"""SELECT p.name FROM `tabMass Email` p JOIN `tabCampaign` c ON c.name = p.campaign
		WHERE {MASS_EMAIL_SENDS} AND p.frozen = %s ORDER BY p.started_on""",
		int(frozen),
		pluck=True,
	)


def may_send(name: str) -> bool:
	"""Tell whether a Mass Email is frozen and in process, and its campaign not Inactive, at this moment."""
	return name in in_process(frozen=True)
