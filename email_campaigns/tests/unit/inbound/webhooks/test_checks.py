"""Who may report: signatures, secrets, topics and ages. Each call is signed here, then spoilt."""

import json
from contextlib import suppress

import pytest

from email_campaigns.inbound.webhooks import PROVIDERS, amazon_ses
from email_campaigns.inbound.webhooks.request import MOST_AGE, MOST_AHEAD, Credentials, Forbidden, Malformed
from email_campaigns.tests.support import webhook_calls as calls
from email_campaigns.tests.support.webhook_calls import NOW, Call, bounce_call
from email_campaigns.tests.unit.inbound.webhooks import hooks_kit
from email_campaigns.tests.unit.inbound.webhooks.hooks_kit import checked, credentials

SIGNED = ("ses", "mailgun", "sendgrid")
WITH_SECRET = ("postmark", "brevo", "mailjet")


@pytest.mark.parametrize("slug", PROVIDERS)
def test_a_call_of_the_provider_is_taken(slug):
	assert len(checked(slug, bounce_call(slug))) == 1


@pytest.mark.parametrize("slug", PROVIDERS)
def test_nobody_reports_where_no_secret_is_known(slug):
	with pytest.raises(Forbidden):
		checked(slug, bounce_call(slug), given=Credentials())


@pytest.mark.parametrize("slug", PROVIDERS)
def test_an_empty_secret_opens_nothing(slug):
	call = calls.mailgun(calls.MAILGUN_BOUNCE, key="") if slug == "mailgun" else bounce_call(slug)
	emptied = Call(call.body, {**call.headers, "Authorization": "Basic YTo="})
	with pytest.raises(Forbidden):
		checked(slug, emptied, given=credentials("", topics=()))


def test_each_bit_of_what_sendgrid_signs_counts():
	call = bounce_call("sendgrid")
	for place in range(len(call.body)):
		with pytest.raises(Forbidden):
			checked("sendgrid", call.with_bit_changed(place))


@pytest.mark.parametrize("call", [bounce_call("ses"), calls.confirmation()], ids=["event", "confirmation"])
def test_each_bit_of_what_amazon_signs_counts(call):
	# Behind it stand the certificate's address, and the end of the signature with the spare bits of base64.
	for place in range(0, call.body.index(b'"SignatureVersion"') - 2, 3):
		with pytest.raises((Forbidden, Malformed)):
			checked("ses", call.with_bit_changed(place))


def test_each_bit_of_mailguns_signature_counts():
	call = bounce_call("mailgun")
	begin, end = call.body.index(b'"timestamp"'), call.body.index(b'"event-data"')
	for place in range(begin, end - 3):
		with pytest.raises((Forbidden, Malformed)):
			checked("mailgun", call.with_bit_changed(place))


@pytest.mark.parametrize("slug", ["sendgrid", *WITH_SECRET])
def test_each_bit_of_the_headers_counts(slug):
	call = bounce_call(slug)
	for name, value in call.headers.items():
		begin = value.index(" ") + 1 if " " in value else 0
		# The last digits of base64 may have spare bits; the user before the secret counts for nothing.
		begin += 16 if name == "Authorization" else 0
		for place in range(begin, len(value) - 4):
			changed = value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
			with pytest.raises(Forbidden):
				checked(slug, Call(call.body, {**call.headers, name: changed}))


@pytest.mark.parametrize("slug", WITH_SECRET)
@pytest.mark.parametrize(
	"header", ["", "Basic", "Basic !!!", "Basic Og==", "Digest abc", "Bearer", "Bearer x"]
)
def test_another_authorization_is_refused(slug, header):
	with pytest.raises(Forbidden):
		checked(slug, Call(bounce_call(slug).body, {"Authorization": header}))


def test_brevo_may_send_the_secret_as_a_token():
	call = Call(bounce_call("brevo").body, {"Authorization": f"Bearer {calls.SECRET}"})
	assert len(checked("brevo", call)) == 1


@pytest.mark.parametrize("slug", WITH_SECRET)
def test_a_former_secret_holds_beside_the_present_one(slug):
	call = bounce_call(slug)
	assert checked(slug, call, given=credentials("the-new-one", calls.SECRET))
	with pytest.raises(Forbidden):
		checked(slug, call, given=credentials("the-new-one"))


def test_former_keys_of_signatures_hold_too():
	assert checked("mailgun", bounce_call("mailgun"), given=credentials("new", calls.SECRET))
	given = credentials("no key", calls.sendgrid_secret())
	assert checked("sendgrid", bounce_call("sendgrid"), given=given)


@pytest.mark.parametrize("slug", SIGNED)
@pytest.mark.parametrize("late", [MOST_AGE - 1, -MOST_AHEAD])
def test_a_call_that_was_repeated_for_a_day_is_taken(slug, late):
	assert checked(slug, bounce_call(slug), now=NOW + late)


@pytest.mark.parametrize("slug", SIGNED)
@pytest.mark.parametrize("late", [MOST_AGE + 1, -MOST_AHEAD - 1, 10**9])
def test_an_old_call_and_one_of_the_future_are_refused(slug, late):
	with pytest.raises(Forbidden):
		checked(slug, bounce_call(slug), now=NOW + late)


@pytest.mark.parametrize("stamp", ["", "nan", "inf", "-inf", "1e999", "soon", "0"])
def test_odd_times_are_refused(stamp):
	call = bounce_call("sendgrid")
	signature = calls.sendgrid_key().sign(stamp.encode() + call.body, calls.ec.ECDSA(calls.SHA256()))
	headers = {
		"X-Twilio-Email-Event-Webhook-Signature": calls.b64encode(signature).decode(),
		"X-Twilio-Email-Event-Webhook-Timestamp": stamp,
	}
	with pytest.raises(Forbidden):
		checked("sendgrid", Call(call.body, headers))


def test_another_key_signs_nothing():
	with pytest.raises(Forbidden):
		checked("mailgun", calls.mailgun(calls.MAILGUN_BOUNCE, key="another"))


@pytest.mark.parametrize("slug", PROVIDERS)
@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'"text"', b"17", b"null", b"[[]]"])
def test_a_body_that_is_no_payload(slug, body):
	"""It is refused, or has no events; nothing else is raised."""
	headers = calls.with_secret({}).headers
	if slug == "sendgrid":
		signature = calls.sendgrid_key().sign(b"%d" % NOW + body, calls.ec.ECDSA(calls.SHA256()))
		headers = {
			"X-Twilio-Email-Event-Webhook-Signature": calls.b64encode(signature).decode(),
			"X-Twilio-Email-Event-Webhook-Timestamp": f"{NOW:.0f}",
		}
	with suppress(Forbidden, Malformed):
		assert checked(slug, Call(body, headers)) == []


class TestAmazon:
	@pytest.mark.parametrize("version", ["1", "2"])
	def test_both_versions_of_the_signature(self, version):
		assert checked("ses", calls.sns(calls.SES_BOUNCE, version=version))

	def test_a_version_that_is_not_known(self):
		message = json.loads(calls.sns(calls.SES_BOUNCE).body)
		with pytest.raises(Forbidden):
			checked("ses", Call(json.dumps({**message, "SignatureVersion": "3"}).encode(), {}))

	def test_a_subject_is_signed_too(self):
		call = calls.sns(calls.SES_BOUNCE, Subject="Amazon SES Email Event Notification")
		assert checked("ses", call)
		message = {**json.loads(call.body), "Subject": "another"}
		with pytest.raises(Forbidden):
			checked("ses", Call(json.dumps(message).encode(), {}))

	def test_a_topic_that_nobody_has_chosen(self):
		"""Its signature is valid, for every AWS account has one, and no certificate is fetched for it."""
		hooks_kit.ASKED.clear()
		with pytest.raises(Forbidden):
			checked("ses", calls.sns(calls.SES_BOUNCE, TopicArn=calls.TOPIC.replace("bounces", "others")))
		assert hooks_kit.ASKED == []

	@pytest.mark.parametrize(
		"url",
		[
			"https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-01.pem",
			"https://evil.example/SimpleNotificationService-01.pem",
			"https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-01.pem",
			"https://sns.eu-west-1.amazonaws.com:444/SimpleNotificationService-01.pem",
			"https://evil.example\\@sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
			"https://evil.example#@sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
			"https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
			"https://sns.evil.s3.amazonaws.com/SimpleNotificationService-01.pem",
			"http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
			"https://sns.eu-west-1.amazonaws.com/bucket/../SimpleNotificationService-01.pem",
			"https://sns.eu-west-1.amazonaws.com/?Action=GetTopicAttributes",
			"file:///etc/passwd",
			"https://[::1",
			"",
		],
	)
	def test_a_certificate_of_another_host_is_not_fetched(self, url):
		hooks_kit.ASKED.clear()
		with pytest.raises(Forbidden):
			checked("ses", calls.sns(calls.SES_BOUNCE, SigningCertURL=url))
		assert hooks_kit.ASKED == []

	@pytest.mark.parametrize("host", ["sns.us-gov-west-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"])
	def test_hosts_of_other_partitions(self, host):
		url = f"https://{host}/SimpleNotificationService-01.pem"
		assert checked("ses", calls.sns(calls.SES_BOUNCE, SigningCertURL=url))

	def test_a_certificate_that_has_ended(self):
		given = Credentials(topics=(calls.TOPIC,), certificate=lambda url: calls.sns_certificate(NOW - 10**6))
		with pytest.raises(Forbidden):
			checked("ses", bounce_call("ses"), given=given)

	@pytest.mark.parametrize(
		"pem", [b"", b"<html>", b"-----BEGIN CERTIFICATE-----\n=\n-----END CERTIFICATE-----"]
	)
	def test_what_is_no_certificate(self, pem):
		given = Credentials(topics=(calls.TOPIC,), certificate=lambda url: pem)
		with pytest.raises(Forbidden):
			checked("ses", bounce_call("ses"), given=given)

	def test_a_confirmation_waits_for_a_person(self):
		call = hooks_kit.request(calls.confirmation())
		message = amazon_ses.check(call, credentials(topics=()), NOW)
		topic, url = amazon_ses.confirmation(message)
		assert (topic, amazon_ses.events(message)) == (calls.TOPIC, [])
		assert url.startswith("https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription")

	@pytest.mark.parametrize(
		"url",
		[
			"https://evil.example/?Action=ConfirmSubscription&TopicArn={0}&Token=1",
			"https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&TopicArn={0}&Token=1",
			"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={0}x&Token=1",
			"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Action=x&TopicArn={0}",
			"https://sns.eu-west-1.amazonaws.com/other?Action=ConfirmSubscription&TopicArn={0}",
			"http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={0}",
		],
	)
	def test_a_confirmation_at_another_address_is_not_shown(self, url):
		asked = {"Type": "SubscriptionConfirmation", "Token": "1", "SubscribeURL": url.format(calls.TOPIC)}
		message = amazon_ses.check(hooks_kit.request(calls.sns({}, **asked)), credentials(), NOW)
		assert amazon_ses.confirmation(message) is None


class TestSendGridsKey:
	def test_it_may_be_pasted_as_pem(self):
		public = calls.sendgrid_key().public_key()
		pem = public.public_bytes(calls.Encoding.PEM, calls.PublicFormat.SubjectPublicKeyInfo).decode()
		assert checked("sendgrid", bounce_call("sendgrid"), given=credentials(pem))

	@pytest.mark.parametrize("key", ["", "not base64", "AAAA", "MTIz"])
	def test_what_is_no_key(self, key):
		with pytest.raises(Forbidden):
			checked("sendgrid", bounce_call("sendgrid"), given=credentials(key))
