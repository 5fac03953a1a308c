"""The check list of a mailing, from what the database, a sample of its recipients and its mail server say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from html import escape
from itertools import chain

import frappe
from frappe import _
from frappe.utils import cint, strip_html

from email_campaigns.audience.decide import Candidate, exclusion
from email_campaigns.audience.lists import members_store as audience
from email_campaigns.delivery.compose import compose_store, records_store
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import NOW, SPREAD, Mailing
from email_campaigns.delivery.sending import limits_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.session import Unavailable
from email_campaigns.mass_mailing import approval_store, freeze, freeze_store
from email_campaigns.mass_mailing.ab_versions import KINDS
from email_campaigns.mass_mailing.prepare import ab_rules, checks
from email_campaigns.mass_mailing.prepare.checks import ERROR, LEVELS, OK, WARNING, Finding
from email_campaigns.message.compile import CompiledMessage, TemplateError
from email_campaigns.message.headers import HeaderError
from email_campaigns.schedule.estimate import ends_at
from email_campaigns.schedule.limits import HOUR, Spread
from email_campaigns.settings import app_settings
from email_campaigns.tracking.links import PREFIX
from email_campaigns.tracking.store import link_maker

SAMPLE = 50
PLACES = 5  # where in the lists the sample is taken
EXPECTED_RATE = 36000  # mails an hour that leave where no limit holds them up

Compiled = Mapping[str, CompiledMessage]


def check_list(doc, count: Mapping | None = None) -> list[dict]:
	"""Return [{"level", "text"}] of a Mass Email, errors first.

	`count` is what plan_store.count gave; without it, what needs the number of recipients is left out, but not whether
	there are any.
	"""
	try:
		mailing = mailing_store.from_doc(doc)
	except frappe.ValidationError as error:
		frappe.clear_last_message()
		return [{"level": ERROR, "text": strip_html(str(error))}]
	found = sorted(_all(doc, mailing, count), key=lambda finding: LEVELS.index(finding.level))
	return [{"level": one.level, "text": _(one.text).format(*one.values)} for one in found]


def check_no_errors(doc) -> None:
	"""Raise ValidationError with the errors of the check list, where there are any."""
	errors = [finding["text"] for finding in check_list(doc) if finding["level"] == ERROR]
	if errors:
		# Shown as HTML, and it may quote what somebody wrote into a template.
		frappe.throw(
			"<br>".join(escape(error, quote=False) for error in errors), title=_("The Mailing Can't Be Sent")
		)


def _all(doc, mailing: Mailing, count: Mapping | None) -> Iterator[Finding]:
	settings, compiled = app_settings(), {}
	yield from _compile(mailing, compiled)
	yield from _of_content(mailing, compiled)
	yield from _of_sender(mailing)
	lacking = [edition for edition, message in compiled.items() if not message.uses_unsubscribe]
	yield from checks.unsubscribe_findings(
		mailing.informational, bool(cint(settings.add_unsubscribe_link)), lacking
	)
	yield from checks.identity_findings(
		mailing.informational, settings.sender_line or "", settings.postal_address or ""
	)
	yield from _of_audience(mailing, count)
	yield from _of_deadline(doc, mailing, count)
	if mailing.ab_test:
		yield from _of_test(doc, mailing, count)
	yield from _of_approvers(doc)


def _compile(mailing: Mailing, compiled: dict[str, CompiledMessage]) -> Iterator[Finding]:
	"""Fill `compiled` with the versions that can be used, and tell the faults of the others."""
	for edition in mailing.editions:
		try:
			message = compose_store.compile_text(mailing, edition)
			compose_store.make_composer(mailing, message)
		except (TemplateError, HeaderError) as error:
			yield Finding(ERROR, "{0}", (str(error),))
		except frappe.ValidationError as error:
			frappe.clear_last_message()
			yield Finding(ERROR, "{0}", (strip_html(str(error)),))
		else:
			compiled[edition] = message


def _of_content(mailing: Mailing, compiled: Compiled) -> Iterator[Finding]:
	who = [one for one in _members(mailing) if mailing.language_for(one.language) in compiled]
	found = checks.render_sample(_letters(mailing, compiled, who))
	yield from checks.placeholder_findings(found)
	yield from checks.link_findings(found.hrefs, _own_links())


def _own_links() -> str:
	return link_maker().unsubscribe(0).partition(PREFIX)[0] + PREFIX


def _members(mailing: Mailing) -> list[Candidate]:
	"""Return up to SAMPLE recipients, from several places of the lists where these are long."""
	first = audience.read_slice(mailing.lists, mailing.excluding, 0, SAMPLE)
	if len(first) == SAMPLE:
		last = frappe.db.sql(
			"SELECT MAX(name) FROM `tabTarget List Member` WHERE target_list IN %s", (mailing.lists,)
		)[0][0]
		step = max(1, (last - first[0].member) // PLACES)
		starts = [first[0].member - 1 + place * step for place in range(PLACES)]
		first = list(
			chain.from_iterable(
				audience.read_slice(mailing.lists, mailing.excluding, start, SAMPLE // PLACES)
				for start in starts
			)
		)
	members = {one.member: one for one in first if not exclusion(one, informational=mailing.informational)}
	return list(members.values())


def _letters(mailing: Mailing, compiled: Compiled, who: list[Candidate]):
	"""Yield what checks.sample renders, each recipient in their own language, and of an A/B test in each version."""
	languages = [version.language for version in mailing.versions]
	for edition, message in compiled.items():
		wanted = edition if edition in languages else ""
		members = [one for one in who if mailing.language_for(one.language) == wanted]
		rows = [ClaimedMail(0, one.email, one.doctype, one.record) for one in members or who[:1]]
		fields = message.record_fields, message.uses_whole_record, mailing.sender_user
		records = records_store.load_records(rows, *fields)
		make = compose_store.make_composer(mailing, message)
		values = {**make.shared, **make.personal(0), "unsubscribe_url": link_maker().unsubscribe(0)}
		for row in rows:
			if (row.doctype, row.record) in records:
				yield message, records[row.doctype, row.record], values


def _of_sender(mailing: Mailing) -> Iterator[Finding]:
	if held := transport.sending_hindrance():
		yield Finding(WARNING, "{0}", (held,))
	try:
		transport.connect(mailing.account).close()
	except Unavailable as error:
		yield Finding(ERROR, "{0}", (str(error),))
	else:
		values = (mailing.account, mailing.sender_address)
		yield Finding(OK, "The mail server of {0} takes mail from {1}.", values)


def _of_audience(mailing: Mailing, count: Mapping | None) -> Iterator[Finding]:
	if not mailing.lists:
		yield Finding(ERROR, "Choose at least one target list, here or in the campaign.")
	elif count is None:
		yield from () if _has_recipients(mailing) else checks.audience_findings(0, 0)
	else:
		yield from checks.audience_findings(count["planned"], _largest_before(mailing))
		home = frappe.db.get_single_value("System Settings", "language") or "en"
		yield from checks.language_findings(_languages(mailing), mailing.language_for, home)


def _has_recipients(mailing: Mailing) -> bool:
	"""Return whether anybody gets the mailing; no more members are read than it takes to meet the first."""
	slices = freeze_store.read_member_slices(mailing)
	return any(freeze.count_slices(mailing, [members])["planned"] for members in slices)


def _largest_before(mailing: Mailing) -> int:
	"""Return the number of mails of the largest mailing of the campaign, else of the site; 0 where there is none."""
	started = {"name": ("!=", mailing.name), "status": ("in", ("In Process", "Paused", "Complete"))}
	for filters in ({**started, "campaign": mailing.campaign}, started):
		most = frappe.get_all(
			"Mass Email", filters, pluck="planned_count", order_by="planned_count desc", limit=1
		)
		if most and most[0]:
			return most[0]
	return 0


def _languages(mailing: Mailing) -> dict[str, int]:
	rows = frappe.db.sql(
		"""SELECT COALESCE(language, ''), COUNT(*) FROM `tabTarget List Member`
		WHERE target_list IN %s GROUP BY 1""",
		(mailing.lists,),
	)
	return dict(rows)


def _of_deadline(doc, mailing: Mailing, count: Mapping | None) -> Iterator[Finding]:
	now = int(time.time())
	if not mailing.deadline:
		return
	starts = _starts(doc, mailing, now)
	if mailing.deadline <= starts:
		yield Finding(ERROR, "The deadline has passed before the mailing would start.")
	elif count and count["planned"]:
		planned = count["planned"] + count["seeds"]
		late = _late(doc, mailing, planned, count["domains"], starts + _pause(doc, mailing))
		yield from checks.deadline_findings(late, planned)


def _starts(doc, mailing: Mailing, now: int) -> int:
	return now if doc.send_when == NOW else max(now, mailing.starts)


def _pause(doc, mailing: Mailing) -> int:
	"""Return for how many seconds the rest of an A/B test waits at least."""
	by_figures = mailing.ab_test and mailing.ab_test.winner_by in KINDS
	return cint(doc.ab_hours) * HOUR if by_figures else 0


def _of_test(doc, mailing: Mailing, count: Mapping | None) -> Iterator[Finding]:
	yield from ab_rules.ab_test_findings(
		mailing.ab_test,
		count and count["versions"],
		informational=mailing.informational,
		tracks_opens=mailing.track_opens,
		tracks_links=mailing.track_links,
		copies=bool(mailing.cc_fields),
		ends=_starts(doc, mailing, int(time.time())) + _pause(doc, mailing),
		deadline=mailing.deadline,
	)


def _late(doc, mailing: Mailing, planned: int, domains, starts: int) -> int:
	"""Return how many mails leave too late: by the limits on all of them, or by those of single domains."""
	now = int(time.time())
	limits = limits_store.mailing_limits(mailing, now)
	shared, time_left = list(limits.shared), mailing.deadline - starts
	if doc.pace == SPREAD:
		hours = cint(doc.spread_hours)
		shared.append(Spread("", now, now + hours * HOUR, planned, planned))
	one_by_one = [(limits.domains[name], number) for name, number in domains if name in limits.domains]
	return max(
		_too_late(shared, planned, now, now + time_left),
		sum(_too_late(of_domain, number, now, now + time_left) for of_domain, number in one_by_one),
	)


def _too_late(limits, mails: int, now: int, deadline: int) -> int:
	return checks.count_late(lambda number: ends_at(limits, number, now, EXPECTED_RATE), mails, deadline)


def _of_approvers(doc) -> Iterator[Finding]:
	if doc.status == "Draft" and approval_store.approval_needed():
		if not approval_store.approvers(doc, frappe.session.user):
			yield Finding(WARNING, "There is no Campaign Manager to ask; a System Manager has to approve.")
