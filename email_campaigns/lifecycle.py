"""States and legal transitions of every document that has a status: the one authority, pure data.

A module that writes a status gets the states that it may come from by `origins`, and puts them into the WHERE
clause of its UPDATE, so that the database refuses what the tables here do not allow.
"""

MASS_EMAIL, EMAIL_CAMPAIGN = "Mass Email", "Email Campaign"

MASS_EMAIL_TRANSITIONS: dict[str, frozenset[str]] = {
	"Draft": frozenset({"Pending Approval", "Pending", "Cancelled"}),
	"Pending Approval": frozenset({"Draft", "Pending", "Cancelled"}),
	"Pending": frozenset({"Draft", "In Process", "Paused", "Cancelled"}),
	"In Process": frozenset({"Paused", "Complete", "Failed", "Cancelled"}),
	"Paused": frozenset({"Pending", "In Process", "Cancelled"}),
	# A user sends some of its mails again.
	"Complete": frozenset({"In Process"}),
	"Failed": frozenset({"In Process"}),
	"Cancelled": frozenset(),
}

CAMPAIGN_MESSAGE_TRANSITIONS: dict[str, frozenset[str]] = {
	"Queued": frozenset({"Sending", "Skipped", "Expired", "Cancelled", "Failed"}),
	"Sending": frozenset({"Sent", "Failed", "Queued", "Uncertain"}),
	"Uncertain": frozenset({"Sent", "Failed", "Queued"}),
	"Sent": frozenset(),
	"Failed": frozenset({"Queued"}),
	# A user sends these again; a mail that was Sent gets a new row instead.
	"Skipped": frozenset({"Queued"}),
	"Expired": frozenset({"Queued"}),
	"Cancelled": frozenset({"Queued"}),
}

CAMPAIGN_TRANSITIONS: dict[str, frozenset[str]] = {
	"Planning": frozenset({"Active", "Inactive", "Complete"}),
	"Active": frozenset({"Planning", "Inactive", "Complete"}),
	"Inactive": frozenset({"Planning", "Active", "Complete"}),
	"Complete": frozenset({"Active"}),
}

EMAIL_CAMPAIGN_TRANSITIONS: dict[str, frozenset[str]] = {
	"Scheduled": frozenset({"In Progress", "Unsubscribed", "Replied", "Cancelled"}),
	"In Progress": frozenset({"Scheduled", "Completed", "Unsubscribed", "Replied", "Cancelled"}),
	"Completed": frozenset(),
	# The person may withdraw the opt-out on the same page.
	"Unsubscribed": frozenset({"Scheduled", "In Progress", "Completed"}),
	"Replied": frozenset(),
	"Cancelled": frozenset(),
}

UNFINISHED_EMAIL_CAMPAIGN = ("Scheduled", "In Progress")
# Nothing more of these leaves. A Completed one may have a mail that a person queued again.
LEFT_EMAIL_CAMPAIGN = ("Unsubscribed", "Replied", "Cancelled")

MACHINES = {
	MASS_EMAIL: MASS_EMAIL_TRANSITIONS,
	"Campaign Message": CAMPAIGN_MESSAGE_TRANSITIONS,
	"Campaign": CAMPAIGN_TRANSITIONS,
	EMAIL_CAMPAIGN: EMAIL_CAMPAIGN_TRANSITIONS,
}

EDITABLE_MASS_EMAIL = frozenset({"Draft", "Pending"})
STATUSES_WITH_REASON = frozenset(CAMPAIGN_MESSAGE_TRANSITIONS) - {"Queued", "Sending", "Sent"}


def may_change(doctype: str, status: str, target: str) -> bool:
	"""Tell whether a document of `doctype` may go from `status` to `target`.

	Raises KeyError for an unknown state.
	"""
	return target in MACHINES[doctype][status]


def origins(doctype: str, target: str) -> tuple[str, ...]:
	"""Return the states from which `target` may be reached, sorted; none where nothing leads there."""
	return tuple(sorted(state for state, targets in MACHINES[doctype].items() if target in targets))
