"""Steps that the buttons of a mailing's form share. Nothing here can be called from outside."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cint, get_system_timezone

from email_campaigns.api.arguments import load
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.delivery.compose import compose_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import LATER, NOW, Mailing
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing import status_store
from email_campaigns.message.compile import TemplateError
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.schedule.clock import in_zone
from email_campaigns.site_time import database_epoch
from email_campaigns.translation import translate


def load_mass_email(name: str, ptype: str = "write"):
	"""Return a Mass Email on which the user has the permission `ptype`. Throws PermissionError."""
	return load("Mass Email", name, ptype)


def move(name: str, target: str, **values) -> None:
	"""Bring a mailing to another status, as status_store.move does; throws where it can't get there."""
	before = load_mass_email(name).status
	change_latest_rows()
	if not status_store.move(name, target, **values):
		frappe.throw(_("A mailing that is {0} can't become {1}.").format(_(before), _(target)))


def check_sendable(name: str) -> Mailing:
	"""Return the mailing; throws where it has no list, or a template that can't be compiled."""
	mailing = mailing_store.load_mass_email(name)
	if not mailing.lists:
		frappe.throw(_("Choose at least one target list, here or in the campaign."))
	try:
		compose_store.make_composers(mailing)
	except (TemplateError, HeaderError) as error:
		frappe.throw(translate(error), title=_("The Mailing Can't Be Sent"))
	return mailing


def starts_now(doc) -> bool:
	"""Tell whether a Mass Email starts as soon as it may.

	Throws ValidationError where it has to wait for a start that nobody has set.
	"""
	if doc.send_when == LATER and not doc.start_date:
		frappe.throw(_("Set the Start first, or choose to send now."))
	return doc.send_when == NOW or cint(doc.start_epoch) <= database_epoch()


def start(doc, at_once: bool, **values) -> None:
	"""Start a Mass Email, or schedule it for its start date; `values` are for status_store.move."""
	move(doc.name, "Pending", **(start_now_fields(doc) if at_once else {}), **values)
	if at_once or cint(doc.start_epoch) <= database_epoch():
		tick_soon()


def start_now_fields(doc) -> dict:
	"""Return the start fields of a Mass Email that starts at this moment."""
	epoch = database_epoch()
	# A whole minute: a form that shows no seconds would take any other time for a change that nobody made.
	minute = in_zone(epoch, doc.time_zone or get_system_timezone()).replace(second=0)
	return {"start_date": minute, "start_epoch": epoch}


def tick_soon() -> None:
	"""Let the job that starts and continues mailings run after this request, instead of at its next time."""
	enqueue_once(sending.tick, "ec-tick", queue="short", enqueue_after_commit=True)
