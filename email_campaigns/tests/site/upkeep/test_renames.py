"""A rename of a record, or of a list, touches their rows alone, and waits for nobody else's."""

import frappe
import pytest
from frappe.tests.utils import FrappeTestCase

from email_campaigns.tests.site.kits.builders import a_contact, a_list, address, wipe
from email_campaigns.tests.site.kits.other_connection import OtherConnection, hasty

ROWS = 400  # so many that the database rather uses an index
LIST = "Sending Renamed List"
# {doctype: (the columns of its record, further columns with texts, the address last)}
TABLES = {
	"Campaign Message": (("recipient_doctype", "recipient_name"), "source, dedupe_key, target_list, email"),
	"Campaign Log": (("recipient_doctype", "recipient_name"), "source, details, campaign, email"),
	"Target List Member": (("member_doctype", "member_name"), "target_list, member_key, first_name, email"),
	"Target List Change": (("member_doctype", "member_name"), "target_list, movement, feed, email"),
}


class TestRenames(FrappeTestCase):
	def setUp(self):
		self.addCleanup(self.clean)
		self.clean()
		# Rows of other tests may name a contact of the usual name.
		self.contact = a_contact(address("renamed"), first_name="Renamed Reader")
		a_list(title=LIST)
		for doctype in TABLES:
			self.fill(doctype, "CONCAT('Other ', seq)", ROWS)
			self.fill(doctype, frappe.db.escape(self.contact), 1)
		frappe.db.commit()

	def clean(self):
		frappe.db.rollback()
		for doctype in TABLES:
			frappe.db.delete(doctype, {"email": ["like", "%@renames.example"]})
		frappe.db.commit()
		wipe()

	def fill(self, doctype, record, number):
		columns, further = TABLES[doctype]
		sequence = f"{frappe.scrub(doctype)}_id_seq"
		key = f"CONCAT({record}, '/', seq)"
		frappe.db.sql(
			f"""INSERT INTO `tab{doctype}` (name, creation, modified, {", ".join(columns)}, {further})
			SELECT NEXTVAL(`{sequence}`), NOW(), NOW(), 'Contact', {record}, {key}, {key}, {key},
				'p@renames.example'
			FROM seq_1_to_{number}"""
		)

	def test_of_a_contact_waits_for_no_other_rows(self):
		with OtherConnection() as other:
			for doctype, (columns, _further) in TABLES.items():
				condition = "{} = 'Contact' AND {} = 'Other 7'".format(*columns)
				self.assertEqual(other.hold(doctype, condition), 1)
			hasty()
			frappe.rename_doc("Contact", self.contact, "Contact of Another Name", force=True)
		for doctype, ((_doctype, record), _further) in TABLES.items():
			self.assertEqual(frappe.db.count(doctype, {record: "Contact of Another Name"}), 1, doctype)

	def test_of_a_list_waits_for_no_other_mails(self):
		with OtherConnection() as other:
			other.hold("Campaign Message", "recipient_doctype = 'Contact' AND recipient_name = 'Other 7'")
			hasty()
			frappe.rename_doc("Target List", LIST, f"{LIST} Again", force=True)


QUESTIONS = [(doctype, columns[0]) for doctype, (columns, _further) in TABLES.items()]
QUESTIONS += [("Campaign Message", "source_doctype"), ("Campaign Log", "source_doctype")]


@pytest.mark.parametrize(("doctype", "column"), QUESTIONS)
def test_the_doctypes_of_the_records_come_from_an_index(doctype, column):
	"""Frappe 15 asks for them whenever a document of the site is renamed or deleted."""
	indexes = frappe.db.sql(f"SHOW INDEX FROM `tab{doctype}`", as_dict=True)
	assert column in {index.Column_name for index in indexes if index.Seq_in_index == 1}
