"""Files in the site's private folder that stand in for rows while the database is away.

Workers that take them in need the same folder; Frappe wants it shared anyway.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import frappe

DAMAGED = ".damaged"


class SpareFolder:
	"""A folder of such files, each with one JSON text; `name` is its name below the private folder.

	`what` names in reports what a file holds: “the opt-out”.
	"""

	def __init__(self, name: str, what: str):
		self.name, self.what = name, what

	def folder(self) -> Path:
		"""Return the path of the folder, which may not exist yet."""
		return Path(frappe.get_site_path("private", self.name))

	def write(self, text: str) -> None:
		"""Write a text to a file of its own, which is on the disk when this returns. Raises OSError."""
		folder = self.folder()
		folder.mkdir(parents=True, exist_ok=True)
		path = folder / f"{uuid4().hex}.json"
		half = path.with_suffix(".half")
		with half.open("w", encoding="utf-8") as file:
			file.write(text)
			file.flush()
			os.fsync(file.fileno())
		half.rename(path)
		for directory in (folder, folder.parent):
			_sync(directory)

	def paths(self) -> Iterator[Path]:
		"""Yield the files that wait, in a fixed order."""
		yield from sorted(self.folder().glob("*.json"))

	def put_aside(self, path: Path) -> None:
		"""Give a file that can't be read another name, and report it; the others are not held up."""
		report_once(f"Email Campaigns: {self.what} in {path.name} can't be read")
		# In a folder that can't be written either, the file stays, and is passed over each time.
		with suppress(OSError):
			path.rename(path.with_suffix(DAMAGED))

	def forget_damaged(self) -> None:
		"""Delete the files that can't be read: nobody can look for an address in them."""
		for path in self.folder().glob(f"*{DAMAGED}"):
			self.remove(path)

	def remove(self, path: Path) -> None:
		"""Delete a file; report one that can't be deleted, which is then taken in again, to no effect."""
		try:
			path.unlink(missing_ok=True)
		except OSError:
			report_once(f"Email Campaigns: {self.what} in {path.name} can't be deleted")


def _sync(directory: Path) -> None:
	"""Make the names of new files durable (fsync(2): that of a file does not include its directory's)."""
	handle = os.open(directory, os.O_RDONLY)
	try:
		os.fsync(handle)
	finally:
		os.close(handle)


def report_once(title: str) -> None:
	"""Write a title into the Error Log unless it is there."""
	if not frappe.db.exists("Error Log", {"method": title}):
		frappe.log_error(title)
