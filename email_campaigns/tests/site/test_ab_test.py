"""An A/B test on a site: who gets which version, who waits, what is chosen when, and that nobody gets two mails."""

import time
from collections import Counter

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.api import ab_test as api
from email_campaigns.api import after, approval, desk
from email_campaigns.delivery import ab_store, view_store
from email_campaigns.jobs import ab_test, sending
from email_campaigns.results import store as results
from email_campaigns.tests.site.ab_kit import HOUR, MANY, A, ABTest, B, C
from email_campaigns.tests.site.copies import COMPANY, offer
from email_campaigns.tests.site.kit import (
	PREFIX,
	a_contact,
	a_list,
	a_template,
	a_user,
	add_records,
	address,
	change,
	settings,
)


class TestTheTest(ABTest):
	def test_a_share_gets_the_versions_and_the_rest_waits(self):
		name = self.send(self.mailing(percent=50))
		found = self.versions(name)
		self.assertEqual(set(found), {"A", "B", "Rest"})
		self.assertTrue(all(len(people) > 5 for people in found.values()), found)
		self.assertEqual(self.subjects(), {**dict.fromkeys(found["A"], A), **dict.fromkeys(found["B"], B)})
		self.assertEqual(
			self.statuses(name), {"Sent": len(found["A"] + found["B"]), "Queued": len(found["Rest"])}
		)
		self.assertEqual(self.form(name).status, "In Process")
		self.assertNothingLost(name)

	def test_the_best_version_goes_to_the_rest_after_its_hours(self):
		name = self.send(self.mailing())
		self.people_do(name, "clicked", "B", 5)
		self.people_do(name, "opened", "A", 9)
		self.people_do(name, "clicked", "A", 2)
		self.tick()
		self.hours_pass(3.9)
		self.assertFalse(self.form(name).ab_winner)
		self.hours_pass(4)
		form = self.form(name)
		self.assertEqual((form.ab_winner, form.ab_chosen_by), ("B", None))
		self.assertIn("B is ahead of A", form.ab_reason)
		self.assertTrue(form.ab_chosen_on)
		self.assertAllGot(name, "B")

	def test_programs_choose_nothing(self):
		name = self.send(self.mailing(winner_by="Opens"))
		self.people_do(name, "opened", "B", 9, verdict="machine")
		self.people_do(name, "opened", "A", 1)
		self.hours_pass()
		self.assertAllGot(name, "A")

	def test_where_nobody_has_done_anything_a_wins_and_it_is_said(self):
		name = self.send(self.mailing(subjects=(B, C), winner_by="Replies"))
		self.hours_pass()
		self.assertIn("nobody has replied. So the first of them was chosen: A.", self.form(name).ab_reason)
		self.assertAllGot(name, "A")

	def test_by_hand_it_waits_for_ever(self):
		name = self.send(self.mailing(winner_by="By hand"))
		self.people_do(name, "clicked", "B", 5)
		self.hours_pass(9999)
		self.assertFalse(self.form(name).ab_winner)
		self.assertEqual(self.form(name).status, "In Process")
		api.choose(name, "A")
		frappe.db.commit()
		self.go_on()
		form = self.form(name)
		self.assertEqual(
			(form.ab_winner, form.ab_chosen_by, form.ab_reason), ("A", "Administrator", "Chosen by hand.")
		)
		self.assertAllGot(name, "A")

	def test_a_version_may_have_a_template_of_its_own(self):
		rows = [{"email_template": a_template(B, "<p>Another text</p>")}, {"subject": C}]
		name = self.send(self.mailing(ab_versions=rows, percent=100))
		found = self.versions(name)
		self.assertEqual(set(found), {"A", "B", "C"})
		texts = {
			mail.recipients[0]: mail.parsed.get_body(("plain",)).get_content()
			for mail in self.server.messages
		}
		self.assertTrue(all(("Another text" in texts[email]) == (email in found["B"]) for email in MANY))
		self.assertEqual(
			Counter(self.subjects().values()), {A: len(found["A"]), B: len(found["B"]), C: len(found["C"])}
		)
		self.assertEqual(self.form(name).status, "Complete", "nobody waits, so there is nothing to choose")

	def test_seeds_see_every_version_and_wait_for_none(self):
		seeds = [address(f"colleague{number}") for number in range(3)]
		name = self.send(self.mailing(seed_list=a_list(*seeds, title=f"{PREFIX} Seeds"), percent=10))
		self.assertEqual([self.subjects()[email] for email in seeds], [A, B, A])
		self.assertCounts(name)
		self.assertEqual(
			sum(ab_store.counts(name)[label].planned for label in ("A", "B")), self.in_test(name)
		)

	def in_test(self, name):
		found = self.versions(name)
		return len(found.get("A", [])) + len(found.get("B", []))

	def test_whoever_gets_a_language_version_takes_no_part(self):
		german = a_contact(address("hans"), first_name="Hans")
		row = frappe.qb.DocType("Target List Member")
		add_records(a_list(), "Contact", german)
		frappe.qb.update(row).set(row.language, "de").where(row.email == MANY[0]).run()
		versions = [{"language": "de", "email_template": a_template("Betreff", "<p>Hallo</p>")}]
		name = self.mailing(*MANY, language_versions=versions)
		frappe.db.sql("UPDATE `tabTarget List Member` SET language = 'de' WHERE email = %s", MANY[0])
		frappe.db.commit()
		self.send(name)
		self.assertEqual(self.subjects()[MANY[0]], "Betreff")
		self.assertEqual(self.versions(name)[""], [MANY[0]])

	def test_held_out_people_are_in_no_version(self):
		name = self.send(self.mailing(holdout_percent=30))
		held = frappe.get_all("Campaign Message", {"source": name, "status": "Skipped"}, ["version", "email"])
		self.assertGreater(len(held), 5)
		self.assertEqual({row.version or "" for row in held}, {""})
		self.hours_pass()
		self.assertAllGot(name, "A", *(set(MANY) - {row.email for row in held}))

	def test_a_copy_is_of_the_version_of_its_mail(self):
		offer(COMPANY)
		self.addCleanup(offer)
		people = [address(f"kim{number}") for number in range(12)]
		contacts = [a_contact(email, company_name=f"boss-of-{email}") for email in people]
		add_records(a_list(title=f"{PREFIX} Contacts"), "Contact", *contacts)
		name = self.mailing(
			cc_fields=[{"cc_field": COMPANY}], target_lists=[{"target_list": f"{PREFIX} Contacts"}]
		)
		self.send(name)
		first = self.versions(name)
		self.assertTrue(first.get("Rest") and len(first) > 1, first)
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		subjects = self.subjects()
		self.assertEqual(len(subjects), 24)
		for email in people:
			self.assertEqual(subjects[email], subjects[f"boss-of-{email}"])
		for email in first["Rest"]:
			self.assertEqual(subjects[email], B)
		self.assertEqual(self.form(name).status, "Complete")


class TestTheWinner(ABTest):
	def test_its_hours_begin_with_the_last_mail_of_the_test(self):
		settings(hourly_limit=10)
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0")
		name = self.send(self.mailing())
		self.hours_pass(999)
		self.assertFalse(self.form(name).ab_winner, "most of the test has still to leave")
		self.assertEqual(self.form(name).ab_due_epoch, 0)
		settings(hourly_limit=0)
		self.go_on()
		self.tick()
		due = self.form(name).ab_due_epoch
		self.assertAlmostEqual(due, time.time() + 4 * HOUR, delta=30)
		self.hours_pass(4)
		self.assertAllGot(name, "A")

	def test_it_is_chosen_once(self):
		name = self.send(self.mailing(winner_by="By hand"))
		api.choose(name, "B")
		frappe.db.commit()
		with self.assertRaisesRegex(frappe.ValidationError, "B has been chosen already"):
			api.choose(name, "A")
		self.assertFalse(ab_store.choose(name, "A", "", 0))
		self.go_on()
		self.assertAllGot(name, "B")

	def test_what_can_not_be_chosen_is_refused_with_a_sentence(self):
		name = self.mailing(winner_by="By hand")
		with self.assertRaisesRegex(frappe.ValidationError, "A mailing that is Draft has nobody who waits"):
			api.choose(name, "B")
		self.send(name)
		with self.assertRaisesRegex(frappe.ValidationError, "no version D"):
			api.choose(name, "D")
		frappe.set_user(a_user("stranger"))
		self.assertRaises(frappe.PermissionError, api.choose, name, "B")
		self.assertRaises(frappe.PermissionError, api.state, name)

	def test_a_paused_mailing_chooses_when_it_goes_on(self):
		name = self.send(self.mailing())
		desk.pause(name)
		frappe.db.commit()
		self.hours_pass()
		self.assertFalse(self.form(name).ab_winner)
		desk.resume(name)
		frappe.db.commit()
		self.hours_pass()
		self.assertAllGot(name, "A")

	def test_a_choice_while_it_is_paused_sends_nothing_before_it_goes_on(self):
		name = self.send(self.mailing(winner_by="By hand"))
		sent = len(self.server.messages)
		desk.pause(name)
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(len(self.server.messages), sent)
		desk.resume(name)
		frappe.db.commit()
		self.go_on()
		self.assertAllGot(name, "B")

	def test_a_cancelled_mailing_ends_the_rest_too(self):
		name = self.send(self.mailing())
		desk.cancel(name, "Never mind")
		frappe.db.commit()
		self.hours_pass()
		self.assertEqual(set(self.statuses(name)), {"Sent", "Cancelled"})
		self.assertNothingLost(name)

	def test_the_deadline_ends_the_wait(self):
		name = self.send(self.mailing(winner_by="By hand"))
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		self.tick()
		self.assertEqual(set(self.statuses(name)), {"Sent", "Expired"})
		self.assertEqual(self.form(name).status, "Complete")

	def test_the_hours_it_is_spread_over_begin_anew(self):
		name = self.start(self.mailing(pace="Spread over hours", spread_hours=2, winner_by="By hand"))
		self.go_on()
		self.assertLess(len(self.server.messages), 5, "spread over two hours")
		change("Mass Email", name, pace="As fast as allowed")
		self.go_on()
		change("Mass Email", name, pace="Spread over hours")
		before = len(self.server.messages)
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertLess(len(self.server.messages) - before, 5)
		self.assertAlmostEqual(self.form(name).spread_until, time.time() + 2 * HOUR, delta=30)

	def test_who_has_an_hour_of_their_own_gets_it_then(self):
		name = self.start(self.mailing(send_when="Optimised", winner_by="By hand"))
		self.go_on()
		rows = (
			"SELECT name, send_after FROM `tabCampaign Message` WHERE source = %s AND version LIKE 'Rest%%'"
		)
		wanted = dict(frappe.db.sql(rows, name))
		epoch = int(time.time()) + 50 * HOUR
		ab_store.choose(name, "B", "", epoch)
		ab_store.release(name, epoch)
		for mail, send_after in frappe.db.sql(rows, name):
			self.assertEqual(
				(send_after - wanted[mail] + ab_store.WAITING) % ab_store.DAY, 0, "the same hour"
			)
			self.assertTrue(epoch <= send_after < epoch + ab_store.DAY)

	def test_the_forecast_does_not_count_what_waits(self):
		settings(hourly_limit=40)
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0")
		name = self.send(self.mailing(percent=20))
		state = desk.progress(name)
		self.assertEqual((state["status"], state["ends_at"], state["version"]), ("In Process", None, ""))
		self.assertGreater(state["by_status"]["Queued"], 30)

	def test_one_that_can_not_be_judged_holds_up_no_other(self):
		broken, name = (self.send(self.mailing(email)) for email in MANY[:2])
		for mailing in (broken, name):
			frappe.db.sql(
				"UPDATE `tabCampaign Message` SET version = 'Rest', status = 'Queued', send_after = %s WHERE source = %s",
				(ab_store.WAITING, mailing),
			)
			change("Mass Email", mailing, status="In Process", ab_due_epoch=1, ab_winner="")
		frappe.db.delete("Campaign AB Version", {"parent": broken})
		ab_test.look(int(time.time()))
		self.assertEqual(self.form(name).ab_winner, "A")
		self.assertFalse(self.form(broken).ab_winner)


class TestAfterwards(ABTest):
	def test_a_mail_that_is_sent_again_keeps_its_version(self):
		name = self.send(self.mailing())
		api.choose(name, "A")
		frappe.db.commit()
		self.go_on()
		email = self.versions(name)["B"][0]
		after.resend(self.mails(name)[email])
		frappe.db.commit()
		self.go_on()
		subjects = [mail.parsed["Subject"] for mail in self.server.messages if email in mail.recipients]
		self.assertEqual(subjects, [B, B])
		self.assertEqual(ab_store.counts(name)["B"].sent, len(self.versions(name)["B"]), "one person")

	def test_what_failed_is_sent_again_in_its_version(self):
		self.serve({"rcpt": dict.fromkeys(MANY, "554 5.7.1 Not today")})
		name = self.send(self.mailing())
		before = self.versions(name)
		self.assertEqual(self.statuses(name)["Failed"], len(before["A"] + before["B"]))
		self.serve()
		after.resend_failed(name)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.versions(name), before)
		self.hours_pass()
		self.assertAllGot(name, "A")

	def test_who_joins_meanwhile_waits_with_the_rest(self):
		name = self.send(self.mailing(percent=100, winner_by="By hand"))
		late = [address(f"late{number}") for number in range(4)]
		a_list(*late[:2])
		self.missing(name)
		self.assertEqual(self.versions(name)["Rest"], late[:2])
		self.assertEqual(self.form(name).status, "In Process")
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		a_list(*late[2:])
		self.missing(name)
		self.assertEqual(self.versions(name)["Rest B"], late)
		self.assertAllGot(name, "B", *MANY, *late)

	def missing(self, name):
		frappe.db.commit()
		after.resend_missing(name)
		frappe.db.commit()
		self.go_on()

	def test_whoever_was_left_out_is_of_the_rest(self):
		frappe.get_doc(
			{"doctype": "Suppressed Email", "email": MANY[0], "reason": "Manual", "origin": PREFIX}
		).insert()
		name = self.send(self.mailing(winner_by="By hand"))
		frappe.db.delete("Suppressed Email", {"email": MANY[0]})
		self.missing(name)
		self.assertIn(MANY[0], self.versions(name)["Rest"])
		self.assertNotIn(MANY[0], self.subjects())
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertAllGot(name, "B")

	def test_an_expired_mail_of_the_rest_comes_back_as_the_winner(self):
		name = self.send(self.mailing(winner_by="By hand"))
		waiting = self.versions(name)["Rest"]
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		self.tick()
		change("Mass Email", name, deadline_epoch=0, status="In Process")
		self.assertTrue(ab_store.choose(name, "B", "", int(time.time())))
		frappe.db.commit()
		self.missing(name)
		self.assertEqual(self.versions(name)["Rest B"], waiting)
		self.assertAllGot(name, "B")

	def test_the_browser_shows_the_version_that_was_sent(self):
		rows = [{"email_template": a_template(B, "<p>Another text</p>")}]
		name = self.send(self.mailing(ab_versions=rows, percent=100))
		mails = self.mails(name)
		for label, shown in (("A", False), ("B", True)):
			html = view_store.html_of(mails[self.versions(name)[label][0]])
			self.assertEqual("Another text" in html, shown)

	def test_it_can_be_told_why(self):
		name = self.send(self.mailing())
		found = self.versions(name)
		(sent,), (waits,) = after.why(name, found["B"][0]), after.why(name, found["Rest"][0])
		self.assertIn("It was version B of the A/B test.", sent)
		self.assertIn("It leaves once the best version of the A/B test has been chosen", waits)
		self.hours_pass()
		(told,) = after.why(name, found["Rest"][0])
		self.assertIn("It was version A of the A/B test.", told)


class TestTheForm(ABTest):
	def test_it_shows_the_versions_and_who_waits(self):
		name = self.send(self.mailing())
		self.people_do(name, "clicked", "B", 5)
		self.people_do(name, "unsubscribed", "A", 1)
		state, found = api.state(name), self.versions(name)
		first, second = state["versions"]
		self.assertEqual((first["label"], first["subject"], first["planned"]), ("A", A, len(found["A"])))
		self.assertEqual((second["label"], second["subject"], second["clicked"]), ("B", B, 5))
		self.assertEqual(second["click_rate"], 5 / len(found["B"]))
		self.assertEqual(first["unsubscribed"], 1)
		self.assertEqual((state["waiting"], state["leaving"], state["rest"]), (len(found["Rest"]), 0, None))
		self.assertIn("B is ahead of A", state["told"][0])
		self.tick()
		self.assertTrue(api.state(name)["due"])
		self.hours_pass()
		state = api.state(name)
		self.assertEqual((state["rest"]["sent"], state["waiting"]), (len(found["Rest"]), 0))
		self.assertEqual([row["sent"] for row in state["versions"]], [len(found["A"]), len(found["B"])])

	def test_the_sum_of_the_versions_is_the_mailing(self):
		name = self.send(self.mailing(subjects=(B, C)))
		self.hours_pass()
		found = ab_store.counts(name)
		self.assertEqual(sum(counts.sent for counts in found.values()), results.counts(name).sent)

	def test_it_refuses_what_contradicts_itself(self):
		for words, values in (
			("at most four versions", {"subjects": "WXYZ"}),
			("of its own", {"subjects": ("",)}),
			("above 0", {"percent": 0}),
			("1 to 744 hours", {"ab_hours": 0}),
		):
			with self.assertRaisesRegex(frappe.ValidationError, words):
				self.mailing(**values)
		start, deadline = (add_to_date(now_datetime(), hours=hours) for hours in (1, 4))
		with self.assertRaisesRegex(frappe.ValidationError, "before the winner can be chosen"):
			self.mailing(start_date=start, deadline=deadline)

	def test_nothing_is_chosen_by_saving(self):
		name = self.mailing()
		doc = frappe.get_doc("Mass Email", name)
		seed = doc.ab_seed
		doc.update({"ab_winner": "B", "ab_chosen_by": "Administrator", "ab_seed": "mine", "ab_due_epoch": 1})
		doc.save()
		frappe.db.commit()
		form = self.form(name)
		self.assertEqual((form.ab_winner, form.ab_chosen_by, form.ab_due_epoch), (None, None, 0))
		self.assertEqual(form.ab_seed, seed)
		self.assertEqual([row.label for row in form.ab_versions], ["B"])

	def test_calculate_and_prepare_tell_of_it(self):
		name = self.mailing(cc_fields=[], deadline=add_to_date(now_datetime(), hours=3))
		found = approval.prepare(name)
		versions = found["count"]["versions"]
		self.assertEqual(sum(versions.values()), 60)
		errors = [one["text"] for one in found["findings"] if one["level"] == "error"]
		self.assertEqual(len(errors), 1, errors)
		self.assertIn("before the winner is chosen", errors[0])
		self.assertIn("so few mails", " ".join(one["text"] for one in found["findings"]))
		self.send(self.mailing(percent=50))

	def test_a_version_that_can_not_be_compiled_stops_the_mailing(self):
		name = self.mailing(subjects=("{{ doc.first_name",))
		errors = [one["text"] for one in approval.prepare(name)["findings"] if one["level"] == "error"]
		self.assertTrue(any("In the version for B" in text for text in errors), errors)
		self.assertRaises(frappe.ValidationError, desk.schedule, name, at_once=True)

	def test_each_version_can_be_looked_at_and_tested(self):
		name = self.mailing()
		self.assertEqual(
			[desk.preview(name, version=label)["subject"] for label in ("", "A", "B")], [A, A, B]
		)
		with self.assertRaisesRegex(frappe.ValidationError, "no version C"):
			desk.preview(name, version="C")
		desk.send_test(name, address("me"), version="B")
		self.assertEqual(self.subjects(), {address("me"): f"[TEST] {B}"})

	def test_an_approval_covers_the_versions_and_not_the_choice(self):
		settings(approval="Needed")
		template = a_template(B, "<p>Other</p>")
		name = self.mailing(ab_versions=[{"email_template": template}], winner_by="By hand")
		approval.submit(name)
		approval.approve(name)
		frappe.db.commit()
		self.go_on()
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertAllGot(name, "B")

	def test_a_version_that_was_changed_since_voids_the_approval(self):
		settings(approval="Needed")
		template = a_template(B, "<p>Other</p>")
		name = self.mailing(ab_versions=[{"email_template": template}])
		approval.submit(name)
		approval.approve(name)
		change("Email Template", template, response_html="<p>Something else</p>")
		sending.tick()
		form = self.form(name)
		self.assertEqual(form.status, "Draft")
		self.assertIn(PREFIX, form.problem)

	def test_each_test_draws_anew_and_keeps_what_it_has_drawn(self):
		name = self.mailing()
		change("Mass Email", name, ab_seed="")
		seeds = []
		for _time in range(2):
			doc = frappe.get_doc("Mass Email", name)
			doc.save()
			seeds.append(doc.ab_seed)
		self.assertEqual((seeds[0], len(seeds[0])), (seeds[1], 16))
		doc.ab_versions = []
		doc.save()
		self.assertEqual(doc.ab_seed, "", "no test any more")
