"""What ERPNext has sent becomes rows of the ledger, and its Email Campaigns go on from there.

A step that the ledger has a row of is done and is never sent again (delivery, planning of drip steps). Steps with a
Communication get a Sent row for each of its recipients; steps whose day has passed without one are Skipped.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import datetime

import frappe
from frappe.utils import (
	add_days,
	cint,
	get_datetime,
	get_system_timezone,
	getdate,
	now,
	nowdate,
	parse_addr,
	split_emails,
)

from email_campaigns.audience.address import InvalidAddress, address_key, normalise
from email_campaigns.erpnext import match
from email_campaigns.erpnext.match import PlannedStep, SentMail
from email_campaigns.lifecycle import UNFINISHED_EMAIL_CAMPAIGN
from email_campaigns.schedule.clock import to_epoch
from email_campaigns.schedule.drip import LOOK_NOW

DOCTYPE, GROUP, MEMBER = "Email Campaign", "Email Group", "Email Group Member"
PASSED = "Its day had passed when Email Campaigns was installed: ERPNext may have sent it, and nobody is mailed twice"
SLICE = 500
_COLUMNS = (
	*(
		"creation",
		"modified",
		"owner",
		"modified_by",
		"source_doctype",
		"source",
		"campaign",
		"step",
		"email",
	),
	*(
		"domain",
		"recipient_doctype",
		"recipient_name",
		"dedupe_key",
		"status",
		"reason",
		"sent_at",
		"sent_epoch",
	),
)


def number_steps() -> None:
	"""Give each step without a number of its own the next one of its campaign, in the order of the rows."""
	rows = frappe.get_all(
		"Campaign Email Schedule",
		{"parenttype": "Campaign"},
		["name", "parent", "step"],
		order_by="parent, idx",
	)
	last: dict[str, int] = defaultdict(int)
	for row in rows:
		last[row.parent] = max(last[row.parent], cint(row.step))
	for row in rows:
		if not cint(row.step):
			last[row.parent] += 1
			frappe.db.set_value(
				"Campaign Email Schedule", row.name, "step", last[row.parent], update_modified=False
			)
	for campaign, number in last.items():
		frappe.db.set_value("Campaign", campaign, "last_step", number, update_modified=False)


def adopt() -> None:
	"""Read what was sent into the ledger, slice by slice, and let the planner look at all that is not finished."""
	names = frappe.get_all(DOCTYPE, pluck="name", order_by="name")
	for start in range(0, len(names), SLICE):
		_adopt(names[start : start + SLICE])
	frappe.db.sql(
		"UPDATE `tabEmail Campaign` SET next_epoch = %s WHERE status IN %s AND next_epoch = 0",
		(LOOK_NOW, UNFINISHED_EMAIL_CAMPAIGN),
	)


def _adopt(names: list[str]) -> None:
	mails, steps, done, rows = _mails(names), _steps(), _done(names), []
	for one in frappe.get_all(DOCTYPE, {"name": ("in", names)}, ["*"]):
		planned = [
			PlannedStep(
				row.step, add_days(getdate(one.start_date), row.days), row.email_template, row.subject
			)
			for row in steps[one.campaign_name]
			if (one.name, row.step) not in done
		]
		rows += _rows(one, planned, mails[one.name])
	_write(rows)
	_log(names)


def _rows(one, planned: list[PlannedStep], mails: dict[SentMail, list[tuple]]) -> list[tuple]:
	found = match.match_mails(planned, mails)
	members = _members(one) if found else {}
	sent = [_sent(one, number, members, *each) for number, mail in found.items() for each in mails[mail]]
	return sent + [_skipped(one, number) for number in match.passed_steps(planned, found, getdate(nowdate()))]


def _done(names: list[str]) -> set[tuple[str, int]]:
	"""Return the (enrolment, step) that the ledger has rows of already."""
	return set(
		frappe.db.sql(
			"SELECT DISTINCT source, step FROM `tabCampaign Message` WHERE source_doctype = %s AND source IN %s",
			(DOCTYPE, names),
		)
	)


def _steps() -> dict[str, list]:
	"""Return {campaign: its steps}."""
	found: dict[str, list] = defaultdict(list)
	for row in frappe.db.sql(
		"""SELECT s.parent, s.step, s.send_after_days days, s.email_template, COALESCE(t.subject, '') subject
		FROM `tabCampaign Email Schedule` s LEFT JOIN `tabEmail Template` t ON t.name = s.email_template
		WHERE s.parenttype = 'Campaign'""",
		as_dict=True,
	):
		found[row.parent].append(row)
	return found


def _mails(names: list[str]) -> dict[str, dict[SentMail, list[tuple]]]:
	"""Return {enrolment: {mail: [(address, time of the site's clock)]}} from the Communications that were left of them.
	Those of one template and day are one mail to several people."""
	found: dict[str, dict[SentMail, list[tuple]]] = defaultdict(lambda: defaultdict(list))
	fields = ["reference_name", "communication_date", "creation", "email_template", "subject", "recipients"]
	filters = {"reference_doctype": DOCTYPE, "reference_name": ("in", names), "sent_or_received": "Sent"}
	filters["communication_type"] = ("in", ("Communication", "Automated Message"))
	for row in frappe.get_all("Communication", filters, fields, order_by="creation"):
		at, template = row.communication_date or row.creation, row.email_template or ""
		mail = SentMail(getdate(at), template, "" if template else row.subject or "")
		found[row.reference_name][mail] += [(email, at) for email in _addresses(row.recipients)]
	return found


def _addresses(recipients: str | None) -> list[str]:
	found = []
	for text in split_emails(recipients or ""):
		with suppress(InvalidAddress):  # nothing has reached it
			found.append(normalise(parse_addr(text)[1]))
	return found


def _members(one) -> dict[str, str]:
	"""Return {key of an address: member} of the Email Group that was mailed; empty where it was one record."""
	if one.email_campaign_for != GROUP:
		return {}
	rows = frappe.get_all(MEMBER, {"email_group": one.recipient}, ["name", "email"])
	return {address_key((row.email or "").strip()): row.name for row in rows}


def _sent(one, number: int, members: dict[str, str], email: str, at: datetime) -> tuple:
	who = (one.email_campaign_for, one.recipient)
	if one.email_campaign_for == GROUP:
		who = (MEMBER, members.get(address_key(email), ""))
	epoch = to_epoch(get_datetime(at), get_system_timezone())
	return (
		*_head(one, number),
		email,
		email.rpartition("@")[2],
		*who,
		f"a:{address_key(email)}",
		"Sent",
		"",
		at,
		epoch,
	)


def _skipped(one, number: int) -> tuple:
	who = ("", "") if one.email_campaign_for == GROUP else (one.email_campaign_for, one.recipient)
	return (*_head(one, number), "", "", *who, "s:passed", "Skipped", PASSED, None, 0)


def _head(one, number: int) -> tuple:
	stamp, user = now(), one.sender or one.owner
	return (stamp, stamp, user, user, DOCTYPE, one.name, one.campaign_name, number)


def _write(rows: list[tuple]) -> None:
	"""Insert rows of _COLUMNS; one that the ledger has already is absorbed by its unique key."""
	place = f"(NEXTVAL(`campaign_message_id_seq`), {', '.join(['%s'] * len(_COLUMNS))}, '')"
	for start in range(0, len(rows), SLICE):
		part = rows[start : start + SLICE]
		frappe.db.sql(
			f"INSERT IGNORE INTO `tabCampaign Message` (name, {', '.join(_COLUMNS)}, claim) VALUES "
			+ ", ".join([place] * len(part)),
			[value for row in part for value in row],
		)


def _log(names: list[str]) -> None:
	"""Tell the log what left, at the time when it did, so that it stands in each person's timeline."""
	new = "source_doctype = 'Email Campaign' AND source IN %(names)s AND status = 'Sent' AND logged = 0"
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, details, email,
			campaign, source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), sent_at, sent_at, owner, owner, 'Sent', 'Sent by ERPNext', email,
			campaign, source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` WHERE {new}""",
		{"names": names},
	)
	frappe.db.sql(f"UPDATE `tabCampaign Message` SET logged = 1 WHERE {new}", {"names": names})
