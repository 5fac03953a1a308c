"""The fingerprint that binds an approval to the content of a mailing and to its audience. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256

from email_campaigns.delivery.mailing.mailing import Mailing

# A template may show the campaign and the title; the sender's permission decides what it shows of a record.
CONTENT = ("title", "campaign", "subject", "html", "prefix", "forced_language", "sender_user")
# Tracking is approved too; a mailing without it has the fingerprint that it had before tracking came.
TRACKING = ("track_opens", "track_links")
SENDER = ("account", "sender_address", "sender_name", "reply_to")
AUDIENCE = ("duplicate_policy", "seed_list", "holdout_percent", "holdout_seed")
SETS = ("lists", "excluding")


def fingerprint(mailing: Mailing) -> str:
	"""Return the SHA-256, in hex, of everything that is content or defines the recipients.

	Times and pace are no part of it, nor is the order of lists, of versions and of CC fields, nor the winner
	of an A/B test.
	"""
	values = {field: getattr(mailing, field) for field in (*CONTENT, *SENDER, *AUDIENCE)}
	values |= {field: True for field in TRACKING if getattr(mailing, field)}
	values |= {field: sorted(getattr(mailing, field)) for field in SETS}
	# The approvals that sites have stored have the fact by this name, in this sense.
	values["heeds_opt_out"] = not mailing.informational
	values["holdout_percent"] = float(mailing.holdout_percent)
	values["versions"] = sorted((asdict(version) for version in mailing.versions), key=json.dumps)
	if mailing.ab_test:
		values["ab_test"] = {**asdict(mailing.ab_test), "percent": float(mailing.ab_test.percent)}
	values["cc_fields"] = sorted(field.key for field in mailing.cc_fields)
	return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
