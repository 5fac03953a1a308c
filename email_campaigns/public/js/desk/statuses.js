// The colours of all statuses, for forms, lists and dialogs.

const COLOURS = {
	mailing: {
		Draft: "gray",
		"Pending Approval": "yellow",
		Pending: "orange",
		"In Process": "blue",
		Paused: "yellow",
		Complete: "green",
		Cancelled: "gray",
		Failed: "red",
	},
	// The same as in the states of the doctype Campaign Message, which its list view uses.
	mail: {
		Queued: "gray",
		Sending: "blue",
		Sent: "green",
		Failed: "red",
		Uncertain: "orange",
		Skipped: "yellow",
		Expired: "orange",
		Cancelled: "gray",
	},
	enrolment: {
		Scheduled: "blue",
		"In Progress": "orange",
		Completed: "green",
		Unsubscribed: "red",
		Replied: "purple",
		Cancelled: "gray",
	},
	action: {
		Sent: "green",
		Opened: "blue",
		Clicked: "blue",
		Replied: "blue",
		"Automatic Answer": "gray",
		Departed: "orange",
		"Read Receipt": "gray",
		Delayed: "orange",
		"Attachment Viewed": "blue",
		"Opted In": "green",
		"Suppression Lifted": "green",
		"Opted Out": "orange",
		Bounced: "red",
		Complained: "red",
		Failed: "red",
		Uncertain: "orange",
		Test: "gray",
	},
	suppression: {
		Unsubscribed: "orange",
		"Hard Bounce": "red",
		"Soft Bounce": "orange",
		Complaint: "red",
		Manual: "gray",
	},
	came_back: {
		Reply: "blue",
		"Automatic Answer": "gray",
		Departed: "orange",
		"Read Receipt": "gray",
		"Opt-out": "orange",
		Bounce: "red",
		Complaint: "red",
		Delay: "orange",
	},
	feed: { Fine: "green", Failed: "red", Waiting: "orange" },
};

/** The colour of a status of a `kind`: mailing, mail, enrolment, action (of the log), suppression, came_back or feed. */
export function colour_of(kind, status, otherwise = "gray") {
	return COLOURS[kind][status] || otherwise;
}
