"""Columns of imported files: what a heading says of a column, and which values opt somebody out. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from email_campaigns.audience.lists.cells import plain_text

OPTED_OUT = "opted_out"


def _words(text: str) -> tuple[str, ...]:
	return tuple(text.split(", "))


_NAMES = {
	"email": _words(
		"email, e mail, email address, e mail address, mail, email id, emailaddress, courriel, "
		"adresse e mail, adresse email, adresse mail, e mail adresse, emailadresse, "
		"correo electrónico, correo, indirizzo email, electronic mail address"
	),
	"first_name": _words("first name, firstname, given name, prénom, prenom, vorname, nombre, nome"),
	"last_name": _words("last name, lastname, surname, family name, nom, nom de famille, nachname"),
	"language": _words("language, lang, langue, sprache"),
}
COLUMNS = tuple(_NAMES)


class OptOutKind(Enum):
	"""How a column says that somebody has opted out."""

	FLAG = "yes or no"
	SINCE = "the time when it happened"
	STATUS = "one state of several"
	CONSENT = "no, where they do not want mail"


# HubSpot, Salesforce, EspoCRM, SuiteCRM, Dynamics, Zoho, Brevo, Frappe and ERPNext, Mailchimp,
# ActiveCampaign, Klaviyo, Shopify
_OPT_OUTS = {
	OptOutKind.FLAG: _words(
		"unsubscribed from all email, email opt out, hasoptedoutofemail, has opted out of email, "
		"email opted out, opted out, opt out, optout, opted out of email, emailoptout, "
		"emailaddressisoptedout, email address is opted out, emailaddressisinvalid, "
		"email address is invalid, invalid email, unsubscribed, unsubscribe, is unsubscribed, "
		"donotemail, do not email, do not allow emails, donotbulkemail, do not allow bulk emails, "
		"emailblacklisted, email blacklisted, email blocklisted, blacklisted, blocklisted, "
		"globally unsubscribed, email unsubscribed, bounced, email bounced, isemailbounced, "
		"hard bounced, désabonné, désinscrit, desinscrit, abgemeldet, dado de baja"
	),
	OptOutKind.SINCE: _words(
		"unsub time, unsubscribe time, unsubscribed at, unsubscribe date, clean time, cleaned at, "
		"unsubscribed date, date unsubscribed, opt out date, emailbounceddate, email bounced date, "
		"unsubscription date, date de désabonnement, email suppressions, suppressed at"
	),
	OptOutKind.STATUS: _words(
		"status, email status, member status, subscription status, subscriber status, statut, "
		"email marketing status, email marketing consent, email subscription status, marketing status"
	),
	OptOutKind.CONSENT: _words(
		"accepts marketing, accepts email marketing, email opt in, opt in, opted in, "
		"newsletter opt in, subscribed, is subscribed"
	),
}
_YES = frozenset(
	_words(
		"1, true, t, yes, y, x, on, checked, oui, o, vrai, ja, j, wahr, si, sí, s, verdadero, vero, sim, "
		"sì, tak, da, да, はい, 是, ✓, ✔, ☑"
	)
)
_NO = frozenset(
	_words(
		"0, false, f, no, n, off, non, faux, nein, falsch, falso, não, nao, nie, нет, いいえ, 否, -, –, "
		"null, none, [], {}, ☐"
	)
)
_OUT = frozenset(
	_words(
		"unsubscribed, unsubscribe, unsub, cleaned, bounced, bounce, hard bounce, hard bounced, "
		"opted out, opt out, optout, blacklisted, blocklisted, blocked, suppressed, invalid, spam, "
		"complaint, complained, marked as spam, reported spam, abuse, abgemeldet, désabonné, désinscrit, "
		"désabonnée, désinscrite, globally unsubscribed, do not email, archived unsubscribed, "
		"global unsubscribe, removed"
	)
)
_IN = frozenset(_words("subscribed, active, opted in, opt in, valid, aktiv, actif, abonné"))
_DATE = re.compile(r"\d{1,4}[-./]\d|\d{10,13}$")


def plain_heading(text: str) -> str:
	"""Return a heading as it is compared: lowercase, with a blank for underscores and hyphens."""
	return " ".join(re.sub("[_-]", " ", plain_text(text).casefold()).split())


def guess_fields(heading: Sequence[str]) -> dict[str, int]:
	"""Return {field: place} of the columns whose names are known, those of opt-outs left out."""
	cells = [plain_heading(cell) for cell in heading]
	return {
		field: next(cells.index(name) for name in names if name in cells)
		for field, names in _NAMES.items()
		if any(name in cells for name in names)
	}


def opt_out_kind(heading: str) -> OptOutKind | None:
	"""Return how a column of this name says that somebody has opted out, None where it does not."""
	name = plain_heading(heading)
	return next((kind for kind, names in _OPT_OUTS.items() if name in names), None)


def guesses_opt_out(heading: str, samples: Sequence[str]) -> bool:
	"""Tell whether a column says who has opted out, by its name and its first values.

	A status, which may be of anything, needs a word of subscriptions among the values.
	"""
	kind = opt_out_kind(heading)
	if kind is OptOutKind.STATUS and "email" not in plain_heading(heading):
		return any(plain_heading(value) in _OUT | {"subscribed"} for value in samples)
	return kind is not None


def is_opted_out(value: str, kind: OptOutKind) -> bool:
	"""Tell whether a value of an opt-out column says that somebody has opted out.

	Raises ValueError for one that can't be understood: a guess could mail somebody who does not want it.
	"""
	word = plain_heading(value) if value.strip() not in _NO else ""
	if not word or word in _NO:
		return kind is OptOutKind.CONSENT and bool(value.strip())
	if word in _OUT:
		return True
	if kind is OptOutKind.STATUS:
		return False
	if kind is OptOutKind.CONSENT:
		return _is_no_consent(word)
	return _is_out(word, kind)


def _is_no_consent(word: str) -> bool:
	if word in _YES or word in _IN or _DATE.match(word):
		return False
	raise ValueError


def _is_out(word: str, kind: OptOutKind) -> bool:
	if word in _IN:
		return False
	if word in _YES or kind is OptOutKind.SINCE or _DATE.match(word):
		return True
	raise ValueError
