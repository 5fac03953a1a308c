"""What a page works at: the mails of one Mass Email, or those of one stream of drip sequences.

Both go through the same claim, journal and limits. What differs is who says whether they may leave, where a problem
is shown, and what there is to do when no mail is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from email_campaigns.delivery.ledger.row import source_queue, stream_queue
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing, Stream
from email_campaigns.delivery.sending import limits_store
from email_campaigns.drip import streams_store
from email_campaigns.mass_mailing import approval_store, status_store
from email_campaigns.schedule.limits import Limits


class MailingQueue:
	"""The mails of a Mass Email."""

	def __init__(self, name: str):
		self.name = self.key = name
		self.arguments = {"mailing": name}
		self.mails = source_queue(name)

	def load(self) -> Mailing:
		"""Return what is to be sent. Raises ValidationError, and Void where it is not what was approved."""
		return approval_store.load_approved(self.name)

	def limits(self, epoch: int) -> Limits:
		return limits_store.mailing_limits(mailing_store.load_mass_email(self.name), epoch)

	def may_send(self) -> bool:
		return mailing_store.may_send(self.name)

	def note(self, held: str) -> bool:
		"""Show the sentence for which nothing leaves this site, or take it away; tell whether that was new."""
		if held == status_store.shown_problem(self.name):
			return False
		status_store.show_problem(self.name, held)
		return True

	def pause(self, error: Exception | str) -> None:
		"""Stop until a person has seen to the problem."""
		if isinstance(error, approval_store.ApprovalVoid):
			approval_store.pause_unapproved(self.name, str(error))
		else:
			status_store.move(self.name, "Paused", problem=str(error))


class DripQueue:
	"""The mails of a stream: it never ends, and a problem does not stop it for good."""

	name = ""  # of no Mass Email

	def __init__(self, stream: Stream):
		self.stream = stream
		text = "\n".join((stream.campaign, str(stream.step), stream.sender))
		self.key = f"drip-{sha256(text.encode()).hexdigest()[:24]}"  # ids of jobs may not have any sign
		self.arguments = {"stream": (stream.campaign, stream.step, stream.sender)}
		self.mails = stream_queue(stream)

	def load(self) -> Mailing:
		"""Return what is to be sent. Raises ValidationError."""
		return mailing_store.load_step(self.stream)

	def limits(self, epoch: int) -> Limits:
		return limits_store.mailing_limits(self.load(), epoch)

	def may_send(self) -> bool:
		return streams_store.may_send(self.stream.campaign)

	def note(self, held: str) -> bool:
		return streams_store.update_problem(self.stream, held)

	def pause(self, error: Exception | str) -> None:
		"""Let the mails wait for a while, with the reason on the campaign's form: they are tried again by themselves."""
		streams_store.hold_stream(self.stream, str(error))


def make_queue(mailing: str, stream: Sequence = ()) -> MailingQueue | DripQueue:
	"""Return what the arguments of a page's job name."""
	return DripQueue(Stream(*stream)) if stream else MailingQueue(mailing)
