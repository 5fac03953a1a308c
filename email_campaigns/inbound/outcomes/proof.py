"""Whether a report is about the very address that a mail of ours went to. Pure.

Anybody can send a report. It counts only if it leads to a mail of ours, by something that nobody can guess,
and names the address of that mail as Original-Recipient or Final-Recipient (RFC 3464, section 2.3).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from email_campaigns.audience.address import InvalidAddress, address_key, normalise_known
from email_campaigns.inbound.values import Kind, Report
from email_campaigns.text import Sentence, _lt

NO_MAIL = _lt("It names no mail of ours by a Message-ID or a token that can be verified.")
NO_REPORT = _lt("It has no report on any address.")
NO_ADDRESS = _lt("It does not say which address the report is about. The mail went to {0}.")
OTHER_ADDRESS = _lt("It reports on {0}, and the mail went to {1}.")
SHOWN = 3  # addresses

# Where several reports are about the address, what says most.
_BY_WEIGHT = (Kind.COMPLAINT, Kind.OPT_OUT, Kind.BOUNCE, Kind.DELIVERY, Kind.DELAY)
# RFC 6590, section 2: a party that redacts puts the same text, such as a hash, in the place of the user.
_REDACTED = re.compile(
	r"\W*(?:redacted|removed|hidden|x{3,}|\*+)\W*|[0-9a-f]{16,}|[A-Za-z0-9+/_=-]{27,}", re.I
)


def prove(reports: Sequence[Report], email: str) -> Report | Sentence:
	"""Return the report that is about the address of a mail, or the sentence that says what is missing.

	`email` is the address that the mail went to, "" where it was forgotten.
	"""
	if not reports:
		return Sentence(NO_REPORT)
	proven = [report for report in reports if is_about(report, email)]
	if proven:
		return min(proven, key=lambda report: _BY_WEIGHT.index(report.kind))
	named = list(
		dict.fromkeys(filter(None, (report.address or report.original_address for report in reports)))
	)
	if not named:
		return Sentence(NO_ADDRESS, email)
	return Sentence(OTHER_ADDRESS, ", ".join(named[:SHOWN]) + ("…" if len(named) > SHOWN else ""), email)


def is_about(report: Report, email: str) -> bool:
	"""Tell whether a report names an address, or is a complaint whose reporter has redacted it.

	What proves a redacted complaint is the Message-ID in the mail that it returns: only one person got it.
	"""
	addresses = [address for address in (report.original_address, report.address) if address]
	if any(_is_same(address, email) for address in addresses):
		return True
	return report.kind is Kind.COMPLAINT and all(_is_redacted(address, email) for address in addresses)


def _is_same(address: str, email: str) -> bool:
	try:
		return address_key(normalise_known(address)) == address_key(email)
	except InvalidAddress:
		return False


def _is_redacted(address: str, email: str) -> bool:
	"""Tell whether an address may stand for `email`: RFC 6590 redacts the user, and leaves the domain."""
	local, _at, domain = address.rpartition("@")
	has_domain = domain.lower() == email.rpartition("@")[2].lower()
	return bool(_REDACTED.fullmatch(local or address)) and (not local or has_domain)
