"""Patch: a tick in the opt-out field of a record keeps mail from its address everywhere."""

from email_campaigns.audience.suppression import opt_outs_store


def execute() -> None:
	"""Suppress the addresses of the records that have one."""
	opt_outs_store.follow_records()
