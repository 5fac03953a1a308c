"""Whose mail it was: from the clues in what came back to a mail of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import frappe

from email_campaigns.inbound.match import (
	OF_ALL_MAILS,
	has_id_of_ours,
	is_opt_out_by_mail,
	signed_clues,
	signed_mails,
)
from email_campaigns.inbound.values import Clues, Finding
from email_campaigns.tracking.store import NamedMail, read_mail, token_ring

# An id of a provider that is shorter could be guessed, or given twice: Postfix uses its short queue ids
# again. In a webhook its signature proves it.
UNGUESSABLE = 20  # characters


def mail_about(finding: Finding, *, signed: bool = False) -> NamedMail | None:
	"""Return the mail that a finding is about; None where nothing proves one.

	`signed` says that the provider's own signature vouches for its ids.
	"""
	if is_opt_out_by_mail(finding):
		return _first_known(signed_mails(finding, token_ring()))
	return mail_of(finding.clues, signed=signed)


def mail_of(clues: Clues, *, signed: bool = False) -> NamedMail | None:
	"""Return the mail that clues prove, the surest clue first; None where none of them does."""
	shortest = 1 if signed else UNGUESSABLE
	known = _first_known(signed_clues(clues, token_ring()))
	return known or _first_known(_of_provider_ids(clues.provider_ids, shortest))


def number_of(clues: Clues, *, signed: bool = False) -> int | None:
	"""Return the number of the mail that the surest clue proves, None for no mail.

	The caller finds out whether the ledger still has it; `mail_of` would then look at the other clues.
	"""
	provided = _of_provider_ids(clues.provider_ids, 1 if signed else UNGUESSABLE)
	return next(chain(signed_clues(clues, token_ring()), provided), None)


def _first_known(messages: Iterable[int]) -> NamedMail | None:
	return next(filter(None, map(read_mail, messages)), None)


def _of_provider_ids(ids: Iterable[str], shortest: int) -> Iterator[int]:
	known = tuple({text for text in ids if len(text) >= shortest})
	if not known:
		return
	rows = frappe.db.sql(
		"SELECT name, provider_id FROM `tabCampaign Message` WHERE provider_id IN %s ORDER BY name DESC",
		(known,),
	)
	# Compared here: the database takes upper and lower case for the same.
	yield from (name for name, provider_id in rows if provider_id in known)


def claims_ours(finding: Finding) -> bool:
	"""Tell whether what is not proven names a mail of ours all the same, or an address of the ledger.

	Such a report is kept, for people to look at; any other is not ours.
	"""
	if finding.kind in OF_ALL_MAILS:
		return False
	if has_id_of_ours(finding) or any(signed_clues(finding.clues, token_ring())):
		return True
	addresses = {a for report in finding.reports for a in (report.address, report.original_address) if a}
	return bool(addresses) and _was_mailed(addresses)


def _was_mailed(addresses: Iterable[str]) -> bool:
	filters = {"email": ("in", list(addresses)), "status": ("in", ("Sent", "Uncertain"))}
	return bool(frappe.db.exists("Campaign Message", filters))


def is_known(provider_id: str) -> bool:
	"""Tell whether the ledger has the id of a provider, or that with a domain behind it."""
	pattern = provider_id.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "@%"
	return len(provider_id) >= UNGUESSABLE and bool(
		frappe.db.sql(
			"SELECT 1 FROM `tabCampaign Message` WHERE provider_id = %s OR provider_id LIKE %s LIMIT 1",
			(provider_id, pattern),
		)
	)
