"""Installation and uninstallation: what the site has is used, and what was added is removed, no more."""

from unittest.mock import patch

import frappe
from frappe.permissions import add_permission
from frappe.tests.utils import FrappeTestCase

from email_campaigns import install, uninstall
from email_campaigns.audience import known_sources_store
from email_campaigns.audience.known_sources import KNOWN_SOURCES, SOURCE_FIELDS, KnownSource
from email_campaigns.tests.site.kits.builders import PLAIN_SETTINGS


class TestSources(FrappeTestCase):
	def setUp(self):
		self.addCleanup(self.restore)

	def restore(self):
		frappe.db.rollback()
		self.refill()
		frappe.db.commit()

	def refill(self):
		settings = self.settings()
		settings.update({**PLAIN_SETTINGS, "recipient_sources": []})
		settings.save()
		self.forget_removals()
		install.add_new_sources()
		return self.settings().recipient_sources

	def settings(self):
		return frappe.get_single("Email Campaign Settings")

	def forget_removals(self):
		frappe.db.set_single_value("Email Campaign Settings", "removed_sources", "")

	def test_they_are_what_the_site_has(self):
		rows = self.refill()
		known = [known.source_doctype for known in KNOWN_SOURCES]
		expected = [doctype for doctype in known if frappe.db.exists("DocType", doctype)]
		self.assertEqual([row.source_doctype for row in rows], expected)
		self.assertLessEqual({"Contact", "User", "Email Group Member"}, set(expected))
		for row in rows:
			for field in SOURCE_FIELDS[1:]:
				if row.get(field):
					self.assertTrue(
						frappe.db.has_column(row.source_doctype, row.get(field)), (row.source_doctype, field)
					)

	def test_adding_them_again_adds_nothing_and_keeps_changes(self):
		self.refill()
		settings = self.settings()
		settings.recipient_sources[0].enabled = 0
		settings.save()
		install.after_migrate()
		sources = self.settings().recipient_sources
		self.assertEqual(len(sources), len(settings.recipient_sources))
		self.assertFalse(sources[0].enabled)

	def test_one_that_was_taken_out_stays_out_until_it_is_put_back(self):
		self.refill()
		settings = self.settings()
		(user,) = [row for row in settings.recipient_sources if row.source_doctype == "User"]
		settings.remove(user)
		settings.save()
		install.after_app_install("some_app")
		settings = self.settings()
		self.assertNotIn("User", [row.source_doctype for row in settings.recipient_sources])
		(offered,) = known_sources_store.missing_sources(settings)
		settings.append("recipient_sources", offered)
		settings.save()
		self.assertEqual(settings.removed_sources, "")

	def test_nobody_writes_what_was_taken_out_by_the_form(self):
		self.refill()
		settings = self.settings()
		settings.removed_sources = "Contact"
		settings.save()
		self.assertEqual(self.settings().removed_sources, "")

	def test_a_fault_in_another_row_does_not_stop_a_migration(self):
		self.refill()
		settings = self.settings()
		frappe.db.delete("Campaign Recipient Source", {"source_doctype": "User"})
		frappe.db.set_value(
			"Campaign Recipient Source", settings.recipient_sources[0].name, "email_field", "gone"
		)
		frappe.clear_document_cache("Email Campaign Settings", "Email Campaign Settings")
		self.assertEqual(known_sources_store.add_new_sources(), ["User"])

	def test_a_field_that_a_version_does_not_have_is_left_empty(self):
		known = KnownSource("Contact", "email_id", "no_such_field", owner_field="nor_this")
		with patch.object(known_sources_store, "KNOWN_SOURCES", (known,)):
			(row,) = self.refill()
			self.assertEqual(known_sources_store.owner_fields(), {})
		self.assertEqual((row.source_doctype, row.name_field or ""), ("Contact", ""))

	def test_a_doctype_whose_version_has_no_address_is_no_source(self):
		known = (KnownSource("Contact", "no_such_field"), KnownSource("No Such DocType", "email"))
		with patch.object(known_sources_store, "KNOWN_SOURCES", known):
			self.assertEqual(self.refill(), [])


class TestForeignNames(FrappeTestCase):
	"""In a transaction that is rolled back, Target List belongs to another app."""

	def setUp(self):
		self.addCleanup(frappe.db.rollback)

	def test_on_a_site_without_them_nothing_is_refused(self):
		install.before_install()

	def test_a_doctype_of_another_app(self):
		module = {"name": "Other Module", "module_name": "Other Module", "app_name": "other_app"}
		fields = ", ".join(f"`{field}`" for field in module)
		frappe.db.sql(
			f"INSERT INTO `tabModule Def` ({fields}) VALUES (%s, %s, %s)",
			tuple(module.values()),
		)
		frappe.db.sql("UPDATE tabDocType SET module = 'Other Module' WHERE name = 'Target List'")
		self.refuses("other_app", "Target List")

	def test_a_doctype_that_was_made_in_the_desk(self):
		frappe.db.sql("UPDATE tabDocType SET custom = 1 WHERE name = 'Target List'")
		self.refuses("Custom", "Target List")

	def refuses(self, app, doctype):
		before = frappe.db.count("DocType")
		with self.assertRaises(frappe.ValidationError) as refusal:
			install.before_install()
		for words in (app, doctype, "Nothing was changed"):
			self.assertIn(words, str(refusal.exception))
		self.assertEqual(frappe.db.count("DocType"), before)

	def test_every_doctype_of_the_app_is_guarded(self):
		module = {"module": install.MODULE, "custom": 0}
		self.assertEqual(sorted(frappe.get_all("DocType", module, pluck="name")), install.own_doctypes())


class TestUninstall(FrappeTestCase):
	"""In a transaction that is rolled back."""

	def setUp(self):
		self.addCleanup(frappe.clear_cache, doctype="Email Account")
		self.addCleanup(frappe.db.rollback)

	def permissions(self):
		rows = frappe.get_all(
			"Custom DocPerm", {"parent": "Email Account"}, ["role", "permlevel", "select", "read"]
		)
		return {tuple(row.values()) for row in rows}

	def test_campaign_users_may_choose_an_account_and_read_none(self):
		install.grant_permissions()
		for role in install.ROLES:
			rights = frappe.db.get_value(
				"Custom DocPerm", {"parent": "Email Account", "role": role}, ["select", "read"]
			)
			self.assertEqual(tuple(map(int, rights)), (1, 0))

	def test_it_takes_back_permissions_roles_and_log_settings(self):
		install.grant_permissions()
		uninstall.before_uninstall()
		self.assertEqual({row[0] for row in self.permissions()} & set(install.ROLES), set())
		self.assertEqual(frappe.get_all("Role", {"name": ["in", install.ROLES]}), [])
		self.assertEqual(frappe.get_all("Has Role", {"role": ["in", install.ROLES]}), [])
		self.assertEqual(frappe.get_all("Logs To Clear", {"ref_doctype": ["in", install.LOGS]}), [])

	def test_it_takes_back_jobs_sidebar_and_icon(self):
		self.assertTrue(
			frappe.db.exists("Scheduled Job Type", {"method": "email_campaigns.jobs.sending.tick"})
		)
		uninstall.before_uninstall()
		self.assertFalse(
			frappe.db.exists("Scheduled Job Type", {"method": ("like", "email_campaigns.%")}),
			"they would fail",
		)
		for doctype in ("Workspace Sidebar", "Desktop Icon"):  # as Frappe 16 makes them
			if frappe.db.exists("DocType", doctype):
				self.assertFalse(frappe.db.exists(doctype, "Email Campaigns"), doctype)

	def test_the_accounts_permissions_are_the_frameworks_again(self):
		frappe.db.delete("Custom DocPerm", {"parent": "Email Account"})
		install.grant_permissions()
		uninstall.before_uninstall()
		self.assertEqual(self.permissions(), set())

	def test_what_others_have_changed_stays(self):
		install.grant_permissions()
		add_permission("Email Account", "Website Manager", 0)
		uninstall.before_uninstall()
		self.assertIn("Website Manager", {row[0] for row in self.permissions()})
		self.assertIn("System Manager", {row[0] for row in self.permissions()})

	def test_wishes_not_to_be_mailed_stay(self):
		values = {"doctype": "Email Unsubscribe", "email": "jo@install.example", "global_unsubscribe": 1}
		frappe.get_doc(values).insert()
		uninstall.before_uninstall()
		self.assertTrue(frappe.db.exists("Email Unsubscribe", {"email": "jo@install.example"}))
