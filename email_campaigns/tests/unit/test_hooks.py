"""The hooks without which parts of the app would silently lose what they promise."""

from email_campaigns import hooks

LATEST_ROWS = "email_campaigns.compat.change_latest_rows"


def test_every_request_and_every_job_may_change_the_latest_rows():
	assert LATEST_ROWS in hooks.before_request
	assert LATEST_ROWS in hooks.before_job


def test_a_public_link_is_answered_before_anything_reads_the_database():
	assert hooks.before_request[0] == "email_campaigns.api.public.routes.answer"


def test_an_opt_out_that_frappe_answered_itself_is_stored():
	assert "email_campaigns.api.public.routes.note_refused" in hooks.after_request
