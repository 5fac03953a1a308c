"""The check list of a mailing, from the database, a sample of its recipients and its mail server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import frappe
from frappe import _
from frappe.utils import cint, get_fullname, strip_html

from email_campaigns.audience.decide import Candidate
from email_campaigns.audience.lists import members_store
from email_campaigns.compat import site_url
from email_campaigns.delivery.compose import compose_store, records_store, shown_store
from email_campaigns.delivery.compose.composer import Composer
from email_campaigns.delivery.compose.rights_store import FieldRights, unreadable
from email_campaigns.delivery.ledger import durability_store
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.delivery.mailing import authors_store, mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Session, Unavailable
from email_campaigns.mass_mailing import approval_store, freeze, freeze_store
from email_campaigns.mass_mailing.approval import fingerprint
from email_campaigns.mass_mailing.prepare import ab_rules, checks, link_checks, overrule
from email_campaigns.mass_mailing.prepare.checks import ERROR, LEVELS, OK, WARNING, Finding, RenderedSample
from email_campaigns.mass_mailing.prepare.deadline_store import deadline_findings, start_of, test_seconds
from email_campaigns.mass_mailing.prepare.picture_checks import picture_findings
from email_campaigns.message.compile import CompiledMessage, TemplateError
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.settings import app_settings
from email_campaigns.site_address import host_name
from email_campaigns.site_time import database_epoch
from email_campaigns.text import Sentence, _lt
from email_campaigns.tracking.addresses import SignedAddresses
from email_campaigns.tracking.links import PREFIX
from email_campaigns.tracking.store import link_maker, token_ring
from email_campaigns.tracking.tokens import PREVIEW
from email_campaigns.translation import translate

SAMPLE = 50
PLACES = 5  # where in the lists the sample is taken

Composers = Mapping[str, Composer]


def prepare_findings(doc, count: Mapping | None = None) -> list[dict]:
	"""Return [{"level", "text", "key", "overruled"}] of a Mass Email, errors first.

	`key` names a warning that asks for a decision, "" where none is asked for; `overruled` is who took it and
	when (overrule.Decision), None where nobody has. `count` is the result of freeze_store.count_audience.
	Without it, findings that need the number of recipients are left out, but not whether there are any.
	"""
	try:
		mailing = mailing_store.from_doc(doc)
	except frappe.ValidationError as error:
		frappe.clear_last_message()
		return [{"level": ERROR, "text": strip_html(str(error)), "key": "", "overruled": None}]
	findings = sorted(
		_findings(doc, mailing, count), key=lambda finding: (LEVELS.index(finding.level), not finding.asks)
	)
	content, decisions = fingerprint(mailing), overrule.read_decisions(doc.overruled)
	return [_as_line(finding, overrule.key_of(finding, content), decisions) for finding in findings]


def _as_line(finding: Finding, key: str, decisions: Mapping[str, overrule.Decision]) -> dict:
	text = translate(finding.sentence)
	return {"level": finding.level, "text": text, "key": key, "overruled": decisions.get(key)}


def _findings(doc, mailing: Mailing, count: Mapping | None) -> Iterator[Finding]:
	settings = app_settings()
	composers: dict[str, Composer] = {}
	yield from _compile(mailing, composers)
	yield from _content_findings(mailing, composers)
	yield from _sender_findings(mailing)
	yield from checks.address_findings(host_name(frappe.local.conf), site_url())
	yield from checks.durability_findings(durability_store.read_durability_problems())
	yield from checks.identity_findings(
		mailing.informational, settings.sender_line or "", settings.postal_address or ""
	)
	yield from _audience_findings(doc, mailing, count)
	yield from deadline_findings(doc, mailing, count)
	winner_at = start_of(doc, mailing, database_epoch()) + test_seconds(doc, mailing)
	yield from ab_rules.ab_test_findings(mailing, count and count["versions"], winner_at)
	yield from _approver_findings(doc)


def _compile(mailing: Mailing, composers: dict[str, Composer]) -> Iterator[Finding]:
	"""Fill `composers` with the editions that can be used, and yield the faults of the others."""
	for edition in mailing.editions:
		text = mailing.text(edition)
		yield from link_checks.text_findings(text.subject, text.html)
		try:
			composer = compose_store.make_composer(mailing, edition)
		except (TemplateError, HeaderError) as error:
			yield Finding(ERROR, error.sentence)
		except frappe.ValidationError as error:
			frappe.clear_last_message()
			yield Finding(ERROR, Sentence("{0}", strip_html(str(error))))
		else:
			composers[edition] = composer


def _content_findings(mailing: Mailing, composers: Composers) -> Iterator[Finding]:
	user = frappe.session.user
	rights = FieldRights((*mailing.authors, user))
	sampled = _sample(mailing)
	yield from _author_findings(mailing, composers, {candidate.doctype for candidate in sampled}, rights)
	recipients = [candidate for candidate in sampled if mailing.language_for(candidate.language) in composers]
	shown = shown_store.shown_candidates(recipients, user)
	if recipients and not shown:
		sample = _fixed_sample(composers)
		yield checks.unseen_finding(len(recipients))
	else:
		sample = checks.render_sample(_letters(mailing, composers, shown, rights))
		yield from checks.placeholder_findings(sample)
	yield from link_checks.link_findings(sample.hrefs, _own_links(), sample.fixed)
	yield from _unsubscribe_findings(mailing, composers, sample)
	yield from picture_findings(sample.pictures, sample.hrefs, site_url())


def _fixed_sample(composers: Composers) -> RenderedSample:
	"""Return the mails of the texts as they are without a recipient's fields."""
	nobody: dict[str, object] = {}
	return checks.render_sample(
		(composer.compiled, nobody, composer.values(0)) for composer in composers.values()
	)


def _unsubscribe_findings(
	mailing: Mailing, composers: Composers, sample: RenderedSample
) -> Iterator[Finding]:
	"""Yield the finding on the link in the mails of a sample, and in those that a condition may decide."""
	added = bool(cint(app_settings().add_unsubscribe_link))
	compiled = {edition: composer.compiled for edition, composer in composers.items()}
	hidden = [edition for edition, message in compiled.items() if message in sample.lacking]
	lacking = [
		edition
		for edition, message in compiled.items()
		if edition in hidden or not (added or message.uses_unsubscribe)
	]
	unsure = [
		edition
		for edition in lacking
		if edition not in hidden and "unsubscribe_url" in compiled[edition].source.html
	]
	yield from checks.unsubscribe_findings(mailing.informational, added, lacking, unsure)


def _author_findings(
	mailing: Mailing, composers: Composers, doctypes: Iterable[str], rights: FieldRights
) -> Iterator[Finding]:
	"""Yield the findings on whose rights the mailing is sent with; the user who starts it is one of them."""
	fields, _whole = compose_store.used_fields(composers)
	hidden = {_(doctype): unreadable(doctype, fields, rights) for doctype in sorted(doctypes)}
	names = [get_fullname(user) for user in rights.users]
	problem = authors_store.author_problem(mailing)
	yield from checks.author_findings(
		names, problem, {key: labels for key, labels in hidden.items() if labels}
	)


def _own_links() -> str:
	return link_maker().unsubscribe(0).partition(PREFIX)[0] + PREFIX


def _sample(mailing: Mailing) -> list[Candidate]:
	"""Return up to SAMPLE recipients, from several places of the lists where these are long."""
	members = members_store.read_slice(mailing.lists, mailing.excluding, 0, SAMPLE)
	if len(members) == SAMPLE:
		members = _spread_sample(mailing, members[0].member)
	mailable = freeze.mailable_candidates(mailing, members)
	return list({candidate.member: candidate for candidate in mailable}.values())


def _spread_sample(mailing: Mailing, first: int) -> list[Candidate]:
	"""Return members from PLACES places of the lists, whose first member is `first`."""
	last = frappe.db.sql(
		"SELECT MAX(name) FROM `tabTarget List Member` WHERE target_list IN %s", (mailing.lists,)
	)[0][0]
	step = max(1, (last - first) // PLACES)
	cursors = [first - 1 + place * step for place in range(PLACES)]
	return [
		member
		for cursor in cursors
		for member in members_store.read_slice(mailing.lists, mailing.excluding, cursor, SAMPLE // PLACES)
	]


def _letters(
	mailing: Mailing, composers: Composers, recipients: list[Candidate], rights: FieldRights
) -> Iterator[tuple[CompiledMessage, Mapping, Mapping]]:
	"""Yield the letters for checks.render_sample.

	Each recipient has one in their own language, and of an A/B test one in each version.
	"""
	languages = [version.language for version in mailing.versions]
	for edition, composer in composers.items():
		wanted = edition if edition in languages else ""
		readers = [
			candidate for candidate in recipients if mailing.language_for(candidate.language) == wanted
		]
		rows = [
			ClaimedMail(0, candidate.email, candidate.doctype, candidate.record)
			for candidate in readers or recipients[:1]
		]
		message, values = composer.compiled, composer.values(0)
		fields = message.record_fields, message.uses_whole_record
		records = records_store.load_records(rows, *fields, rights)
		for row in rows:
			if (row.doctype, row.record) in records:
				yield message, records[row.doctype, row.record], values


def _sender_findings(mailing: Mailing) -> Iterator[Finding]:
	if hindrance := transport.sending_hindrance():
		yield Finding(WARNING, Sentence("{0}", hindrance))
	try:
		session = transport.connect(mailing.account)
	except Unavailable as error:
		# It may be up again when the mailing starts.
		yield Finding(WARNING, Sentence("{0}", error), asks=True)
		return
	try:
		text = _lt("The mail server of {0} takes mail from {1}.")
		yield Finding(OK, Sentence(text, mailing.account, mailing.sender_address))
		if bounce_sender := (app_settings().get("bounce_sender") or "").strip():
			yield _bounce_sender_finding(session, bounce_sender, mailing)
	finally:
		session.close()


def _bounce_sender_finding(session: Session, bounce_sender: str, mailing: Mailing) -> Finding:
	"""Try a sender as the mails have them, with a mail to the sender of the mailing that never follows."""
	sender = SignedAddresses(bounce_sender, token_ring()).sender(PREVIEW)
	try:
		session.try_envelope(sender, mailing.sender_address)
	except (Refused, ConnectionLost) as error:
		text = _lt("The mail server of {0} does not take mails with the bounce address as their sender: {1}")
		return Finding(WARNING, Sentence(text, mailing.account, error.sentence), asks=True)
	text = _lt("The mail server of {0} takes mails whose bounces come to {1}.")
	return Finding(OK, Sentence(text, mailing.account, bounce_sender))


def _audience_findings(doc, mailing: Mailing, count: Mapping | None) -> Iterator[Finding]:
	now = database_epoch()
	later = start_of(doc, mailing, now) > now
	if not mailing.lists:
		text = _lt("Choose at least one target list, here or in the campaign.")
		yield Finding(ERROR, Sentence(text))
	elif count is None:
		yield from () if _has_recipients(mailing) else checks.audience_findings(0, 0, later)
	else:
		yield from checks.audience_findings(count["planned"], _largest_earlier(mailing), later)
		home = frappe.db.get_single_value("System Settings", "language") or "en"
		yield from checks.language_findings(_count_languages(mailing), mailing.language_for, home)


def _has_recipients(mailing: Mailing) -> bool:
	"""Return whether anybody gets the mailing; no more members are read than it takes to meet the first."""
	# Members that the lists still have as opted out may be back.
	mailing_store.refresh_lists(mailing)
	slices = freeze_store.read_member_slices(mailing)
	return any(freeze.count_slices(mailing, [members])["planned"] for members in slices)


def _largest_earlier(mailing: Mailing) -> int:
	"""Return the number of mails of the campaign's largest mailing, else of the site's; 0 for none."""
	started = {"name": ("!=", mailing.name), "status": ("in", ("In Process", "Paused", "Complete"))}
	for filters in ({**started, "campaign": mailing.campaign}, started):
		most = frappe.get_all(
			"Mass Email", filters, pluck="planned_count", order_by="planned_count desc", limit=1
		)
		if most and most[0]:
			return most[0]
	return 0


def _count_languages(mailing: Mailing) -> dict[str, int]:
	rows = frappe.db.sql(
		"""SELECT COALESCE(language, ''), COUNT(*) FROM `tabTarget List Member`
		WHERE target_list IN %s GROUP BY 1""",
		(mailing.lists,),
	)
	return dict(rows)


def _approver_findings(doc) -> Iterator[Finding]:
	if doc.status != "Draft" or not approval_store.approval_needed():
		return
	if not approval_store.approvers(doc, frappe.session.user):
		text = _lt("There is no Campaign Manager to ask; a System Manager has to approve.")
		yield Finding(WARNING, Sentence(text))
