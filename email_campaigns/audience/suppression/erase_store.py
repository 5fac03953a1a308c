"""Forgetting an address: it goes from lists, ledger, log and every text of the campaigns; a keyed hash stays.

All of it is one transaction of the caller's. What was counted stays counted: a mail keeps its mailing, its end and
the times of its events, and loses whom it was for. Records of the CRM itself are not touched; `elsewhere` names
those that still have the address.
"""

from __future__ import annotations

import frappe
from frappe.utils import now

from email_campaigns.audience.address import address_key, normalise, plain_key, spellings
from email_campaigns.audience.decide import FORGOTTEN
from email_campaigns.audience.sources_store import sources
from email_campaigns.audience.suppression import forgotten_store, mirror_store

MODULE = "Email Campaigns"
EMAIL_UNSUBSCRIBE = "Email Unsubscribe"
# These reach millions and know their people by an indexed address; every other text of the module is searched.
INDEXED = (
	"Campaign Message",
	"Campaign Log",
	"Target List Member",
	"Target List Change",
	"Target List Sign Up",
	"Suppressed Email",
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
_OURS = ("Mass Email", "Email Campaign", "Campaign", "Target List", "Campaign Message")
# What was clicked or viewed is counted by its link; any other detail is about the person.
_COUNTED_BY_DETAILS = "action IN ('Clicked', 'Attachment Viewed') AND details NOT LIKE '%%@%%' AND details NOT LIKE '%%!%%40%%' ESCAPE '!'"


def find_rows(doctype: str, address: str) -> list[int | str]:
	"""Return the names of the rows with a normalised address, whatever the case of its letters."""
	# The collation takes é and e for one letter: what the index finds is compared by key.
	found = frappe.db.sql(f"SELECT name, email FROM `tab{doctype}` WHERE email = %s", address)
	return [name for name, email in found if address_key(email) == address_key(address)]


def erase(email: str) -> dict:
	"""Forget an address and return {"lists", "members", "mails", "log", "sources"}: the lists and mailings to count anew,
	and how many rows there were. Raises InvalidAddress."""
	address = normalise(email)
	forgotten_store.add_fingerprint(address)
	mails, members = find_rows("Campaign Message", address), find_rows("Target List Member", address)
	log = sorted({*find_rows("Campaign Log", address), *_log_of(mails)})
	done = {"mails": len(mails), "members": len(members), "log": len(log)}
	done["lists"] = _distinct("Target List Member", "target_list", members)
	done["sources"] = _distinct("Campaign Message", "source", mails)
	_clear_mails(mails)
	_clear_log(log)
	_delete("Target List Member", members)
	frappe.db.delete("Target List Feed Member", {"member_key": plain_key(address)})
	_clear_changes(find_rows("Target List Change", address))
	_delete("Target List Sign Up", find_rows("Target List Sign Up", address))
	_delete("Suppressed Email", find_rows("Suppressed Email", address))
	_clear_texts(address)
	_clear_copies(address)
	_mirror(address)
	return done


def find_elsewhere(email: str) -> list[dict]:
	"""Return {"doctype", "name"} of the records that still have an address and are not the campaigns' to change."""
	address = normalise(email)
	wanted = [(origin.doctype, origin.email_field) for origin in sources().values()]
	found = []
	for doctype, field in (*wanted, (EMAIL_UNSUBSCRIBE, "email")):
		rows = frappe.get_all(doctype, {field: ("in", spellings(address))}, ["name", f"{field} as email"])
		found += [
			{"doctype": doctype, "name": str(row.name)}
			for row in rows
			if address_key(row.email) == address_key(address)
		]
	return found


def _log_of(mails: list) -> list[int]:
	if not mails:
		return []
	return frappe.db.sql(
		"SELECT name FROM `tabCampaign Log` WHERE message IN %s", (tuple(mails),), pluck=True
	)


def _distinct(doctype: str, field: str, names: list) -> list[str]:
	if not names:
		return []
	return frappe.get_all(doctype, {"name": ("in", names)}, pluck=field, distinct=True, order_by=None)


def _delete(doctype: str, names: list) -> None:
	if names:
		frappe.db.delete(doctype, {"name": ("in", names)})


def _clear_mails(names: list[int]) -> None:
	"""What has not left never does. What is leaving at this moment ends by the number of its row."""
	if names:
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET reason = IF(status = 'Queued' OR reason LIKE '%%@%%', %(why)s, reason),
				claim = IF(status = 'Queued', '', claim), lease_until = IF(status = 'Queued', 0, lease_until),
				status = IF(status = 'Queued', 'Cancelled', status), email = '', domain = '', member = 0,
				dedupe_key = CONCAT('f:', name), recipient_doctype = NULL, recipient_name = NULL
			WHERE name IN %(names)s""",
			{"why": FORGOTTEN, "names": tuple(names)},
		)


def _clear_log(names: list[int]) -> None:
	if names:
		frappe.db.sql(
			f"""UPDATE `tabCampaign Log` SET email = '', recipient_doctype = NULL, recipient_name = NULL,
				details = IF({_COUNTED_BY_DETAILS}, details, '') WHERE name IN %s""",
			(tuple(names),),
		)


def _clear_changes(names: list[int]) -> None:
	if names:
		frappe.db.sql(
			"UPDATE `tabTarget List Change` SET email = '', member_doctype = NULL, member_name = NULL WHERE name IN %s",
			(tuple(names),),
		)


def _clear_texts(address: str) -> None:
	"""Take the address out of every other text of the campaigns, such as the report of an import."""
	for doctype, fields in _texts().items():
		for field in fields:
			frappe.db.sql(
				f"UPDATE `tab{doctype}` SET `{field}` = REGEXP_REPLACE(`{field}`, %s, '…') WHERE `{field}` LIKE %s",
				(_pattern(address), f"%{_escaped(address)}%"),
			)


def _pattern(address: str) -> str:
	r"""A regular expression for the address alone, not for the end of a longer one. PCRE's \Q takes it literally."""
	return rf"(?i)(?<![\w.+-])\Q{address}\E(?![\w-]|\.\w)"


def _escaped(address: str) -> str:
	return address.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _texts() -> dict[str, list[str]]:
	"""Return {doctype: fields with text} of the module, but for those that are known by an indexed address."""
	own = frappe.get_all("DocType", {"module": MODULE, "issingle": 0, "is_virtual": 0}, pluck="name")
	return {
		doctype: [field.fieldname for field in frappe.get_meta(doctype).fields if field.fieldtype in _TEXTS]
		for doctype in own
		if doctype not in INDEXED
	}


def _clear_copies(address: str) -> None:
	"""Delete what the framework keeps of our documents: deleted ones, versions, mails and their copies."""
	own = tuple(frappe.get_all("DocType", {"module": MODULE}, pluck="name"))
	like = f"%{_escaped(address)}%"
	frappe.db.sql(
		"DELETE FROM `tabDeleted Document` WHERE deleted_doctype IN %s AND data LIKE %s", (own, like)
	)
	frappe.db.sql("DELETE FROM tabVersion WHERE ref_doctype IN %s AND data LIKE %s", (own, like))
	frappe.db.sql(
		"""DELETE q, r FROM `tabEmail Queue` q JOIN `tabEmail Queue Recipient` r ON r.parent = q.name
		WHERE q.reference_doctype IN %s AND r.recipient LIKE %s""",
		(_OURS, like),
	)
	frappe.db.sql(
		"""DELETE c, l FROM tabCommunication c LEFT JOIN `tabCommunication Link` l ON l.parent = c.name
		WHERE c.reference_doctype IN %s AND (c.recipients LIKE %s OR c.sender LIKE %s)""",
		(_OURS, like, like),
	)


def _mirror(address: str) -> None:
	"""Where the CRM has the address in no record any more, Email Unsubscribe goes too; else it still has its use."""
	if not any(row["doctype"] != EMAIL_UNSUBSCRIBE for row in find_elsewhere(address)):
		mirror_store.lift_wish(address)


def export_known(email: str) -> dict:
	"""Return all that the campaigns know about an address: {doctype: its rows}, and the records that have it."""
	address = normalise(email)
	told = {"address": address, "asked_on": now(), "forgotten": forgotten_store.is_forgotten(address)}
	for doctype in INDEXED:
		told[doctype] = _whole(doctype, find_rows(doctype, address))
	told["Campaign Log"] = _whole(
		"Campaign Log",
		sorted({*find_rows("Campaign Log", address), *_log_of(find_rows("Campaign Message", address))}),
	)
	told["Communication"] = frappe.db.sql(
		"""SELECT name, creation, subject, sender, recipients, content, reference_doctype, reference_name
		FROM tabCommunication WHERE reference_doctype IN %s AND (recipients LIKE %s OR sender LIKE %s)""",
		(_OURS, f"%{_escaped(address)}%", f"%{_escaped(address)}%"),
		as_dict=True,
	)
	for doctype, fields in _texts().items():
		told |= _mentions(doctype, fields, address)
	told["records"] = find_elsewhere(address)
	return told


def _whole(doctype: str, names: list) -> list[dict]:
	if not names:
		return []
	return frappe.db.sql(
		f"SELECT * FROM `tab{doctype}` WHERE name IN %s ORDER BY name", (tuple(names),), as_dict=True
	)


def _mentions(doctype: str, fields: list[str], address: str) -> dict[str, list]:
	"""Return the rows of a doctype with a text that has the address, by their name and that text alone."""
	found = [
		{"name": name, field: text}
		for field in fields
		for name, text in frappe.db.sql(
			f"SELECT name, `{field}` FROM `tab{doctype}` WHERE `{field}` REGEXP %s", _pattern(address)
		)
	]
	return {doctype: found} if found else {}
