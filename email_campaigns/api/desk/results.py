"""Results on forms and the workspace, and target lists made from them. Each checks the user's permission."""

from __future__ import annotations

from dataclasses import asdict

import frappe
from frappe import _
from frappe.utils import add_days, now_datetime

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.kinds import Flag, Name, Text, Unused
from email_campaigns.audience.decide import HELD_OUT
from email_campaigns.audience.lists import progress_store
from email_campaigns.jobs import lists
from email_campaigns.results import breakdown_store, list_store, revenue_store, store
from email_campaigns.results.funnel import funnel
from email_campaigns.results.lift import CONFIDENCE, lift
from email_campaigns.results.rates import Counts, rate, rates, total
from email_campaigns.results.timeline import timeline

INFORMATIONAL = "Informational Email"
# To count the parts of a million people takes ten seconds: from LARGE people on, a count is cached for CACHED
# seconds.
LARGE, CACHED = 50_000, 600


def _read_mailing(name: str):
	"""Return a Mass Email that the user may read."""
	return load("Mass Email", name)


def _figures(counts: Counts) -> dict:
	return {
		"counts": {**asdict(counts), "delivered": counts.delivered},
		"rates": [asdict(share) for share in rates(counts)],
		"funnel": [asdict(step) for step in funnel(counts)],
	}


@frappe.whitelist()
@checked
def summary(name: Name) -> dict:
	"""Return {"counts", "rates", "funnel", "tracked"} of a mailing, in constant time."""
	doc = _read_mailing(name)
	kind = frappe.get_cached_value("Campaign", doc.campaign, "campaign_type")
	return {**_figures(store.counts(name)), "tracked": kind != INFORMATIONAL}


@frappe.whitelist()
@checked
def details(name: Name) -> dict:
	"""Return a mailing's results in parts: {"domains", "languages", "links", "timeline", "lift"}.

	The number of queries is the same for every mailing. Their time grows with its size, so the answer for a
	large one is up to CACHED seconds old.
	"""
	doc, counts = _read_mailing(name), store.counts(name)
	key = f"email_campaigns_results:{name}"
	if counts.planned >= LARGE and (cached := frappe.cache.get_value(key, expires=True)):
		return cached
	parts = _details(doc, counts)
	if counts.planned >= LARGE:
		frappe.cache.set_value(key, parts, expires_in_sec=CACHED)
	return parts


def _details(doc, counts: Counts) -> dict:
	start = doc.started_on or doc.creation
	return {
		"domains": _parts(breakdown_store.by_domain(doc.name), counts),
		"languages": _parts(breakdown_store.by_language(doc.name), counts),
		"links": breakdown_store.by_link(doc.name),
		"timeline": asdict(
			timeline(breakdown_store.first_moments(doc.name, start), tuple(breakdown_store.MOMENTS))
		),
		"lift": _lift(doc.name, start, counts),
	}


def _parts(parts: dict[str, Counts], whole: Counts) -> list[dict]:
	"""Return a row for each part, in their order, and one for the rest of the whole where there is a rest."""
	shown = total(list(parts.values()))
	rows = [{"label": label, "rest": False, **_row(counts)} for label, counts in parts.items()]
	if len(parts) == breakdown_store.SHOWN and whole.sent > shown.sent:
		rest = {kind: max(0, getattr(whole, kind) - number) for kind, number in asdict(shown).items()}
		rows.append({"label": "", "rest": True, **_row(Counts(**rest))})
	return rows


def _row(counts: Counts) -> dict:
	return {
		**{kind: getattr(counts, kind) for kind in ("sent", "delivered", "opened", "clicked", "bounced")},
		**{name: rate(name, counts).human for name in ("open_rate", "click_rate", "bounce_rate")},
	}


def _lift(name: str, start, counts: Counts) -> dict | None:
	"""Return {"mailed", "held_out": sizes, "confidence", "outcomes"}, None where nobody was held out."""
	held_out = breakdown_store.count_held_out(name, HELD_OUT)
	if not (held_out and counts.sent):
		return None
	behaviour = breakdown_store.behaviour_since(name, HELD_OUT, start, (counts.sent, held_out))
	lifts = {kind: lift(*groups) for kind, groups in behaviour.items()}
	outcomes = [{"name": kind, **asdict(result)} for kind, result in lifts.items() if result]
	return {"mailed": counts.sent, "held_out": held_out, "confidence": CONFIDENCE, "outcomes": outcomes}


@frappe.whitelist()
@checked
def campaign(name: Name) -> dict:
	"""Return the sum over a campaign's mailings as `summary` does, with "mailings" and "revenue".

	"mailings" has a row for each mailing, "revenue" one for each currency in which deals of the campaign were
	won.
	"""
	doc = load("Campaign", name)
	if not frappe.has_permission("Mass Email", "read"):
		frappe.throw(_("You have no permission to read mailings."), frappe.PermissionError)
	fields = ["name", "title", "status", "started_on"]
	shown = {row.name: row for row in frappe.get_list("Mass Email", {"campaign": name}, fields, limit=0)}
	counts_by_mailing = store.counts_by_mailing(shown)
	return {
		**_figures(total(list(counts_by_mailing.values()))),
		"tracked": doc.campaign_type != INFORMATIONAL,
		"revenue": [asdict(row) for row in revenue_store.revenue_by_campaign([name]).get(name, [])],
		"mailings": [
			{**shown[mailing], **_row(counts), "replied": counts.replied, "unsubscribed": counts.unsubscribed}
			for mailing, counts in counts_by_mailing.items()
		],
	}


@frappe.whitelist()
@checked
def count_behaviour(name: Name, behaviour: Text, link: Text = "") -> int:
	"""Return how many people of a mailing a target list from this behaviour would have."""
	_read_mailing(name)
	_check_behaviour(behaviour, link)
	return list_store.count_people(name, behaviour, link)


@frappe.whitelist(methods=["POST"])
@checked
def make_list(name: Name, behaviour: Text, target_list: Name, link: Text = "", is_new: Flag = False) -> str:
	"""Add the people of a mailing who have shown a behaviour to a list, new or existing, in the background.

	`target_list` is the title of the new list, or the name of the existing one. Returns the list's name.
	"""
	_read_mailing(name)
	_check_behaviour(behaviour, link)
	if is_new:
		doc = frappe.get_doc({"doctype": "Target List", "title": target_list.strip()}).insert()
	else:
		doc = load("Target List", target_list, "write")
	progress_store.save_progress(doc.name, 0, 1)
	values = {"target_list": doc.name, "mailing": name, "behaviour": behaviour, "link": link}
	frappe.enqueue(lists.add_from_behaviour, queue="long", timeout=3600, enqueue_after_commit=True, **values)
	return doc.name


def _check_behaviour(behaviour: str, link: str) -> None:
	if not list_store.is_behaviour(behaviour):
		frappe.throw(_("There is no list of this behaviour: {0}").format(behaviour))
	if behaviour == list_store.CLICKED_LINK and not link:
		frappe.throw(_("Choose the link that was clicked."))


def _recent_counts() -> Counts:
	"""Return the sum over the mailings of the last 30 days that the user may read."""
	since = add_days(now_datetime(), -30)
	names = frappe.get_list("Mass Email", {"started_on": (">=", since)}, pluck="name", limit=0)
	return total(list(store.counts_by_mailing(names).values()))


def _card(name: str) -> dict:
	share = rate(name, _recent_counts()).human or 0
	return {"value": round(100 * share, 1), "fieldtype": "Percent"}


@frappe.whitelist()
@checked
def people_mailed_card(filters: Unused = None) -> dict:
	"""Return the value of the number card “People Mailed”, of the last 30 days."""
	return {"value": _recent_counts().sent, "fieldtype": "Int"}


@frappe.whitelist()
@checked
def open_rate_card(filters: Unused = None) -> dict:
	"""Return the value of the number card “Open Rate” in per cent, of the last 30 days."""
	return _card("open_rate")


@frappe.whitelist()
@checked
def click_rate_card(filters: Unused = None) -> dict:
	"""Return the value of the number card “Click Rate” in per cent, of the last 30 days."""
	return _card("click_rate")


@frappe.whitelist()
@checked
def bounce_rate_card(filters: Unused = None) -> dict:
	"""Return the value of the number card “Bounce Rate” in per cent, of the last 30 days."""
	return _card("bounce_rate")
