"""The doctypes of well-known apps whose records have an address, for a site's recipient sources. Pure data.

Fields are those of the apps' public definitions (frappe, erpnext, crm, hrms, helpdesk, lms, non_profit). A
version that lacks a field leaves it empty; one that lacks the doctype, or its field for the address, has no
such source.

Doctypes without an address of their own are not here: ERPNext's Prospect and Frappe CRM's Organization, whose
contacts are records of Contact. Neither are rows of other documents, such as the participants of an Event: a
report that lists them can feed a target list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# The fields of a row of the settings, in the order in which a KnownSource has them.
SOURCE_FIELDS = (
	"source_doctype",
	"email_field",
	"name_field",
	"opt_out_field",
	"language_field",
	"time_zone_field",
)


@dataclass(frozen=True, slots=True)
class KnownSource:
	"""A doctype and its fields, "" for what it lacks. `owner_field` links to the User who looks after it."""

	source_doctype: str
	email_field: str
	name_field: str = ""
	opt_out_field: str = ""
	language_field: str = ""
	time_zone_field: str = ""
	owner_field: str = ""


KNOWN_SOURCES = (
	# Frappe
	KnownSource("Contact", "email_id", "first_name", "unsubscribed"),
	KnownSource("User", "email", "first_name", "unsubscribed", "language", "time_zone"),
	KnownSource("Email Group Member", "email", "", "unsubscribed"),
	# ERPNext
	KnownSource("Lead", "email_id", "lead_name", "unsubscribed", "language", owner_field="lead_owner"),
	KnownSource(
		"Customer", "email_id", "customer_name", language_field="language", owner_field="account_manager"
	),
	KnownSource(
		"Opportunity",
		"contact_email",
		"customer_name",
		language_field="language",
		owner_field="opportunity_owner",
	),
	KnownSource("Supplier", "email_id", "supplier_name", language_field="language"),
	KnownSource("Employee", "prefered_email", "first_name", "unsubscribed"),
	# Frappe CRM
	KnownSource("CRM Lead", "email", "first_name", owner_field="lead_owner"),
	KnownSource("CRM Deal", "email", "first_name", owner_field="deal_owner"),
	# Frappe HR
	KnownSource("Job Applicant", "email_id", "applicant_name"),
	KnownSource("Employee Referral", "email", "first_name"),
	# Helpdesk
	KnownSource("HD Customer", "email_id", "customer_name"),
	# LMS: its members are Users, whose name is their address.
	KnownSource("LMS Enrollment", "member", "member_name"),
	KnownSource("LMS Batch Enrollment", "member", "member_name"),
	# Non Profit
	KnownSource("Member", "email_id", "member_name"),
	KnownSource("Donor", "email", "donor_name"),
	KnownSource("Volunteer", "email", "volunteer_name"),
	KnownSource("Grant Application", "email", "applicant_name"),
)


@dataclass(frozen=True, slots=True)
class LinkedRecord:
	"""A record that a source links to and that knows more of the person.

	`link_field` is a field of the source, or of the rows of its table `table`, of which the row with a tick
	in `primary_field` counts. `fields` is {field of the source: field of the linked record}.
	"""

	doctype: str
	link_field: str
	fields: Mapping[str, str]
	table: str = ""
	primary_field: str = ""


def _fields(**fields: str) -> Mapping[str, str]:
	return MappingProxyType(fields)


# A Deal has its persons in other records, and these fields of its own are often empty. What the first record
# leaves empty comes from the next.
LINKED_RECORDS: Mapping[str, tuple[LinkedRecord, ...]] = MappingProxyType(
	{
		"CRM Deal": (
			LinkedRecord(
				"Contact",
				"contact",
				_fields(
					email="email_id",
					salutation="salutation",
					first_name="first_name",
					last_name="last_name",
					lead_name="full_name",
					gender="gender",
					job_title="designation",
					mobile_no="mobile_no",
					phone="phone",
					organization_name="company_name",
				),
				table="contacts",
				primary_field="is_primary",
			),
			LinkedRecord(
				"CRM Lead",
				"lead",
				_fields(
					email="email",
					salutation="salutation",
					first_name="first_name",
					last_name="last_name",
					lead_name="lead_name",
					gender="gender",
					job_title="job_title",
					mobile_no="mobile_no",
					phone="phone",
					organization_name="organization",
				),
			),
		)
	}
)
