"""Undoing: what one refusal of a server has suppressed is shown, and lifted in one step."""

import frappe

from email_campaigns.api.desk import resend, suppression
from email_campaigns.audience.suppression import undo_store
from email_campaigns.audience.suppression.suppression_store import read_scope, suppress
from email_campaigns.delivery.smtp.refusal_key import key_of_reason
from email_campaigns.patches import mark_refusals
from email_campaigns.tests.site.kits.builders import a_mailing, a_user, address, addresses
from email_campaigns.tests.site.kits.failures import FIVE, FailureTest
from email_campaigns.tests.site.kits.queue import work_off

FAULT = "550 5.1.1 <{0}>: Recipient address rejected: User unknown in virtual mailbox table"
DISABLED = "550 5.2.1 The email account that you tried to reach is disabled."
KEY = "5 5.1.1 recipient address rejected user unknown in virtual mailbox table"
FORTY = addresses(40)


def bounce(email, mailing, words):
	reason = f"The server refused the address: {words.format(email)}"
	suppress(email, reason="Hard Bounce", origin=f"{mailing}: {reason}", refusal=key_of_reason(reason))


def suppressed():
	frappe.db.rollback()
	return set(frappe.get_all("Suppressed Email", pluck="email"))


class UndoTest(FailureTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		self.before = suppressed()

	def suppressed(self):
		return suppressed() - self.before

	def bounce_all(self):
		for email in FORTY:
			bounce(email, self.mailing, FAULT)
		self.others = {address(f"disabled{number}") for number in range(7)}
		for email in self.others:
			bounce(email, self.mailing, DISABLED)
		frappe.db.commit()


class TestLiftRefusal(UndoTest):
	def test_exactly_those_of_the_refusal_are_lifted_and_logged(self):
		self.bounce_all()
		self.assertEqual(self.suppressed(), {*FORTY, *self.others})
		answer = suppression.lift_refusal(KEY)
		frappe.db.commit()
		self.assertEqual(answer, {"count": 40, "in_background": False})
		self.assertEqual(self.suppressed(), self.others)
		log = frappe.get_all(
			"Campaign Log",
			{"action": "Suppression Lifted", "source": self.mailing},
			["email", "details", "source_doctype", "campaign"],
		)
		self.assertEqual({row.email for row in log}, set(FORTY))
		self.assertEqual(len(log), 40)
		self.assertTrue(all("User unknown" in row.details and row.campaign for row in log))
		self.assertEqual({row.source_doctype for row in log}, {"Mass Email"})
		self.assertEqual(suppression.lift_refusal(KEY)["count"], 0)

	def test_it_is_shown_with_the_servers_words_and_the_mailings(self):
		self.bounce_all()
		second = a_mailing("Sending List")
		bounce(address("another"), second, FAULT)
		bounce(address("gone"), "SENDING-GONE", FAULT)
		frappe.db.commit()
		answer = suppression.refusal(KEY)
		self.assertEqual(answer["count"], 42)
		self.assertIn("User unknown in virtual mailbox table", answer["words"])
		self.assertLessEqual(answer["first"], answer["last"])
		self.assertEqual(
			{(row.doctype, row.name): row.count for row in answer["mailings"]},
			{("Mass Email", self.mailing): 40, ("Mass Email", second): 1, ("", ""): 1},
		)
		counts = {row.refusal: row.count for row in suppression.refusals()}
		self.assertEqual(counts[KEY], 42)
		self.assertEqual(counts[key_of_reason(DISABLED)], 7)

	def test_one_mailing_alone_can_be_lifted(self):
		self.bounce_all()
		bounce(address("another"), a_mailing("Sending List"), FAULT)
		bounce(address("gone"), "SENDING-GONE", FAULT)
		self.assertEqual(suppression.lift_refusal(KEY, frappe.as_json([]))["count"], 0)
		answer = suppression.lift_refusal(KEY, frappe.as_json([["Mass Email", self.mailing]]))
		frappe.db.commit()
		self.assertEqual(answer["count"], 40)
		self.assertEqual(self.suppressed(), {*self.others, address("another"), address("gone")})

	def test_many_are_lifted_in_the_background(self):
		many = addresses(undo_store.SLICE + 3)
		for email in many:
			bounce(email, self.mailing, FAULT)
		frappe.db.commit()
		answer = suppression.lift_refusal(KEY)
		frappe.db.commit()
		self.assertEqual(answer, {"count": len(many), "in_background": True})
		work_off()
		self.assertEqual(self.suppressed(), set())
		self.assertEqual(frappe.db.count("Campaign Log", {"action": "Suppression Lifted"}), len(many))

	def test_only_who_may_delete_a_suppression_may_lift(self):
		self.bounce_all()
		frappe.set_user(a_user("clerk", "Campaign User"))
		for method, arguments in (
			(suppression.lift_refusal, (KEY,)),
			(suppression.refusal, (KEY,)),
			(suppression.refusals, ()),
		):
			with self.assertRaises(frappe.PermissionError):
				method(*arguments)
		frappe.set_user(a_user("boss", "Campaign Manager"))
		self.assertEqual(suppression.lift_refusal(KEY)["count"], 40)

	def test_a_wish_and_an_entry_by_hand_stay(self):
		wish, by_hand = FORTY[:2]
		suppress(wish, reason="Unsubscribed", origin="test")
		suppress(by_hand, reason="Manual", origin="550 5.1.1 User unknown")
		bounce(wish, self.mailing, FAULT)
		self.assertEqual(read_scope(wish).everything, "Hard Bounce")
		suppression.lift_refusal(KEY)
		self.assertEqual(read_scope(wish).everything, "Unsubscribed")
		self.assertEqual(read_scope(by_hand).everything, "Manual")


class TestSending(UndoTest):
	def test_mails_that_bounced_by_a_fault_of_the_server_are_sent_after_all(self):
		unknown = FIVE[:2]
		self.send_with({"rcpt": {email: FAULT.format(email) for email in unknown}})
		self.assertEqual(self.suppressed(), set(unknown))
		self.serve()
		self.assertEqual(suppression.lift_refusal(KEY)["count"], 2)
		frappe.db.commit()
		self.assertEqual(resend.resend_failed(self.mailing)["queued"], 2)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.statuses(self.mailing), {"Sent": 5})
		self.assertEqual(self.received(), sorted(unknown))

	def test_a_refusal_to_everybody_that_names_no_unknown_recipient_suppresses_nobody(self):
		for words in ("550 Too many messages, try again later", "550 No RDNS entry", "550 Local problem"):
			with self.subTest(words):
				self.mailing = a_mailing("Sending List")
				self.send_with({"rcpt": words})
				self.assertEqual(self.suppressed(), set())
				self.assertNotIn("Sent", self.statuses(self.mailing))


class TestPatch(UndoTest):
	def test_earlier_bounces_get_the_key_of_their_refusal(self):
		self.bounce_all()
		suppress(address("by-hand"), reason="Hard Bounce", origin="An earlier mailing")
		frappe.db.sql("UPDATE `tabSuppressed Email` SET refusal = NULL")
		mark_refusals.execute()
		frappe.db.commit()
		self.assertEqual(suppression.refusal(KEY)["count"], 40)
		self.assertEqual(suppression.refusal(key_of_reason(DISABLED))["count"], 7)
		self.assertIsNone(frappe.db.get_value("Suppressed Email", {"email": address("by-hand")}, "refusal"))
