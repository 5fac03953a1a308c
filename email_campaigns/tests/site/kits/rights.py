"""For tests of whose rights decide: a record with secrets, and users who may read more or less of it."""

from __future__ import annotations

import frappe
from frappe.permissions import setup_custom_perms

from email_campaigns.tests.site.kits.builders import DOMAIN, a_contact, a_list, a_user, add_records, address

LIST = "Sending Rights"
SECRET = "Confidential"
HTML = "<p>[{{ doc.department }}] {{ doc.first_name }} [{{ doc.phone_nos[0].phone }}]</p>"
JO, KIM = address("jo"), address("kim")


def only(name: str, *roles: str) -> str:
	"""Make a user who has these roles and no other; durable."""
	user = a_user(name, *roles)
	frappe.db.delete("Has Role", {"parent": user, "role": ["not in", roles or ("",)]})
	frappe.clear_cache(user=user)
	frappe.db.commit()
	return user


def writer(name: str = "writer") -> str:
	"""Make a user who writes mailings and templates, and may read no contact."""
	return only(name, "Campaign User")


def seller(name: str = "seller") -> str:
	"""Make a user who also reads contacts: their fields of level 0."""
	return only(name, "Campaign User", "Sales User")


def save_as(user: str, doctype: str, name: str, **values) -> None:
	"""Let a user save a form as the Desk does; durable."""
	former = frappe.session.user
	frappe.set_user(user)
	frappe.get_doc(doctype, name).update(values).save()
	frappe.set_user(former)
	frappe.db.commit()


def secret_contact(email: str = JO, title: str = LIST) -> str:
	"""Put a contact with a department and a telephone on a list; durable."""
	values = {"first_name": "Zoë", "department": SECRET, "phone_nos": [{"phone": "+32 2 123"}]}
	name = a_contact(email, **values)
	add_records(a_list(title=title), "Contact", name)
	frappe.db.commit()
	return name


class Rights:
	"""For a SendingTest: what a mail showed, fields of a level, records that a user may not read."""

	def setUp(self):
		super().setUp()
		self.forget_rights()
		self.addCleanup(self.forget_rights)
		self.addCleanup(frappe.set_user, "Administrator")

	def forget_rights(self):
		frappe.db.rollback()
		frappe.db.delete("User Permission", {"user": ["like", f"%@{DOMAIN}"]})
		# The framework keeps a user's; a rename to the same name would meet it.
		frappe.db.delete("Notification Settings", {"name": ["like", f"%@{DOMAIN}"]})
		frappe.db.delete("Communication", {"recipients": ["like", f"%@{DOMAIN}"]})
		frappe.db.sql(
			"DELETE FROM `tabCommunication Link` WHERE parent NOT IN (SELECT name FROM `tabCommunication`)"
		)
		frappe.db.commit()

	def at_level(self, level: int, doctype: str, field: str) -> None:
		self.set_property(doctype, field, property="permlevel", value=str(level), property_type="Int")

	def mask(self, doctype: str, field: str) -> None:
		"""Mask a field as Frappe 16 does, for users whose roles have not the right "mask"."""
		self.set_property(doctype, field, property="mask", value="1", property_type="Check")

	def permit(self, doctype: str, role: str, **rights: int) -> None:
		"""Give a role rights to a doctype, until the test's end."""
		setup_custom_perms(doctype)
		values = {"parent": doctype, "parenttype": "DocType", "parentfield": "permissions", "role": role}
		frappe.get_doc({"doctype": "Custom DocPerm", **values, **rights}).insert()
		self.addCleanup(frappe.clear_cache, doctype=doctype)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Custom DocPerm", {"parent": doctype})
		frappe.clear_cache(doctype=doctype)
		frappe.db.commit()

	def set_property(self, doctype: str, field: str, **values: str) -> None:
		df = {"doctype_or_field": "DocField", "doc_type": doctype, "field_name": field, **values}
		setter = frappe.get_doc({"doctype": "Property Setter", **df}).insert()
		self.addCleanup(frappe.clear_cache, doctype=doctype)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Property Setter", {"name": setter.name})
		frappe.clear_cache(doctype=doctype)
		frappe.db.commit()

	def restrict(self, user: str, *contacts: str) -> None:
		"""Let a user read these contacts only."""
		for name in contacts:
			frappe.get_doc(
				{"doctype": "User Permission", "user": user, "allow": "Contact", "for_value": name}
			).insert(ignore_permissions=True)
		frappe.clear_cache(user=user)
		frappe.db.commit()

	def shown(self, number: int = -1) -> str:
		"""Return the HTML of a mail that the server took, by default of the last."""
		return self.server.messages[number].parsed.get_body(("html",)).get_content()
