"""Patch: members and mails get the keys of records that were renamed before the app followed."""

from email_campaigns.jobs import renames


def execute() -> None:
	"""Repair slice by slice, each committed; a killed migration starts over and finds little left."""
	renames.repair_keys()
