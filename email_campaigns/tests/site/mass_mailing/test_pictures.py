"""Pictures and addresses in the check list and in mails, on a real site."""

import frappe

from email_campaigns.api.desk import approval
from email_campaigns.compat import site_url
from email_campaigns.tests.site.kits.approvals import ApprovalTest
from email_campaigns.tests.site.kits.site_config import configure

IMAGE = b"GIF89a\1\0\1\0\0\0\0;"


class TestPictures(ApprovalTest):
	def findings(self, html):
		"""Return the texts of the errors and of the warnings about one template."""
		mailing = self.made_by(self.clerk, "Sending List", html=html)
		found = self.by(self.clerk, approval.prepare, mailing)["findings"]
		return [[one["text"] for one in found if one["level"] == level] for level in ("error", "warning")]

	def a_file(self, name):
		doc = frappe.get_doc(doctype="File", file_name=name, content=IMAGE, is_private=1).insert()
		self.addCleanup(frappe.delete_doc, "File", doc.name, force=True)
		return doc

	def test_a_private_picture_is_an_error_until_its_file_is_public(self):
		file = self.a_file("ec-private.gif")
		errors, _warnings = self.findings(f'<p>x</p><img src="{file.file_url}?fid={file.name}">')
		self.assertEqual(len(errors), 1)
		self.assertIn(
			f"no recipient can see, because their files are private: “{file.file_url[15:]}”", errors[0]
		)
		file.is_private = 0
		file.save()
		errors, _warnings = self.findings(f'<p>x</p><img src="{file.file_url}">')
		self.assertEqual(errors, [])

	def test_a_link_to_a_private_file_is_a_warning(self):
		errors, warnings = self.findings('<a href="/private/files/prices.pdf">Prices</a>')
		self.assertEqual(errors, [])
		self.assertTrue(any("“prices.pdf”" in warning for warning in warnings), warnings)

	def test_pictures_of_records_with_half_an_address(self):
		errors, warnings = self.findings('<p>x</p><img src="{{ doc.email }}.png">')
		self.assertEqual(errors, [])
		self.assertTrue(any("no mail program can load" in warning for warning in warnings), warnings)

	def test_a_host_name_that_is_no_address(self):
		configure(self, host_name="https://")
		errors, _warnings = self.findings("<p>x</p>")
		self.assertTrue(
			any("No link in the mail works: the host_name “https://”" in one for one in errors), errors
		)

	def test_a_host_name_with_a_slash_and_a_port_beside_it(self):
		configure(self, host_name="https://mail.example/", webserver_port=8000)
		self.assertEqual(site_url(), "https://mail.example:8000")
		errors, _warnings = self.findings('<a href="/contact">x</a>')
		self.assertEqual(errors, [])
