"""A Mass Email from Draft to its end: its approval, its freeze into the ledger, its A/B test, its resends.

status_store    the only writer of a Mass Email's status
approval        the fingerprint that an approval is bound to; approval_store.py gives and checks approvals
renames_store   approvals outlive a rename of what they name
freeze          decides over a slice of the audience, and counts it; freeze_store.py fills the ledger
ab_versions     gives recipients their version of an A/B test; ab_winner_store.py chooses the winner

prepare/        before it goes: the rules of its form and the check list
resend/         after it went: mails that are sent again, missing members, mails whose fate nobody knows
explain/        why somebody got it, or did not

The files come first, then prepare and resend, then explain: each imports only from those before it.
"""
