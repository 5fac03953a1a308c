"""A mail of a mailing before it is sent: its preview for one recipient, and tests of it.

Each function checks the user's permission on the mailing and on the recipient's record.
"""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import split_emails

from email_campaigns.api.arguments import checked, name_in
from email_campaigns.api.desk import mass_email_steps
from email_campaigns.api.desk.records import load_record
from email_campaigns.api.kinds import Name, Number, Text, Values
from email_campaigns.audience import sources_store
from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.audience.suppression import forgotten_store
from email_campaigns.delivery.compose import preview_store, shown_store
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Unavailable
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.translation import translate

FAULTS = (TemplateError, RenderError, HeaderError, Unavailable, Refused, ConnectionLost)


@frappe.whitelist()
@checked
def preview(name: Name, doctype: Text = "", record: Text = "", version: Text = "") -> dict:
	"""Return the mail as one recipient would get it, with warnings of what its template asked for in vain.

	The recipient is a record of a recipient source, or a Target List Member; by default the first member of
	the lists whose record the user may read. `version` is the label of one version of an A/B test.
	"""
	mass_email_steps.load_mass_email(name, "read")
	try:
		mail = preview_store.preview_mass_email(name, *_recipient(doctype, record), version)
	except FAULTS as error:
		frappe.throw(translate(error), title=_("The Mail Can't Be Shown"))
	return mail


@frappe.whitelist(methods=["POST"])
@checked
def send_test(name: Name, addresses: Text, doctype: Text = "", record: Text = "", version: Text = "") -> int:
	"""Send a test to addresses that are separated by commas or lines; return how many."""
	mass_email_steps.load_mass_email(name)
	shown_for = _recipient(doctype, record)
	recipients = _test_recipients(addresses)
	try:
		preview_store.send_test(name, recipients, *shown_for, version)
	except FAULTS as error:
		frappe.throw(translate(error), title=_("The Test Was Not Sent"))
	return len(recipients)


def _test_recipients(addresses: str) -> list[str]:
	"""Return the normalised addresses of a text. Throws where it has none, or one is invalid or forgotten."""
	try:
		recipients = [normalise(address) for address in split_emails(addresses)]
	except InvalidAddress as error:
		frappe.throw(translate(error))
	if not recipients:
		frappe.throw(_("Name at least one address."))
	forgotten_store.check_not_forgotten(*recipients)
	return recipients


@frappe.whitelist()
@checked
@frappe.validate_and_sanitize_search_inputs
def find_members(  # noqa: PLR0913 -- Frappe calls the query of a Link field so
	doctype: Text, txt: Text, searchfield: Text, start: Number, page_len: Number, filters: Values
) -> list[tuple]:
	"""Return (number, address, record, list) of members of a mailing's lists that match, for a Link field.

	Members whose record the user may not read are left out.
	"""
	mailing = mass_email_steps.load_mass_email(name_in(filters, "mass_email"), "read")
	campaign = frappe.get_cached_doc("Campaign", mailing.campaign)
	lists = [row.target_list for row in mailing.target_lists or campaign.target_lists]
	rows = frappe.get_list(
		sources_store.PLAIN,
		filters={"target_list": ("in", lists or [""])},
		or_filters={"email": ("like", f"%{txt}%"), "member_name": ("like", f"%{txt}%")},
		fields=["name", "email", "member_doctype", "member_name", "target_list"],
		limit_start=start,
		limit=page_len,
	)
	records = [(row.member_doctype, row.member_name) for row in rows]
	readable = shown_store.readable_records(records, frappe.session.user)
	# The Desk expects names to be text, and those of an autoincrement doctype are numbers.
	return [
		(str(row.name), row.email, row.member_name, row.target_list)
		for row, record in zip(rows, records, strict=True)
		if not row.member_doctype or record in readable
	]


def _recipient(doctype: str, record: str) -> tuple[str, str]:
	"""Return the doctype and name of the record that a mail is shown for; a member may stand for a record."""
	if not (doctype and record):
		return "", ""
	doc = load_record(doctype, record)
	if doctype != sources_store.PLAIN or not doc.member_doctype:
		return doctype, record
	return _recipient(doc.member_doctype, doc.member_name)
