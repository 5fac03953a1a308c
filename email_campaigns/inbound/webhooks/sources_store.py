"""The providers that may report, rows of the settings: the only reader of their secrets.

A call reads them from a cache, where the secrets are encrypted as they are in the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now
from frappe.utils.password import decrypt, delete_all_passwords_for, encrypt, get_decrypted_password

from email_campaigns.inbound.webhooks import sendgrid, sns
from email_campaigns.inbound.webhooks.certificates_store import read_certificate
from email_campaigns.inbound.webhooks.providers import GIVEN, SHARED, TOPIC, Provider, find_provider
from email_campaigns.inbound.webhooks.request import Credentials, Malformed
from email_campaigns.settings import DOCTYPE as SETTINGS
from email_campaigns.site_time import database_epoch
from email_campaigns.translation import translate

DOCTYPE = "Webhook Source"
FORMER_HOLDS = 86_400  # seconds that a former secret holds beside a new one
SHORTEST_SECRET = 16  # characters of a secret that a person chooses
WAITING_HOLDS = 3 * 86_400  # seconds in which SNS lets a person confirm (ConfirmSubscription)
MOST_WAITING = 5
_CACHE, _CACHE_SECONDS = "email_campaigns_webhook_sources", 60
_IN_URLS = re.compile(r"[A-Za-z0-9_.~-]+", re.A)  # unreserved characters (RFC 3986 §2.3)
_noted: dict[tuple[str, str], str] = {}  # {(site, row): the minute of its last event that is stored}


@dataclass(frozen=True, slots=True)
class Source:
	"""A provider that may report: the row of the settings, and what its calls are checked with."""

	row: str
	provider: Provider
	credentials: Credentials


def read_source(slug: str, epoch: float) -> Source | None:
	"""Return the source at `/ec/h/<slug>`; None where it is unknown or not enabled. `epoch`: Unix seconds."""
	stored = _read_all().get(slug)
	provider = find_provider(slug)
	if not stored or not provider:
		return None
	encrypted = [stored["secret"], stored["former"] if stored["former_until"] > epoch else ""]
	secrets = tuple(decrypt(secret) for secret in encrypted if secret)
	return Source(stored["row"], provider, Credentials(secrets, tuple(stored["topics"]), read_certificate))


def _read_all() -> dict[str, dict[str, Any]]:
	known = frappe.cache.get_value(_CACHE, expires=True)
	if known is None:
		known = {provider.slug: _stored(row) for row in _rows() if (provider := find_provider(row.provider))}
		frappe.cache.set_value(_CACHE, known, expires_in_sec=_CACHE_SECONDS)
	return known


def _rows() -> list[frappe._dict]:
	return frappe.db.sql(
		f"""SELECT name, provider, topic_arn, former_until FROM `tab{DOCTYPE}`
		WHERE parent = %s AND parenttype = %s AND parentfield = 'webhook_sources' AND enabled = 1""",
		(SETTINGS, SETTINGS),
		as_dict=True,
	)


def _stored(row: frappe._dict) -> dict[str, Any]:
	return {
		"row": row.name,
		"topics": topics_of(row),
		"secret": encrypt(stored_secret(row.name)),
		"former": encrypt(stored_secret(row.name, "former_secret")),
		"former_until": row.former_until or 0,
	}


def stored_secret(row: str, field: str = "secret") -> str:
	"""Return the secret of a row as the database has it, "" where there is none."""
	return get_decrypted_password(DOCTYPE, row, field, raise_exception=False) or ""


def topics_of(row: Any) -> list[str]:
	"""Return the topics of SNS that a row allows."""
	return (row.topic_arn or "").split()


def check_sources(settings: Document) -> None:
	"""Check the rows of the settings that are being saved, and give them their secrets.

	A secret that is replaced becomes the former one. Raises ValidationError.
	"""
	names = [row.provider for row in settings.webhook_sources]
	for row in settings.webhook_sources:
		if names.count(row.provider) > 1:
			frappe.throw(_("Row {0}: each provider has one row.").format(row.idx))
		# Any other value is refused by the framework, as no option of the field.
		if provider := find_provider(row.provider):
			_check_topics(row, provider)
			_change_secret(row, provider)


def _check_topics(row: Document, provider: Provider) -> None:
	for topic in topics_of(row):
		if provider.secret != TOPIC or not sns.is_topic(topic):
			frappe.throw(_("Row {0}: “{1}” is no topic of Amazon SNS.").format(row.idx, topic))


def _change_secret(row: Document, provider: Provider) -> None:
	before = stored_secret(row.name)
	if provider.secret == SHARED and not row.secret:
		row.secret = frappe.generate_hash(length=32)
	if provider.secret == GIVEN and row.enabled and not row.secret:
		frappe.throw(_("Row {0}: enter the key that {1} shows.").format(row.idx, provider.name))
	if row.secret and not row.is_dummy_password(row.secret):
		_check_secret(row, provider)
		if before and before != row.secret:
			row.former_secret, row.former_until = before, database_epoch() + FORMER_HOLDS


def _check_secret(row: Document, provider: Provider) -> None:
	row.secret = row.secret.strip()
	if provider.slug == "sendgrid":
		try:
			sendgrid.read_key(row.secret)
		except Malformed as error:
			frappe.throw(translate(error))
	is_short = len(row.secret) < SHORTEST_SECRET or not _IN_URLS.fullmatch(row.secret)
	if provider.secret == SHARED and is_short:
		sentence = _("Row {0}: a secret has at least {1} letters and digits. Leave it empty to get one.")
		frappe.throw(sentence.format(row.idx, SHORTEST_SECRET))


def follow_settings(before: Document | None, settings: Document) -> None:
	"""Let calls see rows that have been saved, and forget the secrets of rows that are gone."""
	kept = {row.name for row in settings.webhook_sources}
	for row in before.webhook_sources if before else ():
		if row.name not in kept:
			delete_all_passwords_for(DOCTYPE, row.name)
	_forget_cache()
	# Again, for a call may have read the old rows before they are committed.
	frappe.db.after_commit.add(_forget_cache)


def _forget_cache() -> None:
	frappe.cache.delete_value(_CACHE)


def note_event(row: str) -> None:
	"""Store that a call was taken, once a minute for each process: calls must not wait for each other."""
	stamp = now()
	key = (frappe.local.site, row)
	if _noted.get(key) != stamp[:16]:
		_noted[key] = stamp[:16]
		frappe.db.sql(f"UPDATE `tab{DOCTYPE}` SET last_event_at = %s WHERE name = %s", (stamp, row))


def note_refusal(row: str, reason: str) -> None:
	"""Count a call that was refused, and store when and why the last one was."""
	frappe.db.sql(
		f"""UPDATE `tab{DOCTYPE}`
		SET refused_count = refused_count + 1, last_refusal_at = %s, last_refusal = %s WHERE name = %s""",
		(now(), reason, row),
	)


def waiting_topics(stored: str | None, epoch: float) -> dict[str, dict[str, Any]]:
	"""Return {topic: {"url", "epoch"}} of the confirmations that a person may still make."""
	waiting = json.loads(stored or "{}")
	return {topic: asked for topic, asked in waiting.items() if epoch - asked["epoch"] < WAITING_HOLDS}


def note_confirmation(row: str, topic: str, url: str, epoch: float) -> None:
	"""Store that a topic asks to be confirmed; the latest few wait. `epoch`: Unix seconds."""
	stored = frappe.db.sql(f"SELECT waiting_topics FROM `tab{DOCTYPE}` WHERE name = %s FOR UPDATE", row)
	waiting = {**waiting_topics(stored[0][0], epoch), topic: {"url": url, "epoch": int(epoch)}}
	latest: Iterable = sorted(waiting.items(), key=lambda item: item[1]["epoch"])[-MOST_WAITING:]
	frappe.db.sql(
		f"UPDATE `tab{DOCTYPE}` SET waiting_topics = %s WHERE name = %s", (json.dumps(dict(latest)), row)
	)
