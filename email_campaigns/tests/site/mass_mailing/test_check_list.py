"""The check list of a mailing on a real site."""

import frappe

from email_campaigns.api.desk import approval
from email_campaigns.tests.site.kits.approvals import TEN, ApprovalTest
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_campaign,
	a_contact,
	a_list,
	a_mailing,
	add_records,
	address,
	change,
	settings,
)


class TestCheckList(ApprovalTest):
	def prepare(self, *lists, **values):
		self.mailing = self.made_by(self.clerk, *(lists or ("Sending List",)), **values)
		return self.by(self.clerk, approval.prepare, self.mailing)

	def texts(self, level, *lists, **values):
		findings = self.prepare(*lists, **values)["findings"]
		return [finding["text"] for finding in findings if finding["level"] == level]

	def asking(self, *lists, **values):
		"""Return the warnings that ask, of a new mailing."""
		return [line for line in self.prepare(*lists, **values)["findings"] if line["key"]]

	def blocks(self, words):
		"""An error of the check list, which refuses to go on at the server too."""
		self.refuses(words, self.clerk, approval.submit, self.mailing)
		settings(approval="Not needed")
		self.refuses(words, self.clerk, approval.submit, self.mailing)

	def test_of_a_mailing_without_fault(self):
		prepared = self.prepare()
		self.assertEqual({finding["level"] for finding in prepared["findings"]} - {"ok", "warning"}, set())
		self.assertEqual(
			(prepared["count"]["planned"], prepared["approval"], prepared["starts"]), (10, "needed", "")
		)
		self.assertEqual(prepared["approvers"], ["boss", "other"])

	def test_a_start_on_the_mailings_own_clock(self):
		later = frappe.utils.get_datetime("2099-05-03 09:00:00")
		prepared = self.prepare(send_when="Later", start_date=later, time_zone="Asia/Tokyo")
		self.assertEqual((prepared["starts"], prepared["time_zone"]), ("2099-05-03 09:00:00", "Asia/Tokyo"))

	def test_the_bounce_address_is_tried_as_a_sender(self):
		settings(bounce_sender=address("bounce"))
		self.addCleanup(settings, bounce_sender="")
		taken = "The mail server of Sending Account takes mails whose bounces come to bounce@sending.example."
		self.assertIn(taken, self.texts("ok"))
		self.assertEqual(self.server.messages, [])
		self.serve({"mail": "553 5.7.1 Sender address not owned"})
		(line,) = self.asking()
		self.assertIn("does not take mails with the bounce address as their sender", line["text"])
		self.assertIn("not owned", line["text"])

	def test_links(self):
		errors = self.texts("error", html='<a href="www.example.com">x</a><a href="javascript:x()">y</a>')
		self.assertEqual(errors, ["Links that lead nowhere: “www.example.com”, “javascript:x()”"])
		self.blocks("lead nowhere: “www")

	def test_links_that_browsers_and_devices_follow(self):
		hrefs = (
			"tel:+49 30 123456",
			"mailto:x@y.example?subject=Hello world",
			"sms:+49 30 1",
			"https://x.example/App (1).png",
			"https://x.example/?n={{ doc.first_name }}",
			"whatsapp://send?text=Hi",
		)
		html = "".join(f'<a href="{href}">x</a>' for href in hrefs)
		prepared = self.prepare(html=html)
		self.assertEqual(
			[line for line in prepared["findings"] if line["key"] or line["level"] == "error"], []
		)
		self.ask()

	def test_a_warning_that_asks_holds_the_mailing_up_until_somebody_overrules_it(self):
		(line,) = self.asking(html='<a href="http://wiki.local/a">x</a>')
		self.assertEqual((line["level"], line["overruled"]), ("warning", None))
		self.blocks("only your own network")
		self.refuses("only your own", self.clerk, approval.submit, self.mailing, overruled=["0" * 32])
		settings(approval="Needed")
		self.by(self.clerk, approval.submit, self.mailing, overruled=[line["key"]])
		self.assertEqual(self.status, "Pending Approval")

	def test_the_approver_sees_who_has_overruled_what(self):
		(line,) = self.asking(html='<a href="http://wiki.local/a">x</a>')
		self.by(self.clerk, approval.submit, self.mailing, overruled=[line["key"]])
		prepared = self.by(self.boss, approval.prepare, self.mailing)
		(seen,) = [line for line in prepared["findings"] if line["key"]]
		self.assertEqual((seen["key"], seen["overruled"]["by"]), (line["key"], "clerk"))
		self.assertLess(
			abs(frappe.utils.time_diff_in_seconds(frappe.utils.now(), seen["overruled"]["on"])), 60
		)
		self.by(self.boss, approval.approve, self.mailing, seen=prepared["seen"])
		self.assertEqual(self.status, "Pending")

	def test_a_changed_text_asks_again(self):
		(line,) = self.asking(html='<a href="http://wiki.local/a">x</a>')
		self.by(self.clerk, approval.submit, self.mailing, overruled=[line["key"]])
		self.by(self.boss, approval.reject, self.mailing, "No")
		self.ask()
		self.by(self.boss, approval.reject, self.mailing, "No")
		self.edit_template('<p>Changed</p><a href="http://wiki.local/a">x</a>')
		self.refuses("only your own network", self.clerk, approval.submit, self.mailing)

	def test_a_form_cannot_overrule(self):
		(line,) = self.asking(html='<a href="http://wiki.local/a">x</a>')
		forged = frappe.as_json({line["key"]: {"by": self.boss, "on": "2026-01-01"}})
		self.edit(overruled=forged)
		self.assertFalse(self.form(self.mailing).overruled)
		self.refuses("only your own network", self.clerk, approval.submit, self.mailing)

	def test_placeholders_of_other_systems(self):
		texts = [line["text"] for line in self.asking(html="<p>\nDear *|FNAME|* {{ contact.FIRSTNAME }}</p>")]
		self.assertEqual(len(texts), 2)
		self.assertIn("Message, line 2: “*|FNAME|*”", texts[0])
		self.assertIn("Write {{ doc.first_name }} instead", texts[1])

	def test_placeholders_that_are_no_jinja_are_named_beside_the_error(self):
		findings = self.prepare(html="<p>{{lead.First Name}}</p>")["findings"]
		self.assertEqual(findings[0]["level"], "error")
		self.assertIn("{{lead.First Name}}", findings[1]["text"])

	def test_an_address_before_that_of_unsubscribing(self):
		warnings = self.texts("warning", html='<a href="http://shop.example/{{ unsubscribe_url }}">x</a>')
		self.assertTrue(any("“http://shop.example/” before" in text for text in warnings), warnings)
		self.ask()

	def test_fields_without_doc_of_records_of_two_kinds(self):
		title = a_list(address("plain"), title=f"{PREFIX} Mixed")
		add_records(title, "Contact", a_contact(address("c1"), first_name="Jo", company_name="A"))
		self.clerk = "Administrator"
		warnings = self.texts("warning", title, html="<p>{{ company_name }} {{ email_id }} {{ frist }}</p>")
		self.assertIn("company_name has no value for 1 of 2 recipients.", warnings)
		self.assertIn("frist has no value for 2 of 2 recipients.", warnings)

	def test_placeholders_of_records(self):
		title = a_list(title=f"{PREFIX} People")
		contacts = [
			a_contact(address(f"c{n}"), first_name="Jo", company_name=name) for n, name in enumerate("AB")
		]
		contacts.append(a_contact(address("c9"), first_name="Jo"))
		add_records(title, "Contact", *contacts)
		html = "<p>{{ doc.company_name }} {{ doc.frist_name }}</p>"
		self.clerk = "Administrator"
		warnings = self.texts("warning", title, html=html)
		self.assertIn("doc.company_name has no value for 1 of 3 recipients.", warnings)
		self.assertIn("doc.frist_name has no value for 3 of 3 recipients.", warnings)
		self.ask()

	def test_a_sample_of_many(self):
		title = a_list(*[address(f"m{n}") for n in range(400)], title=f"{PREFIX} Many")
		warnings = self.texts("warning", title, html="<p>{{ doc.nickname }}</p>")
		self.assertIn("doc.nickname has no value for 50 of 50 recipients.", warnings)

	def test_faults_of_templates_with_their_line_in_every_version(self):
		from email_campaigns.tests.site.kits.builders import a_template

		row = {"language": "de", "email_template": a_template("Hallo", "<p>\n{% if %}</p>")}
		errors = self.texts("error", html="<p>\n\n{{ doc. }}</p>", language_versions=[row])
		self.assertIn("line 3", errors[0])
		self.assertIn("In the version for de: Message, line 2", errors[1])
		self.blocks("line 3")

	def test_no_link_to_unsubscribe(self):
		settings(add_unsubscribe_link=0)
		(error,) = self.texts("error")
		self.assertIn("No unsubscribe link", error)
		self.blocks("No unsubscribe link")
		(error,) = self.texts("error", html='<p>x</p><!-- <a href="{{ unsubscribe_url }}">Bye</a> -->')
		self.assertIn("No unsubscribe link", error)
		settings(approval="Needed")
		self.assertEqual(self.texts("error", html='<a href="{{ unsubscribe_url }}">Bye</a>'), [])
		informational = a_campaign(campaign_type="Informational Email")
		self.assertEqual(self.texts("error", campaign=informational), [])

	def test_no_sender_in_the_footer(self):
		settings(sender_line="", postal_address="")
		warnings = self.texts("warning")
		self.assertTrue(any("company line" in warning for warning in warnings), warnings)
		self.assertTrue(any("CAN-SPAM" in warning for warning in warnings), warnings)

	def test_a_server_that_is_of_no_use(self):
		self.server.stop()
		(line,) = self.asking()
		self.assertIn(f"{PREFIX} Account can't be used", line["text"])
		self.blocks("can't be used")

	def test_an_account_that_does_not_send(self):
		change("Email Account", f"{PREFIX} Account", enable_outgoing=0)
		prepared = self.prepare()
		self.assertIsNone(prepared["count"])
		self.assertIn("not enabled for outgoing", prepared["findings"][0]["text"])
		self.blocks("not enabled for outgoing")

	def test_sending_that_is_suspended(self):
		frappe.db.set_default("suspend_email_queue", 1)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_default, "suspend_email_queue", 0)
		self.assertTrue(any("suspended" in warning for warning in self.texts("warning")))

	def test_nobody_to_mail(self):
		empty = a_list(title=f"{PREFIX} Empty")
		self.assertEqual(self.texts("error", empty), ["Nobody on the target lists would get this mailing."])
		self.blocks("Nobody")

	def test_more_than_ever_before(self):
		campaign = a_campaign()
		before = a_mailing(a_list(*TEN[:3], title=f"{PREFIX} Few"), campaign=campaign)
		change("Mass Email", before, status="Complete", planned_count=3)
		warnings = self.texts("warning", campaign=campaign)
		self.assertIn("10 recipients are surprisingly many: the largest mailing before had 3.", warnings)

	def test_a_language_without_a_version(self):
		title = a_list(*TEN[:5], title=f"{PREFIX} French")
		frappe.db.sql("UPDATE `tabTarget List Member` SET language = 'fr' WHERE target_list = %s", title)
		warnings = self.texts("warning", title)
		self.assertIn("5 of 5 members read fr, and there is no version in it.", warnings)

	def test_a_deadline_that_the_limits_do_not_meet(self):
		soon = frappe.utils.add_to_date(frappe.utils.now_datetime(), minutes=150)
		warnings = self.texts("warning", deadline=soon, pace="Mails per hour", hourly_rate=2)
		self.assertTrue(any("about 4 of 10 mails would not leave" in text for text in warnings), warnings)
		self.ask()

	def test_a_deadline_that_has_passed(self):
		self.prepare()
		change("Mass Email", self.mailing, deadline_epoch=1)
		self.blocks("deadline has passed")
