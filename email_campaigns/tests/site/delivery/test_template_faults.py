"""What a template does to its reader ends as a sentence: on the form, in the preview, and in jobs."""

import os
import signal
import subprocess
import sys
from unittest.mock import patch

import frappe
from frappe.deferred_insert import save_to_db
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from email_campaigns.api.desk import mass_email, preview
from email_campaigns.delivery.compose import compose_store
from email_campaigns.jobs import sending
from email_campaigns.message.child.keeper import KEEPER
from email_campaigns.message.compiled import LocalMessage
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_mailing, addresses, change
from email_campaigns.tests.site.kits.drips import JO, DripTest, a_sequence, a_step, enrol
from email_campaigns.tests.site.kits.queue import empty_queues
from email_campaigns.tests.site.kits.sending_test import SendingTest, the_bench

FOUR = addresses(4)
LOGGED = {"method": "Email Campaigns: a template can't be read"}
ODD = {
	"<p>x</p>{{ '&#" + "9" * 5000 + ";' }}": "a number that is too long",
	"<p>x</p>{{ " + "1+" * 500 + "1 }}": "nested too deeply",
	"<p>x</p>{{ '\\ud800' }}": "half of a character",
	"<p>x</p>" + "</p>" * 90_000: "more than 10,000 HTML tags",
	"<style>p{" + "a:b;" * 50_000 + "}</style><p>x</p>": "more than 5,000 declarations",
	"<p>x</p>" + "{{ doc.name }}" * 9000: "more than 6,000 names, values and signs",
}
LINK = '<p><a href="https://shop.example/">shop</a></p>'


def dying(url):
	"""Let the child end while it reads a link, as one does whose memory is used up."""
	os.kill(KEEPER._process.pid, signal.SIGKILL)
	return True


class TestSentences(SendingTest):
	def test_on_the_form_and_in_the_preview(self):
		a_list(*FOUR)
		for html, words in ODD.items():
			name = a_mailing("Sending List", html=html)
			for action in (self.start, preview.preview):
				with self.subTest(words), self.assertRaisesRegex(frappe.ValidationError, words):
					action(name)
				frappe.db.rollback()

	def test_in_jobs_the_mailing_is_paused(self):
		for html, words in ODD.items():
			name = self.start(a_mailing(a_list(*FOUR)))
			change("Email Template", self.form(name).email_template, response_html=html)
			self.go_on()
			form = self.form(name)
			self.assertEqual((form.status, self.received()), ("Paused", []))
			self.assertIn(words, form.problem)

	def test_odd_declarations_and_references_are_sent(self):
		html = "<style>p{color:red}</style><p>x</p><![<![ &#" + "9" * 5000 + ";"
		name = self.send(a_mailing(a_list(*FOUR), html=html, store_emails=1))
		self.assertSentTo(name, FOUR)
		self.assertEqual(self.form(name).status, "Complete")

	def test_what_nobody_has_thought_of_is_logged_once(self):
		frappe.db.delete("Error Log", LOGGED)
		frappe.cache.delete_keys("ec-template-fault")
		name = a_mailing(a_list(*FOUR), html=LINK)
		with patch.object(compose_store, "_is_foreign", dying):
			for _attempt in range(2):
				with self.assertRaisesRegex(frappe.ValidationError, "it takes too much memory, or stops"):
					preview.preview(name)
				frappe.db.rollback()
		save_to_db()
		self.assertEqual(frappe.db.count("Error Log", LOGGED), 1)
		frappe.db.commit()


class TestRequests(SendingTest):
	def setUp(self):
		super().setUp()
		self.name = a_mailing(a_list(*FOUR), html=LINK + "{{ doc.email }}{{ doc.gone }}")
		self.addCleanup(setattr, frappe.local, "request", getattr(frappe.local, "request", None))

	def arrive(self):
		frappe.local.request = Request(EnvironBuilder("/").get_environ())

	def test_a_preview_is_the_same(self):
		here = preview.preview(self.name)
		self.assertTrue(here["warnings"])
		self.arrive()
		with patch.object(LocalMessage, "render", lambda *arguments: self.fail("It was made by the server.")):
			self.assertEqual(preview.preview(self.name), here)

	def test_a_mail_that_the_child_does_not_survive_is_a_sentence(self):
		self.arrive()
		make = compose_store.make_composer
		dead = patch.object(compose_store, "make_composer", lambda *arguments: untold(make(*arguments)))
		with dead, self.assertRaisesRegex(frappe.ValidationError, "it takes too much memory, or stops"):
			preview.preview(self.name)
		self.assertTrue(preview.preview(self.name)["html"])


def untold(composer):
	"""Let the child end while it asks for a link."""
	composer.personal = lambda message: {"tracking_url": dying}
	return composer


class TestSequence(DripTest):
	def test_a_step_waits_with_the_sentence(self):
		contact = a_contact(JO)
		for html, words in ODD.items():
			campaign = a_sequence(a_step(0, html=html))
			enrol(campaign, contact)
			self.at(0)
			self.assertIn(words, frappe.db.get_value("Campaign", campaign, "drip_problem"))
		self.assertEqual(self.received(), [])


JOB = """
import os, sys
import frappe
site, name = sys.argv[1:]
frappe.init(site, sites_path=os.getcwd())
frappe.connect()
from email_campaigns.jobs import overdue, sending
from email_campaigns.message.compiled import LocalMessage
overdue.MAIL_SECONDS = 1
LocalMessage.render = lambda self, values: sum(range(10**12))  # one call of C, which nothing interrupts
sending.send_batch(name)
"""


class TestWatchdog(SendingTest):
	def test_a_mail_that_is_never_ready_pauses_its_mailing(self):
		name = self.start(a_mailing(a_list(*FOUR)))
		sending.tick()
		sending.freeze(name)
		empty_queues()
		job = subprocess.run(
			[sys.executable, "-c", JOB, frappe.local.site, name],
			cwd=the_bench().sites,
			timeout=300,
			capture_output=True,
			text=True,
		)
		self.assertEqual(job.returncode, -signal.SIGKILL, job.stderr)
		form = self.form(name)
		self.assertEqual(form.status, "Paused", job.stderr)
		self.assertIn("One mail took more than", form.problem)
		self.assertEqual(self.received(), [])
		self.end_leases(name)
		mass_email.resume(name)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, FOUR)
		self.assertEqual(self.statuses(name), {"Sent": 4})
