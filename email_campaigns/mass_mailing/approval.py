"""What an approval is bound to: the content of a mailing and the definition of its audience. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256

from email_campaigns.delivery.mailing.mailing import Mailing

# A template may show the campaign and the title, and the sender's permission decides what it shows of a record.
CONTENT = ("title", "campaign", "subject", "html", "prefix", "forced_language", "sender_user")
# What is learnt of recipients is a decision of its own; a mailing of which nothing is learnt was approved as it is.
TRACKING = ("track_opens", "track_links")
SENDER = ("account", "sender_address", "sender_name", "reply_to")
AUDIENCE = ("duplicate_policy", "seed_list", "holdout_percent", "holdout_seed")
SETS = ("lists", "excluding")


def fingerprint(mailing: Mailing) -> str:
	"""Return the SHA-256, in hex, of everything that is content or says who receives it.

	Times and pace are no part of it, nor is the order of lists, of versions and of CC fields, nor which version of an
	A/B test has won.
	"""
	values = {field: getattr(mailing, field) for field in (*CONTENT, *SENDER, *AUDIENCE)}
	values |= {field: True for field in TRACKING if getattr(mailing, field)}
	values |= {field: sorted(getattr(mailing, field)) for field in SETS}
	# By this name and sense in the approvals that sites have stored.
	values["heeds_opt_out"] = not mailing.informational
	values["holdout_percent"] = float(mailing.holdout_percent)
	values["versions"] = sorted((asdict(version) for version in mailing.versions), key=json.dumps)
	if mailing.ab_test:
		values["ab_test"] = {**asdict(mailing.ab_test), "percent": float(mailing.ab_test.percent)}
	values["cc_fields"] = sorted(each.key for each in mailing.cc_fields)
	return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
