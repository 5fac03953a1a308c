"""Why somebody got a mailing, or did not: sentences that the person can be told. Pure.

What is known comes in as text and is translated by `_`, which is passed in; times are texts in the user's own form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from email_campaigns.audience.decide import (
	DUPLICATE_ADDRESS,
	DUPLICATE_RECORD,
	EXCLUDED_ADDRESS,
	EXCLUDED_RECORD,
	FORGOTTEN,
	HELD_OUT,
	NO_ADDRESS,
	OPTED_OUT,
	RECORD_MISSING,
	UNSUBSCRIBED,
)

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class SuppressionFacts:
	"""What keeps mail from an address: its reason, "" for none, since when, by what, and the one list it holds for."""

	reason: str = ""
	since: str = ""
	origin: str = ""
	target_list: str = ""


@dataclass(frozen=True, slots=True)
class WaitReasons:
	"""What a Queued mail may be waiting for; `due` and `opens` are times, "" where they have come.

	`held` is a sentence for which nothing leaves at all, `refused` what the server said for the time being.
	"""

	paused: bool = False
	held: str = ""
	for_mail: bool = False
	for_winner: bool = False
	refused: str = ""
	optimised: bool = False
	due: str = ""
	limit: str = ""
	opens: str = ""


@dataclass(frozen=True, slots=True)
class MailFacts:
	"""A row of the ledger as it is told. `copy_of` is the address of the mail that it is a copy of, `again` says that
	it was sent once more, `version` is its label in an A/B test, where others got another; the rest are times, "" where
	nothing happened."""

	status: str
	email: str
	reason: str = ""
	sent: str = ""
	bounced: str = ""
	opened: str = ""
	clicked: str = ""
	replied: str = ""
	opted_out: str = ""
	again: bool = False
	seed: bool = False
	copy_of: str = ""
	version: str = ""
	waits: WaitReasons = WaitReasons()
	kept: SuppressionFacts = SuppressionFacts()
	lists: Sequence[str] = ()


def explain_mail(mail: MailFacts, _: Translate) -> str:
	"""Return what became of a mail."""
	told = [_STATUS[mail.status](mail, _), _version(mail, _)]
	return " ".join(filter(None, [_seed(mail, _), _copy(mail, _), *told, *_events(mail, _)]))


def _version(mail: MailFacts, _: Translate) -> str:
	if not mail.version or mail.status == "Skipped":
		return ""
	if mail.status != "Sent":
		return _("It has version {0} of the A/B test.").format(mail.version)
	return _("It was version {0} of the A/B test.").format(mail.version)


def _seed(mail: MailFacts, _: Translate) -> str:
	return _("As one of the seed group:") if mail.seed else ""


def _copy(mail: MailFacts, _: Translate) -> str:
	return _("As CC of the mail to {0}:").format(mail.copy_of) if mail.copy_of else ""


def _sent(mail: MailFacts, _: Translate) -> str:
	if mail.again:
		return _("The mail was sent to {0} once more on {1}.").format(mail.email, mail.sent)
	if mail.copy_of:
		return _("{0} got a copy on {1}.").format(mail.email, mail.sent)
	return _("The mail was sent to {0} on {1}.").format(mail.email, mail.sent)


def _events(mail: MailFacts, _: Translate) -> list[str]:
	if mail.status != "Sent":
		return []
	told = (
		(mail.bounced, _("It came back as undeliverable on {0}.")),
		(mail.opened, _("It was opened on {0}.")),
		(mail.clicked, _("A link in it was clicked on {0}.")),
		(mail.replied, _("It was answered on {0}.")),
		(mail.opted_out, _("They unsubscribed with it on {0}.")),
	)
	return [words.format(at) for at, words in told if at]


def _failed(mail: MailFacts, _: Translate) -> str:
	if mail.bounced:
		words = _(
			"The mail to {0} failed on {1}: the address was refused for good. The mail server said: {2}"
		)
		return words.format(mail.email, mail.bounced, mail.reason)
	return _("The mail to {0} failed: {1}").format(mail.email, _(mail.reason))


def _uncertain(mail: MailFacts, _: Translate) -> str:
	return _(
		"The connection broke while the mail to {0} was leaving, so nobody knows whether the server took it. It is not sent again until somebody decides."
	).format(mail.email)


def _queued(mail: MailFacts, _: Translate) -> str:
	return _("The mail to {0} is waiting.").format(mail.email) + " " + explain_wait(mail.waits, _)


def _sending(mail: MailFacts, _: Translate) -> str:
	return _("The mail to {0} is leaving at this moment.").format(mail.email)


def _skipped(mail: MailFacts, _: Translate) -> str:
	nothing = _("Nothing was sent to {0}.").format(mail.email or _("them"))
	return f"{nothing} {explain_exclusion(mail.reason, _, mail.kept, mail.lists)}"


def _ended(mail: MailFacts, _: Translate) -> str:
	return _("The mail to {0} never left: {1}").format(mail.email, _(mail.reason))


_STATUS = {
	"Sent": _sent,
	"Failed": _failed,
	"Uncertain": _uncertain,
	"Queued": _queued,
	"Sending": _sending,
	"Skipped": _skipped,
	"Expired": _ended,
	"Cancelled": _ended,
}


def explain_wait(waits: WaitReasons, _: Translate) -> str:
	"""Return the first of the things that a mail waits for."""
	if waits.paused:
		return " ".join(filter(None, [_("The mailing is paused."), waits.held]))
	if waits.held:
		return waits.held
	if waits.for_mail:
		return _("It leaves once the mail itself has left.")
	if waits.for_winner:
		return _(
			"It leaves once the best version of the A/B test has been chosen, which others are getting first."
		)
	return _time(waits, _) or _limit(waits, _) or _("It is one of the next to leave.")


def _time(waits: WaitReasons, _: Translate) -> str:
	if not waits.due:
		return ""
	if waits.refused:
		words = _("The mail server refused it for the time being, saying: {0} It is tried again on {1}.")
		return words.format(waits.refused, waits.due)
	words = _("Its best hour begins on {0}.") if waits.optimised else _("It may leave from {0} on.")
	return words.format(waits.due)


def _limit(waits: WaitReasons, _: Translate) -> str:
	if not waits.opens:
		return ""
	words = _("{0}: this limit is reached, and the next mail may leave on {1}.")
	return words.format(_(waits.limit), waits.opens)


def explain_exclusion(
	reason: str, _: Translate, kept: SuppressionFacts = SuppressionFacts(), lists: Sequence[str] = ()
) -> str:
	"""Return why somebody is left out; `lists` are the excluding lists that they are on."""
	if reason == UNSUBSCRIBED:
		return _unsubscribed(kept, _)
	if reason.startswith("Suppressed: "):
		return _suppressed(reason.removeprefix("Suppressed: "), kept, _)
	if reason in (EXCLUDED_RECORD, EXCLUDED_ADDRESS) and lists:
		return _("They are on the excluding list {0}.").format(", ".join(lists))
	told = {
		EXCLUDED_RECORD: _("They were on an excluding list."),
		EXCLUDED_ADDRESS: _("Their address was on an excluding list."),
		OPTED_OUT: _("The opt-out field of their record has a tick."),
		DUPLICATE_ADDRESS: _("Another member with the same address has the mail."),
		DUPLICATE_RECORD: _("They are on several lists, and have the mail as a member of another."),
		HELD_OUT: _(
			"They belong to the hold-out group, which was chosen at random and gets nothing, so that results show what the mailing changed."
		),
		NO_ADDRESS: _("Their record has no valid address."),
		RECORD_MISSING: _("Their record no longer exists."),
		FORGOTTEN: _("They asked to be forgotten."),
	}
	return told.get(reason, _(reason))


def _unsubscribed(kept: SuppressionFacts, _: Translate) -> str:
	if not kept.since:
		return _("They had unsubscribed.")
	if kept.target_list:
		words = _("They unsubscribed from {0} on {1}.").format(kept.target_list, kept.since)
	else:
		words = _("They unsubscribed on {0}.").format(kept.since)
	return words + _origin(kept, _)


def _suppressed(reason: str, kept: SuppressionFacts, _: Translate) -> str:
	words = {
		"Hard Bounce": _("A mail to the address came back as undeliverable."),
		"Complaint": _("They complained about a mail as spam."),
	}.get(reason, _("Somebody has entered the address as one that gets no mail."))
	since = " " + _("It is suppressed since {0}.").format(kept.since) if kept.since else ""
	return words + since + _origin(kept, _)


def _origin(kept: SuppressionFacts, _: Translate) -> str:
	return " " + _("Known from: {0}").format(kept.origin) if kept.origin else ""


def explain_outlook(
	email: str,
	reason: str,
	_: Translate,
	kept: SuppressionFacts = SuppressionFacts(),
	lists: Sequence[str] = (),
) -> str:
	"""Return what somebody would get if the mailing started now."""
	if not reason:
		return _("{0} would get the mailing.").format(email)
	nothing = _("{0} would get nothing.").format(email or _("This recipient"))
	return f"{nothing} {explain_exclusion(reason, _, kept, lists)}"


def explain_late_member(email: str, target_list: str, since: str, _: Translate) -> str:
	words = _(
		"{0} joined the list {1} on {2}, after the recipients of this mailing had been settled, and got nothing."
	)
	return words.format(email, target_list, since)


def explain_settling(email: str, _: Translate) -> str:
	return _(
		"The recipients of the mailing are being settled at this moment, and {0} is still to come."
	).format(email)


def explain_stranger(
	who: str, _: Translate, kept: SuppressionFacts = SuppressionFacts(), excluding: Sequence[str] = ()
) -> str:
	"""Return what can be said of somebody who is on no list of the mailing."""
	parts = [_("{0} is on no list of this mailing.").format(who)]
	if excluding:
		parts.append(_("They are on the excluding list {0}.").format(", ".join(excluding)))
	if kept.reason:
		unsubscribed = kept.reason == UNSUBSCRIBED
		parts.append(
			explain_exclusion(UNSUBSCRIBED if unsubscribed else f"Suppressed: {kept.reason}", _, kept)
		)
	return " ".join(parts)
