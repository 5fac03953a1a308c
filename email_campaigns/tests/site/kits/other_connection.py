"""A second connection to the test site's database, which holds rows that others need."""

from __future__ import annotations

from time import monotonic, sleep

import frappe


class OtherConnection:
	"""Holds what its statements lock until `release`, or the end of the block."""

	def __init__(self):
		self.connection = frappe.db.get_connection()
		self.cursor = self.connection.cursor()

	def __enter__(self) -> OtherConnection:
		return self

	def __exit__(self, *_error) -> None:
		self.release()
		self.connection.close()

	def hold(self, doctype: str, condition: str = "TRUE", *values: object) -> int:
		"""Lock the rows of a doctype that a condition in SQL holds for, and return their number."""
		return self.cursor.execute(f"SELECT name FROM `tab{doctype}` WHERE {condition} FOR UPDATE", values)

	def run(self, statement: str, *values: object) -> None:
		self.cursor.execute(statement, values)

	def release(self) -> None:
		self.connection.rollback()


def hasty(seconds: int = 1) -> None:
	"""Let this connection give up a row after `seconds`, so that a test that fails does not take minutes."""
	frappe.db.sql("SET SESSION innodb_lock_wait_timeout = %s", seconds)


def wait_for(statement: str, how_many: int = 1) -> None:
	"""Wait until other connections to this database run statements that begin so."""
	waiting = (
		"SELECT COUNT(*) FROM information_schema.processlist"
		" WHERE id != CONNECTION_ID() AND db = DATABASE() AND info LIKE %s"
	)
	deadline = monotonic() + 60
	while frappe.db.sql(waiting, f"{statement}%")[0][0] < how_many:
		assert monotonic() < deadline, f"Nobody came to {statement}"
		sleep(0.1)
