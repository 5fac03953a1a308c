"""What a user may not read answers like what does not exist: status, words and messages."""

import frappe

from email_campaigns.tests.site.kits.api_calls import DESK, call
from email_campaigns.tests.site.kits.api_world import CONTACT, MEMBER, World
from email_campaigns.tests.site.kits.builders import PREFIX, a_campaign, a_contact, a_list, a_user, address


class TestWhatMayNotBeRead(World):
	"""What is hidden from a user by User Permissions, one for each doctype."""

	def build(self):
		super().build()
		self.documents = {
			self.mailing: "Mass Email",
			self.draft: "Mass Email",
			self.sequence: "Campaign",
			self.enrolment: "Email Campaign",
			self.list: "Target List",
			self.other_list: "Target List",
			self.contact: CONTACT,
			self.member: MEMBER,
			str(self.mail): "Campaign Message",
		}
		allowed = {
			"Campaign": a_campaign(),
			"Target List": a_list(title=f"{PREFIX} Allowed"),
			CONTACT: a_contact(address("allowed")),
		}
		self.blind = {doctype: self.a_blind_user(doctype, name) for doctype, name in allowed.items()}
		self.blind["nothing"] = self.users["No Role"]
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "User Permission", {"user": ["in", list(self.blind.values())]})

	def a_blind_user(self, doctype, name):
		user = a_user(f"blind.{frappe.scrub(doctype)}", "Campaign User", "Sales User")
		values = {"user": user, "allow": doctype, "for_value": name, "apply_to_all_doctypes": 1}
		frappe.get_doc({"doctype": "User Permission", **values}).insert()
		return user

	def hidden_from(self, user):
		documents = {name: frappe.get_doc(doctype, name) for name, doctype in self.documents.items()}
		frappe.set_user(user)
		hidden = {
			name for name, doc in documents.items() if not frappe.has_permission(doc.doctype, "read", doc=doc)
		}
		frappe.set_user("Administrator")
		return hidden

	def test_it_is_hidden(self):
		self.assertIn(self.mailing, self.hidden_from(self.blind["Campaign"]))
		self.assertIn(self.enrolment, self.hidden_from(self.blind["Campaign"]))
		self.assertIn(self.list, self.hidden_from(self.blind["Target List"]))
		self.assertEqual(self.hidden_from(self.blind[CONTACT]) & {self.contact, self.list}, {self.contact})
		self.assertEqual(self.hidden_from(self.blind["nothing"]), set(self.documents))

	def test_what_exists_and_what_does_not_answer_the_same(self):
		"""Status, words and messages, for each argument that names a document."""
		differences, compared = [], 0
		for user in self.blind.values():
			hidden = self.hidden_from(user)
			for method, arguments in self.calls().items():
				for name, value in arguments.items():
					for missing, other in self.without(value, hidden):
						there = call(DESK + method, user, **arguments)
						not_there = call(DESK + method, user, **{**arguments, name: other})
						compared += 1
						if there.without(value, *hidden) != not_there.without(missing, *hidden):
							differences.append(f"{user}: {method}({name}):\n  {there}\n  {not_there}")
		self.assertEqual(differences, [], "\n".join(differences))
		self.assertGreater(compared, 100)

	@staticmethod
	def without(value, hidden):
		"""Yield (a name that nothing has, an argument with it) in the place of what is hidden."""
		if isinstance(value, str | int) and not isinstance(value, bool) and str(value) in hidden:
			missing = "987654321" if str(value).isdigit() else "no-such-name"
			yield missing, type(value)(missing)
		if isinstance(value, list) and any(isinstance(item, str) and item in hidden for item in value):
			yield "no-such-name", ["no-such-name"]
		if isinstance(value, dict) and any(item in hidden for item in value.values()):
			yield "no-such-name", dict.fromkeys(value, "no-such-name")

	def test_a_name_is_only_its_own(self):
		"""The database takes names of another case as equal, and numbers with words behind them."""
		user = self.users["Campaign User"]
		for method, other in (
			("results.summary", {"name": self.mailing.lower()}),
			("results.summary", {"name": f"{self.mailing} "}),
			("resend.mails_of", {"doctype": MEMBER, "record": f"{self.member} apples"}),
		):
			outcome = call(DESK + method, user, **other)
			self.assertEqual(outcome.status, 403, f"{other}: {outcome}")

	def test_a_report_that_may_not_be_run_is_like_none(self):
		"""It belongs to the framework, and to System Managers."""
		hidden, missing = "Permitted Documents For User", "No Such Report"
		self.assertTrue(frappe.db.exists("Report", hidden))
		there, not_there = (
			call(f"{DESK}target_list.feed_columns", self.users["Campaign User"], report=report)
			for report in (hidden, missing)
		)
		self.assertEqual(there.status, 417, there)
		self.assertEqual(there.without(hidden), not_there.without(missing))

	def test_it_is_refused(self):
		user = self.blind["Campaign"]
		for method in ("results.summary", "mass_email.progress", "preview.preview", "approval.prepare"):
			outcome = call(DESK + method, user, name=self.mailing)
			self.assertEqual(outcome.status, 403, f"{method}: {outcome}")
			self.assertIn("There is no", outcome.said)

	def test_conditions_ask_for_nothing_that_may_not_be_read(self):
		"""The number of matches would tell the value."""
		field = frappe.get_doc(
			{"doctype": "Property Setter", "doc_type": CONTACT, "doctype_or_field": "DocField"}
			| {"field_name": "phone", "property": "permlevel", "property_type": "Int", "value": "5"}
		).insert()
		frappe.db.commit()
		self.addCleanup(frappe.clear_cache, doctype=CONTACT)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Property Setter", field.name, force=True)
		frappe.clear_cache(doctype=CONTACT)
		user, method = self.users["Campaign User"], "members.add_members"
		arguments = {**self.calls()[method], "names": None}
		for conditions in (
			[[CONTACT, "phone", "like", "%"]],
			[["User", "email", "like", "%"]],
			{"phone": ["like", "%"]},
		):
			outcome = call(DESK + method, user, **{**arguments, "filters": conditions})
			self.assertEqual(outcome.status, 417, outcome)
			self.assertIn("can't be used", outcome.said)
		for condition in (
			[CONTACT, "first_name", "=", "Ada"],
			[CONTACT, "first_name", "in", ["Ada", "Bea"]],
			[CONTACT, "creation", "Timespan", "this year"],
			[CONTACT, "creation", "Between", ["2000-01-01", "2100-01-01"]],
			[CONTACT, "_user_tags", "is", "not set"],
			["Contact Email", "email_id", "like", "ada@%"],
		):
			conditions = [condition, [CONTACT, "name", "=", self.contact]]
			outcome = call(DESK + method, user, **{**arguments, "filters": conditions})
			self.assertEqual(outcome.answer, 1, f"{condition}: {outcome}")
