"""One link asked for again and again, and what a stranger writes: the log stays small and plain."""

from unittest.mock import patch

import frappe

from email_campaigns.tests.site.kits.builders import a_list, a_mailing
from email_campaigns.tests.site.kits.site_config import REMOVED, configure
from email_campaigns.tests.site.kits.tracked_mail import CHROME, FIREFOX, HTML, JO, SHOP, TrackingTest
from email_campaigns.tests.site.kits.visitor import unsubscribe_url
from email_campaigns.tracking import log_store

FIVE = "".join(f'<p><a href="https://shop.example/{n}">Offer {n}</a></p>' for n in range(5))
MOST = 5
EVIL = "evil.example"
FORGED = {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Server": EVIL, "Origin": f"https://{EVIL}"}


def are_older(name, *seconds):
	"""Let each hit of a mailing be so many seconds older."""
	hits = {"source": name, "action": ["in", ["Opened", "Clicked"]]}
	rows = frappe.get_all("Campaign Log", hits, pluck="name", order_by="name")
	for row, age in zip(rows, seconds, strict=True):
		frappe.db.sql(
			"UPDATE `tabCampaign Log` SET creation = creation - INTERVAL %s SECOND WHERE name = %s",
			(age, row),
		)
	frappe.db.commit()


class TestManyHits(TrackingTest):
	def setUp(self):
		super().setUp()
		few = patch.object(log_store, "MOST_A_MINUTE", MOST)
		few.start()
		self.addCleanup(few.stop)

	def further(self, name):
		frappe.db.rollback()
		rows = frappe.get_all("Campaign Log", {"source": name, "further": [">", 0]}, ["action", "further"])
		return sorted((row.action, row.further) for row in rows)

	def test_hits_beyond_the_most_are_counted_and_answered(self):
		name = self.sent()
		for _ in range(MOST + 3):
			self.assertEqual(self.get(self.pixel()).status_code, 200)
		self.assertEqual(self.verdicts(name), [("Opened", "human")] * MOST)
		self.assertEqual(self.further(name), [("Opened", 3)])
		self.assertEqual(self.stamps(name), (True, False))

	def test_the_first_click_of_a_person_has_its_row_all_the_same(self):
		name = self.sent()
		for _ in range(MOST):
			self.get(self.pixel())
		for _ in range(3):
			answer = self.get(self.link())
			self.assertEqual((answer.status_code, answer.headers["Location"]), (302, SHOP))
		self.assertEqual(self.verdicts(name), [*[("Opened", "human")] * MOST, ("Clicked", "human")])
		self.assertEqual((self.further(name), self.stamps(name)), ([("Clicked", 2)], (True, True)))

	def test_a_bot_fills_nothing(self):
		name = self.sent()
		for _ in range(MOST + 2):
			self.get(self.link(), "curl/8.5.0", method="HEAD")
		self.assertEqual(self.verdicts(name), [("Clicked", "machine")] * MOST)
		self.assertEqual((self.further(name), self.stamps(name)), ([("Clicked", 2)], (False, False)))

	def test_a_minute_later_hits_have_rows_again(self):
		name = self.sent()
		for _ in range(MOST + 1):
			self.get(self.pixel())
		are_older(name, *[61] * MOST)
		self.get(self.pixel())
		self.assertEqual(len(self.hits(name)), MOST + 1)

	def test_a_wish_that_changes_again_and_again_is_carried_out(self):
		name = self.sent()
		url = unsubscribe_url(self.message(name))
		for _ in range(MOST + 2):
			self.visitor.post(url, {"action": "all"})
			self.visitor.post(url, {"action": "resubscribe_all"})
		self.visitor.post(url, {"action": "all"})
		self.assertEqual(frappe.db.count("Campaign Log", {"source": name, "action": "Opted Out"}), MOST)
		self.assertTrue(frappe.db.exists("Suppressed Email", {"email": JO}))
		self.assertEqual(self.further(name), [("Opted In", 2), ("Opted Out", 3)])


class TestEarlierHits(TrackingTest):
	def test_a_burst_stays_one_when_a_later_hit_sees_only_a_part_of_it(self):
		for ages in ((14, 14, 11, 11), (62, 62, 58, 58)):
			name = self.sent(FIVE)
			for place in range(4):
				self.get(self.link(place))
			are_older(name, *ages)
			self.get(self.pixel(), FIREFOX)
			self.assertEqual(self.verdicts(name), [*[("Clicked", "machine")] * 4, ("Opened", "human")], ages)
			self.assertEqual(self.stamps(name), (True, False), ages)


class TestWhatStrangersWrite(TrackingTest):
	def test_a_user_agent_is_no_formula(self):
		name = self.sent()
		self.get(self.link(), f"=+@ {CHROME}")
		self.get(self.link(), '=HYPERLINK("https://evil.example")')
		self.assertEqual(
			[hit.client for hit in self.hits(name)], [CHROME, 'HYPERLINK("https://evil.example")']
		)

	def test_an_address_that_is_shown_as_another_one_gets_no_mail(self):
		emails = ("=?utf-8?q?boss?=@x.example", "jo\u3164@x.example", JO)
		name = a_mailing(a_list(*emails), html=HTML)
		self.send(name)
		rows = frappe.get_all("Campaign Message", {"source": name}, ["email", "status", "reason"])
		self.assertEqual({row.email for row in rows if row.status == "Sent"}, {JO})
		self.assertEqual({row.email for row in rows if row.status == "Failed" and row.reason}, {*emails[:2]})
		self.assertEqual([list(mail.recipients) for mail in self.server.messages], [[JO]])

	def test_a_forged_host_makes_no_link_of_a_mail_in_the_browser(self):
		self.sent(HTML + '<p><a href="{{ view_url }}">Browser</a></p>')
		(url,) = self.urls("v")
		configure(self, host_name=REMOVED)
		page = self.get(url, headers=FORGED).get_data(as_text=True)
		self.assertIn(f"http://{frappe.local.site}", page)
		self.assertNotIn(EVIL, page)
