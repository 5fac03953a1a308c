"""The return of the campaigns to ERPNext at uninstallation: its definitions, its jobs, its columns.

Nobody may be mailed who would not be mailed with this app. ERPNext's jobs set every status but Unsubscribed
by the dates alone, and send whatever is In Progress. So an enrolment that must not go on becomes Unsubscribed
while its end lies ahead, else Completed; a Comment on it says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import frappe
from frappe import _
from frappe.utils import nowdate

from email_campaigns.erpnext import evidence_store, jobs_store, owner_store, permissions_store
from email_campaigns.erpnext.names import DOCTYPES, KINDS
from email_campaigns.lifecycle import UNFINISHED_EMAIL_CAMPAIGN
from email_campaigns.text import _lt

SLICE = 5000  # mails of the ledger
ENROLMENTS = 500
# {condition over an unfinished enrolment `e` of a campaign `c` that ERPNext must not continue: text of the
# Comment}
_NOT_TO_CONTINUE = {
	"e.email_campaign_for NOT IN %(kinds)s": _lt(
		"ERPNext sends no email campaigns to this kind of recipient."
	),
	"c.status = 'Inactive'": _lt("ERPNext would continue a campaign that is Inactive."),
	"""e.email_campaign_for = 'Email Group' AND EXISTS (SELECT 1 FROM `tabEmail Unsubscribe` u
		WHERE u.reference_doctype = 'Email Campaign' AND u.reference_name = e.name)""": (
		_lt("ERPNext would mail the members of the group who have left this email campaign, too.")
	),
}


def give_back(our_roles: Collection[str]) -> None:
	"""Give the three doctypes back to ERPNext with every row, and drop our columns.

	`our_roles` lose their rights. Changing tables commits the transaction.
	"""
	if not owner_store.is_here():
		return
	_refer_mails_to_enrolments()
	_note_done_steps()
	_end_enrolments()
	_comment_lost_rules()
	added = {doctype: owner_store.added_columns(doctype) for doctype in DOCTYPES}
	owner_store.put_erpnexts_in_force()
	permissions_store.give_back(our_roles)
	for doctype, columns in added.items():
		_drop(doctype, columns)
	jobs_store.start()


def _refer_mails_to_enrolments() -> None:
	"""Let the Communications of steps name their enrolments and templates, as ERPNext's do.

	By them ERPNext, and this app when it is installed again, knows which steps were sent.
	"""
	last = frappe.db.sql("SELECT COALESCE(MAX(name), 0) FROM `tabCampaign Message`")[0][0]
	for first in range(1, last + 1, SLICE):
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` m JOIN tabCommunication c ON c.message_id = m.message_id
			LEFT JOIN `tabCampaign Email Schedule` s ON s.parent = m.campaign AND s.parenttype = 'Campaign'
				AND s.step = m.step
			SET c.reference_doctype = m.source_doctype, c.reference_name = m.source,
				c.email_template = COALESCE(NULLIF(c.email_template, ''), s.email_template)
			WHERE m.name BETWEEN %s AND %s AND m.source_doctype = 'Email Campaign' AND m.message_id != ''""",
			(first, first + SLICE - 1),
		)


def _note_done_steps() -> None:
	"""Comment on enrolments which steps are done, where their Communications and days do not show it.

	ERPNext would send them on their day; this app reads the Comments when it is installed again.
	"""
	names = frappe.get_all("Email Campaign", pluck="name", order_by="name")
	for start in range(0, len(names), ENROLMENTS):
		for enrolment, step in evidence_store.unknown_steps(names[start : start + ENROLMENTS]):
			text = _("Step {0} of the schedule, “{1}”, was done before Email Campaigns was uninstalled.")
			_comment(
				"Email Campaign",
				[enrolment],
				text.format(step.idx, step.email_template),
				subject=f"{evidence_store.NOTE}{step.row}",
			)


def _end_enrolments() -> None:
	for condition, reason in _NOT_TO_CONTINUE.items():
		_comment(
			"Email Campaign",
			_unfinished(condition),
			_("Ended when Email Campaigns was uninstalled: {0}").format(_(reason)),
		)
		_end(f"e.status IN %(open)s AND ({condition})")
	for name, status, reason in frappe.db.sql(
		f"SELECT e.name, e.status, e.ended_because {_FROM} WHERE {_ENDED}"
	):
		_comment("Email Campaign", [name], ": ".join(filter(None, (_(status), reason))))
	_end(_ENDED)


def _unfinished(condition: str) -> list[str]:
	return frappe.db.sql(
		f"SELECT e.name {_FROM} WHERE e.status IN %(open)s AND ({condition})", _values(), pluck=True
	)


_FROM = "FROM `tabEmail Campaign` e LEFT JOIN tabCampaign c ON c.name = e.campaign_name"
_ENDED = "e.status IN ('Replied', 'Cancelled')"


def _values() -> dict:
	return {"open": UNFINISHED_EMAIL_CAMPAIGN, "kinds": KINDS, "today": nowdate()}


def _end(condition: str) -> None:
	frappe.db.sql(
		f"""UPDATE `tabEmail Campaign` e LEFT JOIN tabCampaign c ON c.name = e.campaign_name
		SET e.status = IF(e.end_date < %(today)s, 'Completed', 'Unsubscribed') WHERE {condition}""",
		_values(),
	)


def _comment_lost_rules() -> None:
	"""Comment on each campaign which rules its steps lose.

	ERPNext sends a step to everybody, in the first minutes of its day.
	"""
	rows = frappe.get_all(
		"Campaign Email Schedule",
		{"parenttype": "Campaign"},
		["parent", "idx", "send_time", "time_zone", "send_if"],
		order_by="parent, idx",
	)
	for row in rows:
		lost = ", ".join(filter(None, (row.send_time, row.time_zone, row.send_if and _(row.send_if))))
		if lost:
			text = _("Row {0} of the schedule had a rule that ERPNext does not know: {1}").format(
				row.idx, lost
			)
			_comment("Campaign", [row.parent], text)


def _comment(doctype: str, names: Iterable[str], text: str, subject: str = "") -> None:
	for name in names:
		values = {
			"reference_doctype": doctype,
			"reference_name": name,
			"comment_type": "Info",
			"subject": subject,
			"content": text,
		}
		frappe.get_doc({"doctype": "Comment", **values}).insert(ignore_permissions=True)


def _drop(doctype: str, columns: list[str]) -> None:
	parts = ", ".join(f"DROP COLUMN IF EXISTS `{column}`" for column in columns)
	frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` {parts}")
	frappe.clear_cache(doctype=doctype)
