"""Signing up for a list in the database: the requests, and their confirmation by the link in a mail."""

from __future__ import annotations

from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_to_date, get_system_timezone, now, now_datetime

from email_campaigns.audience.address import address_key
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.audience.lists.members_store import add_addresses, update_counts
from email_campaigns.audience.signup.signup import LIFETIME, SignUpRequest
from email_campaigns.audience.suppression import forgotten_store, suppression_store
from email_campaigns.audience.suppression.suppression import EVERYTHING, UNSUBSCRIBED
from email_campaigns.compat import affected_rows

ASKED, CONFIRMED = "Asked", "Confirmed"
_FORM = ("name", "title", "sign_up_title", "sign_up_names", "sign_up_consent", "sign_up_token")


def check_form(target_list: Document) -> None:
	"""Check the form of a Target List that is being saved, and give it a token. Raises ValidationError."""
	if not target_list.sign_up:
		return
	target_list.sign_up_title = target_list.sign_up_title or target_list.title
	if not (target_list.sign_up_consent or "").strip():
		frappe.throw(_("Say in Consent what people agree to when they sign up."))
	# Too long to be guessed: a list may be meant only for people who got its address.
	target_list.sign_up_token = target_list.sign_up_token or frappe.generate_hash(length=20)


def find_form(token: str) -> frappe._dict | None:
	"""Return the sign-up form with a token, None where there is none (any more)."""
	rows = (
		frappe.get_all("Target List", {"sign_up": 1, "sign_up_token": token}, list(_FORM), limit=1)
		if token
		else []
	)
	return rows[0] if rows and rows[0].sign_up_token == token else None


def may_ask(email: str) -> bool:
	"""Tell whether a confirmation mail may go to an address."""
	return not forgotten_store.is_forgotten(email) and not suppression_store.read_scope(email).blocked


def save_request(target_list: str, request: SignUpRequest, consent: str, language: str) -> int:
	"""Save a request to join a list and return its number. An address has one request for each list."""
	stamp = now()
	values = (
		stamp,
		stamp,
		target_list,
		request.email,
		address_key(request.email),
		request.first_name,
		request.last_name,
		language,
		consent,
	)
	frappe.db.sql(
		"""INSERT INTO `tabTarget List Sign Up` (name, creation, modified, owner, modified_by, target_list,
			email, email_key, first_name, last_name, language, consent_text, status, asked_at)
		VALUES (NEXTVAL(`target_list_sign_up_id_seq`), %s, %s, 'Guest', 'Guest', %s,
			%s, %s, %s, %s, %s, %s, 'Asked', %s)
		ON DUPLICATE KEY UPDATE modified = VALUES(modified), email = VALUES(email),
			first_name = VALUES(first_name), last_name = VALUES(last_name), language = VALUES(language),
			consent_text = VALUES(consent_text), status = 'Asked', asked_at = VALUES(asked_at),
			confirmed_at = NULL""",
		(*values, stamp),
	)
	saved = {"target_list": target_list, "email_key": address_key(request.email)}
	return frappe.db.get_value("Target List Sign Up", saved, "name")


def find_request(number: int) -> frappe._dict | None:
	"""Return a request with the `form` that it was for, None where either is gone."""
	row = frappe.db.get_value("Target List Sign Up", number, "*", as_dict=True)
	token = row and frappe.db.get_value("Target List", row.target_list, "sign_up_token")
	form = token and find_form(token)
	return row.update({"form": form}) if form else None


def confirm(row: frappe._dict, url: str) -> None:
	"""Confirm a request of `find_request`: the person joins, subscribed, with the evidence of their consent.

	A second confirmation changes nothing. `url` is that of the form.
	"""
	frappe.db.sql(
		"UPDATE `tabTarget List Sign Up` SET status = %s, confirmed_at = %s WHERE name = %s AND status = %s",
		(CONFIRMED, now(), row.name, ASKED),
	)
	if not affected_rows() or forgotten_store.is_forgotten(row.email):
		return
	member = NewMember(0, row.email, row.first_name or "", row.last_name or "", _known_language(row.language))
	if not _find_members(row) and not add_addresses(row.target_list, [member]):
		_log_change(row)
	_save_consent(row, url)
	_subscribe_again(row.email, row.target_list)
	update_counts(row.target_list)


def _known_language(code: str | None) -> str:
	return code if code and frappe.db.exists("Language", code) else ""


def _find_members(row: frappe._dict) -> list[int]:
	rows = frappe.db.sql(
		"SELECT name, email FROM `tabTarget List Member` WHERE target_list = %s AND email = %s",
		(row.target_list, row.email),
	)
	return [name for name, email in rows if address_key(email) == address_key(row.email)]


def _save_consent(row: frappe._dict, url: str) -> None:
	# The evidence needs no IP address: only a reader of the mailbox can have followed the link.
	evidence = _(
		"Asked on {0} by the form {1}; confirmed on {2} by the link in the mail to {3} (sign-up {4})."
	).format(_with_zone(row.asked_at), url, _with_zone(now_datetime()), row.email, row.name)
	values = {
		"consent_at": now(),
		"consent_text": row.consent_text,
		"consent_evidence": evidence,
		"by_person": 1,
	}
	for member in _find_members(row):
		frappe.db.set_value("Target List Member", member, values)


def _with_zone(moment: datetime) -> str:
	return f"{moment:%Y-%m-%d %H:%M:%S} ({get_system_timezone()})"


def _log_change(row: frappe._dict) -> None:
	values = {"target_list": row.target_list, "movement": "Came", "email": row.email}
	doc = frappe.get_doc({"doctype": "Target List Change", "feed": _("Sign-up form"), **values})
	doc.flags.by_app = True
	doc.insert(ignore_permissions=True)


def _subscribe_again(email: str, target_list: str) -> None:
	"""Take back a person's wish to leave this list.

	A person who had left everything then leaves every other list that they are on, instead of everything.
	"""
	if suppression_store.read_scope(email).unsubscribed:
		for other in _other_lists(email, target_list):
			origin = _("Had left everything before signing up for {0}").format(target_list)
			suppression_store.suppress(email, reason=UNSUBSCRIBED, origin=origin, target_list=other)
		suppression_store.lift(email, target_list=EVERYTHING)
	suppression_store.lift(email, target_list=target_list)


def _other_lists(email: str, target_list: str) -> list[str]:
	lists = frappe.get_all("Target List", {"name": ("!=", target_list)}, pluck="name")
	return suppression_store.lists_with_member(email, lists)


def delete_expired(most: int) -> int:
	"""Delete up to `most` requests whose link is too old, and return how many there were.

	Nobody needs their addresses any more.
	"""
	oldest = add_to_date(now_datetime(), seconds=-LIFETIME)
	frappe.db.sql("DELETE FROM `tabTarget List Sign Up` WHERE asked_at < %s LIMIT %s", (oldest, most))
	return affected_rows()
