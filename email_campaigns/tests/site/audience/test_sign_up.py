"""Signing up over HTTP: the form, the mail, the link, and the new member."""

import re
from email import message_from_string, policy
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, get_url, get_url_to_form, now_datetime

from email_campaigns import requests_store
from email_campaigns.api.desk import privacy
from email_campaigns.api.desk import target_list as target_list_api
from email_campaigns.api.public import signup
from email_campaigns.audience.signup import signup_store
from email_campaigns.audience.suppression.suppression_store import read_scope, suppress
from email_campaigns.compat import form_url, site_url, without_request
from email_campaigns.jobs import upkeep
from email_campaigns.tests.site.conftest import mark_as_test
from email_campaigns.tests.site.kits.builders import an_account, change, remove_account
from email_campaigns.tests.site.kits.recipient import buttons_of, text_of
from email_campaigns.tests.site.kits.site_config import REMOVED, configure
from email_campaigns.tests.site.kits.visitor import Visitor, damaged, forget, target_list
from email_campaigns.tests.support.smtp_server import ScriptedServer

JO = "jo@signup.example"
NEWS = "Sign Up “News”"
OTHER = "Sign Up Other"
TITLE = "News & More"
EVIL = "evil.example"
FORGED = {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Server": EVIL, "Origin": f"https://{EVIL}"}
CONSENT = 'I agree to get "news" & offers of Example Ltd.'


class SignUpTest(FrappeTestCase):
	def setUp(self):
		self.clean()
		self.addCleanup(self.clean)
		self.server = ScriptedServer().start()
		self.addCleanup(self.server.stop)
		an_account(self.server.port)
		frappe.db.set_value("Email Account", "Sending Account", "default_outgoing", 1)
		self.addCleanup(remove_account)
		target_list(NEWS)
		target_list(OTHER)
		doc = frappe.get_doc("Target List", NEWS)
		doc.update({"sign_up": 1, "sign_up_title": TITLE, "sign_up_consent": CONSENT, "sign_up_names": 1})
		doc.save()
		frappe.db.commit()
		self.url = target_list_api.sign_up_form(NEWS)["url"]
		self.visitor = Visitor()

	def clean(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.db.delete("Forgotten Address")
		frappe.db.delete("Retired Name")
		for doctype, field in (
			("Target List Sign Up", "email"),
			("Target List Change", "email"),
			("Email Queue Recipient", "recipient"),
		):
			frappe.db.delete(doctype, {field: ["like", "%@signup.example%"]})
		frappe.db.delete("Email Queue", {"reference_doctype": "Target List"})
		for key in frappe.cache.keys(frappe.cache.make_key(f"{requests_store.KEYS}:").decode() + "*"):
			frappe.cache.delete(key)
		forget("%@signup.example", "Sign Up%")

	def sign_up(self, email=JO, **values):
		form = {"email": email, "consent": "1", "first_name": "Jo", "last_name": "Doe", **values}
		return self.visitor.post(self.url, form)

	def mails(self):
		frappe.db.rollback()
		return frappe.get_all("Email Queue", {"reference_doctype": "Target List"}, pluck="message")

	def link(self):
		mail = message_from_string(self.mails()[-1], policy=policy.default)
		text = mail.get_body(("plain",)).get_content()
		return re.search(r"https?://\S+/ec/j/[\w.-]+", text)[0]

	def member(self):
		frappe.db.rollback()
		fields = [
			"name",
			"first_name",
			"last_name",
			"consent_at",
			"consent_text",
			"consent_evidence",
			"by_person",
		]
		rows = frappe.get_all("Target List Member", {"target_list": NEWS, "email": JO}, fields)
		return rows[0] if rows else None


class TestWithoutAnAccount(SignUpTest):
	def setUp(self):
		super().setUp()
		accounts = frappe.get_all("Email Account", {"default_outgoing": 1}, pluck="name")
		for name in accounts:
			change("Email Account", name, default_outgoing=0)
			self.addCleanup(change, "Email Account", name, default_outgoing=1)
		# What the framework remembers for a request; each has its own.
		frappe.local.outgoing_email_account = {}
		self.addCleanup(setattr, frappe.local, "outgoing_email_account", {})

	def test_the_form_of_the_list_says_that_nobody_can_sign_up(self):
		problem = target_list_api.sign_up_form(NEWS)["problem"]
		self.assertIn("no default outgoing Email Account", problem)
		self.assertIn("nobody can sign up", problem)

	def test_the_visitor_is_asked_to_come_again_and_nothing_is_saved(self):
		answer = self.visitor.post(self.url, {"email": JO, "consent": "1"})
		self.assertEqual(answer.status_code, 503)
		self.assertFalse(frappe.db.exists("Target List Sign Up", {"email": JO}))


class TestForm(SignUpTest):
	def test_it_shows_the_list_and_the_consent_and_asks_for_what_it_needs(self):
		answer = self.visitor.get(self.url)
		self.assertEqual(answer.status_code, 200)
		page = answer.get_data(as_text=True)
		self.assertIn("<h1>News &amp; More</h1>", page)
		self.assertIn(CONSENT, text_of(answer))
		for field in ("email", "first_name", "last_name", "consent", "website"):
			self.assertIn(f'name="{field}"', page)
		self.assertEqual(buttons_of(answer), ["sign_up"])
		change("Target List", NEWS, sign_up_names=0)
		self.assertNotIn("first_name", self.visitor.get(self.url).get_data(as_text=True))

	def test_whatever_a_colleague_writes_is_text(self):
		change("Target List", NEWS, sign_up_title="<script>x</script>", sign_up_consent='"><img src=x>')
		for html in (
			self.visitor.get(self.url).get_data(as_text=True),
			target_list_api.sign_up_form(NEWS)["html"],
		):
			self.assertNotIn("<script>", html)
			self.assertNotIn("<img", html)

	def test_the_snippet_has_the_forms_fields_and_is_escaped(self):
		html = target_list_api.sign_up_form(NEWS)["html"]
		self.assertIn(f'action="{self.url}"', html)
		self.assertIn("&#34;news&#34; &amp; offers", html)
		for field in ("email", "first_name", "last_name", "consent", "website"):
			self.assertIn(f'name="{field}"', html)

	def test_there_is_none_where_the_list_has_none(self):
		change("Target List", NEWS, sign_up=0)
		for answer in (
			self.visitor.get(self.url),
			self.sign_up(),
			self.visitor.get("/ec/s/"),
			self.visitor.get("/ec/s/x"),
		):
			self.assertEqual(answer.status_code, 404)
		self.assertEqual((self.mails(), target_list_api.sign_up_form(NEWS)), ([], {}))

	def test_a_form_without_consent_is_not_saved(self):
		doc = frappe.get_doc("Target List", OTHER)
		doc.sign_up = 1
		with self.assertRaisesRegex(frappe.ValidationError, "Consent"):
			doc.save()

	def test_what_is_no_address_and_what_is_not_agreed_to_is_said_and_kept(self):
		for values, words in (({"email": "jo"}, "not an email address"), ({"consent": ""}, "tick the box")):
			answer = self.sign_up(**values)
			self.assertEqual(answer.status_code, 400)
			self.assertIn(words, text_of(answer))
			self.assertIn('value="Doe"', answer.get_data(as_text=True))
		self.assertEqual(self.mails(), [])


class TestAsking(SignUpTest):
	def test_a_mail_leaves_and_nothing_else_has_happened(self):
		answer = self.sign_up()
		self.assertEqual(answer.status_code, 200)
		self.assertIn("a mail with a link is on its way", text_of(answer))
		self.assertEqual(len(self.mails()), 1)
		self.assertIsNone(self.member())
		self.assertNotIn("Doe", self.mails()[0])

	def test_the_mail_reaches_its_mailbox_also_where_everything_was_left(self):
		suppress(JO, reason="Unsubscribed", origin="test")
		frappe.db.commit()
		self.sign_up()
		frappe.db.rollback()
		(name,) = frappe.get_all("Email Queue", {"reference_doctype": "Target List"}, pluck="name")
		frappe.flags.in_test = False  # Frappe sends no mail of its own accord in tests
		self.addCleanup(mark_as_test)
		if hasattr(frappe, "in_test"):
			frappe.in_test = False
		with patch.dict(frappe.local.conf, {"mute_emails": 0}):
			frappe.get_doc("Email Queue", name).send()
		self.assertEqual([list(mail.recipients) for mail in self.server.messages], [[JO]])

	def test_the_answer_is_the_same_whoever_asks(self):
		target_list(OTHER, "member@signup.example", "left@signup.example", "gone@signup.example")
		suppress("left@signup.example", reason="Unsubscribed", origin="test", target_list=NEWS)
		suppress("dead@signup.example", reason="Hard Bounce", origin="test")
		privacy.forget("forgotten@signup.example")
		frappe.db.commit()
		answers = {
			self.sign_up(f"{name}@signup.example").get_data(as_text=True)
			for name in ("new", "member", "left", "dead", "forgotten", "new")
		}
		self.assertEqual(len(answers), 1)
		asked = frappe.get_all("Target List Sign Up", {"target_list": NEWS}, pluck="email")
		self.assertEqual(sorted(asked), [f"{name}@signup.example" for name in ("left", "member", "new")])

	def test_a_bot_gets_no_mail_and_the_same_answer(self):
		self.assertEqual(
			self.sign_up("robot@signup.example", website="x").get_data(), self.sign_up().get_data()
		)
		self.assertEqual(len(self.mails()), 1)

	def test_one_mailbox_gets_a_few_mails_and_one_visitor_a_few_answers(self):
		with patch.object(signup, "PER_ADDRESS", (2, 60)), patch.object(signup, "PER_VISITOR", (5, 60)):
			codes = [self.sign_up().status_code for _ in range(4)]
			codes += [self.sign_up(f"{name}@signup.example").status_code for name in "ab"]
		self.assertEqual(codes, [200, 200, 200, 200, 200, 429])
		self.assertEqual(len(self.mails()), 3)
		self.assertEqual(frappe.db.count("Target List Sign Up", {"target_list": NEWS}), 2)

	def test_it_needs_no_cookie_and_takes_a_form_of_another_website(self):
		answer = self.visitor.post(
			self.url, {"email": JO, "consent": "1"}, headers={"Origin": "https://other.example"}
		)
		self.assertEqual(answer.status_code, 200)
		self.assertEqual(len(self.mails()), 1)


class TestForgedRequests(SignUpTest):
	def test_no_link_of_the_mail_is_made_of_the_request(self):
		configure(self, host_name=REMOVED)
		change("Email Account", "Sending Account", footer='<p><a href="/imprint">Imprint</a></p>')
		self.visitor.post(self.url, {"email": JO, "consent": "1"}, headers=FORGED)
		mail = message_from_string(self.mails()[-1], policy=policy.default)
		texts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
		self.assertTrue(self.link().startswith(f"{site_url()}/ec/j/"), self.link())
		self.assertIn(f'{site_url()}/imprint"', "".join(texts))
		self.assertNotIn(EVIL, f"{mail} {texts}")

	def test_the_form_itself_names_no_host(self):
		configure(self, host_name=REMOVED)
		self.assertNotIn(EVIL, self.visitor.get(self.url, headers=FORGED).get_data(as_text=True))

	def test_the_sites_address_is_the_one_that_frappe_gives_to_a_job(self):
		supervised = {"restart_supervisor_on_update": 1}
		for config in (
			{},
			{"host_name": None},
			{"host_name": None, **supervised},
			{"host_name": None, "ssl_certificate": "/etc/cert.pem", **supervised},
			{"host_name": "mail.example"},
			{"host_name": "https://mail.example", **supervised},
			{"host_name": "https://mail.example", "http_port": 8443},
		):
			with self.subTest(config), patch.dict(frappe.local.conf, config), without_request():
				self.assertEqual(site_url(), get_url().rstrip("/"))
				self.assertEqual(form_url("Target List", NEWS), get_url_to_form("Target List", NEWS))


class TestLimits(SignUpTest):
	def codes(self, *emails, forwarded=()):
		"""Return the statuses of sign-ups, each with another beginning of X-Forwarded-For."""
		codes = []
		for place, email in enumerate(emails):
			chain = ", ".join([f"203.0.113.{place}", *forwarded])
			form = {"email": f"{email}@signup.example", "consent": "1"}
			answer = self.visitor.post(self.url, form, headers={"X-Forwarded-For": chain})
			codes.append(answer.status_code)
		return codes

	def test_a_visitor_is_counted_by_the_address_that_our_proxy_has_seen(self):
		with patch.object(signup, "PER_VISITOR", (2, 60)):
			self.assertEqual(self.codes(*"abc", forwarded=["198.51.100.7"]), [200, 200, 429])
			self.assertEqual(self.codes("d", forwarded=["198.51.100.8"]), [200])
			self.assertEqual(self.codes(*"efg"), [200, 200, 200])  # three visitors

	def test_the_configuration_says_how_many_proxies_there_are(self):
		configure(self, email_campaigns_proxies=2)
		with patch.object(signup, "PER_VISITOR", (2, 60)):
			chain = ["198.51.100.7", "192.0.2.1"]
			self.assertEqual(self.codes(*"abc", forwarded=chain), [200, 200, 429])
			self.assertEqual(self.codes("d", forwarded=["198.51.100.8", "192.0.2.1"]), [200])

	def test_many_visitors_together_use_up_a_form_and_the_site(self):
		configure(self, email_campaigns_sign_ups_per_hour=4)
		self.assertEqual(self.codes(*"abc"), [200, 200, 429])
		self.assertEqual(len(self.mails()), 2)
		self.url = self.another_form(OTHER)
		self.assertEqual(self.codes(*"def"), [200, 200, 429])
		self.url = self.another_form("Sign Up Third")
		self.assertEqual(self.codes("g"), [429])

	def another_form(self, title):
		doc = frappe.get_doc("Target List", target_list(title))
		doc.update({"sign_up": 1, "sign_up_consent": CONSENT}).save()
		frappe.db.commit()
		return target_list_api.sign_up_form(title)["url"]

	def test_tags_of_one_mailbox_are_one_mailbox(self):
		with patch.object(signup, "PER_ADDRESS", (2, 60)):
			for tag in ("", "+1", "+2", "+3"):
				self.assertEqual(self.sign_up(f"jo{tag}@signup.example").status_code, 200)
		self.assertEqual(len(self.mails()), 2)

	def test_a_name_has_no_link_and_no_formula(self):
		self.sign_up(first_name='=HYPERLINK("https://evil.example")', last_name="<b>{{ doc }} evil.example")
		self.visitor.post(self.link(), {"action": "confirm"})
		names = self.member().first_name, self.member().last_name
		self.assertEqual(names, ("HYPERLINK( https evil. example )", "b doc evil. example"))
		self.assertNotIn("evil", "".join(self.mails()))


class TestConfirming(SignUpTest):
	def setUp(self):
		super().setUp()
		self.sign_up()

	def confirm(self, link=""):
		return self.visitor.post(link or self.link(), {"action": "confirm"})

	def test_looking_at_the_page_changes_nothing(self):
		answer = self.visitor.get(self.link())
		self.assertEqual((answer.status_code, buttons_of(answer)), (200, ["confirm"]))
		self.assertIn("j…@signup.example", text_of(answer))
		self.visitor.get(self.link(), method="HEAD")
		self.assertIsNone(self.member())

	def test_the_member_joins_with_the_evidence(self):
		answer = self.confirm()
		self.assertIn(f"You are subscribed to “{TITLE}”", text_of(answer))
		member = self.member()
		self.assertEqual((member.first_name, member.last_name, member.by_person), ("Jo", "Doe", 1))
		self.assertEqual(member.consent_text, CONSENT)
		self.assertTrue(member.consent_at)
		for words in (self.url, JO, "confirmed on"):
			self.assertIn(words, member.consent_evidence)
		self.assertNotIn("127.0.0.1", member.consent_evidence.replace(self.url, ""))
		self.assertEqual(frappe.db.get_value("Target List", NEWS, "member_count"), 1)
		self.assertEqual(
			frappe.get_all("Target List Change", {"target_list": NEWS}, pluck="feed"), ["Sign-up form"]
		)

	def test_twice_is_once(self):
		first = self.confirm().get_data()
		given = self.member().consent_at
		self.assertEqual(self.confirm().get_data(), first)
		self.assertEqual(self.member().consent_at, given)
		self.assertIn("Thank you", text_of(self.visitor.get(self.link())))

	def test_the_consent_is_the_one_that_was_agreed_to(self):
		change("Target List", NEWS, sign_up_consent="Something else")
		self.confirm()
		self.assertEqual(self.member().consent_text, CONSENT)

	def test_a_member_keeps_their_place_and_gets_the_consent(self):
		target_list(NEWS, JO)
		frappe.db.commit()
		self.confirm()
		self.assertEqual(frappe.db.count("Target List Member", {"target_list": NEWS}), 1)
		self.assertEqual(self.member().consent_text, CONSENT)

	def test_who_had_left_the_list_is_subscribed_again(self):
		suppress(JO, reason="Unsubscribed", origin="test", target_list=NEWS)
		frappe.db.commit()
		self.confirm()
		self.assertEqual(read_scope(JO).lists, {})

	def test_who_had_left_everything_is_subscribed_to_this_list_alone(self):
		target_list(OTHER, JO)
		suppress(JO, reason="Unsubscribed", origin="test")
		frappe.db.commit()
		self.confirm()
		scope = read_scope(JO)
		self.assertEqual((scope.everything, dict(scope.lists)), ("", {OTHER: "Unsubscribed"}))

	def test_a_link_that_is_too_old_changes_nothing(self):
		link = self.link()
		with patch.object(signup.time, "time", lambda: now_datetime().timestamp() + 4 * 86400):
			answer = self.confirm(link)
		self.assertEqual(answer.status_code, 410)
		self.assertIsNone(self.member())

	def test_a_damaged_link_and_one_for_another_purpose(self):
		link = self.link()
		for wrong in (damaged(link), link.replace("/ec/j/", "/ec/u/"), link[:-8]):
			self.assertEqual(self.visitor.post(wrong, {"action": "confirm"}).status_code, 400)
		self.assertIsNone(self.member())

	def test_a_list_that_is_gone(self):
		link = self.link()
		frappe.delete_doc("Target List", NEWS)
		frappe.db.commit()
		self.assertEqual(self.confirm(link).status_code, 410)

	def test_who_was_forgotten_meanwhile_does_not_join(self):
		link = self.link()
		privacy.forget(JO)
		frappe.db.commit()
		self.assertEqual(self.confirm(link).status_code, 410)
		self.assertIsNone(self.member())
		self.assertEqual(self.mails(), [])

	def test_wishes_that_nobody_confirmed_are_forgotten(self):
		link = self.link()
		upkeep.update_statuses()
		self.assertEqual(frappe.db.count("Target List Sign Up", {"email": JO}), 1)
		frappe.db.set_value("Target List Sign Up", {"email": JO}, "asked_at", add_days(now_datetime(), -4))
		upkeep.update_statuses()
		self.assertEqual(frappe.db.count("Target List Sign Up", {"email": JO}), 0)
		self.assertEqual(self.confirm(link).status_code, 410)
		self.assertIsNone(signup_store.find_request(0))
