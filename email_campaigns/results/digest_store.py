"""The mail with a mailing's figures that its owner gets, once, a day after it was complete."""

from __future__ import annotations

from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import cint, escape_html, fmt_money

from email_campaigns.compat import affected_rows, form_url
from email_campaigns.results import store
from email_campaigns.results.rates import Counts, Rate, rate
from email_campaigns.translation import in_language

AFTER = timedelta(days=1)
# Figures that are older are no news, where the job has not run for long or was just switched on.
UNTIL = timedelta(days=3)


def due_digests(now: datetime) -> list[str]:
	"""Return the mailings whose digest is due at `now` (the site's clock), the earliest first."""
	if not cint(frappe.db.get_single_value("Email Campaign Settings", "send_digest")):
		return []
	return frappe.db.sql(
		"""SELECT name FROM `tabMass Email` WHERE status = 'Complete' AND digest_sent_on IS NULL
			AND people_sent_count > 0 AND completed_on BETWEEN %s AND %s ORDER BY completed_on""",
		(now - UNTIL, now - AFTER),
		pluck=True,
	)


def claim_digest(name: str, now: datetime) -> bool:
	"""Claim the digest of a mailing for this job; False where another job did.

	The mail is queued in the same transaction. `now` is a time of the site's clock.
	"""
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
	# The mailing's account, because the site may have no default one.
	sender = doc.sender_account and frappe.db.get_value("Email Account", doc.sender_account, "email_id")
	with in_language(owner.language):
		frappe.sendmail(
			recipients=[owner.email],
			sender=sender or None,
			subject=_("Results of “{0}”").format(doc.title),
			message=_text(name, doc.title, store.counts(name)),
			reference_doctype="Mass Email",
			reference_name=name,
		)


def _text(name: str, title: str, counts: Counts) -> str:
	rows = "".join(
		f'<tr><td style="padding-right: 2em">{label}</td>'
		f'<td style="padding-right: 2em; text-align: right">{_number(count)}</td><td>{share}</td></tr>'
		for label, count, share in _lines(counts)
	)
	link = f'<a href="{form_url("Mass Email", name)}">{_("Show the mailing")}</a>'
	head = _("The results of the mailing {0}, a day after it was complete:").format(
		f"<b>{escape_html(title)}</b>"
	)
	return f"<p>{head}</p><table>{rows}</table><p>{link}</p>"


def _lines(counts: Counts) -> list[tuple[str, int, str]]:
	"""Return (label, number of people, share in words) of each figure."""
	mailed = _("{0} of those mailed")
	delivered = _("{0} of those delivered")
	return [
		(_("Mailed"), counts.sent, ""),
		(_("Delivered"), counts.delivered, _share(mailed, counts.delivered, counts.sent)),
		(_("Opened"), counts.opened, _describe_rate(delivered, rate("open_rate", counts))),
		(_("Clicked"), counts.clicked, _describe_rate(delivered, rate("click_rate", counts))),
		(_("Replied"), counts.replied, _describe_rate(delivered, rate("reply_rate", counts))),
		(_("Bounced"), counts.bounced, _describe_rate(mailed, rate("bounce_rate", counts))),
		(_("Unsubscribed"), counts.unsubscribed, _describe_rate(delivered, rate("unsubscribe_rate", counts))),
	]


def _share(words: str, count: int, base: int) -> str:
	return words.format(_percent(count / base)) if base else ""


def _describe_rate(words: str, figure: Rate) -> str:
	if figure.human is None:
		return ""
	text = words.format(_percent(figure.human))
	if figure.raw is not None and figure.raw_count > figure.count:
		text = ", ".join((text, _("{0} including bots").format(_percent(figure.raw))))
	return text


def _percent(value: float) -> str:
	return f"{100 * value:.1f} %"


def _number(value: int) -> str:
	return fmt_money(value, precision=0)
