"""Opt-outs that could not be carried out when they came, kept until a job does it: the only writer of Waiting
Opt Out.

A row is inserted alone and locks nothing else, so it can be stored while other rows are held. Where the
database itself is away, a file in the site's private folder takes its place, on the disk before the person
gets an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import frappe
from frappe.utils import now

from email_campaigns.files_store import SpareFolder

FILES = SpareFolder("email_campaigns_opt_outs", "the opt-out")
LONGEST = 255  # characters of a column of the table


@dataclass(frozen=True, slots=True)
class WaitingWish:
	"""What a person asked for by the link of the mail number `message`.

	`action` and `how` are those of api.public.preferences.act; `asked_at` is the site's time as Frappe stores
	it.
	"""

	message: int
	action: str
	how: str
	asked_at: str


def make_wish(message: int, action: str, how: str) -> WaitingWish:
	"""Return a wish of this moment."""
	return WaitingWish(message, action, how, now())


def add(wish: WaitingWish) -> str:
	"""Add a wish to the table, and return its address, "" where the ledger does not know the mail."""
	# Read first, without a lock: the mail's row may be the one that somebody holds.
	email = frappe.db.get_value("Campaign Message", wish.message, "email") or ""
	frappe.db.sql(
		"""INSERT INTO `tabWaiting Opt Out` (name, creation, modified, owner, modified_by, email, action, how,
			message, tries)
		VALUES (NEXTVAL(`waiting_opt_out_id_seq`), %s, %s, 'Guest', 'Guest', %s, %s, %s, %s, 0)""",
		(wish.asked_at, wish.asked_at, email, wish.action, wish.how, wish.message),
	)
	return email


def write_file(wish: WaitingWish) -> None:
	"""Write a wish to a file of its own, which is on the disk when this returns. Raises OSError."""
	FILES.write(json.dumps(asdict(wish)))


def read_files() -> Iterator[tuple[Path, WaitingWish]]:
	"""Yield the wishes in files; the caller deletes each with `remove_file` once it is durable elsewhere.

	A file that can't be read is put aside under another name and reported; the others are not held up.
	"""
	for path in FILES.paths():
		try:
			wish = _read_wish(path)
		except FileNotFoundError:
			continue  # another job was faster
		except (OSError, TypeError, ValueError):
			FILES.put_aside(path)
		else:
			yield path, wish


def _read_wish(path: Path) -> WaitingWish:
	"""Return the wish in a file. Raises OSError; TypeError or ValueError for what the table can't hold."""
	wish = WaitingWish(**json.loads(path.read_text("utf-8")))
	if type(wish.message) is not int or not 0 < wish.message < 2**63:
		raise ValueError(f"{wish.message} is no number of a mail")
	if max(len(wish.action), len(wish.how)) > LONGEST:
		raise ValueError("The text is too long")
	datetime.fromisoformat(wish.asked_at)
	return wish


def remove_file(path: Path) -> None:
	"""Delete a file; report one that can't be deleted, whose wish is then carried out again, to no effect."""
	FILES.remove(path)


def read_waiting(most: int) -> list[tuple[int, WaitingWish]]:
	"""Return (name, wish) of up to `most` rows, those tried least and the earliest first."""
	rows = frappe.db.sql(
		"""SELECT name, message, action, how, creation FROM `tabWaiting Opt Out`
		ORDER BY tries, name LIMIT %s""",
		most,
	)
	return [
		(name, WaitingWish(message, action, how or "", str(asked_at)))
		for name, message, action, how, asked_at in rows
	]


def waiting_addresses() -> list[str]:
	"""Return the addresses that get no mail until their opt-outs are carried out."""
	return frappe.db.sql("SELECT DISTINCT email FROM `tabWaiting Opt Out` WHERE email != ''", pluck=True)


def is_withdrawn(email: str, asked_at: str) -> bool:
	"""Tell whether a person has come back since they asked to leave."""
	filters = {"email": email, "action": "Opted In", "creation": (">", asked_at)}
	return bool(frappe.db.exists("Campaign Log", filters))


def remove(name: int) -> None:
	"""Remove a row whose wish is carried out, or void."""
	frappe.db.delete("Waiting Opt Out", {"name": name})


def count_try(name: int) -> int:
	"""Count a try that failed, and return how many there were."""
	frappe.db.sql("UPDATE `tabWaiting Opt Out` SET tries = tries + 1 WHERE name = %s", name)
	return frappe.db.get_value("Waiting Opt Out", name, "tries") or 0
