"""Report of every wish to get no more mail, and of the mailing that it came from."""

from frappe import _

from email_campaigns.api.arguments import report_filters
from email_campaigns.results.logged_store import log_columns, log_rows


def execute(filters=None):
	"""Return the columns and the rows of the report."""
	return log_columns(_("What They Left")), log_rows("Opted Out", report_filters(filters))
