"""What came back, as forms show it: the events of a mailing, and the sources of all."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils import add_days

from email_campaigns.inbound.values import Kind
from email_campaigns.lifecycle import EMAIL_CAMPAIGN, MASS_EMAIL
from email_campaigns.record_rights_store import visible
from email_campaigns.settings import app_settings
from email_campaigns.site_time import site_now

MAILINGS = (MASS_EMAIL, EMAIL_CAMPAIGN)
ANSWERS = tuple(
	kind.value for kind in (Kind.REPLY, Kind.AUTOMATIC, Kind.DEPARTED, Kind.RECEIPT, Kind.OPT_OUT)
)
REPORTS = tuple(kind.value for kind in (Kind.BOUNCE, Kind.COMPLAINT, Kind.DELAY))
PAGE = 20
TEXT = 4000  # characters of one that are shown; its form has the whole text
COUNTED_DAYS = 30
_FIELDS = f"""e.name, e.received_at, e.kind, e.bounce_class, e.status, e.email, e.sender, e.subject,
	e.enhanced, e.reporter, e.reason, e.asks_to_leave, e.recipient_doctype, e.recipient_name,
	LEFT(COALESCE(e.text, ''), {TEXT}) text"""


def read_events(doctype: str, name: str, kinds: tuple[str, ...], before: int = 0) -> dict[str, Any]:
	"""Return {"rows", "more"}: a page of the events of a mailing, the latest first, that the user may see."""
	rows = frappe.db.sql(
		f"""SELECT {_FIELDS} FROM `tabInbound Event` e
		WHERE e.mailing = %(name)s AND e.mailing_doctype = %(doctype)s AND e.kind IN %(kinds)s
			AND (%(before)s = 0 OR e.name < %(before)s) AND {visible("Inbound Event", "e")}
		ORDER BY e.name DESC LIMIT {PAGE + 1}""",
		{"name": name, "doctype": doctype, "kinds": kinds, "before": before},
		as_dict=True,
	)
	return {"rows": rows[:PAGE], "more": len(rows) > PAGE}


def read_sources() -> list[dict[str, Any]]:
	"""Return {"source", "kind", "last", "waiting", "found": {kind: number}} of each source.

	Sources are the Email Accounts that fetch mail, the providers of the settings, and whatever else has
	brought something. `last` is the site's time of the last event, None for none; `found` counts the last
	COUNTED_DAYS.
	"""
	accounts = frappe.get_all("Email Account", {"enable_incoming": 1}, pluck="name", order_by="name")
	sources = {(account, "Mailbox"): _source(account, "Mailbox") for account in accounts}
	for row in app_settings().webhook_sources:
		if row.enabled:
			sources[row.provider, "Webhook"] = _source(row.provider, "Webhook")
	for row in _count_events():
		source = sources.setdefault((row.source, row.source_kind), _source(row.source, row.source_kind))
		source["last"] = max(filter(None, (source["last"], row.last)))
		if row.status == "Waiting":
			source["waiting"] += row.number
		else:
			outcome = row.kind if row.status == "Done" else row.status
			source["found"][outcome] = source["found"].get(outcome, 0) + row.number
	return list(sources.values())


def _source(name: str, kind: str) -> dict[str, Any]:
	return {"source": name, "kind": kind, "last": None, "waiting": 0, "found": {}}


def _count_events() -> list[frappe._dict]:
	return frappe.db.sql(
		"""SELECT COALESCE(source, '') source, COALESCE(source_kind, '') source_kind, status,
			COALESCE(kind, '') kind, COUNT(*) number, MAX(received_at) last
		FROM `tabInbound Event` WHERE creation >= %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
		add_days(site_now(), -COUNTED_DAYS),
		as_dict=True,
	)
