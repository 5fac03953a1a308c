"""The steps of a mailing put together with the database and the mail server: freeze, count, send, test, preview.

Nothing here commits but the journal's own statements; jobs.py decides when.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from threading import Event, Lock
from uuid import uuid4

import frappe
from frappe import _
from frappe.utils import cint

from email_campaigns.audience import store as audience
from email_campaigns.audience.suppression_store import suppress
from email_campaigns.delivery import freeze, ledger_store, records_store, store, transport
from email_campaigns.delivery.journal_store import LedgerJournal
from email_campaigns.delivery.letters import Composer
from email_campaigns.delivery.mailing import Claimed, Mailing, Tally
from email_campaigns.delivery.page import Crowded, Page, Unavailable
from email_campaigns.delivery.sessions import run_pages
from email_campaigns.delivery.smtp import Session
from email_campaigns.message.compile import CompiledMessage, compile_message
from email_campaigns.message.footer import Footer
from email_campaigns.schedule.window import grant
from email_campaigns.tracking.store import links, ring

PREVIEW = 0  # the ledger number of a mail that is in no ledger


def compiled(mailing: Mailing, prefix: str = "") -> CompiledMessage:
	"""Return the mailing's template made ready. Raises TemplateError with the line of the fault."""
	message = compile_message(mailing.subject, mailing.html, footer=_footer(mailing), prefix=prefix)
	for name in sorted(message.tracking_links):
		frappe.throw(
			_("The template names the tracked link {0}, which does not exist.").format(frappe.bold(name))
		)
	return message


def _footer(mailing: Mailing) -> Footer:
	settings = store.settings()
	return Footer(
		sender_line=settings.sender_line or "",
		postal_address=settings.postal_address or "",
		unsubscribe=mailing.heeds_opt_out and bool(cint(settings.add_unsubscribe_link)),
		unsubscribe_text=_("Unsubscribe"),
	)


def composer(mailing: Mailing, message: CompiledMessage) -> Composer:
	maker, tokens = links(), ring()
	domain = mailing.sender_address.rpartition("@")[2]
	return Composer(
		mailing,
		message,
		unsubscribe_url=maker.unsubscribe,
		message_id=lambda number: (
			f"{tokens.message_id_local_part(number) if number else uuid4().hex}@{domain}"
		),
		clock=time.time,
	)


def freeze_next(name: str) -> bool:
	"""Freeze the next slice of a mailing's audience; tell whether there may be more.

	The slice and the place where it ended are one transaction, so a freeze that was killed goes on where
	it was, with each member decided upon once. A mailing that is not in process freezes nothing.
	"""
	# Locked before anything else is read: what another freeze or a cancellation has just done must be seen.
	fields = ["status", "frozen", "freeze_cursor"]
	row = frappe.db.get_value("Mass Email", name, fields, as_dict=True, for_update=True)
	if not row or row.frozen or row.status != "In Process":
		return False
	mailing, cursor = store.load(name), row.freeze_cursor or 0
	candidates = audience.read_slice(mailing.lists, mailing.excluding, cursor)
	if not candidates:
		frappe.db.set_value("Mass Email", name, "frozen", 1, update_modified=False)
		ledger_store.recount(name)
		return False
	last = freeze.freeze_slice(
		mailing,
		candidates,
		lambda keys: ledger_store.taken(mailing, keys),
		lambda decisions: ledger_store.plan(mailing, decisions),
	)
	frappe.db.set_value("Mass Email", name, "freeze_cursor", last, update_modified=False)
	return True


def count(name: str) -> dict:
	"""Return who would get the mailing now: {"members", "planned", "skipped": {reason: number}}."""
	mailing = store.load(name)
	audience.refresh([*mailing.lists, *mailing.excluding])
	return freeze.count(mailing, lambda after: audience.read_slice(mailing.lists, mailing.excluding, after))


class Sending:
	"""One job's work on a mailing: claim, send, settle, again and again on the same SMTP session.

	The caller commits after `claim` and after `settle`. `deadline` is on time.monotonic's scale.
	"""

	def __init__(self, mailing: Mailing, deadline: float):
		settings = store.settings()
		self.mailing = mailing
		self.token = uuid4().hex
		self.limit = cint(settings.hourly_limit)
		self.batch = max(1, cint(settings.batch_size))
		self.message = compiled(mailing)
		self.composer = composer(mailing, self.message)
		self.rows: list[Claimed] = []
		self.halt, self.connecting = Event(), Lock()
		self.pages = [self._page(settings, deadline) for _ in range(max(1, cint(settings.sessions_per_job)))]

	def _page(self, settings, deadline: float) -> Page:
		return Page(
			self.mailing.sender_address,
			LedgerJournal(self.mailing, self.token, time.time),
			self._connect,
			max_attempts=max(1, cint(settings.max_attempts)),
			clock=time.monotonic,
			deadline=deadline,
			halt=self.halt,
		)

	def _connect(self) -> Session:
		# Opening a session reads the Email Account on the job's own connection, which takes one thread at a time.
		with self.connecting:
			try:
				return transport.connect(self.mailing.account)
			except Unavailable as error:
				if any(page.session and page.session.alive for page in self.pages):
					raise Crowded from error
				raise

	@property
	def stopped(self) -> bool:
		"""Tell whether another claim makes no sense in this job."""
		return self.halt.is_set()

	def claim(self) -> list[Claimed]:
		"""Claim as many mails as the limits and the batch size allow, under a lock that the caller holds."""
		epoch = int(time.time())
		size = grant(ledger_store.window(self.limit, epoch), self.batch)
		self.rows = ledger_store.claim(self.mailing.name, size, self.token, epoch) if size else []
		return self.rows

	def send(self, rows: list[Claimed]) -> Tally:
		"""Send claimed mails; whatever ends this early, `settle` gives back those that have not left."""
		message = self.message
		records = records_store.load(
			rows, message.record_fields, message.uses_whole_record, self.mailing.sender_user
		)
		return run_pages(self.pages[: len(rows)], self.composer.letters(rows, records))

	def settle(self) -> None:
		"""Free the rows of the page, suppress the addresses that bounced and put the figures on the form."""
		ended = ledger_store.settle(self.token, [row.name for row in self.rows])
		_suppress_bounced(ended)
		if any(mail.late for mail in ended):
			ledger_store.recount(self.mailing.name)
			return
		numbers = Counter(mail.status for mail in ended)
		store.add_to_counts(
			self.mailing.name,
			sent=numbers["Sent"],
			failed=numbers["Failed"],
			skipped=numbers["Skipped"],
			uncertain=numbers["Uncertain"],
			planned=-numbers["Skipped"],
		)

	def close(self) -> None:
		for page in self.pages:
			page.close()
			page.journal.close()


def recover(epoch: int) -> None:
	"""Take back what leases that ended before `epoch` (Unix seconds) hold, and settle it in the page's place."""
	ended = ledger_store.recover(epoch)
	_suppress_bounced(ended)
	for source in {mail.source for mail in ended}:
		ledger_store.recount(source)


def _suppress_bounced(ended: list[ledger_store.Ended]) -> None:
	for mail in ended:
		if mail.bounced and mail.status == "Failed":
			suppress(mail.email, reason="Hard Bounce", origin=f"{mail.source}: {mail.reason}")


def preview(name: str, doctype: str = "", record: str = "") -> dict:
	"""Return the mail as one recipient would get it: {"subject", "html", "text", "warnings", "email", …}.

	Without a recipient, the first member of the lists is taken. Raises TemplateError, RenderError.
	"""
	mailing = store.load(name)
	message = compiled(mailing)
	row = _recipient(mailing, doctype, record)
	record_values = _record(row, message, frappe.session.user)
	shared = composer(mailing, message).shared
	url = links().unsubscribe(PREVIEW)
	content = message.render({**shared, "doc": record_values, "unsubscribe_url": url})
	return {
		"subject": content.subject,
		"html": content.html,
		"text": content.text,
		"warnings": list(content.warnings),
		"email": row.email,
		"doctype": row.doctype,
		"record": row.record,
	}


def send_test(name: str, addresses: list[str], doctype: str = "", record: str = "") -> None:
	"""Send the mail, rendered for one recipient and marked [TEST], to named addresses; it is in no figure.

	Raises Unavailable or ValidationError with a sentence, and TemplateError, RenderError.
	"""
	held = transport.held()
	if held:
		frappe.throw(held)
	mailing = store.load(name)
	message = compiled(mailing, prefix="[TEST]")
	row = _recipient(mailing, doctype, record)
	values, make = _record(row, message, frappe.session.user), composer(mailing, message)
	session = transport.connect(mailing.account)
	try:
		for address in addresses:
			_send_one(session, mailing, make.letter(replace(row, name=PREVIEW, email=address), values))
	finally:
		session.close()


def _send_one(session, mailing: Mailing, letter) -> None:
	if letter.problem:
		frappe.throw(letter.problem)
	session.propose(mailing.sender_address, letter.email)
	session.confirm()
	session.transmit(letter.content)
	frappe.get_doc(
		{
			"doctype": "Campaign Log",
			"action": "Test",
			"verdict": "test",
			"email": letter.email,
			"campaign": mailing.campaign,
			"source_doctype": mailing.doctype,
			"source": mailing.name,
			"details": _("Sent by {0}").format(frappe.session.user),
		}
	).insert(ignore_permissions=True)


def _recipient(mailing: Mailing, doctype: str, record: str) -> Claimed:
	if doctype and record:
		return Claimed(PREVIEW, audience.address_of(doctype, record)["email"] or "-", doctype, record)
	for candidate in audience.read_slice(mailing.lists, mailing.excluding, 0, 1):
		return Claimed(PREVIEW, candidate.email, candidate.doctype, candidate.record)
	frappe.throw(_("The target lists have no members to show the mail for. Choose a recipient."))


def _record(row: Claimed, message: CompiledMessage, user: str):
	records = records_store.load([row], message.record_fields, message.uses_whole_record, user)
	if (row.doctype, row.record) not in records:
		frappe.throw(_("{0} {1} does not exist.").format(_(row.doctype), row.record))
	return records[row.doctype, row.record]
