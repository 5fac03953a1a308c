"""Why somebody got a mailing, or did not, in sentences that can be passed on to that person. Pure.

Facts come in as values, times among them as texts in the user's own form; sentences go out, to be translated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from email_campaigns.audience.decide import (
	DISABLED,
	DUPLICATE_ADDRESS,
	DUPLICATE_MERGED,
	DUPLICATE_RECORD,
	EXCLUDED_ADDRESS,
	EXCLUDED_RECORD,
	FORGOTTEN,
	HELD_OUT,
	NO_ADDRESS,
	OFF_LIST,
	OPTED_OUT,
	OPTED_OUT_ELSEWHERE,
	RECORD_MISSING,
	SEQUENCE_ENDED,
	SEQUENCE_GONE,
	TYPE_MISSING,
	UNSUBSCRIBED,
)
from email_campaigns.text import Sentence, _lt

NOTHING = Sentence("")
SUPPRESSED = "Suppressed: "


@dataclass(frozen=True, slots=True)
class SuppressionFacts:
	"""The entry that keeps mail from an address.

	`reason` is "" where there is none; `since` is a time, `origin` says what made the entry, `target_list` is
	the one list that it holds for, "" for all.
	"""

	reason: str = ""
	since: str = ""
	origin: str = ""
	target_list: str = ""


@dataclass(frozen=True, slots=True)
class WaitReasons:
	"""The things that a Queued mail may be waiting for; `due` and `opens` are times, "" where they have come.

	`hindrance` is a sentence for which nothing leaves at all, `refused` the server's answer when it refused
	the mail for the time being, `limit` the name of the limit that opens at `opens`.
	"""

	paused: bool = False
	hindrance: str = ""
	for_mail: bool = False
	for_winner: bool = False
	refused: str = ""
	optimised: bool = False
	due: str = ""
	limit: str = ""
	opens: str = ""


@dataclass(frozen=True, slots=True)
class MailFacts:
	"""A row of the ledger and what has become of it.

	`resent` says that it was sent once more, `copy_of` is the address of the mail that it is a copy of,
	`version` its label in an A/B test; `suppression` and `excluding` are what holds today for a Skipped mail:
	the entry, and the excluding lists that its recipient is on. `report` are the words of the server that
	sent it back, with the server's name. The rest are times, "" where nothing happened.
	"""

	status: str
	email: str
	reason: str = ""
	sent: str = ""
	bounced: str = ""
	opened: str = ""
	clicked: str = ""
	replied: str = ""
	opted_out: str = ""
	resent: bool = False
	seed: bool = False
	copy_of: str = ""
	version: str = ""
	waits: WaitReasons = WaitReasons()
	suppression: SuppressionFacts = SuppressionFacts()
	excluding: Sequence[str] = ()
	report: str = ""


def join(*sentences: Sentence) -> Sentence:
	"""Return sentences as one, with spaces between them; empty ones are left out."""
	parts = [sentence for sentence in sentences if sentence]
	return Sentence(" ".join(f"{{{place}}}" for place in range(len(parts))), *parts)


def explain_mail(mail: MailFacts) -> Sentence:
	"""Return what became of a mail. Raises KeyError for a status that the ledger does not have."""
	return join(_seed(mail), _copy(mail), _STATUS[mail.status](mail), _version(mail), *_events(mail))


def _version(mail: MailFacts) -> Sentence:
	if not mail.version or mail.status == "Skipped":
		return NOTHING
	if mail.status != "Sent":
		return Sentence(_lt("It has version {0} of the A/B test."), mail.version)
	return Sentence(_lt("It was version {0} of the A/B test."), mail.version)


def _seed(mail: MailFacts) -> Sentence:
	return Sentence(_lt("As one of the seed group:")) if mail.seed else NOTHING


def _copy(mail: MailFacts) -> Sentence:
	return Sentence(_lt("As CC of the mail to {0}:"), mail.copy_of) if mail.copy_of else NOTHING


def _sent(mail: MailFacts) -> Sentence:
	if mail.resent:
		return Sentence(_lt("The mail was sent to {0} once more on {1}."), mail.email, mail.sent)
	if mail.copy_of:
		return Sentence(_lt("{0} got a copy on {1}."), mail.email, mail.sent)
	return Sentence(_lt("The mail was sent to {0} on {1}."), mail.email, mail.sent)


def _events(mail: MailFacts) -> list[Sentence]:
	if mail.status != "Sent":
		return []
	events = (
		(mail.opened, _lt("It was opened on {0}.")),
		(mail.clicked, _lt("A link in it was clicked on {0}.")),
		(mail.replied, _lt("It was answered on {0}.")),
		(mail.opted_out, _lt("They unsubscribed with it on {0}.")),
	)
	return [_bounced(mail), *(Sentence(text, time) for time, text in events if time)]


def _bounced(mail: MailFacts) -> Sentence:
	if not mail.bounced:
		return NOTHING
	if not mail.report:
		return Sentence(_lt("It came back as undeliverable on {0}."), mail.bounced)
	return Sentence(_lt("It bounced on {0}: {1}."), mail.bounced, mail.report)


def _failed(mail: MailFacts) -> Sentence:
	if mail.bounced:
		text = _lt(
			"The mail to {0} failed on {1}: the address was refused for good. The mail server said: {2}"
		)
		return Sentence(text, mail.email, mail.bounced, mail.reason)
	return Sentence(_lt("The mail to {0} failed: {1}"), mail.email, Sentence(mail.reason))


def _uncertain(mail: MailFacts) -> Sentence:
	text = _lt(
		"The connection broke while the mail to {0} was leaving, so nobody knows whether the server took it."
		" It is not sent again until somebody decides."
	)
	return Sentence(text, mail.email)


def _queued(mail: MailFacts) -> Sentence:
	return join(Sentence(_lt("The mail to {0} is waiting."), mail.email), explain_wait(mail.waits))


def _sending(mail: MailFacts) -> Sentence:
	return Sentence(_lt("The mail to {0} is leaving at this moment."), mail.email)


def _skipped(mail: MailFacts) -> Sentence:
	recipient = mail.email or Sentence(_lt("them"))
	return join(
		Sentence(_lt("Nothing was sent to {0}."), recipient),
		explain_exclusion(mail.reason, mail.suppression, mail.excluding),
	)


def _ended(mail: MailFacts) -> Sentence:
	return Sentence(_lt("The mail to {0} never left: {1}"), mail.email, Sentence(mail.reason))


_STATUS: dict[str, Callable[[MailFacts], Sentence]] = {
	"Sent": _sent,
	"Failed": _failed,
	"Uncertain": _uncertain,
	"Queued": _queued,
	"Sending": _sending,
	"Skipped": _skipped,
	"Expired": _ended,
	"Cancelled": _ended,
}


def explain_wait(waits: WaitReasons) -> Sentence:
	"""Return the first of the things that a mail waits for."""
	if waits.paused:
		return join(Sentence(_lt("The mailing is paused.")), Sentence(waits.hindrance))
	if waits.hindrance:
		return Sentence(waits.hindrance)
	if waits.for_mail:
		return Sentence(_lt("It leaves once the mail itself has left."))
	if waits.for_winner:
		text = _lt(
			"It leaves once the best version of the A/B test has been chosen, which others are getting first."
		)
		return Sentence(text)
	return _due(waits) or _limit(waits) or Sentence(_lt("It is one of the next to leave."))


def _due(waits: WaitReasons) -> Sentence:
	if not waits.due:
		return NOTHING
	if waits.refused:
		text = _lt("The mail server refused it for the time being, saying: {0} It is tried again on {1}.")
		return Sentence(text, waits.refused, waits.due)
	if waits.optimised:
		return Sentence(_lt("Its best hour begins on {0}."), waits.due)
	return Sentence(_lt("It may leave from {0} on."), waits.due)


def _limit(waits: WaitReasons) -> Sentence:
	if not waits.opens:
		return NOTHING
	text = _lt("{0}: this limit is reached, and the next mail may leave on {1}.")
	return Sentence(text, Sentence(waits.limit), waits.opens)


_EXCLUSIONS = {
	EXCLUDED_RECORD: _lt("They were on an excluding list."),
	EXCLUDED_ADDRESS: _lt("Their address was on an excluding list."),
	OPTED_OUT: _lt("The opt-out field of their record has a tick."),
	DUPLICATE_ADDRESS: _lt("Another member with the same address has the mail."),
	DUPLICATE_RECORD: _lt("They are on several lists, and have the mail as a member of another."),
	DUPLICATE_MERGED: _lt("Their record was merged with one that has the mail."),
	HELD_OUT: _lt(
		"They belong to the hold-out group, which was chosen at random and gets nothing,"
		" so that results show what the mailing changed."
	),
	NO_ADDRESS: _lt("Their record has no valid address."),
	RECORD_MISSING: _lt("Their record no longer exists."),
	TYPE_MISSING: _lt("Their record's type is no longer on the site, because its app was uninstalled."),
	FORGOTTEN: _lt("They asked to be forgotten."),
	DISABLED: _lt("Their record is disabled."),
	OFF_LIST: _lt("They had been taken off the list."),
	OPTED_OUT_ELSEWHERE: _lt("The opt-out field of another record with their address has a tick."),
	SEQUENCE_ENDED: _lt("Their sequence had ended."),
	SEQUENCE_GONE: _lt("Their sequence had been deleted."),
}


def explain_exclusion(
	reason: str, suppression: SuppressionFacts = SuppressionFacts(), excluding: Sequence[str] = ()
) -> Sentence:
	"""Return why somebody is left out; `excluding` are the excluding lists that they are on.

	`reason` is as the ledger has it; an unknown one is its own sentence.
	"""
	if reason == UNSUBSCRIBED:
		return _unsubscribed(suppression)
	if reason.startswith(SUPPRESSED):
		return _suppressed(reason.removeprefix(SUPPRESSED), suppression)
	if reason in (EXCLUDED_RECORD, EXCLUDED_ADDRESS) and excluding:
		return _on_excluding_lists(excluding)
	return Sentence(_EXCLUSIONS.get(reason, reason))


def _on_excluding_lists(excluding: Sequence[str]) -> Sentence:
	return Sentence(_lt("They are on the excluding list {0}."), ", ".join(excluding))


def _unsubscribed(suppression: SuppressionFacts) -> Sentence:
	if not suppression.since:
		return Sentence(_lt("They had unsubscribed."))
	if suppression.target_list:
		text = _lt("They unsubscribed from {0} on {1}.")
		sentence = Sentence(text, suppression.target_list, suppression.since)
	else:
		sentence = Sentence(_lt("They unsubscribed on {0}."), suppression.since)
	return join(sentence, _origin(suppression))


def _suppressed(reason: str, suppression: SuppressionFacts) -> Sentence:
	text = {
		"Hard Bounce": _lt("A mail to the address came back as undeliverable."),
		"Soft Bounce": _lt("Several mails to the address came back, so it gets none for a while."),
		"Complaint": _lt("They complained about a mail as spam."),
	}.get(reason, _lt("Somebody has entered the address as one that gets no mail."))
	since = NOTHING
	if suppression.since:
		since = Sentence(_lt("It has been suppressed since {0}."), suppression.since)
	return join(Sentence(text), since, _origin(suppression))


def _origin(suppression: SuppressionFacts) -> Sentence:
	return Sentence(_lt("Known from: {0}"), suppression.origin) if suppression.origin else NOTHING


def explain_outlook(
	email: str,
	reason: str,
	suppression: SuppressionFacts = SuppressionFacts(),
	excluding: Sequence[str] = (),
) -> Sentence:
	"""Return what somebody would get if the mailing started now; `reason` is "" for who would get it."""
	if not reason:
		return Sentence(_lt("{0} would get the mailing."), email)
	recipient = email or Sentence(_lt("This recipient"))
	return join(
		Sentence(_lt("{0} would get nothing."), recipient), explain_exclusion(reason, suppression, excluding)
	)


def explain_late_member(email: str, target_list: str, since: str) -> Sentence:
	"""Return why a member got nothing who joined a list at `since`, after the freeze."""
	text = _lt(
		"{0} joined the list {1} on {2}, after the recipients of this mailing had been settled,"
		" and got nothing."
	)
	return Sentence(text, email, target_list, since)


def explain_settling(email: str) -> Sentence:
	"""Return what can be said of a member whom the freeze under way has not reached yet."""
	text = _lt("The recipients of the mailing are being settled at this moment, and {0} is still to come.")
	return Sentence(text, email)


def explain_stranger(
	name: str, suppression: SuppressionFacts = SuppressionFacts(), excluding: Sequence[str] = ()
) -> Sentence:
	"""Return what can be said of somebody who is on no list; `name` is their address or record."""
	stranger = Sentence(_lt("{0} is on no list of this mailing."), name)
	listed = _on_excluding_lists(excluding) if excluding else NOTHING
	if not suppression.reason:
		return join(stranger, listed)
	is_wish = suppression.reason == UNSUBSCRIBED
	reason = UNSUBSCRIBED if is_wish else SUPPRESSED + suppression.reason
	return join(stranger, listed, explain_exclusion(reason, suppression))
