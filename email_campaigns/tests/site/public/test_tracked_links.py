"""Tracked links of mails that were really sent: their targets, and their life after the mailing."""

from urllib.parse import parse_qsl, urlsplit

import frappe

from email_campaigns.api.desk import approval
from email_campaigns.delivery.compose import preview_store
from email_campaigns.tests.site.kits.builders import a_campaign, a_list, a_mailing, change, settings
from email_campaigns.tests.site.kits.tracked_mail import HTML, JO, SHOP, TrackingTest, a_link


class TestPlainLinks(TrackingTest):
	def test_a_click_leads_where_the_link_led(self):
		name = self.sent()
		self.assertNotIn("shop.example", self.received_html())
		answer = self.get(self.link())
		self.assertEqual((answer.status_code, answer.headers["Location"]), (302, SHOP))
		self.assertEqual(answer.headers["Cache-Control"], "no-store")
		(hit,) = self.hits(name)
		self.assertEqual(
			(hit.action, hit.verdict, hit.email, hit.details), ("Clicked", "human", JO, "the shop")
		)
		link = frappe.get_doc("Tracking Link", hit.link)
		self.assertEqual(
			(link.url, link.source, link.campaign, link.is_automatic), (SHOP, name, self.campaign, 1)
		)

	def test_the_text_part_leads_the_same_way(self):
		self.sent()
		self.assertIn(self.link(), self.received_text())

	def test_one_link_for_a_mailing_and_address_however_many_get_it(self):
		name = self.sent(HTML + HTML, to=(JO, "kim@sending.example", "lou@sending.example"))
		self.assertEqual(frappe.db.count("Tracking Link", {"source": name}), 1)
		self.assertEqual(len({self.link(0), self.link(1)}), 1)

	def test_what_is_left_alone(self):
		html = (
			'<p><a data-untracked href="https://plain.example/">a</a> <a href="mailto:x@y.example">b</a>'
			' <a href="#top">c</a> <a href="https://who.example/{{ doc.email }}">d</a></p>'
		)
		name = self.sent(html)
		received = self.received_html()
		self.assertEqual((self.urls("c"), frappe.db.count("Tracking Link", {"source": name})), ([], 0))
		self.assertIn(f'href="https://who.example/{JO}"', received)
		self.assertNotIn("data-untracked", received)
		self.assertEqual(len(self.urls("u")), 1)

	def test_switched_off(self):
		self.sent(track_links=0, track_opens=0)
		self.assertIn(SHOP.replace("&", "&amp;"), self.received_html())
		self.assertEqual((self.urls("c"), self.urls("o")), ([], []))

	def test_the_settings_are_the_default_of_new_mailings(self):
		settings(track_links=0, track_opens=0)
		doc = frappe.get_doc("Mass Email", a_mailing(a_list(JO)))
		self.assertEqual((doc.track_opens, doc.track_links), (0, 0))

	def test_informational_mail_is_not_tracked(self):
		link = a_link("Offer", campaign=self.campaign)
		change("Campaign", self.campaign, campaign_type="Informational Email")
		name = self.sent(HTML + '<a href="{trackingUrl:' + link + '}">x</a>')
		received = self.received_html()
		self.assertNotIn("/ec/", received)
		self.assertIn('href="https://offer.example/"', received)
		self.assertEqual(frappe.db.count("Tracking Link", {"source": name}), 0)

	def test_looking_creates_nothing(self):
		name = a_mailing(a_list(JO), html=HTML, campaign=self.campaign)
		shown = preview_store.preview_mass_email(name)
		approval.submit(name)
		self.assertEqual(frappe.db.count("Tracking Link", {"source": name}), 0)
		self.assertIn(SHOP.replace("&", "&amp;"), shown["html"])
		self.assertFalse(shown["warnings"])

	def test_a_template_that_is_changed_while_the_mailing_is_paused(self):
		name = self.sent()
		template = frappe.db.get_value("Mass Email", name, "email_template")
		change("Email Template", template, response_html=HTML.replace("spring", "summer"))
		second = a_mailing(a_list(JO), campaign=self.campaign, email_template=template)
		self.send(second)
		self.assertIn("summer", self.get(self.link()).headers["Location"])

	def test_utm_parameters(self):
		settings(add_utm=1)
		self.sent(
			'<a href="https://shop.example/?a=%20b&amp;utm_source=mine#x">Shop</a>', title="Sending News"
		)
		url = urlsplit(self.get(self.link()).headers["Location"])
		self.assertEqual(
			dict(parse_qsl(url.query)),
			{
				"a": " b",
				"utm_source": "mine",
				"utm_medium": "email",
				"utm_campaign": self.campaign,
				"utm_content": "Shop",
			},
		)
		self.assertTrue(url.query.startswith("a=%20b&utm_source=mine&"))
		self.assertEqual(url.fragment, "x")


class TestNamedLinks(TrackingTest):
	def mailing(self, html, **values):
		return a_mailing(a_list(JO), html=f"<p>Hello</p>{html}", campaign=self.campaign, **values)

	def test_by_title_and_by_code(self):
		link = a_link("Offer of the “week”", campaign=self.campaign)
		name = self.sent(
			'<p><a href="{{ tracking_url("Offer of the “week”") }}">a</a>'
			f'<a href="{{trackingUrl:{link}}}">b</a> {{trackingUrl:{link}}}</p>'
		)
		self.assertEqual(self.link(0), self.link(1))
		self.assertEqual(self.get(self.link()).headers["Location"], "https://offer.example/")
		self.assertEqual([hit.link for hit in self.hits(name)], [link])

	def test_another_campaigns_link_by_code_alone(self):
		link = a_link("Theirs", campaign=a_campaign())
		approval.submit(self.mailing(f"{{trackingUrl:{link}}}"))
		with self.assertRaisesRegex(frappe.ValidationError, "Theirs.*does not exist"):
			approval.submit(self.mailing('{{ tracking_url("Theirs") }}'))

	def test_a_disabled_link_stops_a_mailing_that_names_it(self):
		link = a_link(enabled=0)
		with self.assertRaisesRegex(frappe.ValidationError, "disabled"):
			approval.submit(self.mailing(f"{{trackingUrl:{link}}}"))

	def test_a_link_that_is_edited(self):
		link = a_link()
		self.sent(f'<p><a href="{{trackingUrl:{link}}}">x</a></p>')
		change("Tracking Link", link, url="https://new.example/")
		self.assertEqual(self.get(self.link()).headers["Location"], "https://new.example/")

	def test_a_link_that_is_disabled_or_deleted_says_so_kindly(self):
		link = a_link()
		name = self.sent(f'<p><a href="{{trackingUrl:{link}}}">x</a></p>')
		url = self.link()
		change("Tracking Link", link, enabled=0)
		answer = self.get(url)
		self.assertEqual((answer.status_code, answer.mimetype), (410, "text/html"))
		self.assertIn("no longer available", answer.get_data(as_text=True))
		frappe.db.delete("Tracking Link", {"name": link})  # the form would refuse it
		frappe.db.commit()
		self.assertEqual(self.get(url).status_code, 410)
		self.assertEqual(self.verdicts(name), [("Clicked", "human")] * 2)

	def test_a_link_outlives_its_campaign_and_its_mailing(self):
		name = self.sent()
		url = self.link()
		frappe.db.delete("Mass Email", {"name": name})
		frappe.db.delete("Campaign", {"name": self.campaign})
		frappe.db.commit()
		self.assertEqual(self.get(url).headers["Location"], SHOP)

	def test_a_message_in_place_of_a_page(self):
		link = a_link("Thank you", url="", show_message=1, message="You have voted.\n1 & 2 are <3")
		name = self.sent(f'<p><a href="{{trackingUrl:{link}}}">vote</a></p>')
		answer = self.get(self.link())
		page = answer.get_data(as_text=True)
		self.assertEqual(answer.status_code, 200)
		self.assertIn("<h1>Thank you</h1>", page)
		self.assertIn("<p>You have voted.</p>", page)
		self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
		self.assertEqual(self.verdicts(name), [("Clicked", "human")])


class TestForm(TrackingTest):
	def test_bad_addresses_are_refused_at_their_field(self):
		for url in (
			"javascript:alert(1)",
			"shop.example",
			"https://a b.example",
			"",
			"https://jo:pw@a.example",
		):
			with self.assertRaises(frappe.ValidationError) as refusal:
				a_link(url=url)
			self.assertTrue(str(refusal.exception).endswith("."), url)
		with self.assertRaises(frappe.ValidationError):
			a_link(url="", show_message=1, message=" ")

	def test_a_title_is_one_links_in_a_campaign(self):
		a_link("Offer", campaign=self.campaign)
		with self.assertRaisesRegex(frappe.ValidationError, "already"):
			a_link("Offer ", campaign=self.campaign)
		a_link("Offer", campaign=a_campaign())

	def test_its_code_is_ten_characters(self):
		self.assertEqual(len(a_link(campaign=self.campaign)), 10)
