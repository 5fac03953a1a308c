"""What comes back: taken in where it is fetched, and judged here.

Each mail or event is judged in a transaction, but for bounces: those that were claimed at once share one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import frappe
from frappe.utils import cint
from frappe.utils.caching import request_cache
from rq.timeouts import BaseTimeoutException

from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.inbound import arrivals_store, match_store, threads_store
from email_campaigns.inbound.arrivals_store import WaitingEvent
from email_campaigns.inbound.mail.message import MailError
from email_campaigns.inbound.mail.recognise import recognise
from email_campaigns.inbound.outcomes.outcomes_store import Case
from email_campaigns.inbound.understand import understand
from email_campaigns.inbound.values import Finding, Kind
from email_campaigns.inbound.webhooks.providers import finding_of
from email_campaigns.jobs import outcomes
from email_campaigns.settings import app_settings
from email_campaigns.site_time import database_epoch
from email_campaigns.text import Sentence, _lt
from email_campaigns.tracking.store import NamedMail, token_ring
from email_campaigns.translation import translate

JUDGE_SECONDS = 240  # a job judges for less than five minutes, then another goes on
RETRY_SECONDS = 300
LOCKED = (frappe.QueryDeadlockError, frappe.QueryTimeoutError)  # somebody else held a row
LOCKED_SECONDS = 60  # until a next try where somebody held a row for too long
_SAVEPOINT = "ec_thread"
ENDS_PROCESSES = _lt("Judging it has ended the job {0} times.")
FAILS = _lt("Judging it has failed {0} times: {1}")


def take_in(raw: bytes, account: str) -> bool:
	"""Store a fetched mail if it may concern us; tell whether it goes no further than to us.

	The hook `campaign_mail_fetched` (compat.tap_incoming_mail). Raises OSError where neither the database nor
	the disk takes the mail, and nothing else: a mail that can't be understood goes Frappe's way.
	"""
	if not _may_concern_us(raw):
		return False
	arrivals_store.store(raw, account)
	try:
		_judge_soon()
		return _is_machine_about_us(raw) and cint(app_settings().get("swallow_machine_mail", 1)) == 1
	except BaseTimeoutException:
		raise
	except Exception:
		return False


def _may_concern_us(raw: bytes) -> bool:
	try:
		return recognise(raw, token_ring().is_own, match_store.is_known)
	except BaseTimeoutException:
		raise
	except Exception:
		return True  # the job says what is wrong with it


@request_cache
def _judge_soon() -> None:
	"""Enqueue the judging when Frappe has committed, once in a pull: most of its mails are stored then."""
	enqueue_once(judge, "ec-inbound", enqueue_after_commit=True)


def _is_machine_about_us(raw: bytes) -> bool:
	"""Tell whether no person wrote a mail about ours; a person's answer is led to what it answers."""
	finding = understand(raw)
	if finding.kind is Kind.BOUNCE:
		# Thousands come after a mailing. What they return proves the mail without a look at the ledger.
		return finding.by_machine and match_store.number_of(finding.clues) is not None
	finding, mail = _match(finding)
	if mail and finding.kind is Kind.REPLY:
		answered = (*finding.clues.message_ids, *finding.clues.provider_ids)
		frappe.db.savepoint(_SAVEPOINT)
		try:
			threads_store.prepare(mail, answered)
		except Exception:
			# Frappe commits the pull: half of what stands for the mail would stay.
			frappe.db.rollback(save_point=_SAVEPOINT)
			raise
		frappe.db.commit()  # an error of Frappe in the next mail would take it back
	return bool(mail) and finding.by_machine


def judge_if_waiting() -> None:
	"""Enqueue the judging where something waits for it: a worker died, or an attempt is due again."""
	if arrivals_store.is_any_waiting(database_epoch()) or any(arrivals_store.FILES.paths()):
		enqueue_once(judge, "ec-inbound")


def judge() -> None:
	"""Judge what waits, for up to JUDGE_SECONDS: bounces together, then the others one after another."""
	change_latest_rows()
	_take_in_files()
	until = time.monotonic() + JUDGE_SECONDS
	while time.monotonic() < until and (events := _claim()):
		findings = _read_findings(events)
		done = _judge_bounces(events, findings)
		for event in events:
			if event.name not in done:
				_try(event, findings.get(event.name))


def _claim() -> list[WaitingEvent]:
	frappe.db.commit()  # a fresh snapshot
	events = arrivals_store.claim(database_epoch())
	frappe.db.commit()
	return events


def _take_in_files() -> None:
	for path, arrival in arrivals_store.read_files():
		try:
			arrivals_store.add(arrival)
			frappe.db.commit()
		except frappe.db.DataError:  # the table takes no such row: it holds up no other
			frappe.db.rollback()
			arrivals_store.FILES.put_aside(path)
		else:
			arrivals_store.FILES.remove(path)
	frappe.db.commit()  # the reports of files that can't be read


def _read_findings(events: Sequence[WaitingEvent]) -> dict[int, Finding]:
	"""Return {event: what it says} of new events; an error comes again, alone."""
	findings = {}
	for event in events:
		try:
			if event.attempts == 1 and event.raw:
				findings[event.name] = _finding_of(event)
		except BaseTimeoutException:
			raise
		except Exception:
			frappe.db.rollback()
	return findings


def _judge_bounces(events: Sequence[WaitingEvent], findings: Mapping[int, Finding]) -> set[int]:
	"""Judge plain bounces in one transaction, and return their events; none of them after an error.

	After a mailing most of what comes back are bounces.
	"""
	try:
		cases = [case for event in events if (case := _case_of(event, findings.get(event.name)))]
		frappe.db.commit()  # a fresh snapshot
		done = outcomes.apply_bounces(cases) if len(cases) > 1 else set()
		frappe.db.commit()
	except BaseTimeoutException:
		raise
	except Exception as error:
		frappe.db.rollback()
		if not isinstance(error, LOCKED):
			frappe.log_error("Email Campaigns: bounces could not be judged together")
		return set()
	return done


def _case_of(event: WaitingEvent, finding: Finding | None) -> Case | None:
	if not finding or finding.kind is not Kind.BOUNCE:
		return None
	message = match_store.number_of(finding.clues, signed=_is_signed(event))
	return Case(event.name, finding, message) if message else None


def _try(event: WaitingEvent, finding: Finding | None) -> None:
	"""Judge one event, whatever comes of it."""
	try:
		_judge_event(event, finding)
	except BaseTimeoutException:
		raise
	except MailError as error:
		frappe.db.rollback()
		arrivals_store.put_aside(event.name, translate(error))
	except LOCKED:
		frappe.db.rollback()
		arrivals_store.wait_until(event.name, database_epoch() + LOCKED_SECONDS, uncounted=True)
	except Exception as error:
		frappe.db.rollback()
		_fail(event, error)
	frappe.db.commit()


def _fail(event: WaitingEvent, error: Exception) -> None:
	if event.attempts == 1:
		frappe.log_error(f"Email Campaigns: inbound event {event.name} could not be judged")
	if event.attempts >= arrivals_store.MOST_ATTEMPTS:
		reason = Sentence(FAILS, event.attempts, translate(error) or type(error).__name__)
		arrivals_store.put_aside(event.name, translate(reason))
	else:
		arrivals_store.wait_until(event.name, database_epoch() + RETRY_SECONDS * event.attempts)


def _judge_event(event: WaitingEvent, finding: Finding | None) -> None:
	"""Judge one event. What follows from it and the end of its waiting are one transaction."""
	if event.attempts > arrivals_store.MOST_ATTEMPTS:
		reason = Sentence(ENDS_PROCESSES, event.attempts - 1)
		arrivals_store.put_aside(event.name, translate(reason))
	elif event.raw:
		_judge_finding(event, finding or _finding_of(event))
	else:  # it named an address that was forgotten meanwhile
		arrivals_store.forget(event.name)


def _judge_finding(event: WaitingEvent, finding: Finding) -> None:
	finding, mail = _match(finding, signed=_is_signed(event))
	is_ours = mail or match_store.claims_ours(finding)
	frappe.db.commit()  # a fresh snapshot: what follows changes rows that were read here
	if is_ours:
		outcomes.apply(event.name, finding, mail.message if mail else None)
	else:
		arrivals_store.forget(event.name)


def _is_signed(event: WaitingEvent) -> bool:
	return event.source_kind == arrivals_store.WEBHOOK


def _finding_of(event: WaitingEvent) -> Finding:
	"""Return what a mail or a provider's event says. Raises MailError."""
	raw = arrivals_store.unpack(event.raw)
	return finding_of(event.source, json.loads(raw)) if _is_signed(event) else understand(raw)


def _match(finding: Finding, *, signed: bool = False) -> tuple[Finding, NamedMail | None]:
	"""Return what something says, as far as a signature proves it, and which mail of ours it is about."""
	mail = match_store.mail_about(finding, signed=signed)
	if not signed and finding.kind is Kind.OPT_OUT and not mail:
		# Somebody has written to an address that looks like ours: that is an answer like any other.
		finding = replace(finding, kind=Kind.REPLY)
		mail = match_store.mail_about(finding)
	return finding, mail
