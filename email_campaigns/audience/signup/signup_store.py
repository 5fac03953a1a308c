"""Signing up for a list in the database: who has asked, and who has confirmed by the link in their mail."""

from __future__ import annotations

from hashlib import sha256

import frappe
from frappe import _
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


def check_form(target_list) -> None:
	"""Validate the sign-up form of a Target List that is being saved, and give it its address. Raises ValidationError."""
	if not target_list.sign_up:
		return
	target_list.sign_up_title = target_list.sign_up_title or target_list.title
	if not (target_list.sign_up_consent or "").strip():
		frappe.throw(_("Say in Consent what people agree to when they sign up."))
	# Long enough not to be guessed: a list may be meant for those alone whom it was told.
	target_list.sign_up_token = target_list.sign_up_token or frappe.generate_hash(length=20)


def find_form(token: str) -> frappe._dict | None:
	"""Return the sign-up form with this token, None where there is none (any more)."""
	rows = (
		frappe.get_all("Target List", {"sign_up": 1, "sign_up_token": token}, list(_FORM), limit=1)
		if token
		else []
	)
	return rows[0] if rows and rows[0].sign_up_token == token else None


def count_request(what: str, limit: tuple[int, int]) -> bool:
	"""Count one more request of `what`; False where its limit, (number, seconds), is used up. Redis forgets it."""
	number, seconds = limit
	# What is counted may be an address of the internet or of a mailbox, which Redis need not know.
	key = frappe.cache.make_key(f"email_campaigns_sign_up:{sha256(what.encode()).hexdigest()[:32]}")
	frappe.cache.set(key, 0, ex=seconds, nx=True)
	return frappe.cache.incrby(key, 1) <= number


def may_ask(email: str) -> bool:
	"""Tell whether a confirmation mail may go to an address: not to one that bounces, is blocked or forgotten."""
	return not forgotten_store.is_forgotten(email) and not suppression_store.read_scope(email).blocked


def save_request(target_list: str, wish: SignUpRequest, consent: str, language: str) -> int:
	"""Keep that somebody wants to join a list and return the number of that wish; whoever asks again has one wish."""
	stamp = now()
	values = (
		stamp,
		stamp,
		target_list,
		wish.email,
		address_key(wish.email),
		wish.first_name,
		wish.last_name,
		language,
		consent,
	)
	frappe.db.sql(
		"""INSERT INTO `tabTarget List Sign Up` (name, creation, modified, owner, modified_by, target_list, email,
			email_key, first_name, last_name, language, consent_text, status, asked_at)
		VALUES (NEXTVAL(`target_list_sign_up_id_seq`), %s, %s, 'Guest', 'Guest', %s, %s, %s, %s, %s, %s, %s, 'Asked', %s)
		ON DUPLICATE KEY UPDATE modified = VALUES(modified), email = VALUES(email), first_name = VALUES(first_name),
			last_name = VALUES(last_name), language = VALUES(language), consent_text = VALUES(consent_text),
			status = 'Asked', asked_at = VALUES(asked_at), confirmed_at = NULL""",
		(*values, stamp),
	)
	found = {"target_list": target_list, "email_key": address_key(wish.email)}
	return frappe.db.get_value("Target List Sign Up", found, "name")


def find_request(number: int) -> frappe._dict | None:
	"""Return a wish with the form that it was for, None where either is gone."""
	row = frappe.db.get_value("Target List Sign Up", number, "*", as_dict=True)
	token = row and frappe.db.get_value("Target List", row.target_list, "sign_up_token")
	found = token and find_form(token)
	return row.update({"form": found}) if found else None


def confirm(row, url: str) -> None:
	"""Let somebody join who has confirmed their wish: as a member with the evidence of their consent, subscribed.

	Confirmed again, nothing changes. `url` is that of the form.
	"""
	frappe.db.sql(
		"UPDATE `tabTarget List Sign Up` SET status = %s, confirmed_at = %s WHERE name = %s AND status = %s",
		(CONFIRMED, now(), row.name, ASKED),
	)
	if not affected_rows() or forgotten_store.is_forgotten(row.email):
		return
	member = NewMember(0, row.email, row.first_name or "", row.last_name or "", _language(row.language))
	if not _members(row) and not add_addresses(row.target_list, [member]):
		_log(row)
	_keep_consent(row, url)
	_subscribe_again(row.email, row.target_list)
	update_counts(row.target_list)


def _language(code: str | None) -> str:
	return code if code and frappe.db.exists("Language", code) else ""


def _members(row) -> list[int]:
	found = frappe.db.sql(
		"SELECT name, email FROM `tabTarget List Member` WHERE target_list = %s AND email = %s",
		(row.target_list, row.email),
	)
	return [name for name, email in found if address_key(email) == address_key(row.email)]


def _keep_consent(row, url: str) -> None:
	"""The evidence needs no address of the internet: only who reads the mailbox can have followed the link."""
	evidence = _(
		"Asked on {0} by the form {1}; confirmed on {2} by the link in the mail to {3} (sign-up {4})."
	).format(_told(row.asked_at), url, _told(now_datetime()), row.email, row.name)
	values = {
		"consent_at": now(),
		"consent_text": row.consent_text,
		"consent_evidence": evidence,
		"by_person": 1,
	}
	for member in _members(row):
		frappe.db.set_value("Target List Member", member, values)


def _told(moment) -> str:
	return f"{moment:%Y-%m-%d %H:%M:%S} ({get_system_timezone()})"


def _log(row) -> None:
	doc = {
		"doctype": "Target List Change",
		"target_list": row.target_list,
		"movement": "Came",
		"email": row.email,
	}
	frappe.get_doc({**doc, "feed": _("Sign-up form")}).insert(ignore_permissions=True)


def _subscribe_again(email: str, target_list: str) -> None:
	"""Take back that somebody left this list. Who had left everything stays out of every other list that has them."""
	if suppression_store.read_scope(email).unsubscribed:
		for other in _other_lists(email, target_list):
			origin = _("Had left everything before signing up for {0}").format(target_list)
			suppression_store.suppress(email, reason=UNSUBSCRIBED, origin=origin, target_list=other)
		suppression_store.lift(email, target_list=EVERYTHING)
	suppression_store.lift(email, target_list=target_list)


def _other_lists(email: str, target_list: str) -> list[str]:
	lists = frappe.get_all("Target List", {"name": ("!=", target_list)}, pluck="name")
	return suppression_store.lists_with_member(email, lists)


def delete_expired() -> None:
	"""Forget wishes whose link has ended: whoever did not confirm did not want to, or was not who they said."""
	oldest = add_to_date(now_datetime(), seconds=-LIFETIME)
	frappe.db.delete("Target List Sign Up", {"asked_at": ("<", oldest)})
