import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.audience.address import InvalidAddress, normalise, plain_key, record_key
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.sources_store import source
from email_campaigns.audience.suppression import forgotten_store
from email_campaigns.record_rights_store import check_record
from email_campaigns.translation import translate


class TargetListMember(Document):
	"""A member of a target list: a record of a recipient source, or a plain address."""

	def before_insert(self):
		"""Raise ValidationError for a number of one's own, which a member that is gone may have had."""
		if self.get("__newname"):
			frappe.throw(_("A member gets its number by itself; the ledger knows earlier ones by theirs."))

	def validate(self):
		"""Read the address of a record that the user may read.

		Raises ValidationError where it is invalid, forgotten or on the list already, and PermissionError.
		"""
		if self.member_doctype and self.member_name:
			source(self.member_doctype)  # a plain address is no record
			if not self.flags.ignore_permissions:
				check_record(self.member_doctype, self.member_name)
			self.update(members_store.read_address(self.member_doctype, self.member_name))
			self.member_key = record_key(self.member_doctype, self.member_name)
		else:
			self._read_plain_address()
		forgotten_store.check_not_forgotten(self.email or "")
		self._check_unique()

	def _read_plain_address(self):
		self.member_doctype = self.member_name = None
		try:
			self.set("email", normalise(self.email or ""))
		except InvalidAddress as error:
			frappe.throw(translate(error))
		self.member_key = plain_key(self.email)

	def _check_unique(self):
		twin = {
			"target_list": self.target_list,
			"member_key": self.member_key,
			"name": ("!=", self.name or 0),
		}
		if frappe.db.exists("Target List Member", twin):
			frappe.throw(_("{0} is already on {1}.").format(self.member_name or self.email, self.target_list))

	def on_update(self):
		"""Count the members of the list."""
		members_store.update_counts(self.target_list)

	def after_delete(self):
		"""Count the members of the list."""
		members_store.update_counts(self.target_list)


def on_doctype_update():
	"""Add the unique key and the indexes of the table."""
	frappe.db.add_unique("Target List Member", ["target_list", "member_key"], "unique_member")
	frappe.db.add_index("Target List Member", ["target_list", "email"])
	frappe.db.add_index("Target List Member", ["member_doctype", "member_name"])
	frappe.db.add_index("Target List Member", ["email"])
