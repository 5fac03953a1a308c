"""The ledger's row of a mail that something came back for, and what is stamped on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import frappe
from frappe.utils import now

from email_campaigns.lifecycle import MASS_EMAIL
from email_campaigns.results.store import count_bounced
from email_campaigns.tracking.store import NAMED_MAIL, NamedMail

# A mail of which the server, or nobody else than the job that sends it, can say something
LEFT = ("Sent", "Sending", "Uncertain")


@dataclass(frozen=True, slots=True)
class LedgerMail:
	"""A mail of ours as the ledger has it now. `owner` is the user in whose name it left."""

	named: NamedMail
	status: str
	domain: str
	is_claimed: bool
	is_seed: bool
	has_bounced: bool
	owner: str

	@property
	def number(self) -> int:
		"""The number of its row."""
		return self.named.message

	@property
	def email(self) -> str:
		"""The address that it went to, "" where that was forgotten."""
		return self.named.email

	@property
	def mailing(self) -> str:
		"""The name of its Mass Email, "" of a mail of a sequence."""
		return self.named.source if self.named.source_doctype == MASS_EMAIL else ""


def lock(messages: Collection[int]) -> dict[int, LedgerMail]:
	"""Return {number: mail} of those that the ledger has, locked until the end of the transaction."""
	rows = frappe.db.sql(
		f"""SELECT status, COALESCE(domain, ''), COALESCE(claim, '') != '', is_seed = 1,
			bounced_at IS NOT NULL, owner, {NAMED_MAIL}
		FROM `tabCampaign Message` WHERE name IN %s ORDER BY name FOR UPDATE""",
		(tuple(messages) or (0,),),
	)
	return {row[6]: _mail(*row) for row in rows}


def _mail(  # noqa: PLR0913 -- the columns of a row
	status: str, domain: str, is_claimed: int, is_seed: int, has_bounced: int, owner: str, *named
) -> LedgerMail:
	flags = bool(is_claimed), bool(is_seed), bool(has_bounced)
	return LedgerMail(NamedMail(*named), status, domain, *flags, owner)


def stamp_bounced(mails: Sequence[LedgerMail]) -> set[int]:
	"""Stamp the first bounce on mails that have left; returns the numbers of those whose first it was.

	The mails are locked. Those of a batch under way are counted by the batch, when it is settled.
	"""
	first = [mail for mail in mails if mail.status in LEFT and not mail.has_bounced]
	numbers = {mail.number for mail in first}
	if numbers:
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET bounced_at = %s WHERE name IN %s", (now(), tuple(numbers))
		)
		count_bounced([mail.number for mail in first if not mail.is_claimed])
	return numbers


def has_complained(message: int) -> bool:
	"""Tell whether a complaint about a mail is logged already."""
	return bool(frappe.db.exists("Campaign Log", {"message": message, "action": "Complained"}))
