"""Which mails the signed clues in what came back lead to. Pure.

A signature proves the number of a mail; whether the ledger still has it, match_store knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from email_campaigns.inbound.values import Clues, Finding, Kind
from email_campaigns.tracking.tokens import BadToken, TokenRing

_OUR_ID = re.compile(r"[a-z0-9]{1,4}\.(?:0|[1-9a-f][0-9a-f]{0,15})\.[0-9a-f]{32}", re.IGNORECASE)
# Each mail has such an event, and a provider also tells of the mails that other programs send by it.
OF_ALL_MAILS = (Kind.DELIVERY, Kind.DELAY)


def signed_mails(finding: Finding, ring: TokenRing) -> Iterator[int]:
	"""Yield the numbers of the mails whose signature is in a finding, the surest first.

	An opt-out by mail is about the mail whose opt-out address it came to. Whoever has seen a mail knows its
	Message-ID, so that proves no wish.
	"""
	clues = finding.clues
	if is_opt_out_by_mail(finding):
		yield from _read(ring.message_from_opt_out, clues.senders)
	else:
		yield from signed_clues(clues, ring)


def signed_clues(clues: Clues, ring: TokenRing) -> Iterator[int]:
	"""Yield the numbers of the mails whose signature is in some clues, the surest first."""
	for sender in clues.senders:
		yield from _read(ring.message_from_verp, [sender])
		yield from _read(ring.message_from_opt_out, [sender])
	# Some systems put words around an id, or leave the angle brackets.
	ids = (match[0] for message_id in clues.message_ids for match in _OUR_ID.finditer(message_id))
	yield from _read(ring.message_from_local_part, ids)


def is_opt_out_by_mail(finding: Finding) -> bool:
	"""Tell whether a finding is an opt-out that no provider vouches for by a report."""
	return finding.kind is Kind.OPT_OUT and not finding.reports


def has_id_of_ours(finding: Finding) -> bool:
	"""Tell whether a finding names a Message-ID of the form of ours, signed or not."""
	return any(_OUR_ID.search(message_id) for message_id in finding.clues.message_ids)


def _read(message_of: Callable[[str], int], texts: Iterable[str]) -> Iterator[int]:
	for text in texts:
		with suppress(BadToken):
			if message := message_of(text):
				yield message
