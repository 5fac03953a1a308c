"""What forms and list views of signed-in users call. Each checks the user's permission on the document itself."""

from __future__ import annotations

import time

import frappe
from frappe import _
from frappe.permissions import get_role_permissions
from frappe.utils import cint, cstr, get_fullname, now_datetime, sbool, split_emails

from email_campaigns.api import steps
from email_campaigns.audience import sources_store
from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.audience.lists import progress_store
from email_campaigns.audience.suppression import forgotten_store
from email_campaigns.delivery.compose import preview_store
from email_campaigns.delivery.ledger import claims_store, counts_store
from email_campaigns.delivery.sending import limits_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Unavailable
from email_campaigns.jobs import lists
from email_campaigns.mass_mailing import ab_winner_store, approval_store, freeze_store, status_store
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.message.headers import HeaderError
from email_campaigns.schedule.estimate import ends_at
from email_campaigns.schedule.limits import HOUR

FAULTS = (TemplateError, RenderError, HeaderError, Unavailable, Refused, ConnectionLost)
EXPECTED_RATE = 36000  # mails an hour, of a mailing that has sent none yet
LATE = 900  # seconds after its start in which the tick must have met a mailing three times


@frappe.whitelist()
def calculate(name: str) -> dict:
	"""Count who would get the mailing now, with the number of each reason for getting nothing."""
	steps.mailing(name, "read")
	return freeze_store.count(name)


@frappe.whitelist(methods=["POST"])
def schedule(name: str, at_once: bool = False) -> None:
	"""Let a Draft that needs no approval go at its start date, or now; what would stop it then is said now."""
	doc = steps.mailing(name)
	if approval_store.needed():
		frappe.throw(_("The settings want an approval of each mailing. Press Prepare to ask for it."))
	at_once = sbool(at_once) or steps.starts_now(doc)
	steps.refuse_unsendable(name)
	steps.start(doc, at_once, since=("Draft",), **approval_store.NONE)


@frappe.whitelist(methods=["POST"])
def back_to_draft(name: str) -> None:
	"""Take a scheduled mailing back, or one that awaits its approval: that can only who asked for it."""
	doc = steps.mailing(name)
	if doc.status == "Pending Approval" and frappe.session.user not in (doc.requested_by, doc.owner):
		asker = frappe.bold(get_fullname(doc.requested_by))
		frappe.throw(_("Only {0}, who asked for the approval, can take it back.").format(asker))
	steps.move(name, "Draft", since=(doc.status,), **approval_store.NONE)


@frappe.whitelist(methods=["POST"])
def pause(name: str) -> None:
	"""Stop a mailing; the mail that is leaving at this moment is the last one."""
	steps.move(name, "Paused")


@frappe.whitelist(methods=["POST"])
def resume(name: str) -> None:
	"""Go on with exactly the mails that have not been sent."""
	doc = steps.mailing(name)
	approval_store.refuse_void(doc)
	steps.move(name, "In Process" if doc.started_on else "Pending", since=("Paused",))
	if doc.started_on:
		status_store.anchor(name, counts_store.left(name), int(time.time()))
	steps.tick_soon()


@frappe.whitelist(methods=["POST"])
def cancel(name: str, reason: str) -> None:
	"""End a mailing for good; every mail that has not left is Cancelled with the reason."""
	if not cstr(reason).strip():
		frappe.throw(_("Say why the mailing is cancelled."))
	steps.move(name, "Cancelled", cancel_reason=reason.strip(), completed_on=now_datetime())
	claims_store.cancel_queued(name, _("Cancelled: {0}").format(reason.strip()))
	counts_store.recount(name)


@frappe.whitelist()
def preview(name: str, doctype: str = "", record: str = "", version: str = "") -> dict:
	"""Return the mail as one recipient would get it, with what its template asked for in vain.

	The recipient is a record of a recipient source or a Target List Member; by default the first of the lists. `version` is
	one of an A/B test.
	"""
	steps.mailing(name, "read")
	try:
		return preview_store.preview(name, *_recipient(doctype, record), cstr(version))
	except FAULTS as error:
		frappe.throw(str(error), title=_("The Mail Can't Be Shown"))


@frappe.whitelist(methods=["POST"])
def send_test(name: str, addresses: str, doctype: str = "", record: str = "", version: str = "") -> int:
	"""Send a test to some addresses, separated by commas or lines; return how many."""
	steps.mailing(name)
	recipient = _recipient(doctype, record)
	try:
		recipients = [normalise(address) for address in split_emails(addresses)]
	except InvalidAddress as error:
		frappe.throw(str(error))
	if not recipients:
		frappe.throw(_("Name at least one address."))
	forgotten_store.refuse(*recipients)
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
	mailing = steps.mailing(cstr(filters.get("mass_email")), "read")
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


@frappe.whitelist()
def progress(name: str) -> dict:
	"""Return the state of a mailing for its form: numbers by status, reasons of skipping, what holds it up, the version of
	its A/B test that was chosen.

	`opens_in` is the number of seconds until the limit named `held_by` lets the next mail go, 0 where it does; `rate` is
	in mails an hour, of the last five minutes; `ends_at` an estimate in Unix seconds, None where nothing is known.
	"""
	doc = steps.mailing(name, "read")
	return {
		"status": doc.status,
		"version": doc.ab_winner or "",
		"problem": doc.problem or _hindrance(doc),
		"by_status": counts_store.by_status(name),
		"by_reason": counts_store.by_reason(name),
		**(
			_pace(name)
			if doc.status == "In Process"
			else {"opens_in": 0, "held_by": "", "rate": 0, "ends_at": None}
		),
	}


def _pace(name: str) -> dict:
	epoch = int(time.time())
	# What waits for the winner of an A/B test does so for as long as it takes.
	limits, left = limits_store.of(name, epoch), counts_store.left(name) - ab_winner_store.waiting(name)
	opens, held_by = limits.opens(epoch)
	rate = counts_store.rate(name, epoch)
	return {
		"opens_in": min(HOUR, opens - epoch),
		"held_by": _(held_by) if held_by else "",
		"rate": rate,
		"ends_at": ends_at(limits.shared, left, epoch, rate or EXPECTED_RATE) if left else None,
	}


def _hindrance(doc) -> str:
	"""Return what keeps a mailing from going that its own status does not tell, "" where nothing does."""
	if doc.status not in ("Pending", "In Process"):
		return ""
	if held := transport.held():
		return held
	if frappe.db.get_value("Campaign", doc.campaign, "status") == "Inactive":
		return _("The campaign is Inactive, so nothing is sent until it is Active again.")
	if doc.status == "Pending" and cint(doc.start_epoch) and time.time() - cint(doc.start_epoch) > LATE:
		return _(
			"The start has passed, and nothing has started the mailing: are the scheduler and the workers running?"
		)
	return ""


@frappe.whitelist(methods=["POST"])
def add_members(
	target_list: str, doctype: str, names: str | list | None = None, filters: str | list | None = None
) -> int:
	"""Add records to a target list in the background: those named, or all that match a list-view filter.

	Returns how many records that are. The user must be allowed to read them.
	"""
	frappe.get_doc("Target List", target_list).check_permission("write")
	sources_store.source(doctype)
	if not reads(doctype):
		frappe.throw(_("You have no permission to read {0}.").format(_(doctype)), frappe.PermissionError)
	found = chosen(doctype, names, filters)
	progress_store.tell(target_list, 0, len(found))
	frappe.enqueue(
		lists.add_members, queue="long", timeout=3600, target_list=target_list, doctype=doctype, names=found
	)
	return len(found)


def chosen(doctype: str, names: str | list | None, filters: str | list | None) -> list[str]:
	"""Return the records that the user may read and has named, or that match a list-view filter. Throws where none does."""
	wanted = _parsed(filters) if filters is not None else {"name": ("in", _parsed(names) or [""])}
	found = frappe.get_list(doctype, filters=wanted, pluck="name", order_by="creation")
	if not found:
		frappe.throw(_("No {0} matches.").format(_(doctype)))
	return found


def _parsed(value: str | list | None):
	try:
		return frappe.parse_json(value)
	except ValueError:
		frappe.throw(_("The selection of records can't be read: {0}").format(cstr(value)[:100]))


@frappe.whitelist(methods=["POST"])
def import_members(target_list: str, file_url: str) -> None:
	"""Import a CSV file of plain addresses into a target list in the background."""
	frappe.get_doc("Target List", target_list).check_permission("write")
	progress_store.tell(target_list, 0, 1)
	frappe.enqueue(
		lists.import_members, queue="long", timeout=3600, target_list=target_list, file_url=file_url
	)


@frappe.whitelist()
def members_progress(target_list: str) -> dict:
	"""Return {"adding": {"done", "total"} or None where no members are being added, "modified"} of a list."""
	doc = frappe.get_doc("Target List", target_list)
	doc.check_permission("read")
	return {"adding": progress_store.read(target_list), "modified": str(doc.modified)}


@frappe.whitelist()
def recipient_doctypes() -> list[str]:
	"""Return the doctypes whose records can join a target list and that the user may read."""
	if not frappe.has_permission("Target List", "read"):
		frappe.throw(_("You have no permission to read target lists."), frappe.PermissionError)
	return list(filter(reads, sources_store.sources()))


def reads(doctype: str) -> bool:
	"""Tell whether a role of the user may read records of a doctype.

	Permission to select is not enough, with which the framework would list all users: as members they would
	show their addresses.
	"""
	return bool(get_role_permissions(frappe.get_meta(doctype)).get("read"))
