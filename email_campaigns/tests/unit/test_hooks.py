"""The hooks without which parts of the app would silently lose what they promise."""

import json
from pathlib import Path

from email_campaigns import hooks

DOCTYPES = Path(hooks.__file__).parent / "email_campaigns" / "doctype"

LATEST_ROWS = "email_campaigns.compat.change_latest_rows"


def test_every_request_and_every_job_may_change_the_latest_rows():
	assert LATEST_ROWS in hooks.before_request
	assert LATEST_ROWS in hooks.before_job


def test_a_public_link_is_answered_before_anything_reads_the_database():
	assert hooks.before_request[0] == "email_campaigns.api.public.routes.answer"


def test_an_opt_out_that_frappe_answered_itself_is_stored():
	assert "email_campaigns.api.public.routes.note_refused" in hooks.after_request


def test_each_doctype_is_guarded_and_each_row_too():
	for path in DOCTYPES.glob("*/*.json"):
		definition = json.loads(path.read_text("utf-8"))
		guard = "refuse_row" if definition.get("istable") else "keep_fields"
		hanging = [
			events["before_validate"]
			for doctypes, events in hooks.doc_events.items()
			if definition["name"] in doctypes and isinstance(doctypes, tuple) and "before_validate" in events
		]
		assert [f"email_campaigns.kept_store.{guard}"] in hanging, definition["name"]
