"""Inbound Events as outcomes read and write them: judged once, whatever becomes of the job."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import frappe
from frappe.utils import add_days, now

from email_campaigns.inbound.outcomes.ledger_store import LedgerMail
from email_campaigns.inbound.values import BounceClass, Finding, Kind, Report
from email_campaigns.site_time import site_now
from email_campaigns.text import Sentence
from email_campaigns.translation import translate_for_site

SHORT = 255  # characters of a column


def lock_waiting(event: int, message: int | None) -> str | None:
	"""Lock an event until the end of the transaction, and return the status of the mail number `message`.

	That is "" where there is none. Returns None where the event is judged already, or gone.
	"""
	rows = frappe.db.sql(
		"""SELECT COALESCE((SELECT m.status FROM `tabCampaign Message` m WHERE m.name = %s), '')
		FROM `tabInbound Event` e WHERE e.name = %s AND e.status = 'Waiting' FOR UPDATE""",
		(message or 0, event),
	)
	return rows[0][0] if rows else None


def lock_those_waiting(events: Collection[int]) -> set[int]:
	"""Lock events until the end of the transaction, and return those that are not judged yet."""
	return set(
		frappe.db.sql(
			# By their numbers alone: on its way through another index it would lock mails that come in.
			"""SELECT name FROM `tabInbound Event` FORCE INDEX (PRIMARY)
			WHERE name IN %s AND status = 'Waiting' ORDER BY name FOR UPDATE""",
			(tuple(events) or (0,),),
			pluck=True,
		)
	)


def finish(
	event: int, finding: Finding, mail: LedgerMail | None, report: Report | None, missing: Sentence
) -> None:
	"""Write what a locked event is; with a sentence of what is `missing` it is Unproven, else Done."""
	_write([_columns(event, finding, mail, report, missing)])


def finish_proven(judged: Sequence[tuple[int, Finding, LedgerMail, Report]]) -> None:
	"""Write what locked events are, each with the report that is proven, in one statement for all."""
	if judged:
		_write([_columns(*event, Sentence("")) for event in judged])


def _columns(
	event: int, finding: Finding, mail: LedgerMail | None, report: Report | None, missing: Sentence
) -> dict[str, object]:
	return {
		"name": event,
		"status": "Unproven" if missing else "Done",
		"kind": (report.kind if report else finding.kind).value,
		"sender": finding.sender[:SHORT],
		"subject": finding.subject[:SHORT],
		"text": report.text if report else finding.text,
		"reason": translate_for_site(missing),
		"asks_to_leave": int(finding.asks_to_leave),
		"modified": now(),
		**(_of_report(report) if report else {}),
		**(_of_mail(mail) if mail else {}),
	}


def _write(rows: Sequence[Mapping[str, object]]) -> None:
	"""Change locked events, of the same columns, past the document: thousands may come in a minute."""
	columns = ", ".join(f"`{column}`" for column in rows[0])
	sets = ", ".join(f"`{column}` = VALUES(`{column}`)" for column in rows[0])
	places = ", ".join([f"({', '.join(['%s'] * len(rows[0]))})"] * len(rows))
	frappe.db.sql(
		f"INSERT INTO `tabInbound Event` ({columns}) VALUES {places} ON DUPLICATE KEY UPDATE {sets}",
		[value for row in rows for value in row.values()],
	)


def _of_report(report: Report) -> dict[str, str]:
	return {
		"bounce_class": report.bounce_class.value if report.bounce_class else "",
		"enhanced": report.enhanced[:20],
		"reporter": report.reporter[:SHORT],
	}


def _of_mail(mail: LedgerMail) -> dict[str, object]:
	named = mail.named
	return {
		"message": named.message,
		"email": named.email,
		"mailing_doctype": named.source_doctype,
		"mailing": named.source,
		"recipient_doctype": named.recipient_doctype or None,
		"recipient_name": named.recipient_name or None,
	}


def count_soft_bounces(email: str, days: int) -> int:
	"""Return how many mails to an address came back as soft bounces within the last `days`."""
	since: datetime = add_days(site_now(), -days)
	return frappe.db.sql(
		"""SELECT COUNT(DISTINCT message) FROM `tabInbound Event`
		WHERE email = %s AND status = 'Done' AND kind = %s AND bounce_class = %s AND received_at >= %s""",
		(email, Kind.BOUNCE.value, BounceClass.SOFT.value, since),
	)[0][0]


def count_blocks_by_domain(mailing: str) -> dict[str, int]:
	"""Return {domain: mails of a Mass Email that came back as blocked}."""
	rows = frappe.db.sql(
		"""SELECT LOWER(m.domain), COUNT(DISTINCT m.name)
		FROM `tabInbound Event` e JOIN `tabCampaign Message` m ON m.name = e.message
		WHERE e.mailing = %s AND e.kind = %s AND e.bounce_class = %s AND e.status = 'Done' GROUP BY 1""",
		(mailing, Kind.BOUNCE.value, BounceClass.BLOCKED.value),
	)
	return dict(rows)
