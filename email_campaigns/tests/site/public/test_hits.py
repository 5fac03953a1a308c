"""Opens and clicks over HTTP, of mails that were really sent: which are recorded, and which count."""

import urllib.request

import frappe
from frappe.utils import set_request
from werkzeug.exceptions import HTTPException

from email_campaigns.api.public import routes
from email_campaigns.jobs import upkeep
from email_campaigns.results import store as results
from email_campaigns.tests.site.kits.builders import a_mailing, address
from email_campaigns.tests.site.kits.copies import COMPANY, KIM, contacts, offer
from email_campaigns.tests.site.kits.copies import LIST as COPIED
from email_campaigns.tests.site.kits.sending_test import the_bench
from email_campaigns.tests.site.kits.tracked_mail import CHROME, FIREFOX, HTML, JO, TrackingTest, a_link
from email_campaigns.tests.site.kits.visitor import damaged
from email_campaigns.tracking import store

GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


class TestOpens(TrackingTest):
	def test_an_open(self):
		name = self.sent()
		answer = self.get(self.pixel())
		self.assertEqual((answer.status_code, answer.mimetype), (200, "image/gif"))
		self.assertTrue(answer.data.startswith(b"GIF89a"))
		self.assertEqual(answer.headers["Cache-Control"], "no-store")
		(hit,) = self.hits(name)
		self.assertEqual((hit.action, hit.verdict, hit.client, hit.email), ("Opened", "human", CHROME, JO))
		self.assertEqual(self.stamps(name), (True, False))

	def test_every_hit_is_kept_and_the_first_stamps(self):
		name = self.sent()
		self.get(self.pixel())
		first = frappe.db.get_value("Campaign Message", {"source": name}, "opened_at")
		self.get(self.pixel(), FIREFOX)
		self.assertEqual(self.verdicts(name), [("Opened", "human")] * 2)
		self.assertEqual(frappe.db.get_value("Campaign Message", {"source": name}, "opened_at"), first)

	def test_a_click_implies_an_open(self):
		name = self.sent()
		self.get(self.link())
		self.assertEqual((self.verdicts(name), self.stamps(name)), ([("Clicked", "human")], (True, True)))

	def test_over_the_network(self):
		"""Fetch the image as a mail program does, from the running web server."""
		name = self.sent()
		path = self.pixel()[self.pixel().index("/ec/") :]
		request = urllib.request.Request(the_bench().url + path, headers={"User-Agent": CHROME})
		with urllib.request.urlopen(request, timeout=30) as answer:
			self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "image/gif"))
		self.assertEqual(self.verdicts(name), [("Opened", "human")])

	def test_a_proxy_that_fetches_for_a_person(self):
		name = self.sent()
		self.get(self.pixel(), GMAIL)
		(hit,) = self.hits(name)
		self.assertEqual((hit.verdict, hit.reason), ("human", "Opened through Gmail's image proxy"))

	def test_a_copy_counts_for_the_person_in_to(self):
		self.addCleanup(lambda: (frappe.db.rollback(), offer()))
		offer(COMPANY)
		boss = address("boss")
		contacts(KIM, company_name=boss)
		name = a_mailing(COPIED, html=HTML, cc_fields=[{"cc_field": COMPANY}], campaign=self.campaign)
		self.send(name)
		self.go_on()
		change_sent(name)
		self.get(self.link(recipient=boss))
		(hit,) = self.hits(name)
		self.assertEqual(
			(hit.email, hit.message, hit.cc_message), (KIM, self.message(name, KIM), self.message(name, boss))
		)
		self.assertIn(boss, hit.details)
		self.assertEqual((self.stamps(name, KIM), self.stamps(name, boss)), ((True, True), (True, True)))


def change_sent(name):
	frappe.db.sql(
		"UPDATE `tabCampaign Message` SET sent_at = sent_at - INTERVAL 1 HOUR WHERE source = %s", name
	)
	frappe.db.commit()


class TestWhatDoesNotCount(TrackingTest):
	def test_head(self):
		name = self.sent()
		self.assertEqual(self.get(self.link(), method="HEAD").status_code, 302)
		answer = self.get(self.pixel(), method="HEAD")
		self.assertEqual((answer.status_code, answer.data), (200, b""))
		self.assertBot(name, 1, "A HEAD request, which asks for no content")

	def assertBot(self, name, times, reason):
		"""Each hit has a row, which counts for nobody, also when it is judged again."""
		for _time in range(2):
			hits = self.hits(name)
			self.assertEqual(
				[(hit.action, hit.verdict, hit.reason) for hit in hits],
				[("Clicked", "machine", reason), ("Opened", "machine", reason)] * times,
			)
			self.assertEqual(self.stamps(name), (False, False))
			counts = results.counts(name)
			self.assertEqual((counts.opened, counts.clicked), (0, 0))
			self.assertEqual((counts.machine_opened, counts.machine_clicked), (1, 1), "raw figures have it")
			upkeep.rejudge_hits("2020-01-01")

	def test_a_browser_that_fetches_all_links_ahead_makes_no_bot_of_its_reader(self):
		html = "".join(f'<a href="https://shop.example/{number}">{number}</a> ' for number in range(6))
		name = self.sent(html)
		for url in self.urls("c"):
			self.get(url, headers={"Sec-Purpose": "prefetch"})
		self.get(self.link(2))
		verdicts = [verdict for _action, verdict in self.verdicts(name)]
		self.assertEqual(verdicts, ["machine"] * 6 + ["human"])
		self.assertEqual(self.stamps(name), (True, True))

	def test_prefetch(self):
		name = self.sent()
		for header in ({"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"}):
			self.assertEqual(self.get(self.link(), headers=header).status_code, 302)
			self.assertEqual(self.get(self.pixel(), headers=header).status_code, 200)
		self.assertBot(name, 3, "Fetched before anybody asked to see it")

	def test_other_methods(self):
		self.sent()
		for url in (self.link(), self.pixel()):
			answer = self.visitor.post(url)
			self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "GET, HEAD, OPTIONS"))

	def test_a_forged_token(self):
		name = self.sent()
		for url in (damaged(self.link()), self.link().replace("/c/", "/o/"), self.link() + "x"):
			self.assertNotEqual(self.get(url).status_code, 302)
		other = store.token_ring().sign("open", self.message(name), "abcdefghij")
		self.assertEqual(self.get(f"/ec/c/{other}").status_code, 400)
		answer = self.get("/ec/o/nonsense.gif")
		self.assertEqual((answer.status_code, answer.mimetype), (200, "image/gif"))
		self.assertEqual(self.verdicts(name), [])

	def test_no_redirect_to_what_a_request_names(self):
		self.sent()
		answer = self.get(self.link() + "?url=https://evil.example/&next=//evil.example")
		self.assertNotIn("evil", answer.headers["Location"])
		for path in ("/ec/c/https://evil.example/", "/ec/c/?url=https://evil.example/"):
			self.assertEqual(self.get(path).status_code, 400)

	def test_a_bad_token_costs_no_look_at_the_database(self):
		self.sent()
		for kind in "ocuv":
			set_request(method="GET", path=f"/ec/{kind}/abcd.1.abc.{'x' * 24}")
			with Statements() as queries, self.assertRaises(HTTPException):
				routes.answer()
			self.assertEqual(queries, [])

	def test_a_preview_counts_nothing_and_leads_on(self):
		link = a_link()
		maker = store.link_maker()
		answer = self.get(maker.clicks(0)(link))
		self.assertEqual((answer.status_code, answer.headers["Location"]), (302, "https://offer.example/"))
		self.assertEqual(self.get(maker.open(0)).status_code, 200)
		self.assertIn("preview", self.get(maker.view(0)).get_data(as_text=True))
		self.assertEqual(
			frappe.db.count("Campaign Log", {"message": 0, "action": ["in", ["Opened", "Clicked"]]}), 0
		)

	def test_a_mail_that_the_ledger_has_forgotten(self):
		name = self.sent()
		url = self.link()
		frappe.db.delete("Campaign Message", {"source": name})
		frappe.db.commit()
		self.assertEqual((self.get(url).status_code, self.verdicts(name)), (302, []))

	def test_one_insert_for_an_event(self):
		self.sent()
		frappe.set_user("Guest")
		self.addCleanup(frappe.set_user, "Administrator")
		# One stamps the mail, and the first of its kind moves the counter of its mailing.
		for url, update in ((self.pixel(), 2), (self.pixel(), 1), (self.link(), 2)):
			path = url[url.index("/ec/") :]
			set_request(method="GET", path=path, headers={"User-Agent": CHROME})
			with Statements() as queries, self.assertRaises(HTTPException):
				routes.answer()
			written = [line.split()[0].upper() for line in queries]
			self.assertEqual((written.count("INSERT"), written.count("UPDATE")), (1, update))
			self.assertIn("COMMIT", written[written.index("INSERT") :])
		frappe.local.request = None


class Statements:
	"""The queries that this process sends to the database meanwhile."""

	def __enter__(self):
		frappe.db.sql("SELECT 1")
		self.kind, self.queries = type(frappe.db._cursor), []
		self.execute = self.kind.execute
		execute, queries = self.execute, self.queries

		def listening(cursor, query, *arguments):
			queries.append(str(query).strip())
			return execute(cursor, query, *arguments)

		self.kind.execute = listening
		return self.queries

	def __exit__(self, *error):
		self.kind.execute = self.execute
