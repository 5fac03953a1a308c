"""Forgetting an address: it is erased from lists, ledger, log and every text of the campaigns.

A keyed hash remains. The caller makes all of it one transaction. Figures stay as they are: a mail keeps its
mailing, its end and the times of its events, and loses its recipient. Records of the CRM itself are not
touched; `find_elsewhere` names those that still have the address.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils import now

from email_campaigns.audience.address import address_key, normalise_known, plain_key, spellings
from email_campaigns.audience.sources_store import sources
from email_campaigns.audience.suppression import erase_files_store, forgotten_store, mirror_store
from email_campaigns.audience.suppression.erase_inbound_store import erase_events, read_events

MODULE = "Email Campaigns"
EMAIL_UNSUBSCRIBE = "Email Unsubscribe"
# These have up to millions of rows, and an index on the address; every other text of the module is searched.
INDEXED = (
	"Campaign Message",
	"Campaign Log",
	"Target List Member",
	"Target List Change",
	"Target List Sign Up",
	"Suppressed Email",
	"Waiting Opt Out",
)
_TEXTS = (
	"Data",
	"Small Text",
	"Text",
	"Long Text",
	"Text Editor",
	"Code",
	"HTML Editor",
	"JSON",
	"Read Only",
)
# The fields that mails show, under the numbers of these mails in the ledger
VALUES = "Campaign Mail Values"
_REFERRED = ("Mass Email", "Email Campaign", "Campaign", "Target List", "Campaign Message")
# Clicks and views are counted by their link; any other detail is about the person.
_COUNTED_BY_DETAILS = (
	"action IN ('Clicked', 'Attachment Viewed') AND details NOT LIKE '%%@%%'"
	" AND details NOT LIKE '%%!%%40%%' ESCAPE '!'"
)

Names = list[Any]  # names of rows: numbers, or hashes of 32 digits


def find_rows(doctype: str, address: str) -> Names:
	"""Return the names of the rows with a normalised address, in upper or lower case."""
	# By key, for the collation of the index takes é and e for the same letter.
	rows = frappe.db.sql(f"SELECT name, email FROM `tab{doctype}` WHERE email = %s", address)
	return [name for name, email in rows if address_key(email) == address_key(address)]


def erase(email: str) -> dict[str, Any]:
	"""Forget an address, and return how many rows there were and what has to be counted anew.

	The caller takes it out of the ledger (delivery.ledger.ends_store.forget).

	That is {"members", "mails", "log"} with numbers of rows, "lists" with the names of target lists, and
	"sources" with those of mailings and campaigns. Raises InvalidAddress.
	"""
	address = normalise_known(email)
	forgotten_store.add_fingerprint(address)
	mails, members = find_rows("Campaign Message", address), find_rows("Target List Member", address)
	log = _find_log(address, mails)
	result = {
		"mails": len(mails),
		"members": len(members),
		"log": len(log),
		"lists": _distinct("Target List Member", "target_list", members),
		"sources": _distinct("Campaign Message", "source", mails),
	}
	_clear_log(log)
	_delete(VALUES, _with_copies(mails))
	_delete("Target List Member", members)
	frappe.db.delete("Target List Feed Member", {"member_key": plain_key(address)})
	_clear_changes(find_rows("Target List Change", address))
	for doctype in ("Target List Sign Up", "Suppressed Email", "Waiting Opt Out"):
		_delete(doctype, find_rows(doctype, address))
	erase_events(address, mails)
	_clear_texts(address)
	erase_files_store.clear_reports(address)
	_clear_copies(address, mails)
	_lift_mirror(address)
	return result


def find_elsewhere(email: str) -> list[dict[str, str]]:
	"""Return {"doctype", "name"} of the CRM's records that still have an address. Raises InvalidAddress."""
	address = normalise_known(email)
	fields = [(origin.doctype, origin.email_field) for origin in sources().values()]
	records = []
	for doctype, field in (*fields, (EMAIL_UNSUBSCRIBE, "email")):
		rows = frappe.get_all(doctype, {field: ("in", spellings(address))}, ["name", f"{field} as email"])
		records += [
			{"doctype": doctype, "name": str(row.name)}
			for row in rows
			if address_key(row.email) == address_key(address)
		]
	return records


def _find_log(address: str, mails: Names) -> Names:
	"""Return the names of the log entries with an address or of some mails, sorted."""
	names = set(find_rows("Campaign Log", address))
	if mails:
		names |= set(
			frappe.db.sql(
				"SELECT name FROM `tabCampaign Log` WHERE message IN %s", (tuple(mails),), pluck=True
			)
		)
	return sorted(names)


def _with_copies(mails: Names) -> Names:
	"""Return the names of mails and of their copies (CC), which show the same record."""
	if not mails:
		return []
	copies = frappe.get_all("Campaign Message", {"cc_of": ("in", mails)}, pluck="name")
	return [*mails, *copies]


def _distinct(doctype: str, field: str, names: Names) -> list[str]:
	if not names:
		return []
	return frappe.get_all(doctype, {"name": ("in", names)}, pluck=field, distinct=True, order_by=None)


def _delete(doctype: str, names: Names) -> None:
	if names:
		frappe.db.delete(doctype, {"name": ("in", names)})


def _clear_log(names: Names) -> None:
	if names:
		frappe.db.sql(
			f"""UPDATE `tabCampaign Log` SET email = '', recipient_doctype = NULL, recipient_name = NULL,
				details = IF({_COUNTED_BY_DETAILS}, details, '') WHERE name IN %s""",
			(tuple(names),),
		)


def _clear_changes(names: Names) -> None:
	if names:
		frappe.db.sql(
			"""UPDATE `tabTarget List Change` SET email = '', member_doctype = NULL, member_name = NULL
			WHERE name IN %s""",
			(tuple(names),),
		)


def _clear_texts(address: str) -> None:
	"""Remove the address from every other text of the campaigns, such as the report of an import."""
	like = f"%{_escape(address)}%"
	for doctype, fields in _text_fields().items():
		for field in fields:
			if names := _names_like(doctype, f"`{field}` LIKE %s", (like,)):
				frappe.db.sql(
					f"""UPDATE `tab{doctype}` SET `{field}` = REGEXP_REPLACE(`{field}`, %s, '…')
					WHERE name IN %s""",
					(_pattern(address), tuple(names)),
				)


def _names_like(doctype: str, condition: str, values: tuple[object, ...]) -> Names:
	"""Return the names of the rows with a text.

	They are read without a lock: an UPDATE or DELETE by the text itself would lock every row of the table,
	and everybody who saves or unsubscribes meanwhile would wait.
	"""
	return frappe.db.sql(f"SELECT name FROM `tab{doctype}` WHERE {condition}", values, pluck=True)


def _pattern(address: str) -> str:
	r"""Return a pattern for the address, not for the end of a longer one. \Q quotes it for PCRE."""
	return rf"(?i)(?<![\w.+-])\Q{address}\E(?![\w-]|\.\w)"


def _escape(address: str) -> str:
	"""Return the address as a literal part of a LIKE."""
	return address.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _text_fields() -> dict[str, list[str]]:
	"""Return {doctype: fields with text} of the module, without the doctypes that have an indexed address."""
	own = frappe.get_all("DocType", {"module": MODULE, "issingle": 0, "is_virtual": 0}, pluck="name")
	return {
		doctype: [field.fieldname for field in frappe.get_meta(doctype).fields if field.fieldtype in _TEXTS]
		for doctype in own
		if doctype not in INDEXED
	}


def _clear_copies(address: str, mails: Names) -> None:
	"""Delete the framework's copies of our documents: deleted ones, versions, mails, communications.

	`mails` are those of the ledger to the address.
	"""
	own = tuple(frappe.get_all("DocType", {"module": MODULE}, pluck="name"))
	like = f"%{_escape(address)}%"
	_delete(
		"Deleted Document",
		_names_like("Deleted Document", "deleted_doctype IN %s AND data LIKE %s", (own, like)),
	)
	_delete("Version", _names_like("Version", "ref_doctype IN %s AND data LIKE %s", (own, like)))
	queued = _names_like(
		"Email Queue",
		"""reference_doctype IN %s AND name IN (
			SELECT parent FROM `tabEmail Queue Recipient` WHERE recipient LIKE %s)""",
		(_REFERRED, like),
	)
	_delete_with("Email Queue", queued, "Email Queue Recipient")
	communications = _names_like(
		"Communication",
		"reference_doctype IN %s AND (recipients LIKE %s OR sender LIKE %s)",
		(_REFERRED, like, like),
	)
	_delete_with("Communication", [*communications, *_stored_mails(mails)], "Communication Link")


def _stored_mails(mails: Names) -> Names:
	"""Return the Communications that are mails of the ledger; they refer to the records of the CRM."""
	return frappe.db.sql(
		"""SELECT c.name FROM `tabCampaign Message` m JOIN tabCommunication c ON c.message_id = m.message_id
		WHERE m.name IN %s AND m.message_id != ''""",
		(tuple(mails) or (0,),),
		pluck=True,
	)


def _delete_with(doctype: str, names: Names, child: str) -> None:
	if names:
		frappe.db.delete(child, {"parent": ("in", names)})
		_delete(doctype, names)


def _lift_mirror(address: str) -> None:
	"""Delete the Email Unsubscribe where no record of the CRM has the address; else it is still needed."""
	if not any(row["doctype"] != EMAIL_UNSUBSCRIBE for row in find_elsewhere(address)):
		mirror_store.lift_wish(address)


def export_known(email: str) -> dict[str, Any]:
	"""Return all that the campaigns know about an address.

	That is {doctype: its rows}, with "address", "asked_on" (the site's time), "forgotten" (a bool) and
	"records", the CRM's records that have the address. Raises InvalidAddress.
	"""
	address = normalise_known(email)
	export = {"address": address, "asked_on": now(), "forgotten": forgotten_store.is_forgotten(address)}
	for doctype in INDEXED:
		export[doctype] = _read_rows(doctype, find_rows(doctype, address))
	mails = find_rows("Campaign Message", address)
	export["Campaign Log"] = _read_rows("Campaign Log", _find_log(address, mails))
	export["Communication"] = _read_communications(address, mails)
	for doctype, fields in _text_fields().items():
		export |= _find_mentions(doctype, fields, address)
	# Those of other people's mails that mention the address are about these people.
	export[VALUES] = _read_rows(VALUES, _with_copies(mails))
	export["Inbound Event"] = read_events(address, mails)
	export["records"] = find_elsewhere(address)
	return export


def _read_communications(address: str, mails: Names) -> list[dict[str, Any]]:
	like = f"%{_escape(address)}%"
	return frappe.db.sql(
		"""SELECT name, creation, subject, sender, recipients, content, reference_doctype, reference_name
		FROM tabCommunication
		WHERE reference_doctype IN %s AND (recipients LIKE %s OR sender LIKE %s) OR name IN %s""",
		(_REFERRED, like, like, tuple(_stored_mails(mails)) or ("",)),
		as_dict=True,
	)


def _read_rows(doctype: str, names: Names) -> list[dict[str, Any]]:
	if not names:
		return []
	return frappe.db.sql(
		f"SELECT * FROM `tab{doctype}` WHERE name IN %s ORDER BY name", (tuple(names),), as_dict=True
	)


def _find_mentions(doctype: str, fields: list[str], address: str) -> dict[str, list[dict[str, Any]]]:
	"""Return the rows of a doctype with a text that has the address: their name and that text alone."""
	mentions = [
		{"name": name, field: text}
		for field in fields
		for name, text in frappe.db.sql(
			f"SELECT name, `{field}` FROM `tab{doctype}` WHERE `{field}` REGEXP %s", _pattern(address)
		)
	]
	return {doctype: mentions} if mentions else {}
