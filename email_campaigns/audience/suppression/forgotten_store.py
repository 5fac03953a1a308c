"""Forgotten addresses in the database, known by their keyed hash alone."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import frappe
from frappe import _
from frappe.utils import now
from frappe.utils.password import get_encryption_key

from email_campaigns.audience.suppression.forgotten import derive_key, fingerprint

# The name in site_config.json of former encryption keys, with which addresses may have been hashed. Links in
# mails use them too.
FORMER_KEYS = "email_campaigns_former_encryption_keys"


def find_forgotten(emails: Collection[str]) -> set[str]:
	"""Return those of `emails`, normalised addresses, that were forgotten on request."""
	if not emails or not frappe.db.sql("SELECT 1 FROM `tabForgotten Address` LIMIT 1"):
		return set()
	prints = {email: {fingerprint(derived, email) for derived in _keys()} for email in emails if email}
	wanted = tuple(set().union(*prints.values())) or ("",)
	known = set(
		frappe.db.sql("SELECT name FROM `tabForgotten Address` WHERE name IN %s", (wanted,), pluck=True)
	)
	return {email for email, own in prints.items() if own & known}


def is_forgotten(email: str) -> bool:
	"""Tell whether a normalised address was forgotten on request."""
	return bool(find_forgotten([email]))


def check_not_forgotten(*emails: str) -> None:
	"""Raise ValidationError where one of `emails`, normalised addresses, was forgotten on request."""
	for email in find_forgotten(emails):
		frappe.throw(
			_("{0} was forgotten on request, so it can't be mailed or put on a list.").format(email),
			title=_("Forgotten on Request"),
		)


def add_fingerprint(email: str) -> None:
	"""Save the hash of a normalised address; a second time changes nothing."""
	stamp, user = now(), frappe.session.user
	frappe.db.sql(
		"""INSERT IGNORE INTO `tabForgotten Address` (name, creation, modified, owner, modified_by)
		VALUES (%s, %s, %s, %s, %s)""",
		(fingerprint(_keys()[0], email), stamp, stamp, user, user),
	)


def allow_again(email: str) -> bool:
	"""Delete the hash of a normalised address; returns False where there was none."""
	names = [fingerprint(derived, email) for derived in _keys()]
	known = frappe.get_all("Forgotten Address", {"name": ("in", names)}, pluck="name")
	frappe.db.delete("Forgotten Address", {"name": ("in", known or [""])})
	return bool(known)


def _keys() -> tuple[bytes, ...]:
	return _derive_keys((get_encryption_key(), *(frappe.conf.get(FORMER_KEYS) or ())))


@lru_cache(maxsize=256)
def _derive_keys(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
	return tuple(derive_key(secret.encode()) for secret in secrets)
