"""Recipients of a mailing: Calculate shows what freezing plans, and everybody else has a reason."""

from unittest.mock import patch

import frappe

from email_campaigns.api.desk import mass_email, timeline
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import (
	a_campaign,
	a_contact,
	a_list,
	a_mailing,
	add_records,
	address,
	addresses,
	change,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest

LIST, OTHER, EXCLUDED = "Sending List", "Sending Other", "Sending Excluded"
REASONS = {
	"invalid": "No valid address",
	"empty": "No valid address",
	"deleted": "The record no longer exists",
	"excluded": "On an excluding list",
	"excluded-address": "Address on an excluding list",
	"bounced": "Suppressed: Hard Bounce",
	"complained": "Suppressed: Complaint",
	"manual": "Suppressed: Manual",
	"unsubscribed": "Unsubscribed",
	"left-list": "Unsubscribed",
	"opted-out": "Opted out on the record",
	"twin": "Duplicate address",
	"good": "",
	"left-other": "",
}


class AudienceTest(SendingTest):
	def everybody(self):
		"""A list on which everything occurs that keeps a member from getting mail."""
		contacts = {kind: a_contact(address(kind), first_name=kind) for kind in REASONS}
		for title in (LIST, OTHER, EXCLUDED):
			a_list(title=title)
		add_records(LIST, "Contact", *contacts.values())
		for kind, raw in (("invalid", "sending.example"), ("empty", ""), ("twin", "GOOD@sending.EXAMPLE")):
			frappe.db.set_value("Contact", contacts[kind], "email_id", raw)
		frappe.db.set_value("Contact", contacts["opted-out"], "unsubscribed", 1)
		frappe.db.delete("Contact", {"name": contacts["deleted"]})
		add_records(EXCLUDED, "Contact", contacts["excluded"])
		a_list(address("excluded-address"), title=EXCLUDED)
		for kind, reason in (("bounced", "Hard Bounce"), ("complained", "Complaint"), ("manual", "Manual")):
			suppress(address(kind), reason=reason, origin="test")
		suppress(address("unsubscribed"), reason="Unsubscribed", origin="test")
		suppress(address("left-list"), reason="Unsubscribed", origin="test", target_list=LIST)
		suppress(address("left-other"), reason="Unsubscribed", origin="test", target_list=OTHER)
		return contacts

	def frozen(self, name):
		"""{record: reason} of a mailing's ledger, after sending."""
		self.send(name)
		rows = frappe.get_all("Campaign Message", {"source": name}, ["recipient_name", "reason"])
		return {row.recipient_name: row.reason or "" for row in rows}

	def assertCalculated(self, name):
		"""Assert that Calculate, the ledger and the form agree; return the figures."""
		figures = mass_email.calculate(name)
		self.send(name)
		form = self.form(name)
		by_reason = mass_email.progress(name)["by_reason"]
		self.assertEqual((figures["planned"], figures["skipped"]), (form.planned_count, by_reason))
		self.assertEqual(figures["members"], figures["planned"] + sum(figures["skipped"].values()))
		return figures


class TestReasons(AudienceTest):
	def test_each_member_gets_the_mail_or_a_reason(self):
		contacts = self.everybody()
		name = a_mailing(LIST, excluding=[EXCLUDED])
		reasons = self.frozen(name)
		self.assertEqual({kind: reasons[record] for kind, record in contacts.items()}, REASONS)
		self.assertSentTo(name, [address("good"), address("left-other")])

	def test_calculate_shows_what_freezing_plans(self):
		self.everybody()
		figures = self.assertCalculated(a_mailing(LIST, excluding=[EXCLUDED]))
		self.assertEqual((figures["members"], figures["planned"]), (len(REASONS), 2))
		self.assertEqual(figures["skipped"]["No valid address"], 2)
		self.assertEqual(set(figures["skipped"]), set(REASONS.values()) - {""})

	def test_informational_mail_ignores_opt_outs_and_nothing_else(self):
		contacts = self.everybody()
		campaign = a_campaign(campaign_type="Informational Email")
		reasons = self.frozen(a_mailing(LIST, excluding=[EXCLUDED], campaign=campaign))
		heeded = {
			kind: "" if reason in ("Unsubscribed", "Opted out on the record") else reason
			for kind, reason in REASONS.items()
		}
		self.assertEqual({kind: reasons[record] for kind, record in contacts.items()}, heeded)
		self.assertNotIn("List-Unsubscribe", self.server.messages[0].parsed)

	def test_one_mail_per_record(self):
		for name in ("one", "two"):
			a_contact(address(name))
		contacts = [frappe.db.get_value("Contact", {"email_id": address(name)}) for name in ("one", "two")]
		frappe.db.set_value("Contact", contacts[1], "email_id", address("one"))
		for title in (LIST, OTHER):
			add_records(a_list(title=title), "Contact", *contacts)
		name = a_mailing(LIST, OTHER, duplicate_policy="One mail per record")
		figures = self.assertCalculated(name)
		self.assertEqual((figures["planned"], figures["skipped"]), (2, {"Record on several lists": 2}))
		self.assertEqual(self.received(), [address("one")] * 2)

	def test_a_member_of_several_lists_gets_one_mail(self):
		for title in (LIST, OTHER):
			a_list(*addresses(5), title=title)
		name = a_mailing(LIST, OTHER)
		self.assertEqual(self.assertCalculated(name)["skipped"], {"Duplicate address": 5})
		self.assertSentTo(name, addresses(5))

	def test_slices_end_anywhere(self):
		for title in (LIST, OTHER):
			a_list(*addresses(10), title=title)
		for size in (1, 3, 7):
			with self.subTest(size=size), patch.object(members_store.read_slice, "__defaults__", (size,)):
				name = a_mailing(LIST, OTHER)
				self.assertEqual(self.assertCalculated(name)["planned"], 10)

	def test_who_left_one_of_two_lists_is_mailed_by_the_other(self):
		for title in (LIST, OTHER):
			a_list(address("jo"), title=title)
		suppress(address("jo"), reason="Unsubscribed", origin="test", target_list=LIST)
		name = self.send(a_mailing(LIST, OTHER))
		self.assertSentTo(name, [address("jo")])


class TestFollowing(AudienceTest):
	def setUp(self):
		super().setUp()
		self.contact = a_contact(address("before"))
		add_records(a_list(), "Contact", self.contact)

	def test_a_changed_address_is_followed_at_the_next_freeze(self):
		change("Contact", self.contact, email_id=address("after"))
		name = self.send(a_mailing(LIST))
		self.assertSentTo(name, [address("after")])

	def test_an_address_corrected_after_the_freeze_is_mailed(self):
		name = self.start(a_mailing(LIST))
		sending.tick()
		sending.freeze(name)
		change("Contact", self.contact, email_id=address("after"))
		self.go_on()
		self.assertSentTo(name, [address("after")])

	def test_a_record_that_comes_back_is_mailed_again(self):
		name = self.start(a_mailing(LIST))
		change("Contact", self.contact, unsubscribed=1)
		self.go_on()
		self.assertEqual((self.received(), self.form(name).status), ([], "Failed"))
		change("Contact", self.contact, unsubscribed=0)
		self.assertSentTo(self.send(a_mailing(LIST)), [address("before")])

	def test_a_record_deleted_between_freeze_and_send_is_left_out_with_a_reason(self):
		a_list(address("other"))
		name = self.start(a_mailing(LIST))
		sending.tick()
		sending.freeze(name)
		frappe.delete_doc("Contact", self.contact, force=True)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.ledger(name)[address("before")], ("Skipped", "The record no longer exists"))
		self.assertSentTo(name, [address("other")])


class TestLog(AudienceTest):
	def test_a_sent_mail_is_logged_once_with_its_recipient(self):
		contact = a_contact(address("kim"))
		add_records(a_list(address("jo")), "Contact", contact)
		name = self.send(a_mailing(LIST))
		rows = frappe.get_all(
			"Campaign Log",
			{"source": name, "action": "Sent"},
			["email", "recipient_doctype", "recipient_name", "source_doctype", "campaign", "message"],
			order_by="email desc",
		)
		member = frappe.db.get_value("Target List Member", {"email": address("jo")})
		self.assertEqual(
			[(row.email, row.recipient_doctype, row.recipient_name) for row in rows],
			[
				(address("kim"), "Contact", contact),
				(address("jo"), "Target List Member", str(member)),
			],
		)
		self.assertEqual({row.source_doctype for row in rows}, {"Mass Email"})
		self.assertEqual({row.campaign for row in rows}, {self.form(name).campaign})
		self.assertTrue(all(frappe.db.exists("Campaign Message", row.message) for row in rows))
		self.assertIn("Sent", timeline.content("Contact", contact)[0]["content"])

	def test_log_settings_clear_what_is_old(self):
		name = self.send(a_mailing(a_list(*addresses(3))))
		frappe.db.sql(
			"UPDATE `tabCampaign Log` SET creation = '2020-01-01' WHERE source = %s ORDER BY name LIMIT 2",
			name,
		)
		controller = frappe.model.base_document.get_controller("Campaign Log")
		controller.clear_old_logs(days=365)
		self.assertEqual(frappe.db.count("Campaign Log", {"source": name}), 1)
		self.assertIn("Campaign Log", frappe.get_hooks("default_log_clearing_doctypes"))
