"""The ledger, tabCampaign Message: claims of batches, settling and recovery, all in bulk SQL.

A row of a living lease belongs to one batch. A lease that has ended sends nothing more, but its rows stay
reserved until `recover` has taken them back: only then does the former job find that its token is gone, and
stop (a fencing token).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager

import frappe

from email_campaigns import lifecycle
from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import FORGOTTEN
from email_campaigns.audience.suppression import forgotten_store, waiting_store
from email_campaigns.compat import named_lock
from email_campaigns.delivery.ledger.ends_store import FORGET, end_queued
from email_campaigns.delivery.ledger.log_store import log_ends
from email_campaigns.delivery.ledger.row import ClaimedMail, EndedMail, MailSelection
from email_campaigns.results import store as results
from email_campaigns.text import _lt
from email_campaigns.translation import translate

# Seconds. A job sends batches for four minutes; the last mail of a batch then has ANSWER_RESERVE to end in.
LEASE = 1200
# Seconds that a claim must still last when the content of a mail starts to leave. RFC 5321, section 4.5.3.2,
# gives a server ten minutes to answer the final dot, and three minutes to take each block of data before it.
ANSWER_RESERVE = 780
_DEAD = "lease_until != 0 AND lease_until < %s"  # row.LATE_LEASE too
_BROKEN_OFF = _lt(
	"The connection or the worker broke off while this mail was leaving; the server may have taken it."
)
# The version of a row `c`: a copy has that of its mail.
VERSION = """IF(c.cc_of > 0,
	COALESCE((SELECT m.version FROM `tabCampaign Message` m WHERE m.name = c.cc_of), ''),
	COALESCE(c.version, ''))"""


def claim_lock() -> AbstractContextManager[bool]:
	"""Let one job at a time read the limits and claim; tell whether it got the lock within 20 seconds."""
	return named_lock("claim", 20)


def claim(  # noqa: PLR0913 -- what a claim is for, and its limits
	queue: MailSelection,
	size: int,
	token: str,
	epoch: int,
	domains: Mapping[str, int] | None = None,
	texts: Mapping[str, str] | None = None,
) -> list[ClaimedMail]:
	"""Claim up to `size` rows of a queue for `token`, of those due at `epoch` (Unix seconds).

	`domains` is {domain with a limit: number of mails that may go there}. `texts` is {edition: name of the
	text that its mails are made of}, with "" among them. Rows that another job has locked are passed over,
	and those to an address whose opt-out waits to be carried out.
	"""
	domains = domains or {}
	limits = {domain: min(most, size) for domain, most in domains.items() if most > 0}
	parts = [("domain = %(domain)s", domain, most) for domain, most in limits.items()]
	parts.append(("domain NOT IN %(limited)s" if domains else "TRUE", "", size))
	leaving = waiting_store.waiting_addresses()
	but_leaving = " AND email NOT IN %(leaving)s" if leaving else ""
	rows: list[tuple] = []
	for condition, domain, most in parts:
		values = {"epoch": epoch, "domain": domain, "limited": tuple(domains), "leaving": tuple(leaving)}
		rows += _due_rows(queue, condition + but_leaving, values, min(most, size - len(rows)))
	mails = [ClaimedMail(*row) for row in rows]
	for text, names in _by_text(mails, texts or {"": ""}).items():
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET claim = %s, lease_until = %s, sent_text = %s, date_epoch = %s
			WHERE name IN %s""",
			(token, epoch + LEASE, text, epoch, tuple(names)),
		)
	return mails


def _by_text(mails: list[ClaimedMail], texts: Mapping[str, str]) -> dict[str, list[int]]:
	"""Return {name of a text: numbers of the mails that are made of it}."""
	names: dict[str, list[int]] = defaultdict(list)
	for mail in mails:
		names[texts.get(mail.edition, texts[""])].append(mail.name)
	return names


def _due_rows(queue: MailSelection, condition: str, values: Mapping[str, object], most: int) -> tuple:
	if most <= 0:
		return ()
	return frappe.db.sql(
		f"""SELECT name, email, recipient_doctype, recipient_name, attempts, COALESCE(language, ''), cc_of,
			{VERSION}
		FROM `tabCampaign Message` c
		WHERE {queue.condition} AND status = 'Queued' AND claim = '' AND send_after <= %(epoch)s
			AND {condition}
		ORDER BY send_after, name LIMIT %(most)s FOR UPDATE SKIP LOCKED""",
		{**queue.values, **values, "most": most},
	)


def has_unsent(token: str, names: Collection[int]) -> bool:
	"""Tell whether a batch still holds a mail that is to leave, among the rows `names` that it has claimed.

	Where it does not, its rows were taken back (a fenced batch), and it must stop.
	"""
	return bool(
		frappe.db.sql(
			"""SELECT EXISTS(SELECT 1 FROM `tabCampaign Message`
				WHERE name IN %s AND claim = %s AND status = 'Queued')""",
			(tuple(names) or (0,), token),
		)[0][0]
	)


def may_stay_claimed(before: str, after: str) -> bool:
	"""Tell whether a claimed mail may leave with its batch though its address changes, both normalised.

	A limit may hold for another domain, and an opt-out of the new address may wait: a claim minds both.
	"""
	if before.rpartition("@")[2].lower() != after.rpartition("@")[2].lower():
		return False
	return address_key(after) not in map(address_key, waiting_store.waiting_addresses())


def release_address(email: str) -> None:
	"""Take the Queued mails to an address from the batches that hold them, which then pass them over.

	They may be claimed again once no opt-out of the address waits. The address is normalised.
	"""
	claimed = "status = 'Queued' AND claim != ''"
	names = frappe.db.sql(
		f"SELECT name FROM `tabCampaign Message` WHERE email = %s AND {claimed}", email, pluck=True
	)
	if names:
		frappe.db.sql(
			f"""UPDATE `tabCampaign Message` SET claim = '', lease_until = 0
			WHERE name IN %s AND {claimed}""",
			(tuple(names),),
		)


def settle(token: str, names: list[int], *, copies: bool = False) -> list[EndedMail]:
	"""End a batch: free its rows except mails that are still Sending, log their outcomes and return them.

	`names` are the rows that were claimed for `token`; a row that another batch holds meanwhile is not
	touched. With `copies` (CC) the log of a mail names those who get one.
	"""
	return _free(_read_ended(names, "claim = %s AND status != 'Sending'", token), copies)


def campaigns_to_recover(epoch: int) -> list[str]:
	"""Return the campaigns with rows of leases that ended before `epoch` (Unix seconds)."""
	return frappe.db.sql(
		f"""SELECT DISTINCT COALESCE(campaign, '') FROM `tabCampaign Message`
		WHERE {_DEAD}""",
		epoch,
		pluck=True,
	)


def recover(epoch: int, campaign: str) -> list[EndedMail]:
	"""Free the rows of a campaign whose lease ended before `epoch` (Unix seconds); log and return their ends.

	A mail that was Sending becomes Uncertain, since only a person or an event can tell whether it arrived; it
	counts in the window of the hourly limit. The other claimed mails are Queued again.
	"""
	# Locked by primary key, with the condition again: a range of the index would be locked with its
	# neighbours.
	candidates = frappe.db.sql(
		f"SELECT name FROM `tabCampaign Message` WHERE {_DEAD} AND COALESCE(campaign, '') = %s",
		(epoch, campaign),
		pluck=True,
	)
	if not candidates:
		return []
	frappe.db.sql(
		f"""UPDATE `tabCampaign Message` SET status = 'Uncertain', reason = %s, sent_epoch = %s
		WHERE name IN %s AND {_DEAD} AND status IN %s""",
		(
			*(translate(_BROKEN_OFF), epoch, tuple(candidates), epoch),
			lifecycle.origins("Campaign Message", "Uncertain"),
		),
	)
	return _free(_read_ended(candidates, _DEAD, epoch), copies=True)


def _read_ended(names: list[int], condition: str, value: str | int) -> list[EndedMail]:
	"""Lock those of some rows that meet a condition, and return what has become of them."""
	if not names:
		return []
	rows = frappe.db.sql(
		f"""SELECT source_doctype, source, email, status, reason, bounced_at IS NOT NULL, lease_until <= 0,
			name, COALESCE(cc_of, 0)
		FROM `tabCampaign Message` WHERE name IN %s AND {condition} FOR UPDATE""",
		(tuple(names), value),
	)
	return [EndedMail(*row) for row in rows]


def _free(ended: list[EndedMail], copies: bool) -> list[EndedMail]:
	"""Free the rows of ended mails, log and count them, and return them."""
	if not ended:
		return []
	names = tuple(mail.name for mail in ended)
	log_ends(names, copies)
	results.count_left(names)
	frappe.db.sql("UPDATE `tabCampaign Message` SET claim = '', lease_until = 0 WHERE name IN %s", (names,))
	return ended


def without_forgotten(rows: list[ClaimedMail]) -> list[ClaimedMail]:
	"""Return the claimed mails that may leave; skip those of forgotten people and delete their address."""
	forgotten = forgotten_store.find_forgotten([row.email for row in rows])
	refused = tuple(row.name for row in rows if row.email in forgotten)
	if refused:
		end_queued("c.name IN %(names)s", {"names": refused}, "Skipped", FORGOTTEN, FORGET)
	return [row for row in rows if row.email not in forgotten]
