"""Limits of what strangers may ask for: requests are counted by what they are about."""

from __future__ import annotations

from hashlib import sha256

import frappe

KEYS = "email_campaigns_requests"  # before the hash of what is counted


def count_request(subject: str, limit: tuple[int, int]) -> bool:
	"""Count one more request of a visitor or a mailbox; returns False where its limit is used up.

	`limit` is (requests, seconds). Redis keeps the number that long.
	"""
	number, seconds = limit
	# A hash, for Redis need not know the address of a visitor or a mailbox.
	key = frappe.cache.make_key(f"{KEYS}:{sha256(subject.encode()).hexdigest()[:32]}")
	# Both at once: a number that ended between them would begin anew, and then never end.
	commands = frappe.cache.pipeline()
	commands.set(key, 0, ex=seconds, nx=True)
	commands.incrby(key, 1)
	return commands.execute()[-1] <= number
