"""The figures of a mailing: who counts in them, that they are proved, and what the form pays for them."""

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.api.desk import results
from email_campaigns.api.public import preferences
from email_campaigns.jobs import upkeep
from email_campaigns.results import store
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_campaign,
	a_list,
	a_mailing,
	a_user,
	address,
	addresses,
	change,
	settings,
)
from email_campaigns.tests.site.kits.results_kit import ResultsTest, a_row, happens, stamp

TEN = addresses(10)


class TestCounters(ResultsTest):
	def test_people_are_planned_and_mailed(self):
		name = self.send(a_mailing(a_list(*TEN)))
		self.assertCounts(name, planned=10, sent=10, bounced=0, opened=0)

	def test_people_are_counted_while_a_mailing_is_under_way(self):
		settings(hourly_limit=4)
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0")
		self.serve({"rcpt": {TEN[0]: "550 5.1.1 No such user here"}})
		name = self.send(a_mailing(a_list(*TEN)))
		self.assertEqual(self.form(name).status, "In Process")
		self.assertCounts(name, planned=10, sent=5, bounced=1)

	def test_each_kind_of_event_counts_once_a_person(self):
		name = self.send(a_mailing(a_list(*TEN)))
		mails = list(self.mails(name).values())
		for kind, people in (("opened", 5), ("clicked", 3), ("replied", 2), ("unsubscribed", 1)):
			for message in mails[:people]:
				happens(message, kind)
				happens(message, kind)
		happens(mails[0], "complained")
		happens(mails[0], "complained")
		happens(mails[9], "bounced")
		expected = {"opened": 5, "clicked": 3, "replied": 2, "unsubscribed": 1, "complained": 1, "bounced": 1}
		self.assertCounts(name, **expected)

	def test_programs_are_counted_beside_people(self):
		name = self.send(a_mailing(a_list(*TEN)))
		both, machine, late, human, internal, test = list(self.mails(name).values())[:6]
		happens(both, "opened")
		happens(both, "opened", "machine")
		happens(machine, "opened", "machine")
		happens(machine, "opened", "machine")
		happens(late, "clicked", "machine")
		self.assertCounts(name, opened=1, machine_opened=2, machine_clicked=1)
		happens(late, "opened")
		happens(human, "opened")
		happens(internal, "opened", "internal")
		happens(test, "opened", "test")
		self.assertCounts(name, opened=3, clicked=0, machine_opened=1, machine_clicked=1)

	def test_a_hit_that_is_judged_again_is_taken_back(self):
		name = self.send(a_mailing(a_list(*TEN)))
		message = self.mails(name)[TEN[0]]
		happens(message, "opened")
		with store.counting(message):
			stamp(message, "opened_at", None)
			frappe.db.set_value(
				"Campaign Log", {"message": message, "action": "Opened"}, "verdict", "machine"
			)
		frappe.db.commit()
		self.assertCounts(name, opened=0, machine_opened=1)

	def test_colleagues_and_copies_are_in_no_figure(self):
		seeds = a_list(address("colleague"), title=f"{PREFIX} Seeds")
		name = self.send(a_mailing(a_list(*TEN), seed_list=seeds))
		mails = self.mails(name)
		copy = a_row(mails[TEN[0]], cc_of=mails[TEN[0]], email=address("boss"))
		for message in (mails[address("colleague")], copy):
			happens(message, "opened")
			happens(message, "clicked", "machine")
			happens(message, "complained")
		self.assertEqual(self.form(name).sent_count, 11, "mails")
		self.assertCounts(name, planned=10, sent=10, opened=0, machine_opened=0, complained=0)

	def test_who_got_the_mail_again_is_one_person(self):
		name = self.send(a_mailing(a_list(*TEN)))
		first = self.mails(name)[TEN[0]]
		second = a_row(first, resend_of=first)
		third = a_row(first, resend_of=first)
		happens(second, "opened")
		happens(first, "opened")
		happens(third, "opened")
		happens(third, "clicked")
		happens(first, "clicked", "machine")
		self.assertCounts(name, planned=10, sent=10, opened=1, clicked=1, machine_clicked=0)

	def test_a_refused_address_was_mailed_and_bounced(self):
		self.serve({"rcpt": {TEN[0]: "550 5.1.1 No such user here"}})
		name = self.send(a_mailing(a_list(*TEN)))
		self.assertEqual(self.form(name).failed_count, 1)
		self.assertCounts(name, planned=10, sent=10, bounced=1)
		self.assertEqual(results.summary(name)["counts"]["delivered"], 9)

	def test_an_unsubscription_by_its_link_is_counted(self):
		name = self.send(a_mailing(a_list(*TEN)))
		preferences.act(self.mails(name)[TEN[0]], "list")
		preferences.act(self.mails(name)[TEN[0]], "all")
		frappe.db.commit()
		self.assertCounts(name, unsubscribed=1)


class TestProof(ResultsTest):
	def errors(self, name):
		return frappe.get_all("Error Log", {"reference_name": name}, ["method", "error"])

	def test_a_difference_is_found_mended_and_reported(self):
		name = self.send(a_mailing(a_list(*TEN)))
		happens(self.mails(name)[TEN[0]], "opened")
		self.set_counters(name, opened_count=7, machine_clicked_count=2)
		upkeep.prove_counts()
		self.assertCounts(name, opened=1, machine_clicked=0)
		(entry,) = self.errors(name)
		self.assertIn(name, entry.method)
		self.assertIn("opened_count: stored 7, counted 1", entry.error)
		self.assertIn("machine_clicked_count: stored 2, counted 0", entry.error)
		self.assertNotIn("replied_count", entry.error)

	def test_what_is_right_is_not_reported(self):
		name = self.send(a_mailing(a_list(*TEN)))
		happens(self.mails(name)[TEN[0]], "clicked")
		upkeep.prove_counts()
		self.assertEqual(self.errors(name), [])

	def test_a_mailing_that_nothing_happened_to_lately_is_left_alone(self):
		name = self.send(a_mailing(a_list(*TEN)))
		old = add_to_date(now_datetime(), days=-upkeep.PROVED_DAYS - 1)
		frappe.db.sql("UPDATE `tabCampaign Log` SET creation = %s WHERE source = %s", (old, name))
		self.set_counters(name, opened_count=7)
		upkeep.prove_counts()
		self.assertEqual(store.counts(name).opened, 7)


class TestForm(ResultsTest):
	def test_it_shows_figures_with_their_base(self):
		name = self.send(a_mailing(a_list(*TEN)))
		mails = list(self.mails(name).values())
		happens(mails[9], "bounced")
		for message in mails[:3]:
			happens(message, "opened")
		for message in mails[3:6]:
			happens(message, "opened", "machine")
		summary = results.summary(name)
		open_rate = summary["rates"][0]
		self.assertEqual((open_rate["base"], open_rate["of"]), ("delivered", 9))
		self.assertEqual((open_rate["count"], open_rate["raw_count"]), (3, 6))
		self.assertEqual([step["count"] for step in summary["funnel"]], [10, 10, 9, 3, 0, 0])

	def test_it_shows_the_parts(self):
		name = self.send(a_mailing(a_list(*TEN, "x@other.example")))
		mails = self.mails(name)
		happens(mails[TEN[0]], "opened")
		happens(mails["x@other.example"], "clicked")
		details = results.details(name)
		self.assertEqual(
			[(part["label"], part["sent"], part["opened"], part["clicked"]) for part in details["domains"]],
			[("sending.example", 10, 1, 0), ("other.example", 1, 0, 1)],
		)
		self.assertEqual(
			details["timeline"], {"hours": 1, "points": {"opened": [1], "clicked": [1], "replied": [0]}}
		)
		self.assertIsNone(details["lift"])
		frappe.db.delete("Campaign Message", {"email": "x@other.example"})

	def test_many_domains_end_in_the_rest(self):
		name = self.send(a_mailing(a_list(*(f"p@d{number:02}.{address('x')[2:]}" for number in range(15)))))
		parts = results.details(name)["domains"]
		self.assertEqual(len(parts), 11)
		self.assertEqual((parts[-1]["rest"], parts[-1]["sent"]), (True, 5))
		frappe.db.delete("Campaign Message", {"source": name})
		frappe.db.delete("Campaign Log", {"source": name})

	def test_events_of_a_year_fit_the_chart(self):
		name = self.send(a_mailing(a_list(*TEN)))
		for message, days in zip(self.mails(name).values(), range(0, 400, 40), strict=True):
			happens(message, "opened")
			at = add_to_date(now_datetime(), days=days)
			frappe.db.set_value("Campaign Message", message, "opened_at", at, update_modified=False)
		points = results.details(name)["timeline"]["points"]["opened"]
		self.assertEqual(sum(points), 10)
		self.assertLessEqual(len(points), 100)

	def test_it_costs_the_same_queries_for_ten_and_a_thousand(self):
		costs = []
		for emails in (TEN, addresses(1000)):
			name = self.send(a_mailing(a_list(*emails, title=f"{PREFIX} {len(emails)}"), holdout_percent=50))
			for message in list(self.mails(name).values())[: len(emails) // 2]:
				happens(message, "opened")
			frappe.clear_cache()
			results.summary(name), results.details(name)  # caches of metadata are not what is measured
			before = self.questions()
			results.summary(name), results.details(name)
			costs.append(self.questions() - before)
		self.assertEqual(*costs)
		self.assertLess(costs[0], 30)

	def questions(self):
		return int(frappe.db.sql("SHOW SESSION STATUS LIKE 'Questions'")[0][1])

	def test_a_stranger_sees_nothing(self):
		name = self.send(a_mailing(a_list(*TEN)))
		frappe.set_user(a_user("stranger"))
		for look in (results.summary, results.details):
			self.assertRaises(frappe.PermissionError, look, name)
		self.assertRaises(frappe.PermissionError, results.campaign, self.form(name).campaign)

	def test_a_campaign_is_the_sum_of_its_mailings(self):
		campaign, lists = a_campaign(), a_list(*TEN)
		first, second = (self.send(a_mailing(lists, campaign=campaign)) for _mailing in range(2))
		happens(self.mails(first)[TEN[0]], "opened")
		a_mailing(lists, campaign=campaign)
		answer = results.campaign(campaign)
		self.assertEqual((answer["counts"]["sent"], answer["counts"]["opened"]), (20, 1))
		self.assertEqual({row["name"]: row["opened"] for row in answer["mailings"]}, {first: 1, second: 0})


class TestLift(ResultsTest):
	def test_both_groups_are_measured_by_what_the_site_sees(self):
		name = self.send(a_mailing(a_list(*addresses(200)), holdout_percent=30))
		ends = self.ledger(name)
		held = [email for email, (status, _reason) in ends.items() if status == "Skipped"]
		mailed = [email for email, (status, _reason) in ends.items() if status == "Sent"]
		for email in [*mailed[:40], held[0]]:
			values = {"communication_type": "Communication", "sent_or_received": "Received", "sender": email}
			frappe.get_doc(
				{"doctype": "Communication", "subject": PREFIX, "content": "Yes", **values}
			).insert()
		frappe.db.commit()
		lift = results.details(name)["lift"]
		self.assertEqual((lift["mailed"], lift["held_out"]), (len(mailed), len(held)))
		wrote, unsubscribed = lift["outcomes"]
		self.assertEqual((wrote["name"], wrote["significant"]), ("wrote", True))
		self.assertAlmostEqual(wrote["mailed"], 40 / len(mailed))
		self.assertAlmostEqual(wrote["held_out"], 1 / len(held))
		self.assertEqual((unsubscribed["name"], unsubscribed["significant"]), ("unsubscribed", False))
		frappe.db.delete("Communication", {"subject": PREFIX})
		frappe.db.commit()


class TestDigest(ResultsTest):
	def setUp(self):
		super().setUp()
		frappe.db.set_single_value("Email Campaign Settings", "send_digest", 1)
		frappe.db.sql("UPDATE `tabMass Email` SET digest_sent_on = NOW() WHERE digest_sent_on IS NULL")

	def queued(self, name):
		return frappe.get_all("Email Queue", {"reference_name": name}, pluck="name")

	def complete(self, hours):
		owner = a_user("owner", "Campaign Manager")
		name = self.send(a_mailing(a_list(*TEN)))
		change("Mass Email", name, completed_on=add_to_date(now_datetime(), hours=-hours), owner=owner)
		return name

	def test_the_owner_is_told_once_a_day_after(self):
		name = self.complete(25)
		happens(self.mails(name)[TEN[0]], "opened")
		upkeep.send_digests()
		upkeep.send_digests()
		(queued,) = self.queued(name)
		mail = frappe.get_doc("Email Queue", queued)
		self.assertEqual([row.recipient for row in mail.recipients], [address("owner")])
		self.assertIn("10.0 %", mail.message.replace("=20", " "))
		self.assertIn(name, mail.message)
		self.assertTrue(self.form(name).digest_sent_on)

	def test_not_before_a_day_has_passed_and_not_when_it_is_no_news(self):
		name = self.complete(23)
		upkeep.send_digests()
		change("Mass Email", name, completed_on=add_to_date(now_datetime(), days=-4))
		upkeep.send_digests()
		self.assertEqual(self.queued(name), [])

	def test_it_can_be_switched_off(self):
		name = self.complete(25)
		frappe.db.set_single_value("Email Campaign Settings", "send_digest", 0)
		upkeep.send_digests()
		self.assertEqual(self.queued(name), [])
		frappe.db.set_single_value("Email Campaign Settings", "send_digest", 1)

	def test_one_that_can_not_be_sent_is_not_tried_for_ever(self):
		name = self.complete(25)
		frappe.db.set_value("Email Account", {"default_outgoing": 1}, "default_outgoing", 0)
		change("Mass Email", name, sender_account=None)
		frappe.db.set_value("Email Account", f"{PREFIX} Account", "enable_outgoing", 0)
		for _hour in range(2):
			upkeep.send_digests()
		self.assertTrue(self.form(name).digest_sent_on)
		self.assertEqual(self.queued(name), [])
		self.assertEqual(frappe.db.count("Error Log", {"method": ("like", f"%no digest of {name}%")}), 1)
