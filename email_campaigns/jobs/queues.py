"""The two queues of mails: of one Mass Email, and of one stream of drip sequences.

Jobs send their mails in batches. Both use the same claim, journal and limits. They differ in who decides
whether mails may leave, where a problem is shown, and what to do when no mail remains.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from hashlib import sha256

from email_campaigns.delivery.ledger.row import mails_of_source, mails_of_stream
from email_campaigns.delivery.mailing import authors_store, mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing, Stream
from email_campaigns.delivery.sending import hold_store, limits_store
from email_campaigns.drip import streams_store
from email_campaigns.jobs.isolation import isolate_campaign, isolate_mailing
from email_campaigns.mass_mailing import approval_store, status_store
from email_campaigns.schedule.limits import Limits
from email_campaigns.site_time import database_epoch
from email_campaigns.text import Sentence, SentenceError
from email_campaigns.translation import translate

Problem = Exception | Sentence | str


class MailingQueue:
	"""The mails of a Mass Email."""

	def __init__(self, name: str):
		self.name = self.key = name
		self.arguments = {"mailing": name}
		self.mails = mails_of_source(name)

	def load(self) -> Mailing:
		"""Return the mailing. Raises ValidationError, and ApprovalVoid where it is not what was approved."""
		return approval_store.load_approved(self.name)

	def isolate(self) -> AbstractContextManager[None]:
		"""Let an error in sending stop no other mailing, as isolation.isolate."""
		return isolate_mailing(self.name, "sending")

	def limits(self, epoch: int) -> Limits:
		"""Return the limits at `epoch` (Unix seconds). Raises ValidationError."""
		return limits_store.mass_email_limits(self.name, epoch)

	def may_send(self) -> bool:
		"""Tell whether the mails may leave at this moment."""
		return mailing_store.may_send(self.name)

	def shown_problem(self) -> str:
		"""Return the sentence that the form shows, "" where there is none."""
		return status_store.shown_problem(self.name)

	def show_hindrance(self, hindrance: str) -> bool:
		"""Show why nothing leaves this site, or nothing for ""; tell whether that has changed."""
		if hindrance == status_store.shown_problem(self.name):
			return False
		status_store.show_problem(self.name, hindrance)
		return True

	def show_hold(self) -> bool:
		"""Tell that nothing has to be shown: the form asks for the hold of its account itself."""
		return False

	def start_again(self, account: str) -> None:
		"""Do nothing: after a pause a person resumes, and the refusals of the account are counted anew."""

	def halt(self, problem: Problem) -> None:
		"""Stop until a person has solved the problem."""
		if isinstance(problem, approval_store.ApprovalVoid):
			approval_store.pause_unapproved(self.name, str(problem))
		else:
			status_store.move(self.name, "Paused", problem=_problem_text(problem))


class DripQueue:
	"""The mails of a stream. It never ends, and a problem stops it only for a while."""

	name = ""  # it belongs to no Mass Email

	def __init__(self, stream: Stream):
		self.stream = stream
		text = "\n".join((stream.campaign, str(stream.step), stream.sender))
		self.key = f"drip-{sha256(text.encode()).hexdigest()[:24]}"  # ids of jobs allow few characters
		self.arguments = {"stream": (stream.campaign, stream.step, stream.sender)}
		self.mails = mails_of_stream(stream)

	def load(self) -> Mailing:
		"""Return the step as a mailing. Raises ValidationError, also where nobody answers for its text."""
		return authors_store.check_authors(mailing_store.load_step(self.stream))

	def isolate(self) -> AbstractContextManager[None]:
		"""Let an error in sending stop no other sequence, as isolation.isolate."""
		return isolate_campaign(self.stream.campaign, "sending")

	def limits(self, epoch: int) -> Limits:
		"""Return the limits at `epoch` (Unix seconds). Raises ValidationError."""
		return limits_store.mailing_limits(self.load(), epoch)

	def may_send(self) -> bool:
		"""Tell whether the mails may leave at this moment."""
		return streams_store.may_send(self.stream.campaign)

	def shown_problem(self) -> str:
		"""Return the sentence that the campaign's form shows, "" where there is none."""
		return streams_store.shown_problem(self.stream.campaign)

	def show_hindrance(self, hindrance: str) -> bool:
		"""Show why nothing leaves this site, or nothing for ""; tell whether that has changed."""
		return streams_store.update_problem(self.stream, hindrance)

	def show_hold(self) -> bool:
		"""Show on the campaign's form until when its account waits; tell whether that changed the form."""
		sentence = hold_store.hold_sentence(self.load().account)
		return bool(sentence) and streams_store.update_problem(self.stream, sentence, self.stream.step)

	def start_again(self, account: str) -> None:
		"""Count the refusals of the account anew where its pause has lasted as long as mails wait for it."""
		hold_store.end_pause(account, database_epoch() - streams_store.HELD_SECONDS)

	def halt(self, problem: Problem) -> None:
		"""Let the mails wait for a while, with the reason on the campaign's form; then they are due again."""
		streams_store.hold_stream(self.stream, _problem_text(problem))


Queue = MailingQueue | DripQueue


def make_queue(mailing: str, stream: Sequence = ()) -> Queue:
	"""Return the queue of a batch's job:

	`mailing` names a Mass Email, `stream` is (campaign, step, sender).
	"""
	return DripQueue(Stream(*stream)) if stream else MailingQueue(mailing)


def _problem_text(problem: Problem) -> str:
	# The framework's errors have their sentences in this language already.
	return translate(problem) if isinstance(problem, Sentence | SentenceError | str) else str(problem)
