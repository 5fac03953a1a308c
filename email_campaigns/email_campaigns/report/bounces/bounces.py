"""Report of every mail that could not be delivered, with the server's reason."""

from frappe import _

from email_campaigns.api.arguments import report_filters
from email_campaigns.results.logged_store import log_columns, log_rows


def execute(filters=None):
	"""Return the columns and the rows of the report."""
	return log_columns(_("What the Server Said")), log_rows("Bounced", report_filters(filters))
