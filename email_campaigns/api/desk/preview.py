"""A mail of a mailing before it is sent: shown for one recipient, and sent as a test."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cstr, split_emails

from email_campaigns.api.desk import mass_email_steps
from email_campaigns.audience import sources_store
from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.audience.suppression import forgotten_store
from email_campaigns.delivery.compose import preview_store
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Unavailable
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.message.headers import HeaderError

FAULTS = (TemplateError, RenderError, HeaderError, Unavailable, Refused, ConnectionLost)


@frappe.whitelist()
def preview(name: str, doctype: str = "", record: str = "", version: str = "") -> dict:
	"""Return the mail as one recipient would get it, with what its template asked for in vain.

	The recipient is a record of a recipient source or a Target List Member; by default the first of the lists. `version` is
	one of an A/B test.
	"""
	mass_email_steps.load_mass_email(name, "read")
	try:
		return preview_store.preview_mass_email(name, *_recipient(doctype, record), cstr(version))
	except FAULTS as error:
		frappe.throw(str(error), title=_("The Mail Can't Be Shown"))


@frappe.whitelist(methods=["POST"])
def send_test(name: str, addresses: str, doctype: str = "", record: str = "", version: str = "") -> int:
	"""Send a test to some addresses, separated by commas or lines; return how many."""
	mass_email_steps.load_mass_email(name)
	recipient = _recipient(doctype, record)
	try:
		recipients = [normalise(address) for address in split_emails(addresses)]
	except InvalidAddress as error:
		frappe.throw(str(error))
	if not recipients:
		frappe.throw(_("Name at least one address."))
	forgotten_store.check_not_forgotten(*recipients)
	try:
		preview_store.send_test(name, recipients, *recipient, cstr(version))
	except FAULTS as error:
		frappe.throw(str(error), title=_("The Test Was Not Sent"))
	return len(recipients)


@frappe.whitelist()
@frappe.validate_and_sanitize_search_inputs
def find_members(
	doctype: str, txt: str, searchfield: str, start: int, page_len: int, filters: dict
) -> list[tuple]:
	"""Return (number, address, record, list) of the members of a mailing's lists that match, for a Link field."""
	mailing = mass_email_steps.load_mass_email(cstr(filters.get("mass_email")), "read")
	campaign = frappe.get_cached_doc("Campaign", mailing.campaign)
	lists = [row.target_list for row in mailing.target_lists or campaign.target_lists]
	found = frappe.get_list(
		sources_store.PLAIN,
		filters={"target_list": ("in", lists or [""])},
		or_filters={"email": ("like", f"%{txt}%"), "member_name": ("like", f"%{txt}%")},
		fields=["name", "email", "member_name", "target_list"],
		limit_start=start,
		limit=page_len,
		as_list=True,
	)
	# The Desk expects names to be text, which those of an autoincrement doctype are not.
	return [(str(number), *told) for number, *told in found]


def _recipient(doctype: str, record: str) -> tuple[str, str]:
	"""Return the record that a mail is shown for: a member that stands for a record is that record."""
	if not (doctype and record):
		return "", ""
	doc = frappe.get_doc(doctype, record)
	doc.check_permission("read")
	if doctype != sources_store.PLAIN or not doc.member_doctype:
		return doctype, record
	return _recipient(doc.member_doctype, doc.member_name)
