"""What came back, for forms: answers, bounces, the sources of both, and what a mail would be taken for."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.kinds import Mail, Name, Number
from email_campaigns.api.public import preferences
from email_campaigns.audience.suppression.suppression import MANUAL
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.inbound import look_store, received_store
from email_campaigns.inbound.mail.message import MailError
from email_campaigns.settings import changeable_settings
from email_campaigns.translation import translate


@frappe.whitelist()
@checked
def replies(doctype: Name, name: Name, before: Number = 0) -> dict[str, Any]:
	"""Return what people and their mail programs answered to a Mass Email or an Email Campaign.

	{"rows": the latest events that the user may see, as received_store.read_events, "more": a bool}; `before`
	is the number of the last event that is shown already.
	"""
	return _read(doctype, name, received_store.ANSWERS, before)


@frappe.whitelist()
@checked
def bounces(doctype: Name, name: Name, before: Number = 0) -> dict[str, Any]:
	"""Return what servers reported about the mails of a Mass Email or an Email Campaign, as `replies`."""
	return _read(doctype, name, received_store.REPORTS, before)


def _read(doctype: str, name: str, kinds: tuple[str, ...], before: int) -> dict[str, Any]:
	if doctype not in received_store.MAILINGS:
		frappe.throw(_("{0} has no mails that something comes back for.").format(_(doctype)))
	load(doctype, name)
	return received_store.read_events(doctype, name, kinds, before)


@frappe.whitelist(methods=["POST"])
@checked
def unsubscribe(event: Number) -> None:
	"""Unsubscribe somebody who asks for it in an answer, by the code of the unsubscribe link."""
	doc = _event_of_a_mail(event)
	preferences.act(doc.message, preferences.LEAVE_LISTS, f"{frappe.session.user}, by an answer")


@frappe.whitelist(methods=["POST"])
@checked
def suppress_address(event: Number) -> None:
	"""Suppress the address of a mail for which somebody's mail program says that nobody reads it any more."""
	doc = _event_of_a_mail(event)
	suppress(doc.email, reason=MANUAL, origin=_("{0}: {1}").format(doc.mailing, _(doc.kind)))


def _event_of_a_mail(event: int):
	doc = load("Inbound Event", str(event))
	if not frappe.has_permission("Suppressed Email", "create"):
		frappe.throw(_("You have no permission to suppress an address."), frappe.PermissionError)
	if not doc.message or not doc.email:
		frappe.throw(_("It is about no mail of ours whose address is known."))
	return doc


@frappe.whitelist()
@checked
def sources() -> list[dict[str, Any]]:
	"""Return the mailboxes and providers that something comes back from (received_store.read_sources)."""
	changeable_settings()
	return received_store.read_sources()


@frappe.whitelist(methods=["POST"])
@checked
def look(mail: Mail) -> dict[str, Any]:
	"""Return what a raw mail would be taken for, and why (look_store.look_at). It changes nothing."""
	changeable_settings()
	answer: dict[str, Any] = {}
	try:
		answer = look_store.look_at(mail)
	except MailError as error:
		frappe.throw(translate(error), title=_("This Can't Be Read as a Mail"))
	return answer
