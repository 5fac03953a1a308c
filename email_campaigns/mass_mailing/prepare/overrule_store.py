"""Whether the check list lets a mailing go on, and the decisions on its warnings that are stored with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape

import frappe
from frappe import _
from frappe.utils import now

from email_campaigns.mass_mailing.prepare import checks_store
from email_campaigns.mass_mailing.prepare.checks import ERROR
from email_campaigns.mass_mailing.prepare.overrule import Decision, with_decisions


def check_findings(doc, overruled: Collection[str] = ()) -> dict[str, str]:
	"""Return the fields of a Mass Email with the decisions of the user, who overrules warnings by their keys.

	Raises ValidationError where the check list has an error, or a warning that nobody has overruled.
	"""
	findings = checks_store.prepare_findings(doc)
	_refuse((line["text"] for line in findings if line["level"] == ERROR), _("The Mailing Can't Be Sent"))
	asking = [line for line in findings if line["key"]]
	undecided = [line for line in asking if not line["overruled"] and line["key"] not in overruled]
	_refuse((line["text"] for line in undecided), _("Warnings That Nobody Has Overruled"))
	decision = Decision(by=frappe.session.user, on=now())
	stored = with_decisions(doc.overruled, (line["key"] for line in asking), overruled, decision)
	return {"overruled": stored}


def _refuse(sentences: Iterable[str], title: str) -> None:
	# Shown as HTML, and it may quote what somebody wrote into a template.
	if lines := [escape(sentence, quote=False) for sentence in sentences]:
		frappe.throw("<br>".join(lines), title=title)
