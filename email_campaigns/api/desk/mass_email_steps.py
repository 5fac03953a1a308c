"""What the buttons of a mailing's form have in common. Nothing here can be called from outside."""

from __future__ import annotations

import time

import frappe
from frappe import _
from frappe.utils import cint, get_system_timezone

from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.delivery.compose import compose_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import LATER, NOW, Mailing
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing import status_store
from email_campaigns.message.compile import TemplateError
from email_campaigns.message.headers import HeaderError
from email_campaigns.schedule.clock import in_zone


def load_mass_email(name: str, ptype: str = "write"):
	"""Return a Mass Email that the user may read, or write."""
	doc = frappe.get_doc("Mass Email", name)
	doc.check_permission(ptype)
	return doc


def move(name: str, target: str, **values) -> None:
	"""Bring a mailing to another status, as store.move does; throws where its state does not allow it."""
	before = load_mass_email(name).status
	change_latest_rows()
	if not status_store.move(name, target, **values):
		frappe.throw(_("A mailing that is {0} can't become {1}.").format(_(before), _(target)))


def check_sendable(name: str) -> Mailing:
	"""Return the mailing; throws where it has no list, or a template that can't be compiled."""
	found = mailing_store.load_mass_email(name)
	if not found.lists:
		frappe.throw(_("Choose at least one target list, here or in the campaign."))
	try:
		compose_store.make_composers(found)
	except (TemplateError, HeaderError) as error:
		frappe.throw(str(error), title=_("The Mailing Can't Be Sent"))
	return found


def starts_now(doc) -> bool:
	"""Tell whether a mailing that may go begins at this moment. Throws where it waits for a start that nobody has set."""
	if doc.send_when == LATER and not doc.start_date:
		frappe.throw(_("Set the Start first, or choose to send now."))
	return doc.send_when == NOW or cint(doc.start_epoch) <= time.time()


def start(doc, at_once: bool, **values) -> None:
	"""Let a mailing go, at once or at its start date; `values` are for store.move."""
	move(doc.name, "Pending", **(start_now_fields(doc) if at_once else {}), **values)
	if at_once or cint(doc.start_epoch) <= time.time():
		tick_soon()


def start_now_fields(doc) -> dict:
	epoch = int(time.time())
	# A whole minute: a form that shows no seconds would take any other time for a change that nobody made.
	shown = in_zone(epoch, doc.time_zone or get_system_timezone()).replace(second=0)
	return {"start_date": shown, "start_epoch": epoch}


def tick_soon() -> None:
	enqueue_once(sending.tick, "ec-tick", queue="short", enqueue_after_commit=True)
