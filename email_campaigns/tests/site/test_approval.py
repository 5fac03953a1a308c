"""Who says go: asking, approving, rejecting; what voids an approval; what the check list finds on a real site."""

import frappe

from email_campaigns.api import approval, desk
from email_campaigns.delivery import approval_store
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kit import (
	PREFIX,
	SendingTest,
	a_campaign,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	change,
	settings,
	starts,
)
from email_campaigns.tests.site.visitor import forget

TEN = addresses(10)
OFFICE = "approval.example"
STAFF = {"clerk": "Campaign User", "boss": "Campaign Manager", "other": "Campaign Manager"}
STEPS = (
	"status",
	"requested_by",
	"approved_by",
	"approval_hash",
	"rejected_by",
	"rejection_reason",
	"start_epoch",
)


def colleague(name, role):
	"""Somebody who stays for all tests of a class, for it takes a second to make a user."""
	values = {"email": f"{name}@{OFFICE}", "first_name": name, "send_welcome_email": 0}
	user = frappe.get_doc({"doctype": "User", **values, "roles": [{"role": role}]}).insert()
	frappe.db.commit()
	return user.name


class ApprovalTest(SendingTest):
	need = "Needed"

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.addClassCleanup(forget, f"%@{OFFICE}")
		cls.clerk, cls.boss, cls.other = (colleague(*who) for who in STAFF.items())

	def setUp(self):
		super().setUp()
		settings(approval=self.need, sender_line="Example Ltd", postal_address="1 Road, Antwerp")
		self.addCleanup(settings, sender_line="", postal_address="")
		self.addCleanup(frappe.set_user, "Administrator")
		self.mailing = self.made_by(self.clerk, a_list(*TEN))

	def made_by(self, user, *lists, **values):
		name = a_mailing(*lists, **values)
		change("Mass Email", name, owner=user)
		return name

	def by(self, user, method, *arguments, **options):
		"""Do something as a user, durably; what is refused changes nothing."""
		frappe.set_user(user)
		try:
			answer = method(*arguments, **options)
			frappe.db.commit()
			return answer
		finally:
			frappe.db.rollback()
			frappe.set_user("Administrator")

	def refuses(self, words, user, method, *arguments, error=frappe.ValidationError, **options):
		before = self.steps()
		with self.assertRaisesRegex(error, words):
			self.by(user, method, *arguments, **options)
		self.assertEqual(self.steps(), before, "nothing has changed")

	def steps(self):
		form = self.form(self.mailing)
		return {field: form.get(field) for field in STEPS}

	@property
	def status(self):
		return self.form(self.mailing).status

	def ask(self):
		self.by(self.clerk, approval.submit, self.mailing)

	def approved(self, seconds=3600):
		"""A mailing that is approved and starts so many seconds from now."""
		starts(self.mailing, seconds)
		self.ask()
		self.by(self.boss, approval.approve, self.mailing)

	def edit(self, user=None, **values):
		def save():
			doc = frappe.get_doc("Mass Email", self.mailing)
			doc.update(values)
			doc.save()
			return doc

		return self.by(user or self.clerk, save)

	def edit_template(self, html="<p>Changed</p>"):
		change_template(self.form(self.mailing).email_template, html)

	def told(self, user):
		"""What Frappe's own notifications tell a user of the mailing, the latest first."""
		filters = {"document_type": "Mass Email", "document_name": self.mailing, "for_user": user}
		return frappe.get_all("Notification Log", filters, pluck="subject", order_by="creation desc")


def change_template(name, html):
	doc = frappe.get_doc("Email Template", name)
	doc.response_html = html
	doc.save()
	frappe.db.commit()


class TestAsking(ApprovalTest):
	def test_a_user_asks_a_manager_approves_and_it_goes(self):
		self.ask()
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.requested_by), ("Pending Approval", self.clerk))
		self.go_on()
		self.assertEqual(self.received(), [])
		self.by(self.boss, approval.approve, self.mailing)
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.approved_by), ("Pending", self.boss))
		self.assertTrue(form.approved_on and len(form.approval_hash) == 64)
		self.go_on()
		self.assertEqual(self.status, "Complete")
		self.assertSentTo(self.mailing, TEN)

	def test_all_managers_are_notified_but_not_who_asks(self):
		change("Mass Email", self.mailing, title=f"{PREFIX} <b>Spring</b>")
		self.by(self.boss, approval.submit, self.mailing)
		self.assertEqual(self.told(self.boss), [])
		((told,), nobody) = self.told(self.other), self.told(self.clerk)
		self.assertIn("&lt;b&gt;Spring", told)
		self.assertIn("boss asks you to approve", told)
		self.assertEqual(nobody, [])

	def test_the_approver_that_the_mailing_names_is_the_one_who_is_asked(self):
		self.edit(approver=self.other)
		self.ask()
		self.assertEqual((len(self.told(self.other)), self.told(self.boss)), (1, []))

	def test_a_start_in_the_future_is_kept(self):
		self.approved()
		before = self.steps()["start_epoch"]
		self.go_on()
		self.assertEqual((self.status, self.steps()["start_epoch"]), ("Pending", before))

	def test_a_start_that_has_passed_meanwhile_is_at_once(self):
		self.approved(-600)
		self.go_on()
		self.assertSentTo(self.mailing, TEN)

	def test_the_direct_way_is_closed(self):
		self.refuses("want an approval", self.clerk, desk.schedule, self.mailing, at_once=True)
		self.ask()
		self.refuses("want an approval", self.boss, desk.schedule, self.mailing, at_once=True)
		self.refuses("needs an approval", self.clerk, desk.resume, self.mailing)
		self.refuses("", self.clerk, approval.submit, self.mailing)
		settings(approval="Not needed")
		self.refuses("can't become", self.clerk, desk.schedule, self.mailing, at_once=True)

	def test_without_the_need_it_goes_straight(self):
		settings(approval="Not needed")
		self.by(self.clerk, approval.submit, self.mailing)
		self.assertEqual((self.status, self.steps()["requested_by"]), ("Pending", None))
		self.go_on()
		self.assertSentTo(self.mailing, TEN)

	def test_while_it_waits_nobody_edits_it_and_its_asker_takes_it_back(self):
		self.ask()
		self.refuses("can't be edited", self.clerk, self.edit, from_name="Later")
		self.refuses("Only .*clerk", self.boss, desk.back_to_draft, self.mailing)
		self.by(self.clerk, desk.back_to_draft, self.mailing)
		self.assertEqual(self.status, "Draft")

	def test_a_form_cannot_write_an_approval(self):
		self.edit(approved_by=self.boss, approval_hash="forged", requested_by=self.boss)
		self.assertFalse(self.steps()["approval_hash"])
		self.assertIsNone(self.steps()["approved_by"])
		self.approved()
		forged = approval_store.fingerprint(approval_store.mailing_store.load(self.mailing))
		self.edit(from_name="Another", approval_hash=forged)
		self.assertEqual(self.status, "Draft")


class TestApproving(ApprovalTest):
	def test_a_campaign_user_may_not(self):
		self.ask()
		for method, arguments in ((approval.approve, ()), (approval.reject, ("Because",))):
			self.refuses(
				"not a Campaign Manager",
				self.clerk,
				method,
				self.mailing,
				*arguments,
				error=frappe.PermissionError,
			)

	def test_who_may_not_read_it_can_call_nothing(self):
		stranger = a_user("stranger", "Sales User")
		for method, arguments in (
			(approval.prepare, ()),
			(approval.submit, ()),
			(approval.approve, ()),
			(approval.reject, ("Because",)),
		):
			with self.subTest(method.__name__):
				self.refuses("", stranger, method, self.mailing, *arguments, error=frappe.PermissionError)
		search = ("User", "", "name", 0, 10, {})
		self.refuses("permission", stranger, approval.find_approvers, *search, error=frappe.PermissionError)

	def test_a_manager_who_lost_the_role_may_not(self):
		former = a_user("former", "Campaign Manager", "Campaign User")
		self.ask()
		frappe.get_doc("User", former).remove_roles("Campaign Manager")
		frappe.db.commit()
		self.refuses(
			"not a Campaign Manager", former, approval.approve, self.mailing, error=frappe.PermissionError
		)

	def test_a_draft_is_not_approved(self):
		self.refuses("can't become", self.boss, approval.approve, self.mailing)
		self.refuses("can't become", self.boss, approval.reject, self.mailing, "Because")

	def test_the_asker_is_told(self):
		self.ask()
		self.by(self.boss, approval.approve, self.mailing)
		self.assertIn("boss has approved", self.told(self.clerk)[0])

	def test_what_changed_since_the_approver_looked_is_not_approved_unseen(self):
		self.ask()
		seen = self.by(self.boss, approval.prepare, self.mailing)["seen"]
		self.edit_template()
		self.refuses("changed while you looked", self.boss, approval.approve, self.mailing, seen=seen)
		seen = self.by(self.boss, approval.prepare, self.mailing)["seen"]
		self.by(self.boss, approval.approve, self.mailing, seen=seen)
		self.assertEqual(self.status, "Pending")


class TestRejecting(ApprovalTest):
	def test_needs_a_reason(self):
		self.ask()
		for reason in ("", "  ", None):
			self.refuses("Say why", self.boss, approval.reject, self.mailing, reason)

	def test_goes_back_to_draft_with_the_reason_which_the_asker_reads(self):
		self.ask()
		self.by(self.boss, approval.reject, self.mailing, " <i>Wrong</i> price ")
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.rejected_by), ("Draft", self.boss))
		self.assertEqual(form.rejection_reason, "<i>Wrong</i> price")
		self.assertIn("&lt;i&gt;Wrong", self.told(self.clerk)[0])

	def test_asking_again_clears_it(self):
		self.ask()
		self.by(self.boss, approval.reject, self.mailing, "Wrong price")
		self.edit(from_name="Right")
		self.ask()
		form = self.form(self.mailing)
		self.assertEqual((form.rejected_by, form.rejection_reason), (None, ""))


class TestAnotherPerson(ApprovalTest):
	need = "Needed, by another person"

	def test_neither_the_asker_nor_the_owner(self):
		self.mailing = self.made_by(self.boss, "Sending List")
		self.by(self.other, approval.submit, self.mailing)
		for user in (self.boss, self.other):
			self.refuses("another person", user, approval.approve, self.mailing)
			self.refuses("another person", user, approval.reject, self.mailing, "Because")
		self.by("Administrator", approval.approve, self.mailing)
		self.assertEqual(self.status, "Pending")

	def test_nor_can_they_be_asked(self):
		self.edit(approver=self.boss)
		self.refuses("another person", self.boss, approval.submit, self.mailing)

	def test_needed_alone_is_content_with_the_asker(self):
		settings(approval="Needed")
		self.by(self.boss, approval.submit, self.mailing)
		self.by(self.boss, approval.approve, self.mailing)
		self.assertEqual(self.status, "Pending")


class TestApprover(ApprovalTest):
	def test_who_is_no_manager_cannot_be_chosen(self):
		self.refuses("not a Campaign Manager", self.clerk, self.edit, approver=self.clerk)

	def test_who_lost_the_role_is_refused_at_save_and_when_asking(self):
		former = a_user("former", "Campaign Manager")
		self.edit(approver=former)
		frappe.get_doc("User", former).remove_roles("Campaign Manager")
		frappe.db.commit()
		self.refuses("former is not a Campaign Manager any more", self.clerk, self.edit, from_name="Any")
		self.refuses("former is not a Campaign Manager any more", self.clerk, approval.submit, self.mailing)
		self.edit(approver="")
		self.ask()

	def test_who_is_disabled_is_refused(self):
		former = a_user("former", "Campaign Manager")
		self.edit(approver=former)
		change("User", former, enabled=0)
		self.refuses("former is disabled", self.clerk, self.edit, from_name="Any")
		change("Mass Email", self.mailing, approver="")
		self.assertNotIn("former", self.by(self.clerk, approval.prepare, self.mailing)["approvers"])

	def test_the_field_offers_managers_alone(self):
		search = ("User", "", "name", 0, 100, {})
		found = [user for user, _name in self.by(self.clerk, approval.find_approvers, *search)]
		self.assertIn(self.boss, found)
		self.assertNotIn(self.clerk, found)
		search = ("User", "oth", "name", 0, 100, {})
		self.assertEqual(self.by(self.clerk, approval.find_approvers, *search), [(self.other, "other")])


class TestVoidBeforeTheStart(ApprovalTest):
	def test_by_an_edit_of_content(self):
		self.approved()
		doc = self.edit(from_name="Another")
		form = self.form(self.mailing)
		self.assertEqual((doc.status, form.status, form.from_name), ("Draft", "Draft", "Another"))
		self.assertEqual((form.approved_by, form.approved_on, form.approval_hash), (None, None, ""))
		self.assertIn("boss approved it", form.problem)
		self.assertIn("is a Draft again", self.told(self.clerk)[0])
		doc.save()

	def test_whoever_edits_is_told(self):
		self.approved()
		frappe.clear_messages()
		self.edit(subject_prefix="[REMINDER]")
		self.assertIn("It is a Draft again.", str(frappe.get_message_log()))

	def test_by_an_edit_of_the_audience(self):
		other = a_list(address("one"), title=f"{PREFIX} Other")
		for values in (
			{"target_lists": [{"target_list": other}]},
			{"excluding_target_lists": [{"target_list": other}]},
			{"seed_list": other},
			{"holdout_percent": 10},
			{"duplicate_policy": "One mail per record"},
		):
			with self.subTest(values):
				self.mailing = self.made_by(self.clerk, "Sending List")
				self.approved()
				self.edit(**values)
				self.assertEqual(self.status, "Draft")

	def test_not_by_another_time_or_pace(self):
		self.approved()
		hour = frappe.utils.add_to_date(frappe.utils.now_datetime(), hours=5)
		self.edit(start_date=hour, pace="Mails per hour", hourly_rate=10)
		self.assertEqual((self.status, self.steps()["approved_by"]), ("Pending", self.boss))

	def test_by_an_edit_of_the_template(self):
		self.approved()
		template = self.form(self.mailing).email_template
		self.edit_template()
		starts(self.mailing, -1)
		self.go_on()
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.approval_hash, self.received()), ("Draft", "", []))
		self.assertIn(f"The Email Template {template} was changed after boss approved it", form.problem)
		self.assertIn(template, self.told(self.clerk)[0])

	def test_by_a_campaign_that_becomes_another_kind(self):
		self.approved()
		campaign = self.form(self.mailing).campaign
		change("Campaign", campaign, campaign_type="Informational Email")
		starts(self.mailing, -1)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Draft", []))

	def test_by_settings_that_want_an_approval_of_what_had_none(self):
		settings(approval="Not needed")
		starts(self.mailing, 3600)
		self.by(self.clerk, approval.submit, self.mailing)
		settings(approval="Needed")
		starts(self.mailing, -1)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Draft", []))
		self.assertIn("needs an approval", self.form(self.mailing).problem)

	def test_paused_before_its_start_it_is_approved_anew(self):
		self.approved()
		self.by(self.clerk, desk.pause, self.mailing)
		self.edit_template()
		self.refuses("has to approve", self.clerk, desk.resume, self.mailing)
		self.by(self.boss, approval.approve, self.mailing)
		self.by(self.clerk, desk.resume, self.mailing)
		self.assertEqual(self.status, "Pending")


class TestVoidUnderWay(ApprovalTest):
	def setUp(self):
		super().setUp()
		settings(batch_size=3)

	def begun(self):
		"""Approve and send four mails, then stop."""
		self.at_mail(4, lambda: desk.pause(self.mailing))
		self.approved(-1)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Paused", TEN[:4]))

	def test_a_changed_template_pauses_it_until_it_is_approved_anew(self):
		self.begun()
		self.by(self.clerk, desk.resume, self.mailing)
		self.edit_template("<p>Changed</p>")
		self.go_on()
		form = self.form(self.mailing)
		self.assertEqual((form.status, self.received()), ("Paused", TEN[:4]))
		self.assertIn("was changed after boss approved it", form.problem)
		self.assertIn("is paused", self.told(self.clerk)[0])
		self.refuses("has to approve", self.clerk, desk.resume, self.mailing)
		form.run_method("onload")
		self.assertIn("was changed", form.get_onload().approval_fault)
		self.by(self.other, approval.approve, self.mailing)
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.approved_by, form.problem), ("Paused", self.other, ""))
		self.by(self.clerk, desk.resume, self.mailing)
		self.go_on()
		self.assertEqual(self.status, "Complete")
		self.assertSentTo(self.mailing, TEN)
		self.assertIn(b"Changed", self.server.messages[-1].content)

	def test_between_two_pages(self):
		template = self.form(self.mailing).email_template
		self.approved(-1)
		sending.tick()
		sending.freeze(self.mailing)
		change_template(template, "<p>Changed</p>")
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Paused", []))
		self.assertEqual(self.statuses(self.mailing), {"Queued": 10})

	def test_lists_of_the_campaign_changed_before_the_freeze(self):
		campaign = a_campaign(target_lists=[{"target_list": "Sending List"}])
		self.mailing = self.made_by(self.clerk, campaign=campaign)
		frappe.db.delete("Campaign Target List", {"parent": self.mailing})
		self.approved(-1)
		sending.tick()
		doc = frappe.get_doc("Campaign", campaign)
		doc.set("target_lists", [{"target_list": a_list(address("one"), title=f"{PREFIX} Other")}])
		doc.save()
		frappe.db.commit()
		self.go_on()
		self.assertEqual((self.status, self.statuses(self.mailing)), ("Paused", {}))
		self.assertIn(f"The Campaign {campaign} was changed", self.form(self.mailing).problem)

	def test_what_is_as_it_was_approved_needs_no_approval(self):
		self.begun()
		self.refuses("approved as it is", self.boss, approval.approve, self.mailing)

	def test_a_mailing_that_had_started_without_one_goes_on(self):
		settings(approval="Not needed")
		self.at_mail(4, lambda: desk.pause(self.mailing))
		self.send(self.mailing)
		settings(approval="Needed")
		self.by(self.clerk, desk.resume, self.mailing)
		self.go_on()
		self.assertSentTo(self.mailing, TEN)


class TestCheckList(ApprovalTest):
	def prepare(self, *lists, **values):
		self.mailing = self.made_by(self.clerk, *(lists or ("Sending List",)), **values)
		return self.by(self.clerk, approval.prepare, self.mailing)

	def found(self, level, *lists, **values):
		findings = self.prepare(*lists, **values)["findings"]
		return [finding["text"] for finding in findings if finding["level"] == level]

	def blocks(self, words):
		"""An error of the check list, which refuses to go on at the server too."""
		self.refuses(words, self.clerk, approval.submit, self.mailing)
		settings(approval="Not needed")
		self.refuses(words, self.clerk, approval.submit, self.mailing)

	def test_of_a_mailing_without_fault(self):
		told = self.prepare()
		self.assertEqual({finding["level"] for finding in told["findings"]} - {"ok", "warning"}, set())
		self.assertEqual((told["count"]["planned"], told["approval"], told["starts"]), (10, "needed", ""))
		self.assertEqual(told["approvers"], ["boss", "other"])

	def test_a_start_on_the_mailings_own_clock(self):
		later = frappe.utils.get_datetime("2099-05-03 09:00:00")
		told = self.prepare(send_when="Later", start_date=later, time_zone="Asia/Tokyo")
		self.assertEqual((told["starts"], told["time_zone"]), ("2099-05-03 09:00:00", "Asia/Tokyo"))

	def test_links(self):
		errors = self.found("error", html='<a href="www.example.com">x</a><a href="javascript:x()">y</a>')
		self.assertEqual(errors, ["Links that lead nowhere: “www.example.com”, “javascript:x()”"])
		self.blocks("lead nowhere: “www")

	def test_placeholders_of_records(self):
		title = a_list(title=f"{PREFIX} People")
		contacts = [
			a_contact(address(f"c{n}"), first_name="Jo", company_name=name) for n, name in enumerate("AB")
		]
		contacts.append(a_contact(address("c9"), first_name="Jo"))
		add_records(title, "Contact", *contacts)
		html = "<p>{{ doc.company_name }} {{ doc.frist_name }}</p>"
		self.clerk = "Administrator"
		warnings = self.found("warning", title, html=html)
		self.assertIn("doc.company_name has no value for 1 of 3 recipients.", warnings)
		self.assertIn("doc.frist_name has no value for 3 of 3 recipients.", warnings)
		self.ask()

	def test_a_sample_of_many(self):
		title = a_list(*[address(f"m{n}") for n in range(400)], title=f"{PREFIX} Many")
		warnings = self.found("warning", title, html="<p>{{ doc.nickname }}</p>")
		self.assertIn("doc.nickname has no value for 50 of 50 recipients.", warnings)

	def test_faults_of_templates_with_their_line_in_every_version(self):
		from email_campaigns.tests.site.kit import a_template

		row = {"language": "de", "email_template": a_template("Hallo", "<p>\n{% if %}</p>")}
		errors = self.found("error", html="<p>\n\n{{ doc. }}</p>", language_versions=[row])
		self.assertIn("line 3", errors[0])
		self.assertIn("In the version for de: Message, line 2", errors[1])
		self.blocks("line 3")

	def test_no_link_to_unsubscribe(self):
		settings(add_unsubscribe_link=0)
		(error,) = self.found("error")
		self.assertIn("No unsubscribe link", error)
		self.blocks("No unsubscribe link")
		settings(approval="Needed")
		self.assertEqual(self.found("error", html='<a href="{{ unsubscribe_url }}">Bye</a>'), [])
		informational = a_campaign(campaign_type="Informational Email")
		self.assertEqual(self.found("error", campaign=informational), [])

	def test_no_sender_in_the_footer(self):
		settings(sender_line="", postal_address="")
		warnings = self.found("warning")
		self.assertTrue(any("company line" in warning for warning in warnings), warnings)
		self.assertTrue(any("CAN-SPAM" in warning for warning in warnings), warnings)

	def test_a_server_that_is_of_no_use(self):
		self.server.stop()
		(error,) = self.found("error")
		self.assertIn(f"{PREFIX} Account can't be used", error)
		self.blocks("can't be used")

	def test_an_account_that_does_not_send(self):
		change("Email Account", f"{PREFIX} Account", enable_outgoing=0)
		told = self.prepare()
		self.assertIsNone(told["count"])
		self.assertIn("not enabled for outgoing", told["findings"][0]["text"])
		self.blocks("not enabled for outgoing")

	def test_sending_that_is_suspended(self):
		frappe.db.set_default("suspend_email_queue", 1)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_default, "suspend_email_queue", 0)
		self.assertTrue(any("suspended" in warning for warning in self.found("warning")))

	def test_nobody_to_mail(self):
		empty = a_list(title=f"{PREFIX} Empty")
		self.assertEqual(self.found("error", empty), ["Nobody on the target lists would get this mailing."])
		self.blocks("Nobody")

	def test_more_than_ever_before(self):
		campaign = a_campaign()
		before = a_mailing(a_list(*TEN[:3], title=f"{PREFIX} Few"), campaign=campaign)
		change("Mass Email", before, status="Complete", planned_count=3)
		warnings = self.found("warning", campaign=campaign)
		self.assertIn("10 recipients are surprisingly many: the largest mailing before had 3.", warnings)

	def test_a_language_without_a_version(self):
		title = a_list(*TEN[:5], title=f"{PREFIX} French")
		frappe.db.sql("UPDATE `tabTarget List Member` SET language = 'fr' WHERE target_list = %s", title)
		warnings = self.found("warning", title)
		self.assertIn("5 of 5 members read fr, and there is no version in it.", warnings)

	def test_a_deadline_that_the_limits_do_not_meet(self):
		soon = frappe.utils.add_to_date(frappe.utils.now_datetime(), minutes=150)
		warnings = self.found("warning", deadline=soon, pace="Mails per hour", hourly_rate=2)
		self.assertTrue(any("about 4 of 10 mails would not leave" in text for text in warnings), warnings)
		self.ask()

	def test_a_deadline_that_has_passed(self):
		self.prepare()
		change("Mass Email", self.mailing, deadline_epoch=1)
		self.blocks("deadline has passed")
