"""What has come in is judged once, whatever ends the process, and what can't be judged is put aside."""

import json
from dataclasses import asdict
from unittest.mock import patch

import frappe

from email_campaigns.api.desk import privacy
from email_campaigns.email_campaigns.doctype.inbound_event.inbound_event import JUDGED, InboundEvent
from email_campaigns.inbound import arrivals_store, match_store, threads_store
from email_campaigns.inbound.values import Clues
from email_campaigns.jobs import inbound
from email_campaigns.site_time import database_epoch
from email_campaigns.tests.site.kits.builders import ACCOUNT, a_list, a_mailing, address, settings
from email_campaigns.tests.site.kits.mail_server import EVENT, judge
from email_campaigns.tests.site.kits.queue import waiting_jobs
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.site.kits.workers import kill_in_the_middle
from email_campaigns.tracking.store import token_ring

JO, OTHER = address("jo"), "jo.private@elsewhere.example"
SES = "0100018f8c9b3c5d-2b4f1c3e-1111-2222-3333-444455556666-000000"
# Judges in a process of its own, which stops before or after one function.
CHILD = """
import sys, time
import frappe
frappe.init(site=sys.argv[1]); frappe.connect()
from email_campaigns.inbound import arrivals_store
from email_campaigns.inbound.outcomes import bounces_store
from email_campaigns.jobs import inbound, outcomes
module, name, when = sys.argv[2:]
modules = {"inbound": inbound, "outcomes": outcomes}
module = {**modules, "arrivals_store": arrivals_store, "bounces_store": bounces_store}[module]
whole = getattr(module, name)
def stopping(*arguments, **values):
	result = None
	if when == "after":
		result = whole(*arguments, **values)
	print("in the middle", flush=True)
	time.sleep(60)
setattr(module, name, stopping)
inbound.judge()
"""


class JudgeTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(self.forget)
		self.forget()
		self.mailing = self.send(a_mailing(a_list(JO)))
		self.message, self.message_id = frappe.db.get_value(
			"Campaign Message", {"source": self.mailing}, ["name", "message_id"]
		)

	def forget(self):
		frappe.db.rollback()
		for doctype in (EVENT, "Forgotten Address"):
			frappe.db.delete(doctype)
		frappe.db.commit()

	def mail(self, text: str = "Yes, please", *headers: str) -> bytes:
		lines = [f"From: Jo <{OTHER}>", f"To: {address('news')}", "Subject: Re: Hello"]
		lines += [f"Message-ID: <{frappe.generate_hash(length=12)}@elsewhere.example>"]
		lines += headers or [f"In-Reply-To: <{self.message_id}>"]
		return "\r\n".join([*lines, "", text, ""]).encode()

	def event(self):
		frappe.db.rollback()
		names = frappe.get_all(EVENT, pluck="name")
		self.assertEqual(len(names), 1)
		return frappe.get_doc(EVENT, names[0])

	def assert_replied_once(self):
		frappe.db.rollback()
		self.assertEqual(self.event().status, "Done")
		self.assertEqual(frappe.db.count("Campaign Log", {"message": self.message, "action": "Replied"}), 1)
		self.assertEqual(self.form(self.mailing).replied_count, 1)

	def judge_later(self):
		"""Let the lease of the killed job end."""
		frappe.db.sql("UPDATE `tabInbound Event` SET next_epoch = 0")
		frappe.db.commit()
		judge()


class TestOnce(JudgeTest):
	def test_a_job_that_is_killed_anywhere(self):
		for module, name, when in (
			("arrivals_store", "claim", "before"),
			("arrivals_store", "claim", "after"),
			("inbound", "understand", "before"),
			("inbound", "understand", "after"),
			("outcomes", "apply", "before"),
			("outcomes", "apply", "after"),
		):
			with self.subTest(f"{when} {name}"):
				self.tearDown()
				self.doCleanups()
				self.setUp()
				arrivals_store.store(self.mail(), ACCOUNT)
				kill_in_the_middle(CHILD, module, name, when)
				self.assertEqual(self.event().status, "Waiting")
				self.judge_later()
				self.assert_replied_once()

	def test_the_same_mail_is_stored_and_judged_once(self):
		raw = self.mail()
		arrivals_store.store(raw, ACCOUNT)
		arrivals_store.store(raw.replace(b"\r\n", b"\n"), ACCOUNT)  # as POP gives it
		judge()
		arrivals_store.store(raw, ACCOUNT)
		judge()
		self.assert_replied_once()

	def test_no_other_job_takes_what_one_has_claimed(self):
		arrivals_store.store(self.mail(), ACCOUNT)
		name, epoch = self.event().name, database_epoch()
		(event,) = arrivals_store.claim(epoch)
		frappe.db.commit()
		self.assertEqual((event.name, event.attempts), (name, 1))
		self.assertEqual(arrivals_store.claim(epoch), [])
		(again,) = arrivals_store.claim(epoch + arrivals_store.LEASE_SECONDS)
		self.assertEqual((again.name, again.attempts), (name, 2))

	def test_what_was_tried_before_comes_alone(self):
		for _mail in range(3):
			arrivals_store.store(self.mail(), ACCOUNT)
		epoch = database_epoch()
		frappe.db.rollback()
		self.assertEqual(len(arrivals_store.claim(epoch)), 3)
		frappe.db.commit()
		arrivals_store.store(self.mail(), ACCOUNT)
		frappe.db.rollback()
		later = epoch + arrivals_store.LEASE_SECONDS
		self.assertEqual([event.attempts for event in arrivals_store.claim(later)], [1])
		self.assertEqual([event.attempts for event in arrivals_store.claim(later)], [2])
		self.assertEqual([event.attempts for event in arrivals_store.claim(later)], [2])

	def test_the_tick_brings_a_job_for_what_waits(self):
		inbound.judge_if_waiting()
		self.assertEqual(waiting_jobs(), [])
		arrivals_store.store(self.mail(), ACCOUNT)
		frappe.db.rollback()
		inbound.judge_if_waiting()
		self.assertEqual(waiting_jobs(), ["ec-inbound"])


class TestPutAside(JudgeTest):
	def test_what_fails_again_and_again(self):
		arrivals_store.store(self.mail(), ACCOUNT)
		with patch.object(inbound, "understand", side_effect=RuntimeError("broken")):
			for attempt in range(1, arrivals_store.MOST_ATTEMPTS + 1):
				judge()
				self.assertEqual(self.event().attempts, attempt)
				self.assertEqual(self.event().status == "Put Aside", attempt == arrivals_store.MOST_ATTEMPTS)
				frappe.db.sql("UPDATE `tabInbound Event` SET next_epoch = 0")
				frappe.db.commit()
		self.assertIn("broken", self.event().reason)

	def test_what_ends_the_process_again_and_again(self):
		arrivals_store.store(self.mail(), ACCOUNT)
		frappe.db.sql("UPDATE `tabInbound Event` SET attempts = %s", arrivals_store.MOST_ATTEMPTS)
		frappe.db.commit()
		judge()
		self.assertEqual(self.event().status, "Put Aside")
		self.assertIn("5 times", self.event().reason)

	def test_one_bad_mail_holds_up_no_other(self):
		arrivals_store.store(self.mail("bad"), ACCOUNT)
		arrivals_store.store(self.mail("good"), ACCOUNT)
		whole = inbound.understand

		def failing(raw):
			if b"bad" in raw:
				raise ValueError
			return whole(raw)

		with patch.object(inbound, "understand", failing):
			judge()
		statuses = frappe.get_all(EVENT, pluck="status", order_by="name")
		self.assertEqual(statuses, ["Waiting", "Done"])

	def test_one_that_can_not_be_unpacked_holds_up_no_other(self):
		arrivals_store.store(self.mail("bad"), ACCOUNT)
		frappe.db.sql("UPDATE `tabInbound Event` SET raw = 'x'")
		frappe.db.commit()
		arrivals_store.store(self.mail("good"), ACCOUNT)
		judge()
		statuses = frappe.get_all(EVENT, pluck="status", order_by="name")
		self.assertEqual(statuses, ["Waiting", "Done"])

	def test_nothing_is_judged_of_a_mail_that_was_erased_while_it_waited(self):
		arrivals_store.store(self.mail(), ACCOUNT)
		frappe.db.sql("UPDATE `tabInbound Event` SET raw = ''")
		frappe.db.commit()
		judge()
		self.assertEqual(frappe.db.count(EVENT), 0)


class TestStored(JudgeTest):
	def test_while_the_database_is_away_a_file_keeps_the_mail(self):
		with patch.object(frappe.db, "get_connection", side_effect=OSError("away")):
			arrivals_store.store(self.mail(), ACCOUNT)
		self.assertEqual(frappe.db.count(EVENT), 0)
		judge()
		self.assert_replied_once()
		self.assertEqual(list(arrivals_store.FILES.paths()), [])

	def test_a_file_that_the_table_refuses_holds_up_no_other(self):
		folder = arrivals_store.FILES
		self.addCleanup(folder.forget_damaged)
		for raw, source in ((b"", "x" * 200), (self.mail(), ACCOUNT)):
			arrival = arrivals_store.make_arrival(raw, source, arrivals_store.MAILBOX)
			folder.write(json.dumps({**asdict(arrival), "source": source}))
		judge()
		self.assert_replied_once()
		self.assertEqual(list(folder.paths()), [])

	def test_of_a_mail_that_is_not_ours_nothing_stays(self):
		arrivals_store.store(self.mail("Hi", "In-Reply-To: <1@elsewhere.example>"), ACCOUNT)
		judge()
		self.assertEqual(frappe.db.count(EVENT), 0)

	def test_a_large_mail_is_stored_by_its_beginning(self):
		arrivals_store.store(self.mail("a" * 50_000_000), ACCOUNT)
		judge()
		self.assert_replied_once()

	def test_a_person_goes_frappes_way_and_a_machine_only_where_the_setting_says_so(self):
		machine = self.mail("I am away", f"In-Reply-To: <{self.message_id}>", "Auto-Submitted: auto-replied")
		self.assertFalse(inbound.take_in(self.mail(), ACCOUNT))
		self.assertTrue(inbound.take_in(machine, ACCOUNT))
		settings(swallow_machine_mail=0)
		self.addCleanup(settings, swallow_machine_mail=1)
		self.assertFalse(inbound.take_in(machine, ACCOUNT))

	def test_half_of_what_stands_for_an_answered_mail_does_not_stay(self):
		def failing(mail, answered):
			frappe.db.sql("UPDATE tabUser SET bio = 'half' WHERE name = 'Guest'")
			raise ValueError

		with patch.object(threads_store, "prepare", failing):
			self.assertFalse(inbound.take_in(self.mail(), ACCOUNT))
		self.assertNotEqual(frappe.db.get_value("User", "Guest", "bio"), "half")

	def test_only_a_system_manager_reads_the_raw_mail(self):
		field = frappe.get_meta(EVENT).get_field("raw")
		roles = {row.role for row in frappe.get_meta(EVENT).permissions if row.permlevel == field.permlevel}
		self.assertEqual(roles, {"System Manager"})

	def test_a_forgotten_address_is_in_no_event(self):
		arrivals_store.store(self.mail(), ACCOUNT)
		arrivals_store.store(self.mail(f"{JO} says hello", "Auto-Submitted: auto-replied"), ACCOUNT)
		arrivals_store.FILES.write(f"half of a mail to {JO}")
		judge()
		self.assertIn("Yes, please", str(privacy.known_about(JO)["Inbound Event"]))
		privacy.forget(JO)
		frappe.db.commit()
		rows = frappe.get_all(EVENT, fields=["*"])
		self.assertEqual([row for row in rows if JO in str(row) or JO in self.raw(row)], [])
		self.assertEqual(list(arrivals_store.FILES.folder().glob("*.damaged")), [])

	def test_the_raw_mails_of_all_judged_events_go_after_a_month(self):
		for status in (*JUDGED, "Waiting"):
			arrivals_store.store(self.mail(status), ACCOUNT)
			frappe.db.sql("UPDATE `tabInbound Event` SET status = %s ORDER BY name DESC LIMIT 1", status)
			frappe.db.commit()
		frappe.db.sql("UPDATE `tabInbound Event` SET creation = %s", frappe.utils.add_days(None, -31))
		InboundEvent.clear_old_logs()
		frappe.db.commit()
		rows = frappe.get_all(EVENT, fields=["status", "raw"])
		self.assertEqual([row.status for row in rows if row.raw], ["Waiting"])
		self.assertEqual(len(rows), 4)

	def raw(self, row) -> str:
		return arrivals_store.unpack(row.raw or "").decode()


class TestMatch(JudgeTest):
	script = {"content": {1: f"250 Ok {SES}"}}

	def test_a_mail_that_answers_the_id_of_the_provider(self):
		self.assertEqual(frappe.db.get_value("Campaign Message", self.message, "provider_id"), SES)
		arrivals_store.store(self.mail("Yes", f"In-Reply-To: <{SES}@email.amazonses.com>"), ACCOUNT)
		judge()
		self.assert_replied_once()

	def test_the_forms_of_an_id(self):
		ours = self.message_id
		for message_id in (ours, ours.upper(), f"mail <{ours}> of today", ours.replace("@", "@x.")):
			self.assertEqual(match_store.mail_of(Clues(message_ids=(message_id,))).message, self.message)
		forged = ours[:-20].replace("a", "b") + ours[-20:]
		for message_id in ("", "1@elsewhere.example", ours[3:], forged if forged != ours else ""):
			self.assertIsNone(match_store.mail_of(Clues(message_ids=(message_id,))))

	def test_a_short_id_proves_a_mail_only_with_the_providers_signature(self):
		frappe.db.set_value("Campaign Message", self.message, "provider_id", "4XyZ123")
		clues = Clues(provider_ids=("4XyZ123",))
		self.assertIsNone(match_store.mail_of(clues))
		self.assertEqual(match_store.mail_of(clues, signed=True).message, self.message)
		self.assertIsNone(match_store.mail_of(Clues(provider_ids=("4xyz123",)), signed=True))

	def test_only_a_signed_address_unsubscribes(self):
		local_part = token_ring().opt_out_local_part(self.message, "news")
		for forged, kind in ((local_part[:-1] + "22", "Reply"), (local_part, "Opt-out")):
			self.forget()
			raw = self.mail("unsubscribe").replace(address("news").encode(), f"{forged}@x.example".encode())
			arrivals_store.store(raw, ACCOUNT)
			judge()
			self.assertEqual((self.event().kind, self.event().status), (kind, "Done"))
			opted_out_at = frappe.db.get_value("Campaign Message", self.message, "opted_out_at")
			self.assertEqual(bool(opted_out_at), kind == "Opt-out")
