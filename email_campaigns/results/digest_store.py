"""The one mail that tells the owner of a mailing its figures, a day after it was complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import cint, escape_html, fmt_money, get_url_to_form

from email_campaigns.compat import affected_rows
from email_campaigns.results import store
from email_campaigns.results.rates import Counts, Rate, rate

AFTER = timedelta(days=1)
UNTIL = timedelta(
	days=3
)  # where the job has not run for long, or was just switched on, old figures are no news


def due_digests(now) -> list[str]:
	"""Return the mailings whose owners are to be told at `now` (the site's clock), the earliest first."""
	if not cint(frappe.db.get_single_value("Email Campaign Settings", "send_digest")):
		return []
	return frappe.db.sql(
		"""SELECT name FROM `tabMass Email` WHERE status = 'Complete' AND digest_sent_on IS NULL
			AND people_sent_count > 0 AND completed_on BETWEEN %s AND %s ORDER BY completed_on""",
		(now - UNTIL, now - AFTER),
		pluck=True,
	)


def claim_digest(name: str, now) -> bool:
	"""Take it on to tell the owner; False where another job did. The mail is queued in the same transaction."""
	frappe.db.sql(
		"UPDATE `tabMass Email` SET digest_sent_on = %s WHERE name = %s AND digest_sent_on IS NULL",
		(now, name),
	)
	return affected_rows() == 1


def send_digest(name: str) -> None:
	"""Queue the mail to the owner, in the owner's language; nothing where the owner is disabled."""
	doc = frappe.db.get_value("Mass Email", name, ["title", "owner", "sender_account"], as_dict=True)
	owner = frappe.db.get_value("User", doc.owner, ["email", "enabled", "language"], as_dict=True)
	if not owner or not owner.enabled or not owner.email:
		return
	# The account of the mailing will do where the site has no default one.
	sender = doc.sender_account and frappe.db.get_value("Email Account", doc.sender_account, "email_id")
	with _language(owner.language):
		frappe.sendmail(
			recipients=[owner.email],
			sender=sender or None,
			subject=_("Results of “{0}”").format(doc.title),
			message=_text(name, doc.title, store.counts(name)),
			reference_doctype="Mass Email",
			reference_name=name,
		)


@contextmanager
def _language(language: str | None) -> Iterator[None]:
	before, frappe.local.lang = frappe.local.lang, language or frappe.local.lang
	try:
		yield
	finally:
		frappe.local.lang = before


def _text(name: str, title: str, counts: Counts) -> str:
	rows = "".join(
		f'<tr><td style="padding-right: 2em">{label}</td><td style="padding-right: 2em; text-align: right">{_number(count)}</td>'
		f"<td>{told}</td></tr>"
		for label, count, told in _lines(counts)
	)
	link = f'<a href="{get_url_to_form("Mass Email", name)}">{_("Show the mailing")}</a>'
	head = _("A day after it was complete, the mailing {0} has come so far:").format(
		f"<b>{escape_html(title)}</b>"
	)
	return f"<p>{head}</p><table>{rows}</table><p>{link}</p>"


def _lines(counts: Counts) -> list[tuple[str, int, str]]:
	"""Return (what, how many people, which share of whom) of each figure."""
	delivered = _("{0} of those mailed")
	of_delivered = _("{0} of those delivered")
	return [
		(_("Mailed"), counts.sent, ""),
		(_("Delivered"), counts.delivered, _of(delivered, counts.delivered, counts.sent)),
		(_("Opened"), counts.opened, _told(of_delivered, rate("open_rate", counts))),
		(_("Clicked"), counts.clicked, _told(of_delivered, rate("click_rate", counts))),
		(_("Replied"), counts.replied, _told(of_delivered, rate("reply_rate", counts))),
		(_("Bounced"), counts.bounced, _told(delivered, rate("bounce_rate", counts))),
		(_("Unsubscribed"), counts.unsubscribed, _told(of_delivered, rate("unsubscribe_rate", counts))),
	]


def _of(words: str, count: int, of: int) -> str:
	return words.format(_percent(count / of)) if of else ""


def _told(words: str, found: Rate) -> str:
	if found.human is None:
		return ""
	told = words.format(_percent(found.human))
	if found.raw_count > found.count:
		told += ", " + _("{0} with what programs opened").format(_percent(found.raw))
	return told


def _percent(value: float) -> str:
	return f"{100 * value:.1f} %"


def _number(value: int) -> str:
	return fmt_money(value, precision=0)
