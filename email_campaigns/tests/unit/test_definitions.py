"""What the definitions of the doctypes must not say."""

import json
from pathlib import Path

import pytest

from email_campaigns import hooks

DOCTYPES = Path(hooks.__file__).parent / "email_campaigns" / "doctype"
DEFINITIONS = [json.loads(path.read_text("utf-8")) for path in sorted(DOCTYPES.glob("*/*.json"))]
# They have an address, or the name of a record, which of a User is one.
PERSONAL = {"email", "recipient", "recipient_name", "member_name"}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition["name"])
def test_frappe_shows_no_address_without_asking_for_a_permission(definition):
	"""It gives titles of links to whoever is signed in, and finds texts whoever searches the site."""
	if definition.get("show_title_field_in_link"):
		assert definition["title_field"] not in PERSONAL
	searched = {field["fieldname"] for field in definition["fields"] if field.get("in_global_search")}
	assert not searched & PERSONAL
