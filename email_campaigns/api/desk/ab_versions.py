"""The A/B test on the form of a mailing: its figures, and the choice of a version by hand.

Each function checks the user's permission on the mailing.
"""

from __future__ import annotations

from dataclasses import asdict

import frappe
from frappe import _
from frappe.utils import cint

from email_campaigns.api.arguments import checked
from email_campaigns.api.desk import mass_email_steps
from email_campaigns.api.desk.results import CACHED, LARGE
from email_campaigns.api.kinds import Name, Text
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import REST
from email_campaigns.jobs import ab_winner
from email_campaigns.mass_mailing import ab_winner_store, status_store
from email_campaigns.mass_mailing.ab_versions import KINDS
from email_campaigns.results.ab import describe_comparison
from email_campaigns.results.rates import Counts, rate
from email_campaigns.site_time import database_epoch, site_time
from email_campaigns.translation import translate

SHOWN = ("planned", "sent", "delivered", "opened", "clicked", "replied", "unsubscribed")
RATES = ("open_rate", "click_rate", "reply_rate", "unsubscribe_rate")


@frappe.whitelist()
@checked
def state(name: Name) -> dict:
	"""Return how a mailing's A/B test stands.

	"versions" has {"label", "subject", counts, rates} of each version of the test, "rest" the same of the
	recipients who got the chosen version afterwards, None before the choice. "waiting" is the number of mails
	that wait for the choice, "remaining" the number of the test's mails that have still to leave. "due" is a
	time of the site's clock, "" where it is not known. "comparisons" has a sentence for each kind of reaction
	that is compared.
	"""
	doc = mass_email_steps.load_mass_email(name, "read")
	row = frappe.db.get_value("Mass Email", name, ab_winner_store.FIELDS, as_dict=True)
	counts, subjects = _counts(doc), _subjects(doc)
	labels = ab_winner_store.version_labels(name)
	kinds = [KINDS[doc.ab_winner_by]] if doc.ab_winner_by in KINDS else list(KINDS.values())
	return {
		"versions": [
			{"label": label, "subject": subjects.get(label, ""), **_row(counts.get(label, Counts()))}
			for label in labels
		],
		"rest": _row(counts.get(f"{REST} {doc.ab_winner}", Counts())) if doc.ab_winner else None,
		"waiting": ab_winner_store.count_waiting(name),
		"remaining": ab_winner_store.count_test_mails_remaining(name),
		"due": str(site_time(cint(row.ab_due_epoch))) if row.ab_due_epoch else "",
		"comparisons": [
			translate(describe_comparison(ab_winner_store.compare_versions(name, kind, counts), kind))
			for kind in kinds
			if labels
		],
	}


def _counts(doc) -> dict[str, Counts]:
	"""Return {version: counts} of a Mass Email; those of a large one may be up to CACHED seconds old."""
	if cint(doc.people_planned_count) < LARGE:
		return ab_winner_store.version_counts(doc.name)
	key = f"email_campaigns_versions:{doc.name}:{doc.ab_winner}"
	cached = frappe.cache.get_value(key, expires=True)
	if cached is None:
		counts = ab_winner_store.version_counts(doc.name)
		cached = {version: asdict(numbers) for version, numbers in counts.items()}
		frappe.cache.set_value(key, cached, expires_in_sec=CACHED)
	return {version: Counts(**numbers) for version, numbers in cached.items()}


def _subjects(doc) -> dict[str, str]:
	try:
		mailing = mailing_store.from_doc(doc)
	except frappe.ValidationError:
		frappe.clear_last_message()  # a template or an account is gone: the figures do not need it
		return {}
	labels = mailing.ab_test.labels if mailing.ab_test else ()
	return {label: mailing.text("" if label == "A" else label).subject for label in labels}


def _row(counts: Counts) -> dict:
	numbers = {**asdict(counts), "delivered": counts.delivered}
	return {kind: numbers[kind] for kind in SHOWN} | {name: rate(name, counts).human for name in RATES}


@frappe.whitelist(methods=["POST"])
@checked
def choose(name: Name, version: Text) -> None:
	"""Choose the version for the rest of the recipients, at any time while they wait for it.

	Throws ValidationError where the mailing has no such version or nobody waits.
	"""
	doc = mass_email_steps.load_mass_email(name)
	change_latest_rows()
	status_store.lock(name)
	if version not in ab_winner_store.version_labels(name):
		frappe.throw(_("This mailing has no version {0}.").format(version))
	by = frappe.session.user
	if not ab_winner_store.choose_winner(name, version, _("Chosen by hand."), database_epoch(), by):
		frappe.throw(_choice_problem(doc))
	doc.add_comment("Info", _("chose version {0} of the A/B test").format(version))
	enqueue_once(
		ab_winner.release_rest, f"ec-release-{name}", queue="long", enqueue_after_commit=True, name=name
	)
	mass_email_steps.tick_soon()


def _choice_problem(doc) -> str:
	"""Return why no version of a Mass Email can be chosen now."""
	winner = frappe.db.get_value("Mass Email", doc.name, "ab_winner")
	if winner:
		return _("Version {0} has been chosen already.").format(winner)
	if doc.status in ab_winner_store.UNDER_WAY:
		return _("The list of recipients is still being prepared.")
	return _("Nobody waits for a version: the mailing is {0}.").format(_(doc.status))
