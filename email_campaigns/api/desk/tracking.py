"""Tracking on the form of the settings."""

from __future__ import annotations

import frappe

from email_campaigns.api.arguments import checked
from email_campaigns.api.kinds import Moment
from email_campaigns.compat import enqueue_once
from email_campaigns.jobs import upkeep
from email_campaigns.settings import changeable_settings


@frappe.whitelist(methods=["POST"])
@checked
def judge_again(since: Moment) -> None:
	"""Judge the opens and clicks since a time of the site's clock again, in the background.

	Throws ValidationError where `since` is no time.
	"""
	changeable_settings()
	enqueue_once(upkeep.rejudge_hits, "ec-rejudge", queue="long", timeout=3600, since=str(since))
