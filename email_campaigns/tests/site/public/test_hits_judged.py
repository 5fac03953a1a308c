"""Opens and clicks of bots, colleagues and readers; and the mail in the browser."""

import frappe
from frappe.utils import add_to_date, now

from email_campaigns.jobs import upkeep
from email_campaigns.tests.site.kits.builders import a_list, a_user, change, settings
from email_campaigns.tests.site.kits.sending_test import the_bench
from email_campaigns.tests.site.kits.tracked_mail import CHROME, FIREFOX, HTML, TrackingTest
from email_campaigns.tests.site.kits.visitor import Visitor

FIVE = "".join(f'<p><a href="https://shop.example/{n}">Offer {n}</a></p>' for n in range(5))


class TestVerdicts(TrackingTest):
	def test_a_bot(self):
		name = self.sent()
		self.get(self.link(), "curl/8.5.0")
		self.get(self.pixel(), "Mozilla/5.0")
		self.get(self.pixel(), "")
		self.assertEqual({hit.verdict for hit in self.hits(name)}, {"machine"})
		self.assertEqual(
			[hit.reason for hit in self.hits(name)],
			["A known bot", "Apple Mail Privacy Protection", "No user agent"],
		)
		self.assertEqual(self.stamps(name), (False, False))

	def test_seconds_after_sending(self):
		name = self.sent()
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_at = %s WHERE source = %s", (now(), name))
		frappe.db.commit()
		self.get(self.link())
		self.assertEqual((self.verdicts(name), self.stamps(name)), ([("Clicked", "machine")], (False, False)))

	def test_a_burst_takes_back_what_came_before_it(self):
		name = self.sent(FIVE)
		for place in range(3):
			self.get(self.link(place))
		self.assertEqual((self.verdicts(name), self.stamps(name)), ([("Clicked", "human")] * 3, (True, True)))
		self.get(self.link(3))
		self.assertEqual(
			(self.verdicts(name), self.stamps(name)), ([("Clicked", "machine")] * 4, (False, False))
		)

	def test_a_burst_that_comes_all_at_once(self):
		name = self.sent(FIVE)
		waiting = [
			self.visitor_of_its_own().begin(self.link(n), headers={"User-Agent": CHROME}) for n in range(5)
		]
		self.assertEqual({answer().status_code for answer in waiting}, {302})
		self.assertEqual(
			(self.verdicts(name), self.stamps(name)), ([("Clicked", "machine")] * 5, (False, False))
		)

	def visitor_of_its_own(self):
		return Visitor()

	def test_judging_again_after_a_rule_has_changed(self):
		name = self.sent(FIVE)
		self.get(self.pixel())
		self.get(self.link(), FIREFOX)
		# Just below the greatest value of the setting
		change("Campaign Message", self.message(name), sent_at=add_to_date(now(), minutes=-59))
		settings(machine_seconds=3600)
		upkeep.rejudge_hits("2000-01-01")
		self.assertEqual(
			(self.verdicts(name), self.stamps(name)),
			([("Opened", "machine"), ("Clicked", "machine")], (False, False)),
		)
		settings(machine_seconds=5)
		upkeep.rejudge_hits("2000-01-01")
		self.assertEqual(
			(self.verdicts(name), self.stamps(name)),
			([("Opened", "human"), ("Clicked", "human")], (True, True)),
		)
		self.assertFalse([hit for hit in self.hits(name) if hit.reason])

	def test_judging_again_is_for_those_who_may_write_the_settings(self):
		clerk = a_user("clerk", "Campaign User")
		frappe.set_user(clerk)
		self.addCleanup(frappe.set_user, "Administrator")
		with self.assertRaises(frappe.PermissionError):
			frappe.get_attr("email_campaigns.api.desk.tracking.judge_again")("2026-01-01")


class TestOwnDevices(TrackingTest):
	def sign_in(self, visitor, *roles):
		user = a_user("clerk", *roles)
		doc = frappe.get_doc("User", user)
		doc.new_password = "zR7-kelp-Quartz"
		doc.save()
		frappe.db.commit()
		answer = visitor.post("/api/method/login", {"usr": user, "pwd": "zR7-kelp-Quartz"})
		self.assertEqual(answer.status_code, 200)
		return [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("ec_internal=")]

	def test_a_device_on_which_a_user_signed_in(self):
		(cookie,) = self.sign_in(self.visitor, "Campaign User")
		for part in ("HttpOnly", "Path=/ec/", "SameSite=Lax", "Max-Age=63072000"):
			self.assertIn(part, cookie)
		self.visitor.get("/api/method/logout")
		name = self.sent()
		self.get(self.link())
		(hit,) = self.hits(name)
		self.assertEqual((hit.verdict, self.stamps(name)), ("internal", (False, False)))
		self.get(self.link(), visitor=Visitor())
		self.assertEqual((self.verdicts(name)[1], self.stamps(name)), (("Clicked", "human"), (True, True)))

	def test_on_https_the_cookie_goes_into_mail_programs_on_the_web(self):
		visitor = Visitor()
		answer = visitor.post(
			"/api/method/login",
			{"usr": "Administrator", "pwd": the_bench().admin_password},
			headers={"X-Forwarded-Proto": "https"},
		)
		(cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("ec_internal=")]
		self.assertIn("Secure", cookie)
		self.assertIn("SameSite=None", cookie)

	def test_a_customer_who_signs_in_is_no_colleague(self):
		self.assertEqual(self.sign_in(self.visitor), [])

	def test_a_forged_cookie(self):
		name = self.sent()
		self.get(self.link(), headers={"Cookie": "ec_internal=abcd.1..xxxxxxxxxxxxxxxxxxxxxxxx"})
		self.assertEqual(self.verdicts(name), [("Clicked", "human")])

	def test_judging_again_leaves_them_alone(self):
		self.sign_in(self.visitor, "Campaign User")
		name = self.sent()
		self.get(self.pixel())
		upkeep.rejudge_hits("2000-01-01")
		self.assertEqual(self.verdicts(name), [("Opened", "internal")])


class TestView(TrackingTest):
	HTML = (
		'<p style="color:red">Dear {{ doc.first_name }}, <a href="{{ view_url }}">view</a> ' + HTML + "</p>"
	)

	def test_the_mail_in_the_browser(self):
		name = self.sent(self.HTML)
		answer = self.get(self.urls("v")[0])
		page = answer.get_data(as_text=True)
		self.assertEqual((answer.status_code, answer.mimetype), (200, "text/html"))
		self.assertEqual(page.strip(), self.received_html().strip())
		policy = answer.headers["Content-Security-Policy"]
		self.assertIn("default-src 'none'", policy)
		self.assertNotIn("script-src", policy)
		for header, value in (("Referrer-Policy", "no-referrer"), ("X-Robots-Tag", "noindex, nofollow")):
			self.assertEqual(answer.headers[header], value)
		self.assertEqual(self.verdicts(name), [])

	def test_a_mail_that_is_gone_gets_a_kind_page(self):
		name = self.sent(self.HTML)
		url = self.urls("v")[0]
		frappe.db.delete("Target List Member", {"target_list": a_list()})
		frappe.db.commit()
		self.assertEqual(self.get(url).get_data(as_text=True).strip(), self.received_html().strip())
		frappe.db.delete("Campaign Message", {"source": name})
		frappe.db.commit()
		self.assertEqual(self.get(url).status_code, 410)
