"""What was sent is kept: each mail can be made again byte for byte, whatever was changed or deleted since."""

import frappe

from email_campaigns.api.desk import privacy
from email_campaigns.delivery import recompose_store
from email_campaigns.delivery.recompose_store import NotAsSent
from email_campaigns.delivery.sending.watchdog import Watchdog
from email_campaigns.jobs import sending
from email_campaigns.jobs.queues import MailingQueue
from email_campaigns.tests.site.kits.ab_kit import ABTest
from email_campaigns.tests.site.kits.builders import (
	a_campaign,
	a_list,
	a_mailing,
	a_template,
	address,
	addresses,
	change,
	settings,
)
from email_campaigns.tests.site.kits.copies import COMPANY, OWNER, CopiesTest, contacts, offer
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, a_step, enrol
from email_campaigns.tests.site.kits.other_connection import OtherConnection
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.sent_texts import HTML, LIST, SentTextTest, change_templates, readers
from email_campaigns.tests.site.kits.tracked_mail import a_link
from email_campaigns.tests.support.smtp_server import KEEP_AND_DROP
from email_campaigns.tracking import store

JO, KIM, LOU = map(address, ("jo", "kim", "lou"))


class TestByteForByte(SentTextTest):
	def test_after_template_record_and_settings_were_changed_and_the_record_deleted(self):
		settings(sender_line="Example Ltd", postal_address="1 Road")
		self.addCleanup(settings, sender_line="", postal_address="")
		names = readers(JO, KIM, LOU)
		campaign = a_campaign()
		link = a_link("Offer", campaign=campaign)
		html = HTML + '{{ tracking_url("Offer") }}'
		name = self.send(a_mailing(LIST, subject="For {{ doc.first_name }}", html=html, campaign=campaign))
		change_templates(name)
		self.forget_records(*names)
		settings(sender_line="Another Ltd", postal_address="", add_unsubscribe_link=0)
		change("Tracking Link", link, title="Renamed", enabled=0)
		change("Mass Email", name, title="Sending Renamed", from_name="Renamed", track_links=0)
		self.assertEqual(len(self.assertMadeAgain(source=name)), 3)

	def test_a_text_that_may_use_the_whole_record(self):
		names = readers(JO, KIM, language="de" if frappe.get_meta("Contact").has_field("language") else None)
		html = "<p>{% for field in doc %}{{ field }}: {{ doc[field] }}; {% endfor %}</p>"
		name = self.send(a_mailing(LIST, html=html))
		self.forget_records(*names)
		self.assertEqual(len(self.assertMadeAgain(source=name)), 2)

	def test_a_text_without_fields_keeps_none(self):
		readers(JO, KIM)
		name = self.send(a_mailing(LIST))
		rows = self.assertMadeAgain(source=name)
		values = frappe.db.count("Campaign Mail Values", {"name": ["in", [row.name for row in rows]]})
		self.assertEqual(values, 0)

	def test_each_language_and_plain_addresses(self):
		a_list(JO, KIM)
		template = a_template("Hallo {{ doc.first_name }}", "<p>Guten Tag {{ doc.email }}</p>")
		frappe.db.set_value("Target List Member", {"email": KIM}, "language", "de")
		rows = [{"language": "de", "email_template": template}]
		name = a_mailing(a_list(), language_versions=rows, html="<p>{{ doc.last_name }}</p>")
		self.send(name)
		change_templates(name)
		frappe.db.delete("Target List Member", {"email": KIM})
		frappe.db.commit()
		texts = {row.sent_text for row in self.assertMadeAgain(source=name)}
		self.assertEqual(len(texts), 2)

	def test_informational_mail(self):
		campaign = a_campaign(campaign_type="Informational Email")
		link = a_link("Offer", campaign=campaign)
		readers(JO)
		name = self.send(a_mailing(LIST, html=HTML + "{trackingUrl:" + link + "}", campaign=campaign))
		change("Tracking Link", link, url="https://another.example/")
		self.assertMadeAgain(source=name)

	def test_after_the_encryption_key_was_changed_and_the_site_has_moved(self):
		readers(JO)
		name = self.send(a_mailing(LIST, html=HTML))
		before = dict(frappe.local.conf)
		self.addCleanup(frappe.local.conf.update, before)
		self.addCleanup(frappe.local.conf.pop, store.FORMER_KEYS, None)
		self.addCleanup(frappe.local.conf.pop, "host_name", None)
		frappe.local.conf.update({store.FORMER_KEYS: [before["encryption_key"]], "encryption_key": "another"})
		frappe.local.conf.host_name = "https://moved.example"
		self.assertIn("moved.example", frappe.utils.get_url())
		(row,) = self.assertMadeAgain(source=name)
		self.assertIn(f"{frappe.utils.get_url()}/ec/u/", recompose_store.view_sent_mail(row.name))
		frappe.local.conf[store.FORMER_KEYS] = []
		with self.assertRaisesRegex(NotAsSent, "key"):
			recompose_store.recompose(row.name)

	def test_a_mail_that_was_refused_at_first(self):
		self.serve({"content": {JO: ["451 4.3.0 Later"]}})
		names = readers(JO, KIM)
		name = self.send(a_mailing(LIST, html=HTML))
		self.assertEqual(self.ledger(name)[JO][0], "Queued")
		change("Contact", names[0], first_name="Between")
		self.due_again(name)
		self.go_on()
		self.forget_records(*names)
		self.assertEqual(len(self.assertMadeAgain(source=name)), 2)

	def test_an_uncertain_mail_that_the_server_has(self):
		self.serve({"content": {KIM: KEEP_AND_DROP}})
		names = readers(JO, KIM, LOU)
		name = self.send(a_mailing(LIST, html=HTML))
		self.assertEqual(self.ledger(name)[KIM][0], "Uncertain")
		self.forget_records(*names)
		self.assertEqual(len(self.assertMadeAgain(source=name)), 3)

	def test_what_a_mail_is_made_of_is_durable_before_it_leaves(self):
		readers(JO)
		name = a_mailing(LIST, html=HTML)
		seen = []

		def look():
			row = frappe.get_all("Campaign Message", {"source": name}, ["name", "sent_text", "status"])[0]
			text = frappe.db.exists("Campaign Mail Text", row.sent_text)
			seen.append((row.status, bool(text), frappe.db.count("Campaign Mail Values", {"name": row.name})))

		self.at_mail(1, look)
		self.send(name)
		self.assertEqual(seen, [("Sending", True, 1)])

	def test_a_job_that_waits_for_its_claim_holds_no_text(self):
		readers(JO, KIM)
		name = self.start(a_mailing(LIST, html=HTML))
		sending.tick()
		sending.freeze(name)
		watchdog = Watchdog([], 10)
		self.addCleanup(watchdog.close)
		job = sending._open(MailingQueue(name), watchdog)
		self.addCleanup(job.close)
		with OtherConnection() as other:
			other.run("SET SESSION innodb_lock_wait_timeout = 1")
			self.assertEqual(other.hold("Campaign Mail Text", "name = %s", job.texts[""]), 1)


class TestCopies(CopiesTest, SentTextTest):
	def test_a_mail_and_its_copies(self):
		names = contacts(KIM, LOU, company_name=JO)
		name = self.send(self.mailing(COMPANY, OWNER))
		change_templates(name)
		offer(off=(COMPANY, OWNER))
		self.forget_records(*names)
		rows = self.assertMadeAgain(source=name)
		self.assertEqual(sum(bool(row.cc_of) for row in rows), 2)

	def readdressed(self):
		"""Send a mail, and give its copy another address while the server takes the mail; return its name."""
		(contact,) = contacts(KIM, company_name=JO)
		name = self.start(self.mailing())
		self.at_mail(1, lambda: change("Contact", contact, company_name=LOU))
		self.go_on()
		self.assertEqual(self.received(), [KIM, LOU])
		return name

	def test_a_copy_that_went_elsewhere_than_the_mail_says(self):
		name = self.readdressed()
		self.assertEqual([mail.parsed["Cc"] for mail in self.server.messages], [JO, LOU])
		self.assertEqual(len(self.assertMadeAgain(source=name)), 2)

	def test_an_address_of_the_cc_that_was_forgotten(self):
		name = self.readdressed()
		privacy.forget(LOU)
		frappe.db.commit()
		mail, copy = self.sent_rows(source=name)
		self.assertTrue(recompose_store.recompose(mail.name))
		with self.assertRaisesRegex(NotAsSent, "forgotten"):
			recompose_store.recompose(copy.name)
		privacy.forget(JO)
		frappe.db.commit()
		with self.assertRaisesRegex(NotAsSent, "forgotten"):
			recompose_store.recompose(mail.name)


class TestVersions(ABTest, SentTextTest):
	def test_each_version_and_the_rest(self):
		name = self.send(self.mailing(subjects=("Subject B {{ doc.first_name }}",), ab_hours=1))
		self.people_do(name, "clicked", "B", 5)
		self.hours_pass(1)
		change_templates(name)
		rows = self.assertMadeAgain(source=name)
		texts = {row.version: row.sent_text for row in rows}
		self.assertEqual(set(texts), {"A", "B", "Rest B"})
		self.assertEqual(texts["Rest B"], texts["B"])
		self.assertNotEqual(texts["A"], texts["B"])


class TestSequence(DripTest, SentTextTest):
	def test_a_step(self):
		names = readers(JO, KIM)
		campaign = a_sequence(a_step(0, "For {{ doc.first_name }}", HTML), track_opens=1, track_links=1)
		enrolments = [enrol(campaign, name) for name in names]
		self.at(1)
		template = frappe.get_doc("Campaign", campaign).campaign_schedules[0].email_template
		change("Email Template", template, subject="Another", response_html="<p>Another</p>")
		self.forget_records(*names)
		rows = self.assertMadeAgain(source=["in", enrolments])
		self.assertEqual((len(rows), len({row.sent_text for row in rows})), (2, 1))
		self.assertIn("offer", recompose_store.view_sent_mail(rows[0].name))


class TestTexts(SentTextTest):
	def test_an_edit_in_mid_send_shows_who_got_which_text(self):
		settings(batch_size=2)
		a_list(*addresses(6))
		name = a_mailing(a_list(), subject="Before", html="<p>Before {{ doc.first_name }}</p>")
		template = frappe.db.get_value("Mass Email", name, "email_template")
		self.start(name)
		sending.tick()
		self.at_mail(3, lambda: change("Mass Email", name, status="Paused"))
		work_off()
		before = {row.email for row in self.sent_rows(source=name, status="Sent")}
		self.assertTrue(0 < len(before) < 6)
		change("Email Template", template, subject="After", response_html="<p>After {{ doc.first_name }}</p>")
		change("Mass Email", name, status="In Process")
		self.go_on()
		rows = self.assertMadeAgain(source=name)
		self.assertEqual(len(rows), 6)
		for row in rows:
			word = "Before Jo" if row.email in before else "After Jo"
			self.assertIn(word, recompose_store.view_sent_mail(row.name))
		texts = {row.sent_text: row.email in before for row in rows}
		self.assertEqual(sorted(texts.values()), [False, True])

	def test_a_text_is_stored_once_for_all_jobs(self):
		settings(batch_size=2)
		name = self.send(a_mailing(a_list(*addresses(5))))
		change("Mass Email", name, status="In Process")
		self.go_on()
		(text,) = frappe.get_all("Campaign Mail Text", {"mailing": name}, ["name", "subject", "edition"])
		self.assertEqual((text.subject, text.edition or ""), ("Hello", ""))
		self.assertEqual({row.sent_text for row in self.sent_rows(source=name)}, {text.name})

	def test_a_mail_of_an_early_version_is_made_of_the_present_text(self):
		readers(JO)
		name = self.send(a_mailing(LIST, html="<p>Dear {{ doc.first_name }}</p>"))
		(row,) = self.sent_rows(source=name)
		change("Campaign Message", row.name, sent_text=None, date_epoch=0)
		change_templates(name)
		self.assertIn("Another", recompose_store.view_sent_mail(row.name))
		self.assertFalse(recompose_store.show_sent_mail(row.name)["as_sent"])
		with self.assertRaisesRegex(NotAsSent, "early version"):
			recompose_store.recompose(row.name)

	def test_a_mail_whose_mailing_was_deleted_can_still_be_read(self):
		readers(JO)
		name = self.send(a_mailing(LIST, html="<p>Dear {{ doc.first_name }}</p>"))
		template = frappe.db.get_value("Mass Email", name, "email_template")
		(row,) = self.sent_rows(source=name)
		frappe.db.delete("Mass Email", {"name": name})
		frappe.db.delete("Email Template", {"name": template})
		frappe.db.commit()
		self.assertIn("Dear Zoë", recompose_store.view_sent_mail(row.name))
		self.assertMadeAgain(source=name)
		frappe.db.delete("Campaign Message", {"source": name})
		frappe.db.commit()

	def test_the_stored_mail_of_a_timeline_is_the_one_that_was_sent(self):
		names = readers(JO)
		name = a_mailing(LIST, html=HTML, store_emails=1)
		self.at_mail(1, lambda: (change_templates(name), change("Contact", names[0], first_name="Renamed")))
		self.send(name)
		(mail,) = frappe.get_all("Communication", {"reference_name": names[0]}, ["subject", "content"])
		self.assertEqual(mail.subject, "Hello")
		self.assertIn("Dear Zoë", mail.content)
		self.assertNotIn("/ec/c/", mail.content)
		self.assertNotIn("/ec/o/", mail.content)
		frappe.db.delete("Communication", {"reference_name": names[0]})
		frappe.db.commit()
