"""Sending the mails of a mailing from a job: claim, send, settle, recover.

Only the journal commits, its own statements. jobs/ decides when everything else is committed.
"""

from __future__ import annotations

import time
from collections import Counter
from threading import Event
from uuid import uuid4

from frappe.utils import cint

from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.delivery.compose import compose_store, links_store, records_store
from email_campaigns.delivery.compose.composer import compose_letters
from email_campaigns.delivery.compose.timeline_store import TimelineWriter, write_unsettled
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger import claims_store, counts_store
from email_campaigns.delivery.ledger.row import ClaimedMail, EndedMail, MailHeading, MailSelection
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.sending import judge_store, limits_store
from email_campaigns.delivery.sending.journal_store import LedgerJournal
from email_campaigns.delivery.sending.send_loop import NoFurtherSession, SendLoop, Tally
from email_campaigns.delivery.sending.session_pool import SessionPool
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.session import Session, Unavailable
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.settings import app_settings
from email_campaigns.site_time import database_epoch


class SendJob:
	"""One job's work on a mailing: claim, send and settle batch after batch over the same SMTP sessions.

	The caller commits before and after `claim` and after `settle`. `deadline` is a time of time.monotonic;
	the mailing's own deadline applies too.
	"""

	def __init__(self, mailing: Mailing, mails: MailSelection, deadline: float):
		settings = app_settings()
		if mailing.deadline:
			deadline = min(deadline, time.monotonic() + mailing.deadline - time.time())
		self.mailing, self.mails = mailing, mails
		self.token = uuid4().hex
		self.batch_size = max(1, cint(settings.batch_size))
		self.composers = compose_store.make_composers(mailing)
		links_store.save_links(mailing, [composer.compiled for composer in self.composers.values()])
		self.timeline = TimelineWriter(mailing) if mailing.store_emails else None
		self.rows: list[ClaimedMail] = []
		self.halt = Event()
		self.journal = LedgerJournal(mailing, self.token)
		self.pool = SessionPool(self.journal)
		self.loops = [
			self._make_loop(settings, deadline) for _ in range(max(1, cint(settings.sessions_per_job)))
		]

	def _make_loop(self, settings, deadline: float) -> SendLoop:
		return SendLoop(
			self.mailing.sender_address,
			self.pool,
			lambda: self.pool.run_in_thread(self._connect),
			max_attempts=max(1, cint(settings.max_attempts)),
			clock=time.monotonic,
			deadline=deadline,
			halt=self.halt,
		)

	def _connect(self) -> Session:
		try:
			return transport.connect(self.mailing.account, self.pool.wait)
		except Unavailable as error:
			if any(loop.session and loop.session.alive for loop in self.loops):
				raise NoFurtherSession from error
			raise

	@property
	def stopped(self) -> bool:
		"""Tell whether another claim makes no sense in this job."""
		return self.halt.is_set()

	def claim(self) -> list[ClaimedMail]:
		"""Claim as many mails as the limits and the batch size allow, and return those that may leave.

		The caller holds `claims_store.claim_lock`.
		"""
		epoch = database_epoch()
		limits = limits_store.mailing_limits(self.mailing, epoch)
		size, domains = limits.grant(self.batch_size, epoch), limits.by_domain(self.batch_size, epoch)
		self.rows = claims_store.claim(self.mails, size, self.token, epoch, domains) if size else []
		return claims_store.without_forgotten(judge_store.without_unwanted(self.mailing, self.rows))

	def send(self, rows: list[ClaimedMail]) -> Tally:
		"""Send claimed mails. If this ends early, `settle` gives back those that have not left."""
		headings: dict[int, MailHeading] = {}
		if not rows:
			return Tally()
		if self.mailing.cc_fields:
			rows, headings = copies_store.prepare_copies(rows)
		if not rows:
			return Tally()
		self.journal.expect({row.doctype for row in rows})
		records = records_store.load_records(
			rows, *compose_store.used_fields(self.composers), self.mailing.sender_user
		)
		return self.pool.run(
			self.loops[: len(rows)], compose_letters(self.composers, rows, records, headings)
		)

	def settle(self) -> None:
		"""Free the rows of the batch, suppress the addresses that bounced and put the figures on the form."""
		copies = bool(self.mailing.cc_fields)
		names, self.rows = [row.name for row in self.rows], []
		ended = claims_store.settle(self.token, names, copies=copies)
		_suppress_bounced(ended)
		dropped = _settle_copies(ended) if copies else 0
		if self.timeline:
			self.timeline.write(_sent_mails(ended))
		if not self.mailing.stream:
			self._update_counts(ended, dropped)

	def _update_counts(self, ended: list[EndedMail], dropped: int) -> None:
		if any(mail.late for mail in ended):
			counts_store.recount_mails(self.mailing.name)
			return
		numbers = Counter(mail.status for mail in ended)
		skipped = numbers["Skipped"] + dropped
		counts_store.add_to_counts(
			self.mailing.name,
			sent=numbers["Sent"],
			failed=numbers["Failed"],
			skipped=skipped,
			uncertain=numbers["Uncertain"],
			cancelled=numbers["Cancelled"],
			planned=-skipped,
		)

	def close(self) -> None:
		"""Close the sessions, the pool's thread and the journal's connection."""
		for loop in self.loops:
			loop.close()
		self.pool.close()
		self.journal.close()


def recover_claims(epoch: int) -> None:
	"""Take back the mails of leases that ended before `epoch` (Unix seconds), and settle them."""
	ended = claims_store.recover(epoch)
	_suppress_bounced(ended)
	_settle_copies(ended)
	write_unsettled(_sent_mails(ended))
	for source in {mail.source for mail in ended if mail.source_doctype == MASS_EMAIL}:
		counts_store.recount_mails(source)


def _sent_mails(ended: list[EndedMail]) -> list[int]:
	return [mail.name for mail in ended if mail.status == "Sent" and not mail.cc_of]


def _settle_copies(ended: list[EndedMail]) -> int:
	"""Release the copies of mails that were sent, drop those of others, and return how many were dropped."""
	mails = [mail for mail in ended if not mail.cc_of and mail.status not in ("Queued", "Sending")]
	# Mails that became Uncertain when their lease ended, before their batch learned that they were sent.
	late = {mail.name for mail in mails if mail.late and _may_continue(mail)}
	dropped = copies_store.follow_mails(mail.name for mail in mails if mail.name not in late)
	dropped += copies_store.follow_mails(late, again=True)
	copies_store.log_skipped(mail.name for mail in mails if not mail.late)
	return dropped


def _may_continue(mail: EndedMail) -> bool:
	return mail.source_doctype != MASS_EMAIL or mailing_store.may_send(mail.source)


def _suppress_bounced(ended: list[EndedMail]) -> None:
	for mail in ended:
		# A person who was forgotten while the mail left has no address here any more.
		if mail.bounced and mail.status == "Failed" and mail.email:
			suppress(mail.email, reason="Hard Bounce", origin=f"{mail.source}: {mail.reason}")
