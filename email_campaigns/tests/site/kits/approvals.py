"""For tests of approvals: a clerk who asks, managers who approve, and a mailing."""

import frappe

from email_campaigns.api.desk import approval
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, change, settings, starts
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.site.kits.visitor import forget

TEN = addresses(10)
OFFICE = "approval.example"
STAFF = {"clerk": "Campaign User", "boss": "Campaign Manager", "other": "Campaign Manager"}
STEPS = (
	"status",
	"requested_by",
	"approved_by",
	"approval_hash",
	"rejected_by",
	"rejection_reason",
	"start_epoch",
)


def colleague(name, role):
	"""Make a user for all tests of a class, because making one takes a second."""
	values = {"email": f"{name}@{OFFICE}", "first_name": name, "send_welcome_email": 0}
	user = frappe.get_doc({"doctype": "User", **values, "roles": [{"role": role}]}).insert()
	frappe.db.commit()
	return user.name


class ApprovalTest(SendingTest):
	need = "Needed"

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.addClassCleanup(forget, f"%@{OFFICE}")
		cls.clerk, cls.boss, cls.other = (colleague(name, role) for name, role in STAFF.items())

	def setUp(self):
		super().setUp()
		settings(approval=self.need, sender_line="Example Ltd", postal_address="1 Road, Antwerp")
		self.addCleanup(settings, sender_line="", postal_address="")
		self.addCleanup(frappe.set_user, "Administrator")
		self.mailing = self.made_by(self.clerk, a_list(*TEN))

	def made_by(self, user, *lists, **values):
		name = a_mailing(*lists, **values)
		change("Mass Email", name, owner=user)
		return name

	def by(self, user, method, *arguments, **options):
		"""Call a method as a user and commit; a refusal changes nothing."""
		frappe.set_user(user)
		try:
			answer = method(*arguments, **options)
			frappe.db.commit()
			return answer
		finally:
			frappe.db.rollback()
			frappe.set_user("Administrator")

	def refuses(self, words, user, method, *arguments, error=frappe.ValidationError, **options):
		before = self.steps()
		with self.assertRaisesRegex(error, words):
			self.by(user, method, *arguments, **options)
		self.assertEqual(self.steps(), before, "nothing has changed")

	def steps(self):
		form = self.form(self.mailing)
		return {field: form.get(field) for field in STEPS}

	@property
	def status(self):
		return self.form(self.mailing).status

	def ask(self):
		self.by(self.clerk, approval.submit, self.mailing)

	def approved(self, seconds=3600):
		"""A mailing that is approved and starts so many seconds from now."""
		starts(self.mailing, seconds)
		self.ask()
		self.by(self.boss, approval.approve, self.mailing)

	def edit(self, user=None, **values):
		def save():
			doc = frappe.get_doc("Mass Email", self.mailing)
			doc.update(values)
			doc.save()
			return doc

		return self.by(user or self.clerk, save)

	def edit_template(self, html="<p>Changed</p>"):
		change_template(self.form(self.mailing).email_template, html)

	def notifications(self, user):
		"""Return the subjects of the notifications that a user got about the mailing, the latest first."""
		filters = {"document_type": "Mass Email", "document_name": self.mailing, "for_user": user}
		return frappe.get_all("Notification Log", filters, pluck="subject", order_by="creation desc")


def change_template(name, html):
	doc = frappe.get_doc("Email Template", name)
	doc.response_html = html
	doc.save()
	frappe.db.commit()
