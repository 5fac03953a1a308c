"""Webhooks over HTTP: what is stored, what is refused, and how the settings hold secrets and topics."""

import json
import time
import unittest
from unittest.mock import patch

import frappe
from frappe.utils import now_datetime

from email_campaigns import requests_store
from email_campaigns.api.desk import webhooks as desk
from email_campaigns.audience.suppression.suppression import HARD_BOUNCE
from email_campaigns.audience.suppression.suppression_store import read_scope
from email_campaigns.inbound import arrivals_store
from email_campaigns.inbound.values import Kind
from email_campaigns.inbound.webhooks import PROVIDERS, certificates_store, finding_of, sources_store
from email_campaigns.inbound.webhooks.request import LARGEST_BODY, Unavailable
from email_campaigns.jobs import inbound
from email_campaigns.tests.site.kits.amazon import amazon
from email_campaigns.tests.site.kits.builders import a_user, address
from email_campaigns.tests.site.kits.site_config import configure
from email_campaigns.tests.site.kits.visitor import Visitor, sent_mail
from email_campaigns.tests.site.kits.visitor import forget as forget_addresses
from email_campaigns.tests.support import webhook_calls as calls
from email_campaigns.tests.support.webhook_calls import JO, Call, with_secret
from email_campaigns.tracking import store

SETTINGS = "Email Campaign Settings"
SOURCE = "Webhook Source"
EVENT = "Inbound Event"
REGION = "arn:aws:sns:eu-west-1:123456789012"


def secret_of(slug: str) -> str:
	return calls.sendgrid_secret() if slug == "sendgrid" else calls.SECRET


def forget():
	frappe.db.rollback()
	frappe.db.delete(EVENT, {"source_kind": "Webhook"})
	settings = frappe.get_doc(SETTINGS)
	settings.webhook_sources = []
	settings.save()
	frappe.db.commit()
	frappe.cache.delete_keys(requests_store.KEYS)
	frappe.cache.delete_keys("email_campaigns_certificate")


def save(*slugs: str, **values):
	"""Let these providers report, each with the secret of the tests."""
	settings = frappe.get_doc(SETTINGS)
	settings.webhook_sources = []
	for slug in slugs or PROVIDERS:
		row = {"provider": PROVIDERS[slug].name, "enabled": 1, "secret": secret_of(slug)}
		if slug == "ses":
			row = {**row, "secret": "", "topic_arn": calls.TOPIC}
		settings.append("webhook_sources", {**row, **values})
	settings.save()
	frappe.db.commit()


def row_of(slug: str):
	frappe.db.rollback()
	return frappe.get_doc(SOURCE, {"provider": PROVIDERS[slug].name, "parent": SETTINGS})


class HookTest(unittest.TestCase):
	def setUp(self):
		forget()
		self.addCleanup(forget)
		self.visitor = Visitor()
		# Early versions of Frappe 15 refuse an array in the first call of a process; the provider repeats it.
		self.visitor.get("/api/method/ping")

	def post(self, slug: str, call: Call, **headers):
		kind = "text/plain; charset=UTF-8" if slug == "ses" else "application/json"
		path = f"/ec/h/{slug}"
		return self.visitor._open(
			path, method="POST", data=call.body, content_type=kind, headers={**call.headers, **headers}
		)

	def bounce(self, slug: str) -> Call:
		"""Return a call of this moment by which a provider reports a bounce."""
		make, payload = calls.BOUNCES[slug]
		if make is with_secret:
			return make(payload)
		certificates_store.keep_certificate(calls.CERTIFICATE_URL, calls.sns_certificate(time.time()))
		return make(payload, now=time.time())

	def stored(self):
		frappe.db.rollback()
		fields = ["name", "source", "source_kind", "status", "digest", "raw", "received_at", "attempts"]
		return frappe.get_all(EVENT, {"source_kind": "Webhook"}, fields, order_by="name")

	def statuses(self, slug: str, *sent: Call):
		return [self.post(slug, call).status_code for call in sent]


class TestEachProvider(HookTest):
	def setUp(self):
		super().setUp()
		save()

	def test_an_event_is_stored_before_the_answer(self):
		for slug, provider in PROVIDERS.items():
			with self.subTest(slug):
				frappe.db.delete(EVENT, {"source_kind": "Webhook"})
				frappe.db.commit()
				answer = self.post(slug, self.bounce(slug))
				self.assertEqual((answer.status_code, answer.get_data(as_text=True)), (200, "OK\n"))
				(event,) = self.stored()
				self.assertEqual((event.source, event.status, event.attempts), (provider.name, "Waiting", 0))
				self.assertLess(abs((now_datetime() - event.received_at).total_seconds()), 60)
				finding = finding_of(event.source, json.loads(arrivals_store.unpack(event.raw)))
				self.assertEqual((finding.kind, finding.sender), (Kind.BOUNCE, JO))
				self.assertTrue(row_of(slug).last_event_at)

	def test_a_call_that_comes_again_changes_nothing(self):
		for slug in PROVIDERS:
			with self.subTest(slug):
				frappe.db.delete(EVENT, {"source_kind": "Webhook"})
				frappe.db.commit()
				call = self.bounce(slug)
				self.assertEqual(self.statuses(slug, call, call, self.bounce(slug)), [200] * 3)
				self.assertEqual(len(self.stored()), 1)

	def test_a_call_with_one_bit_changed_stores_nothing(self):
		for slug in PROVIDERS:
			with self.subTest(slug):
				call = self.bounce(slug)
				place = call.body.index(b'"signature": "') + 20 if slug == "mailgun" else 30
				changed = call.with_bit_changed(place)
				if slug in ("postmark", "brevo", "mailjet"):
					changed = with_secret({}, f"{calls.SECRET[:-1]}5")
				self.assertIn(self.post(slug, changed).status_code, (400, 403))
				row = row_of(slug)
				self.assertEqual((self.stored(), row.refused_count, row.last_event_at), ([], 1, None))
				self.assertTrue(row.last_refusal_at)
				self.assertTrue(row.last_refusal)

	def test_a_call_without_any_proof(self):
		for slug in PROVIDERS:
			with self.subTest(slug):
				self.assertIn(
					self.statuses(slug, Call(self.bounce(slug).body[:-1] + b" ", {}))[0], (400, 403)
				)
		self.assertEqual(self.stored(), [])

	def test_an_old_call(self):
		calls_of_old = {
			"ses": calls.sns(calls.SES_BOUNCE, now=time.time() - 10**6),
			"mailgun": calls.mailgun(calls.MAILGUN_BOUNCE, now=time.time() - 10**6),
			"sendgrid": calls.sendgrid([calls.SENDGRID_BOUNCE], now=time.time() - 10**6),
		}
		for slug, call in calls_of_old.items():
			self.assertEqual(self.statuses(slug, call), [403], slug)
		self.assertEqual(self.stored(), [])

	def test_a_body_that_is_no_json(self):
		for body in (b"", b"{", b"[" * 100_000, b"\xff\xfe\x00", b"null"):
			call = Call(body, with_secret({}).headers)
			self.assertIn(self.statuses("postmark", call)[0], (200, 400), body[:9])
		self.assertEqual(self.stored(), [])

	def test_a_body_of_50_mb(self):
		for size in (LARGEST_BODY + 1, 50_000_000):
			call = Call(b" " * size, with_secret({}).headers)
			self.assertEqual(self.statuses("postmark", call), [413])
		self.assertEqual(self.stored(), [])

	def test_300_events_in_one_call(self):
		events = [
			{**calls.SENDGRID_BOUNCE, "sg_event_id": str(number), "email": f"p{number}@people.example"}
			for number in range(300)
		]
		call = calls.sendgrid([*events, {"event": "open", "sg_event_id": "open"}], now=time.time())
		self.assertEqual(self.statuses("sendgrid", call, call), [200, 200])
		stored = self.stored()
		self.assertEqual((len(stored), len({event.digest for event in stored})), (300, 300))

	def test_events_of_which_some_are_known(self):
		events = [{**calls.BREVO_BOUNCE, "email": f"p{number}@people.example"} for number in range(6)]
		self.statuses("brevo", with_secret(events[:3]), with_secret(events))
		self.assertEqual(len(self.stored()), 6)

	def test_a_call_without_an_event_of_interest(self):
		self.assertEqual(self.statuses("postmark", with_secret({"RecordType": "Open"})), [200])
		self.assertEqual(self.stored(), [])

	def test_other_methods(self):
		for method in ("GET", "HEAD", "PUT", "DELETE"):
			answer = self.visitor.get("/ec/h/postmark", method=method)
			self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "POST, OPTIONS"), method)

	def test_a_migration_lets_the_provider_repeat_its_call(self):
		configure(self, maintenance_mode=1)
		for slug in PROVIDERS:
			self.assertEqual(self.statuses(slug, self.bounce(slug)), [503], slug)
		self.assertEqual(self.stored(), [])

	def test_many_refusals_of_a_visitor(self):
		"""Beyond a number they write nothing; a call of the provider is taken all the same."""
		statuses = self.statuses("brevo", *[Call(b"{}", {})] * 62)
		self.assertEqual(statuses, [403] * 60 + [429] * 2)
		self.assertEqual(row_of("brevo").refused_count, 60)
		self.assertEqual(self.statuses("brevo", self.bounce("brevo")), [200])


class TestSources(HookTest):
	def test_an_unknown_provider_and_one_that_is_not_enabled(self):
		save("brevo", enabled=0)
		for slug in ("brevo", "mailgun", "nobody", "", "brevo/x", "%00"):
			self.assertEqual(self.statuses(slug, self.bounce("brevo")), [404], slug)
		self.assertEqual(self.stored(), [])

	def test_a_former_secret_holds_for_a_day(self):
		save("postmark")
		settings = frappe.get_doc(SETTINGS)
		settings.webhook_sources[0].secret = "another-secret-5678"
		settings.save()
		frappe.db.commit()
		new = with_secret(calls.POSTMARK_BOUNCE, "another-secret-5678")
		self.assertEqual(self.statuses("postmark", new, self.bounce("postmark")), [200, 200])
		self.pass_a_day()
		self.assertEqual(self.statuses("postmark", new, self.bounce("postmark")), [200, 403])

	def pass_a_day(self):
		frappe.db.sql(f"UPDATE `tab{SOURCE}` SET former_until = former_until - 86400")
		frappe.db.commit()
		sources_store._forget_cache()

	def test_saving_again_keeps_secrets_and_what_calls_have_noted(self):
		save("postmark", "mailgun")
		self.statuses("postmark", self.bounce("postmark"), Call(b"{}", {}))
		settings = frappe.get_doc(SETTINGS)
		settings.webhook_sources[0].update({"refused_count": 0, "former_until": 9**9, "last_refusal": "no"})
		settings.save()
		frappe.db.commit()
		row = row_of("postmark")
		self.assertEqual((row.refused_count, row.former_until), (1, 0))
		self.assertNotEqual(row.last_refusal, "no")
		self.assertEqual(self.statuses("mailgun", self.bounce("mailgun")), [200])

	def test_the_secrets_are_not_in_the_cache_as_text(self):
		save("postmark")
		self.statuses("postmark", self.bounce("postmark"))
		known = frappe.cache.get_value(sources_store._CACHE, expires=True)
		self.assertIn("postmark", known)
		self.assertNotIn(calls.SECRET, str(known))

	def test_a_row_that_is_gone_reports_no_more(self):
		save("postmark")
		self.assertEqual(self.statuses("postmark", self.bounce("postmark")), [200])
		name = row_of("postmark").name
		save("brevo")
		self.assertEqual(self.statuses("postmark", self.bounce("postmark")), [404])
		self.assertEqual(sources_store.stored_secret(name), "")

	def test_a_secret_is_made_where_none_is_entered(self):
		save("mailjet", secret="")
		secret = sources_store.stored_secret(row_of("mailjet").name)
		self.assertEqual(len(secret), 32)
		(shown,) = desk.addresses()
		self.assertIn(f"://webhook:{secret}@", shown["url"])
		self.assertTrue(shown["url"].endswith("/ec/h/mailjet"))
		self.assertEqual(self.statuses("mailjet", with_secret(calls.MAILJET_BOUNCE, secret)), [200])

	def test_an_address_has_no_key_that_signs(self):
		save()
		for shown in desk.addresses():
			signs = shown["provider"] in ("Amazon SES", "Mailgun", "SendGrid")
			self.assertEqual("@" in shown["url"], not signs)

	def test_what_could_not_be_checked_is_not_saved(self):
		for slug, values in (
			("mailgun", {"secret": ""}),
			("sendgrid", {"secret": "no key at all"}),
			("postmark", {"secret": "short"}),
			("postmark", {"secret": "with blanks and umläuts"}),
			("ses", {"topic_arn": "bounces"}),
			("brevo", {"topic_arn": calls.TOPIC}),
			("brevo", {"provider": "Nobody"}),
		):
			with self.subTest(slug, **values), self.assertRaises(frappe.ValidationError):
				save(slug, **values)
		with self.assertRaises(frappe.ValidationError):
			save("brevo", "brevo")

	def test_a_campaign_user_sees_no_address(self):
		save("postmark")
		frappe.set_user(a_user("hooks", "Campaign User"))
		self.addCleanup(frappe.set_user, "Administrator")
		for function in (desk.addresses, desk.topics):
			with self.assertRaises(frappe.PermissionError):
				function()
		with self.assertRaises(frappe.PermissionError):
			desk.confirm_topic(calls.TOPIC)


class TestAmazon(HookTest):
	CERTIFICATE = "/SimpleNotificationService-0123456789abcdef.pem"

	def setUp(self):
		super().setUp()
		save("ses", topic_arn="")

	def answers(self, status: int):
		"""Return what Amazon answers, with this status to a confirmation."""
		return {self.CERTIFICATE: (200, calls.sns_certificate(time.time())), "/": (status, b"<Ok/>")}

	def test_a_topic_reports_once_a_person_has_confirmed_it(self):
		with amazon() as server:
			server.answers = self.answers(200)
			bounce = calls.sns(calls.SES_BOUNCE, now=time.time())
			asked = calls.confirmation(now=time.time())
			self.assertEqual(self.statuses("ses", bounce, asked), [403, 200])
			self.assertEqual(desk.topics(), [calls.TOPIC])
			self.assertEqual(len(server.asked), 1, "the certificate alone is fetched by itself")
			desk.confirm_topic(calls.TOPIC)
			frappe.db.commit()
			self.assertIn("?Action=ConfirmSubscription&TopicArn=", server.asked[1])
			self.assertEqual((desk.topics(), row_of("ses").topic_arn), ([], calls.TOPIC))
			self.assertEqual(self.statuses("ses", bounce), [200])
			self.assertEqual((len(self.stored()), len(server.asked)), (1, 2), "the certificate is kept")

	def test_a_topic_that_amazon_does_not_confirm(self):
		with amazon() as server:
			server.answers = self.answers(302)
			self.statuses("ses", calls.confirmation(now=time.time()))
			with self.assertRaises(frappe.ValidationError):
				desk.confirm_topic(calls.TOPIC)
		self.assertEqual((desk.topics(), row_of("ses").topic_arn or ""), ([calls.TOPIC], ""))

	def test_a_topic_that_has_not_asked(self):
		with amazon() as server:
			with self.assertRaises(frappe.ValidationError):
				desk.confirm_topic(calls.TOPIC)
			self.assertEqual(server.asked, [])

	def test_the_latest_topics_wait_for_three_days(self):
		certificates_store.keep_certificate(calls.CERTIFICATE_URL, calls.sns_certificate(time.time()))
		for number in range(7):
			call = calls.confirmation(f"{REGION}:topic{number}", now=time.time())
			self.assertEqual(self.statuses("ses", call), [200])
		self.assertEqual(len(desk.topics()), 5)
		stored = row_of("ses").waiting_topics
		self.assertEqual(sources_store.waiting_topics(stored, time.time() + 3 * 86_400), {})

	def test_a_certificate_that_can_not_be_fetched_lets_amazon_repeat_its_call(self):
		with amazon() as server:
			calls_of_ses = [calls.confirmation(now=time.time())] * 2
			self.assertEqual(self.statuses("ses", *calls_of_ses), [503, 503])
			self.assertEqual(len(server.asked), 1, "not for each call")
		self.assertEqual((desk.topics(), row_of("ses").refused_count), ([], 0))

	def test_strangers_can_not_let_us_ask_amazon_all_the_time(self):
		with amazon() as server, patch.object(certificates_store, "DOWNLOADS", (0, 1)):
			self.assertEqual(self.statuses("ses", calls.confirmation(now=time.time())), [503])
			self.assertEqual(server.asked, [])

	def test_an_answer_that_is_too_long_is_no_certificate(self):
		with amazon() as server:
			server.answers = {self.CERTIFICATE: (200, b"x" * (certificates_store.LARGEST + 1))}
			with self.assertRaises(Unavailable):
				certificates_store.read_certificate(calls.CERTIFICATE_URL)


class TestWhatFollows(HookTest):
	def test_a_bounce_of_our_mail_suppresses_its_address(self):
		save("sendgrid")
		gone, kim = address("gone"), address("kim")
		event = {**calls.SENDGRID_BOUNCE, "email": gone, "smtp-id": self.message_id(sent_mail(gone))}
		other = {**event, "sg_event_id": "other", "smtp-id": self.message_id(sent_mail(kim))}
		self.assertEqual(self.statuses("sendgrid", calls.sendgrid([event, other], now=time.time())), [200])
		inbound.judge()
		statuses = [event.status for event in self.stored()]
		self.assertEqual(statuses, ["Done", "Unproven"], "the other mail went to another address")
		self.assertEqual(read_scope(gone).everything, HARD_BOUNCE)
		self.assertEqual(read_scope(kim).everything, "")

	def message_id(self, message: int) -> str:
		self.addCleanup(forget_addresses, address("%"))
		frappe.db.commit()
		return f"<{store.token_ring().message_id_local_part(message)}@mail.example>"
