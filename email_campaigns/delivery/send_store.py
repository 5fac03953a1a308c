"""Sending the mails of a mailing from a job: claim, send, settle, recover.

Only the journal commits, its own statements. jobs/ decides when everything else is committed.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from threading import Event
from uuid import uuid4

from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.compat import Apart
from email_campaigns.delivery.compose import compose_store, links_store, records_store, sent_store
from email_campaigns.delivery.compose.composer import Letter, Record, compose_letters
from email_campaigns.delivery.compose.rights_store import FieldRights, check_joined
from email_campaigns.delivery.compose.timeline_store import TimelineWriter, write_unsettled
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger import claims_store, counts_store
from email_campaigns.delivery.ledger.row import ClaimedMail, EndedMail, MailHeading, MailSelection
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.sending import hold_store, judge_store, limits_store
from email_campaigns.delivery.sending.breaker import Breaker
from email_campaigns.delivery.sending.conditions_store import leave_conditions
from email_campaigns.delivery.sending.journal import Tally
from email_campaigns.delivery.sending.journal_store import LedgerJournal
from email_campaigns.delivery.sending.letters import LettersAhead
from email_campaigns.delivery.sending.send_loop import NoFurtherSession, SendLoop
from email_campaigns.delivery.sending.session_pool import SessionPool
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.refusal_key import key_of_reason
from email_campaigns.delivery.smtp.session import Session, Unavailable
from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.message.compile import compile_message
from email_campaigns.schedule.limits import Rates
from email_campaigns.settings import latest_number, setting_number
from email_campaigns.site_time import database_epoch

Watch = Callable[[Iterable[Letter]], Iterator[Letter]]
LOOK_SECONDS = 1  # how long a batch goes on after somebody has lowered a limit, muted or suspended the site


class SendJob:
	"""One job's work on a mailing: claim, send and settle batch after batch over the same SMTP sessions.

	The caller commits before and after `claim`, `prepare` and `settle`, so that each sees rows as they are at
	that moment. `deadline` is a time of time.monotonic; the mailing's own deadline applies too. `watch` goes
	through the letters while they are made.
	"""

	def __init__(self, mailing: Mailing, mails: MailSelection, deadline: float, watch: Watch = iter):
		if mailing.deadline:
			deadline = min(deadline, time.monotonic() + mailing.deadline - database_epoch())
		self.mailing, self.mails, self.watch = mailing, mails, watch
		self.token = uuid4().hex
		self.rates = Rates()  # those under which the present batch was claimed
		self.composers = compose_store.make_composers(mailing, compile_message)
		links_store.save_links(mailing, [composer.compiled for composer in self.composers.values()])
		self.texts = sent_store.save_texts(self.composers)
		self.rights = FieldRights(mailing.authors)
		self.timeline = TimelineWriter() if mailing.store_emails else None
		self.rows: list[ClaimedMail] = []
		self.copied = False  # whether any mail of the present batch has copies
		self.epoch = 0
		self.headings: dict[int, MailHeading] = {}
		self.records: dict[tuple[str, str], Record] = {}
		self.halt = Event()
		self.journal = LedgerJournal(mailing, self.token)
		self.pool = SessionPool(self.journal)
		self.apart = Apart()  # the pool's thread opens sessions there
		self.book = hold_store.AccountBook(mailing.account, self.journal.connection)
		self.breaker = Breaker(self.book)
		self.loops = [self._make_loop(deadline) for _session in range(setting_number("sessions_per_job"))]

	def _make_loop(self, deadline: float) -> SendLoop:
		return SendLoop(
			self.mailing.sender_address,
			self.pool,
			self._connect,
			max_attempts=setting_number("max_attempts"),
			clock=time.monotonic,
			deadline=deadline,
			halt=self.halt,
			breaker=self.breaker,
		)

	def _connect(self) -> Session:
		account, wait, timeouts = self.mailing.account, self.pool.wait, transport.SENDING
		# Opening a session reads the Email Account, while the other loops use the job's connection.
		opening = partial(self.apart.run, lambda: transport.connect(account, wait, timeouts))
		try:
			return self.pool.run_in_thread(opening)
		except Unavailable as error:
			if any(loop.session and loop.session.alive for loop in self.loops):
				raise NoFurtherSession from error
			raise

	@property
	def stopped(self) -> bool:
		"""Tell whether another claim makes no sense in this job."""
		return self.halt.is_set()

	def claim(self) -> list[ClaimedMail]:
		"""Claim as many mails as the limits and the batch size allow now, and return them.

		The caller holds `claims_store.claim_lock`.
		"""
		epoch, wanted = database_epoch(), latest_number("batch_size")
		limits = limits_store.mailing_limits(mailing_store.with_latest_timing(self.mailing), epoch)
		size, domains = limits.grant(wanted, epoch), limits.by_domain(wanted, epoch)
		self.rates, self.epoch = limits.rates, epoch
		self.rows = (
			claims_store.claim(self.mails, size, self.token, epoch, domains, self.texts) if size else []
		)
		# The mailing may have no CC field any more, and copies that were planned before.
		self.copied = bool(self.mailing.cc_fields) or copies_store.is_any_copied(
			[row.name for row in self.rows]
		)
		self._load_hold()
		return self.rows

	def _load_hold(self) -> None:
		"""Go on counting where other jobs are. Of an account that was held, this job alone tries a mail."""
		hold = hold_store.load(self.mailing.account)
		self.breaker.run, self.breaker.probing, self.book.level = hold.run, hold.level > 0, hold.level
		if hold.level and self.rows:
			hold_store.start_probe(self.mailing.account, self.epoch)

	def prepare(self, rows: list[ClaimedMail]) -> list[ClaimedMail]:
		"""Judge claimed mails anew, store what they are made of, and return those that may leave."""
		conditions = leave_conditions(self.mailing, {row.doctype for row in rows})
		self.journal.expect(conditions)
		rows = claims_store.without_forgotten(
			judge_store.without_unwanted(self.mailing, rows, conditions, copied=self.copied)
		)
		if not rows:
			return []
		if self.mailing.cc_fields:
			rows, self.headings = copies_store.prepare_copies(rows)
		fields, whole = compose_store.used_fields(self.composers)
		check_joined(self.mailing, {row.doctype for row in rows}, fields)
		self.records = records_store.load_records(rows, fields, whole, self.rights)
		sent_store.save_values(rows, self.records, self.composers, self.headings)
		return rows

	def send(self, rows: list[ClaimedMail], may_go_on: Callable[[], bool]) -> Tally:
		"""Send the mails of `prepare`. If this ends early, `settle` gives back those that have not left.

		`may_go_on` is asked every LOOK_SECONDS whether mail may still leave this site. It begins a new
		transaction, so that this job too looks at the limits as they are at that moment.
		"""
		if not rows:
			return Tally()
		made = compose_letters(self.composers, rows, self.records, self.epoch, self.headings)
		letters = LettersAhead(self.watch(made))
		self.journal.meanwhile = letters.make
		loops = sorted(self.loops, key=lambda loop: loop.retired)
		return self.pool.run(loops[: len(rows)], self._watch(letters, may_go_on))

	def _watch(self, letters: Iterator[Letter], may_go_on: Callable[[], bool]) -> Iterator[Letter]:
		"""Yield the letters; stop all loops as soon as those that remain may not leave any more."""
		looked = time.monotonic()
		for letter in letters:
			if time.monotonic() - looked >= LOOK_SECONDS:
				if not (may_go_on() and self._may_keep_batch()):
					self.halt.set()
				looked = time.monotonic()
			yield letter

	def _may_keep_batch(self) -> bool:
		"""Tell whether the batch was claimed under limits that still hold, and nobody has taken it back."""
		rates = limits_store.read_rates(mailing_store.with_latest_timing(self.mailing))
		names = [row.name for row in self.rows]
		return not rates.is_below(self.rates) and claims_store.has_unsent(self.token, names)

	def settle(self) -> None:
		"""Free the rows of the batch, suppress the addresses that bounced and put the figures on the form."""
		if self.breaker.probing:
			hold_store.end_probe(self.mailing.account, self.book.level, database_epoch())
		names = [row.name for row in self.rows]
		ended = claims_store.settle(self.token, names, copies=self.copied)
		sent_store.forget_values(set(names) - {mail.name for mail in ended if mail.email})
		_suppress_bounced(ended)
		if self.timeline:
			self.timeline.write(_sent_mails(ended))
		_count_ends(ended, copies=self.copied)
		self.rows = []

	def close(self) -> None:
		"""Close the sessions, the pool's thread and the journal's connection."""
		for loop in self.loops:
			loop.close()
		self.pool.close()
		self.apart.close()
		self.journal.close()


def recover_claims(epoch: int, campaign: str) -> None:
	"""Take back the mails of a campaign whose lease ended before `epoch` (Unix seconds), and settle them."""
	ended = claims_store.recover(epoch, campaign)
	_suppress_bounced(ended)
	write_unsettled(_sent_mails(ended))
	_count_ends(ended, copies=True)


def _count_ends(ended: list[EndedMail], *, copies: bool) -> None:
	"""Let the copies of ended mails follow them, and move the figures on the forms of their mailings.

	The figures move by what has changed, in the transaction of the change: a count would read the ledger of
	an earlier moment, or wait for every mail that is leaving.
	"""
	by_mailing: dict[str, list[EndedMail]] = defaultdict(list)
	for mail in ended:
		by_mailing[mail.source if mail.source_doctype == MASS_EMAIL else ""].append(mail)
	for name, mails in sorted(by_mailing.items()):
		deltas = counts_store.settled_deltas(mails)
		if copies:
			deltas.update(_settle_copies(mails))
		if name:
			counts_store.add_to_counts(name, **deltas)


def _sent_mails(ended: list[EndedMail]) -> list[int]:
	return [mail.name for mail in ended if mail.status == "Sent" and not mail.cc_of]


def _settle_copies(ended: list[EndedMail]) -> Counter[str]:
	"""Release the copies of mails that were sent, and drop those of others; return {figure: change}."""
	mails = [mail for mail in ended if not mail.cc_of and mail.status not in ("Queued", "Sending")]
	# Mails that became Uncertain when their lease ended, before their batch learned that they were sent.
	late = {mail.name for mail in mails if mail.late and _may_continue(mail)}
	deltas = copies_store.follow_mails(mail.name for mail in mails if mail.name not in late)
	deltas.update(copies_store.follow_mails(late, again=True))
	copies_store.log_skipped(mail.name for mail in mails if not mail.late)
	return deltas


def _may_continue(mail: EndedMail) -> bool:
	return mail.source_doctype != MASS_EMAIL or mailing_store.may_send(mail.source)


def _suppress_bounced(ended: list[EndedMail]) -> None:
	for mail in ended:
		# A person who was forgotten while the mail left has no address here any more.
		if mail.bounced and mail.status == "Failed" and mail.email:
			origin, refusal = f"{mail.source}: {mail.reason}", key_of_reason(mail.reason)
			suppress(mail.email, reason="Hard Bounce", origin=origin, refusal=refusal)
