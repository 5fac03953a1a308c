"""What people do when a mailing has left: mails are sent again, once, and only to whom they may go."""

import json
import threading
import time
from collections import Counter

import frappe

from email_campaigns import jobs
from email_campaigns.api import after, desk
from email_campaigns.audience import store as audience
from email_campaigns.audience.decide import DUPLICATE_ADDRESS, HELD_OUT
from email_campaigns.audience.suppression_store import lift, suppress
from email_campaigns.delivery import ledger_store, missing_store, resend
from email_campaigns.tests.site.kit import (
	SendingTest,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	addresses,
	change,
	elsewhere,
	run_job,
	settings,
	waiting_jobs,
	work_off,
)
from email_campaigns.tests.smtp_server import DROP, KEEP_AND_DROP

MESSAGE = "Campaign Message"
REFUSED = "554 5.7.1 Not today"
UNKNOWN = "550 5.1.1 No such user"
FIVE = addresses(5)
ONE, TWO, THREE = FIVE[:3]


class AfterTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def message(self, name, email, **values):
		frappe.db.rollback()
		return frappe.db.get_value(MESSAGE, {"source": name, "email": email, **values}, "name")

	def row(self, message):
		frappe.db.rollback()
		return frappe.get_doc(MESSAGE, message)

	def do(self, method, *arguments, **options):
		"""Call as a request does, which commits at its end."""
		frappe.db.rollback()
		answer = method(*arguments, **options)
		frappe.db.commit()
		return answer

	def refuses(self, words, method, *arguments, **options):
		frappe.db.rollback()
		before = self.everything()
		with self.assertRaisesRegex(frappe.ValidationError, words):
			method(*arguments, **options)
		frappe.db.rollback()
		self.assertEqual(self.everything(), before, "nothing changed")

	def everything(self):
		rows = (
			"SELECT * FROM `tabCampaign Message` ORDER BY name",
			"SELECT * FROM `tabMass Email` ORDER BY name",
		)
		return [frappe.db.sql(query) for query in rows]

	def at_once(self, number, method, *arguments):
		"""Call from several connections at the same moment; return what each said, None where it was done."""
		frappe.db.rollback()
		barrier, site, said = threading.Barrier(number), frappe.local.site, []

		def call():
			frappe.local.flags.in_test = True
			barrier.wait()
			try:
				method(*arguments)
				said.append(None)
			except frappe.ValidationError as error:
				frappe.db.rollback()
				said.append(str(error))

		threads = [threading.Thread(target=elsewhere, args=(site, call)) for _ in range(number)]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		return said

	def assertFigures(self, name, status="Complete"):
		"""The form counts what the ledger has, and the log has every mail that was sent."""
		form, numbers = self.form(name), self.statuses(name)
		for kind, states in ledger_store.COUNTS.items():
			counted = sum(numbers.get(state, 0) for state in states)
			self.assertEqual(form.get(f"{kind}_count"), counted, f"{kind} on the form; {numbers}")
		self.assertEqual(form.status, status)
		logged = frappe.db.count("Campaign Log", {"source": name, "action": "Sent"})
		self.assertEqual(logged, numbers.get("Sent", 0))

	def assertReceived(self, *emails):
		self.assertEqual(self.received(), sorted(emails))


class TestOneMailAgain(AfterTest):
	def test_that_was_sent_gets_a_row_of_its_own(self):
		name = self.send(a_mailing(a_list(ONE, TWO)))
		first = self.message(name, ONE)
		self.do(after.resend, first)
		self.assertEqual(self.form(name).status, "In Process")
		self.assertFigures(name, "In Process")
		self.go_on()
		self.assertReceived(ONE, ONE, TWO)
		self.assertFigures(name)
		again = self.row(self.message(name, ONE, resend_of=first))
		self.assertEqual((again.dedupe_key, again.status), (f"x:{first}:1", "Sent"))
		self.assertTrue(self.form(name).completed_on)

	def test_is_done_once_by_a_double_click(self):
		name = self.send(a_mailing(a_list(ONE)))
		first = self.message(name, ONE)
		self.do(after.resend, first)
		self.refuses(resend.ON_ITS_WAY, after.resend, first)
		self.go_on()
		self.refuses(resend.JUST_SENT, after.resend, first)
		self.refuses(resend.JUST_SENT, after.resend, self.message(name, ONE, resend_of=first))
		self.go_on()
		self.assertReceived(ONE, ONE)

	def test_may_be_sent_once_more_later(self):
		name = self.send(a_mailing(a_list(ONE)))
		first = self.message(name, ONE)
		for number in (1, 2):
			self.do(after.resend, first)
			self.go_on()
			frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 1 WHERE source = %s", name)
			frappe.db.commit()
			self.assertTrue(
				frappe.db.exists(MESSAGE, {"dedupe_key": f"x:{first}:{number}", "status": "Sent"})
			)
		self.assertReceived(ONE, ONE, ONE)
		self.assertFigures(name)

	def test_is_done_once_by_people_at_once(self):
		name = self.send(a_mailing(a_list(ONE)))
		said = self.at_once(4, after.resend, self.message(name, ONE))
		self.assertEqual(Counter(said), {None: 1, resend.ON_ITS_WAY: 3})
		self.go_on()
		self.assertReceived(ONE, ONE)
		self.assertFigures(name)

	def test_that_failed_is_done_once_by_people_at_once(self):
		self.serve({"content": {ONE: [REFUSED]}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		said = self.at_once(4, after.resend, self.message(name, ONE))
		self.assertEqual(said.count(None), 1, said)
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)

	def test_goes_to_the_address_that_the_record_has_today(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=TWO)
		self.do(after.resend, self.message(name, ONE))
		self.go_on()
		self.assertReceived(ONE, TWO)

	def test_that_failed_is_queued_again_in_its_row(self):
		self.serve({"content": {ONE: [REFUSED]}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		message = self.message(name, ONE)
		self.assertEqual(self.row(message).status, "Failed")
		self.do(after.resend, message)
		self.assertEqual((self.row(message).status, self.row(message).attempts), ("Queued", 0))
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)
		self.assertNothingLost(name)

	def test_that_bounced_waits_for_a_corrected_address(self):
		self.serve({"rcpt": {ONE: UNKNOWN}})
		contact = a_contact(ONE)
		add_records(a_list(TWO), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		message = self.message(name, ONE)
		self.refuses("Suppressed: Hard Bounce", after.resend, message)
		change("Contact", contact, email_id=THREE)
		self.do(after.resend, message)
		self.go_on()
		self.assertReceived(TWO, THREE)
		self.assertFigures(name)
		self.assertEqual(self.row(message).dedupe_key, f"a:{THREE}")

	def test_never_goes_to_an_address_that_somebody_else_has_the_mail_at(self):
		self.serve({"content": {ONE: [REFUSED]}})
		contact = a_contact(ONE)
		add_records(a_list(TWO), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=TWO)
		self.refuses(DUPLICATE_ADDRESS, after.resend, self.message(name, ONE))

	def test_never_goes_to_who_unsubscribed_meanwhile(self):
		name = self.send(a_mailing(a_list(ONE)))
		suppress(ONE, reason="Unsubscribed", origin="a click")
		frappe.db.commit()
		self.refuses("Unsubscribed", after.resend, self.message(name, ONE))

	def test_that_was_skipped_is_decided_anew(self):
		suppress(ONE, reason="Unsubscribed", origin="a click")
		name = self.send(a_mailing(a_list(ONE, TWO)))
		message = self.message(name, ONE)
		self.refuses("Unsubscribed", after.resend, message)
		lift(ONE)
		frappe.db.commit()
		self.do(after.resend, message)
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)
		self.assertNothingLost(name)

	def test_that_was_a_duplicate_stays_one(self):
		name = self.send(a_mailing(a_list(ONE), a_list(ONE, title="Sending Other")))
		self.refuses(DUPLICATE_ADDRESS, after.resend, self.message(name, ONE, status="Skipped"))

	def test_never_goes_to_the_hold_out_group(self):
		name = self.send(a_mailing(a_list(*addresses(20)), holdout_percent=50))
		held = frappe.get_all(MESSAGE, {"source": name, "reason": HELD_OUT}, pluck="name")
		self.assertTrue(held)
		self.refuses(resend.SPOILS_COMPARISON, after.resend, held[0])

	def test_on_its_way_is_refused(self):
		name = self.start(a_mailing(a_list(ONE)))
		jobs.tick()
		jobs.freeze(name)
		self.refuses(resend.ON_ITS_WAY, after.resend, self.message(name, ONE))

	def test_uncertain_is_for_a_decision(self):
		self.serve({"content": {ONE: KEEP_AND_DROP}})
		name = self.send(a_mailing(a_list(ONE)))
		self.refuses(resend.UNDECIDED, after.resend, self.message(name, ONE))


class TestTheMailing(AfterTest):
	def setUp(self):
		super().setUp()
		self.name = self.send(a_mailing(a_list(ONE, TWO)))
		self.first = self.message(self.name, ONE)

	def refuses_all(self, words):
		self.refuses(words, after.resend, self.first)
		self.refuses(words, after.resend_failed, self.name)
		self.refuses(words, after.resend_missing, self.name)
		self.refuses(words, after.decide_uncertain, self.name, False)

	def test_that_is_cancelled_sends_nothing_again(self):
		change("Mass Email", self.name, status="Cancelled")
		self.refuses_all("is cancelled")

	def test_past_its_deadline_sends_nothing_again(self):
		change("Mass Email", self.name, deadline_epoch=int(time.time()) - 1)
		self.refuses_all("deadline")

	def test_of_an_inactive_campaign_sends_nothing_again(self):
		change("Campaign", self.form(self.name).campaign, status="Inactive")
		self.refuses_all("Inactive")

	def test_on_a_muted_site_sends_nothing_again(self):
		frappe.conf.mute_emails, muted = 1, frappe.conf.mute_emails
		self.addCleanup(frappe.conf.update, {"mute_emails": muted})
		self.refuses_all("muted")

	def test_that_has_not_started_sends_nothing_again(self):
		draft = a_mailing(a_list())
		self.refuses("has not been sent", after.resend_failed, draft)
		self.refuses("has not been sent", after.resend_missing, draft)

	def test_that_is_paused_stays_paused(self):
		change("Mass Email", self.name, status="Paused")
		self.do(after.resend, self.first)
		self.go_on()
		self.assertEqual((self.form(self.name).status, self.statuses(self.name)["Queued"]), ("Paused", 1))
		self.do(desk.resume, self.name)
		self.go_on()
		self.assertReceived(ONE, ONE, TWO)
		self.assertFigures(self.name)

	def test_that_ended_can_not_be_resumed(self):
		self.refuses("can't become", desk.resume, self.name)

	def test_is_not_finished_while_a_mail_is_opened_again(self):
		"""The last page looks for open mails just before somebody opens one, and finishes after it."""
		change("Mass Email", self.name, status="In Process")
		site, first, finish = frappe.local.site, self.first, ledger_store.is_open
		meanwhile = threading.Thread(target=elsewhere, args=(site, lambda: after.resend(first)))

		def is_open(name):
			found = finish(name)
			if meanwhile.ident is None:
				meanwhile.start()
				meanwhile.join()
			return found

		frappe.db.commit()
		ledger_store.is_open = is_open
		self.addCleanup(setattr, ledger_store, "is_open", finish)
		self.assertFalse(jobs._finish(self.name))
		self.go_on()
		self.assertReceived(ONE, ONE, TWO)
		self.assertFigures(self.name)


class TestAllFailed(AfterTest):
	def test_go_again_but_those_that_bounced(self):
		self.serve({"rcpt": {ONE: UNKNOWN}, "content": {TWO: [REFUSED], THREE: [REFUSED]}})
		name = self.send(a_mailing(a_list(*FIVE)))
		self.assertEqual(self.statuses(name), {"Sent": 2, "Failed": 3})
		told = self.do(after.resend_failed, name)
		self.assertEqual(told, {"queued": 2, "left_out": {"Suppressed: Hard Bounce": 1}})
		self.assertEqual(self.do(after.resend_failed, name)["queued"], 0)
		self.go_on()
		self.assertReceived(*FIVE[1:])
		self.assertFigures(name)
		self.assertNothingLost(name)

	def test_of_a_mailing_of_which_nothing_could_be_sent(self):
		self.serve({"content": {ONE: [REFUSED], TWO: [REFUSED]}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		self.assertEqual(self.form(name).status, "Failed")
		self.do(after.resend_failed, name)
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)

	def test_where_none_can_leaves_the_mailing_as_it_is(self):
		self.serve({"rcpt": {ONE: UNKNOWN}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		self.do(after.resend_failed, name)
		self.assertFigures(name)

	def test_go_again_once_by_people_at_once(self):
		self.serve({"content": {email: [REFUSED] for email in FIVE}})
		name = self.send(a_mailing(a_list(*FIVE)))
		self.assertEqual(self.at_once(4, after.resend_failed, name), [None] * 4)
		self.assertFigures(name, "In Process")
		self.go_on()
		self.assertEqual(max(Counter(self.received()).values()), 1)
		self.assertFigures(name)


class TestMissing(AfterTest):
	def test_members_get_the_mailing(self):
		suppress(TWO, reason="Unsubscribed", origin="a click")
		suppress(THREE, reason="Unsubscribed", origin="a click")
		name = self.send(a_mailing(a_list(ONE, TWO, THREE)))
		self.assertReceived(ONE)
		lift(TWO)
		a_list(*FIVE)
		frappe.db.commit()
		self.assertEqual(
			after.figures(name) | {"failed": 0}, {"failed": 0, "uncertain": 0, "joined": 2, "left_out": 2}
		)
		self.do(after.resend_missing, name)
		self.refuses("already", after.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, *FIVE[3:])
		self.assertFigures(name)
		self.assertNothingLost(name)
		self.do(after.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, *FIVE[3:])
		self.assertFigures(name)

	def test_goes_on_after_a_worker_was_killed(self):
		name = self.send(a_mailing(a_list(ONE)))
		a_list(*addresses(30))
		frappe.db.commit()
		self.in_slices(7)
		self.do(after.resend_missing, name)
		self.assertEqual(waiting_jobs(), ["ec-missing-" + name])
		self.assertTrue(missing_store.take_next(name))
		frappe.db.commit()
		self.assertEqual(self.form(name).status, "In Process")
		self.go_on()
		self.assertEqual(self.received(), addresses(30))
		self.assertFigures(name)
		self.assertEqual(self.form(name).missing_cursor, 0)

	def in_slices(self, size):
		read = audience.read_slice
		audience.read_slice = lambda *arguments: read(*arguments, size)
		self.addCleanup(setattr, audience, "read_slice", read)

	def test_the_mailing_is_not_finished_between_two_slices(self):
		name = self.send(a_mailing(a_list(ONE)))
		a_list(*addresses(10))
		frappe.db.commit()
		self.in_slices(3)
		self.do(after.resend_missing, name)
		while missing_store.take_next(name):
			frappe.db.commit()
			jobs.top_up()
			for job in [job for job in waiting_jobs() if job.startswith("ec-page")]:
				run_job(job)
			self.assertEqual(self.form(name).status, "In Process")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.received(), addresses(10))
		self.assertFigures(name)

	def test_who_joined_with_an_address_that_has_the_mail_gets_none(self):
		name = self.send(a_mailing(a_list(ONE, TWO)))
		contact = a_contact(THREE)
		add_records(a_list(), "Contact", contact, a_contact(ONE))
		frappe.db.commit()
		self.do(after.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, THREE)
		self.assertFigures(name)
		# A corrected address makes nobody a new member.
		change("Contact", contact, email_id=FIVE[3])
		self.do(after.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, THREE)

	def test_who_joined_with_the_corrected_address_of_another_gets_none(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=TWO)
		self.do(after.resend, self.message(name, ONE))
		a_list(TWO, THREE)
		frappe.db.commit()
		self.do(after.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, THREE)

	def test_the_hold_out_group_stays_out(self):
		name = self.send(a_mailing(a_list(*addresses(20)), holdout_percent=50))
		got = self.received()
		self.do(after.resend_missing, name)
		self.go_on()
		self.assertEqual(self.received(), got)
		self.assertFigures(name)

	def test_people_at_once_start_one_search(self):
		name = self.send(a_mailing(a_list(ONE)))
		a_list(*FIVE)
		frappe.db.commit()
		said = self.at_once(3, after.resend_missing, name)
		self.assertEqual(said.count(None), 1, said)
		work_off()
		self.go_on()
		self.assertReceived(*FIVE)

	def test_a_key_held_by_who_gets_nothing_gives_way(self):
		"""The page skipped the first of two with one address, which left one of its lists only."""
		name = self.start(a_mailing(a_list(ONE), a_list(ONE, title="Sending Other")))
		jobs.tick()
		jobs.freeze(name)
		suppress(ONE, reason="Unsubscribed", origin="a click", target_list="Sending List")
		frappe.db.commit()
		self.go_on()
		self.assertReceived()
		self.do(after.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE)
		self.assertFigures(name)


class TestUncertain(AfterTest):
	def setUp(self):
		super().setUp()
		self.serve({"content": {ONE: [KEEP_AND_DROP], TWO: [DROP]}})
		self.name = self.send(a_mailing(a_list(*FIVE)))
		self.go_on()
		self.assertEqual(self.statuses(self.name), {"Sent": 3, "Uncertain": 2})
		self.one, self.two = self.message(self.name, ONE), self.message(self.name, TWO)

	def decide(self, arrived, *messages):
		chosen = json.dumps([str(number) for number in messages]) if messages else None
		return self.do(after.decide_uncertain, self.name, arrived, chosen)

	def test_arrived(self):
		self.assertEqual(self.decide(True, self.one)["decided"], 1)
		self.assertEqual(self.decide(True, self.one)["decided"], 0)
		row = self.row(self.one)
		self.assertEqual((row.status, row.reason), ("Sent", ""))
		self.assertTrue(row.sent_at)
		self.assertFigures(self.name)
		log = frappe.get_all("Campaign Log", {"message": self.one, "action": "Sent"}, ["details", "owner"])
		self.assertEqual(len(log), 1)
		self.assertIn("Administrator", log[0].details)

	def test_send_again(self):
		self.assertEqual(self.decide(False, self.two)["decided"], 1)
		self.assertEqual(self.decide(False, self.two)["decided"], 0)
		self.assertEqual(self.decide(True, self.two)["decided"], 0)
		self.go_on()
		self.assertReceived(*FIVE)
		self.assertEqual(self.statuses(self.name), {"Sent": 4, "Uncertain": 1})
		self.assertFigures(self.name)

	def test_all_of_them(self):
		self.assertEqual(self.decide(True)["decided"], 2)
		self.assertEqual(self.statuses(self.name), {"Sent": 5})
		self.assertFigures(self.name)

	def test_people_of_two_minds(self):
		said = Counter()
		site, names = frappe.local.site, [self.one, self.two]

		def call(arrived):
			done = after.decide_uncertain(self.name, arrived, json.dumps(names))
			said[arrived] += done["decided"]

		threads = [
			threading.Thread(target=elsewhere, args=(site, lambda arrived=arrived: call(arrived)))
			for arrived in (True, False, True, False)
		]
		frappe.db.rollback()
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		self.assertEqual(sorted(said.values())[-1], 2)
		self.assertEqual(said.total(), 2)
		self.go_on()
		self.assertFigures(self.name)

	def test_who_unsubscribed_meanwhile_gets_no_second_one(self):
		suppress(ONE, reason="Unsubscribed", origin="a click")
		frappe.db.commit()
		told = self.decide(False)
		self.assertEqual(told, {"decided": 1, "left_out": {"Unsubscribed": 1}})
		self.go_on()
		self.assertEqual(Counter(self.received())[ONE], 1)

	def test_under_an_hourly_limit_the_second_waits_until_the_first_no_longer_counts(self):
		settings(hourly_limit=100)
		self.decide(False, self.two)
		row = self.row(self.two)
		self.assertEqual(row.send_after, row.sent_epoch + 3600)
		self.go_on()
		self.assertNotIn(TWO, self.received())
		self.due_again(self.name)
		self.go_on()
		self.assertIn(TWO, self.received())


class TestWhoMayNot(AfterTest):
	def test_do_any_of_this(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		message = self.message(name, ONE)
		stranger = a_user("stranger", "Sales User")
		frappe.db.commit()
		frappe.set_user(stranger)
		calls = {
			"figures": (name,),
			"refusal": (message,),
			"resend": (message,),
			"resend_failed": (name,),
			"resend_missing": (name,),
			"decide_uncertain": (name, True),
			"why": (name, ONE),
			"mails_of": ("Contact", contact),
		}
		self.assertEqual(set(calls), self.whitelisted())
		for method, arguments in calls.items():
			with self.subTest(method), self.assertRaises(frappe.PermissionError):
				getattr(after, method)(*arguments)

	def whitelisted(self):
		return {
			name
			for name, method in vars(after).items()
			if method in frappe.whitelisted and method.__module__ == after.__name__
		}

	def test_see_the_mails_of_a_record_that_they_may_not_read(self):
		user, name = a_user("clerk", "Campaign User"), a_mailing(a_list(ONE))
		frappe.set_user(user)
		for method in (after.mails_of, lambda *record: after.why(name, "", *record)):
			with self.assertRaises(frappe.PermissionError):
				method("User", "Administrator")
