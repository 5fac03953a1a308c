"""What each event of each provider says about a mail of ours."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.inbound.values import BounceClass, Finding, Kind
from email_campaigns.inbound.webhooks import PROVIDERS, finding_of
from email_campaigns.tests.support import webhook_calls as calls
from email_campaigns.tests.support.webhook_calls import JO, OURS, UNKNOWN_USER, bounce_call
from email_campaigns.tests.unit.inbound.webhooks.hooks_kit import checked, findings

HARD, SOFT, BLOCKED = BounceClass


def the_only(slug: str, payload, **more) -> Finding:
	(finding,) = findings(slug, calls.BOUNCES[slug][0](payload, **more))
	return finding


def outcome(finding: Finding):
	"""Return (kind, class of the bounce) of a finding with one report."""
	(report,) = finding.reports
	assert (report.kind, report.address) == (finding.kind, finding.sender)
	return finding.kind, report.bounce_class


@pytest.mark.parametrize("slug", PROVIDERS)
def test_a_hard_bounce(slug):
	(finding,) = findings(slug, bounce_call(slug))
	assert outcome(finding) == (Kind.BOUNCE, HARD)
	assert OURS in finding.clues.message_ids
	(report,) = finding.reports
	assert report.address == JO
	if slug != "mailjet":
		assert (report.enhanced, "user unknown" in report.text) == ("5.1.1", True)
	assert PROVIDERS[slug].name in str(finding.why)


@pytest.mark.parametrize("slug", PROVIDERS)
def test_the_stored_event_has_the_same_meaning(slug):
	(event,) = checked(slug, bounce_call(slug))
	assert finding_of(PROVIDERS[slug].name, json.loads(json.dumps(event.payload))) == finding_of(
		slug, event.payload
	)


@pytest.mark.parametrize("slug", PROVIDERS)
def test_a_repeated_event_has_the_same_key_and_another_event_another(slug):
	(event,) = checked(slug, bounce_call(slug))
	assert event.key == checked(slug, bounce_call(slug))[0].key
	if slug in ("postmark", "brevo", "mailjet"):
		other = json.loads(bounce_call(slug).body.decode().replace(JO, "kim@people.example"))
		assert checked(slug, calls.with_secret(other))[0].key != event.key


PROVIDER_IDS = {
	"ses": "0100018f00000001-aaaa-000000",
	"mailgun": OURS,
	"sendgrid": "14c5d75ce93.dfd.64b469",
	"postmark": "883953f4-6105-42a2-a16a-77a8eac79483",
	"brevo": OURS,
	"mailjet": "1ab23cd4-e567-8901-2345-6789f0gh1i2j",
}


@pytest.mark.parametrize(("slug", "provider_id"), PROVIDER_IDS.items())
def test_the_id_that_the_provider_gave(slug, provider_id):
	(finding,) = findings(slug, bounce_call(slug))
	assert provider_id in finding.clues.provider_ids


class TestAmazon:
	def event(self, name: str, part: str, listed: str = "", **details):
		people = {listed: [{"emailAddress": JO}]} if listed else {}
		return {"eventType": name, part: {**details, **people}, "mail": calls.SES_MAIL}

	@pytest.mark.parametrize(
		("kind", "subtype", "expected"),
		[
			("Permanent", "NoEmail", (Kind.BOUNCE, HARD)),
			("Permanent", "OnAccountSuppressionList", (Kind.BOUNCE, HARD)),
			("Permanent", "UnsubscribedRecipient", (Kind.OPT_OUT, None)),
			("Transient", "MailboxFull", (Kind.BOUNCE, SOFT)),
			("Transient", "General", (Kind.BOUNCE, SOFT)),
			("Transient", "MessageTooLarge", (Kind.BOUNCE, BLOCKED)),
			("Transient", "ContentRejected", (Kind.BOUNCE, BLOCKED)),
			("Undetermined", "Undetermined", (Kind.BOUNCE, SOFT)),
		],
	)
	def test_bounces(self, kind, subtype, expected):
		details = {"bounceType": kind, "bounceSubType": subtype}
		assert (
			outcome(the_only("ses", self.event("Bounce", "bounce", "bouncedRecipients", **details)))
			== expected
		)

	@pytest.mark.parametrize(
		("name", "part", "listed", "details", "expected"),
		[
			(
				"Complaint",
				"complaint",
				"complainedRecipients",
				{"complaintFeedbackType": "abuse"},
				Kind.COMPLAINT,
			),
			("Complaint", "complaint", "complainedRecipients", {}, Kind.COMPLAINT),
			("Delivery", "delivery", "", {"recipients": [JO], "smtpResponse": "250 ok"}, Kind.DELIVERY),
			("DeliveryDelay", "deliveryDelay", "delayedRecipients", {"delayType": "MailboxFull"}, Kind.DELAY),
			(
				"Subscription",
				"subscription",
				"",
				{"newTopicPreferences": {"unsubscribeAll": True}},
				Kind.OPT_OUT,
			),
		],
	)
	def test_other_events(self, name, part, listed, details, expected):
		finding = the_only("ses", self.event(name, part, listed, **details))
		assert (finding.kind, finding.reports[0].address) == (expected, JO)

	def test_the_older_notifications(self):
		payload = {**calls.SES_BOUNCE, "notificationType": "Bounce"}
		del payload["eventType"]
		assert outcome(the_only("ses", payload)) == (Kind.BOUNCE, HARD)

	def test_a_rejected_mail(self):
		assert outcome(the_only("ses", self.event("Reject", "reject", reason="Bad content"))) == (
			Kind.BOUNCE,
			BLOCKED,
		)

	@pytest.mark.parametrize(
		"payload",
		[
			{"eventType": "Open", "open": {}, "mail": calls.SES_MAIL},
			{"eventType": "Send", "send": {}, "mail": calls.SES_MAIL},
			{
				"eventType": "Complaint",
				"complaint": {
					"complaintFeedbackType": "not-spam",
					"complainedRecipients": [{"emailAddress": JO}],
				},
				"mail": calls.SES_MAIL,
			},
			{
				"eventType": "Subscription",
				"subscription": {"newTopicPreferences": {}},
				"mail": calls.SES_MAIL,
			},
			{"eventType": "Delivery", "delivery": {"recipients": 7}, "mail": {"destination": 7}},
		],
	)
	def test_what_nobody_has_to_know(self, payload):
		assert findings("ses", calls.sns(payload)) == []

	def test_the_message_after_a_confirmation(self):
		words = "Successfully validated SNS topic for Amazon SES event publishing."
		assert findings("ses", calls.sns({}, Message=words)) == []

	def test_each_recipient_has_an_event(self):
		several = [{"emailAddress": f"p{number}@people.example"} for number in range(3)]
		bounce = {**calls.SES_BOUNCE["bounce"], "bouncedRecipients": several}
		events = checked("ses", calls.sns({**calls.SES_BOUNCE, "bounce": bounce}))
		assert len({event.key for event in events}) == 3
		assert [finding_of("ses", event.payload).sender for event in events] == [
			item["emailAddress"] for item in several
		]

	def test_the_reporting_server(self):
		(finding,) = findings("ses", bounce_call("ses"))
		assert finding.reports[0].reporter == "mx.people.example"


class TestMailgun:
	def event(self, name: str, **values):
		return {"event-data": {"event": name, "recipient": JO, **values}}

	@pytest.mark.parametrize(
		("values", "expected"),
		[
			({"severity": "permanent", "reason": "suppress-bounce"}, (Kind.BOUNCE, HARD)),
			({"severity": "permanent", "reason": "suppress-complaint"}, (Kind.COMPLAINT, None)),
			({"severity": "permanent", "reason": "suppress-unsubscribe"}, (Kind.OPT_OUT, None)),
			({"severity": "permanent", "reason": "old"}, (Kind.BOUNCE, SOFT)),
			({"severity": "permanent", "reason": "generic"}, (Kind.BOUNCE, HARD)),
			({"severity": "temporary", "reason": "generic"}, (Kind.DELAY, None)),
		],
	)
	def test_failures(self, values, expected):
		assert outcome(the_only("mailgun", self.event("failed", **values))) == expected

	@pytest.mark.parametrize(
		("name", "expected"),
		[
			("delivered", Kind.DELIVERY),
			("complained", Kind.COMPLAINT),
			("unsubscribed", Kind.OPT_OUT),
			("rejected", Kind.BOUNCE),
		],
	)
	def test_other_events(self, name, expected):
		assert outcome(the_only("mailgun", self.event(name)))[0] is expected

	@pytest.mark.parametrize("name", ["opened", "clicked", "accepted", "list_member_uploaded"])
	def test_what_nobody_has_to_know(self, name):
		assert findings("mailgun", calls.mailgun(self.event(name))) == []

	def test_a_token_that_was_used_brings_no_other_event_in(self):
		"""Mailgun signs time and token alone: whoever has seen a call could send any event with them."""
		first = checked("mailgun", bounce_call("mailgun"))
		forged = calls.mailgun(self.event("complained", message={"headers": {"message-id": OURS}}))
		assert [event.key for event in checked("mailgun", forged)] == [event.key for event in first]


class TestSendGrid:
	def event(self, name: str, **values):
		return [{"event": name, "email": JO, "sg_event_id": "x", "smtp-id": f"<{OURS}>", **values}]

	@pytest.mark.parametrize(
		("values", "expected"),
		[
			({"type": "bounce", "reason": UNKNOWN_USER}, HARD),
			({"type": "bounce", "reason": "550 5.7.1 Message rejected as spam"}, BLOCKED),
			({"type": "bounce", "reason": "552 5.2.2 Mailbox full"}, SOFT),
			({"type": "bounce", "bounce_classification": "Reputation"}, BLOCKED),
			({"type": "bounce", "bounce_classification": "Technical"}, SOFT),
			({"type": "blocked", "reason": "550 5.7.26 not authenticated"}, BLOCKED),
			({"type": "expired"}, SOFT),
		],
	)
	def test_bounces(self, values, expected):
		assert outcome(the_only("sendgrid", self.event("bounce", **values))) == (Kind.BOUNCE, expected)

	@pytest.mark.parametrize(
		("reason", "expected"),
		[
			("Bounced Address", (Kind.BOUNCE, HARD)),
			("Invalid", (Kind.BOUNCE, HARD)),
			("Unsubscribed Address", (Kind.OPT_OUT, None)),
			("Spam Reporting Address", (Kind.COMPLAINT, None)),
			("Recipient List over Package Quota", (Kind.BOUNCE, BLOCKED)),
		],
	)
	def test_drops(self, reason, expected):
		assert outcome(the_only("sendgrid", self.event("dropped", reason=reason))) == expected

	@pytest.mark.parametrize(
		("name", "expected"),
		[
			("delivered", Kind.DELIVERY),
			("deferred", Kind.DELAY),
			("spamreport", Kind.COMPLAINT),
			("unsubscribe", Kind.OPT_OUT),
			("group_unsubscribe", Kind.OPT_OUT),
		],
	)
	def test_other_events(self, name, expected):
		assert outcome(the_only("sendgrid", self.event(name)))[0] is expected

	def test_300_events_without_those_that_nobody_has_to_know(self):
		events = [
			{
				"event": "open" if number % 3 else "bounce",
				"email": f"p{number}@x.example",
				"sg_event_id": str(number),
			}
			for number in range(300)
		]
		assert len(checked("sendgrid", calls.sendgrid([*events, None, 7, "text", []]))) == 100


class TestPostmark:
	@pytest.mark.parametrize(
		("kind", "expected"),
		[
			("HardBounce", (Kind.BOUNCE, HARD)),
			("SoftBounce", (Kind.BOUNCE, SOFT)),
			("BadEmailAddress", (Kind.BOUNCE, HARD)),
			("Blocked", (Kind.BOUNCE, BLOCKED)),
			("DMARCPolicy", (Kind.BOUNCE, BLOCKED)),
			("SpamNotification", (Kind.BOUNCE, BLOCKED)),
			("Transient", (Kind.DELAY, None)),
			("Unsubscribe", (Kind.OPT_OUT, None)),
			("SpamComplaint", (Kind.COMPLAINT, None)),
		],
	)
	def test_bounces(self, kind, expected):
		assert outcome(the_only("postmark", {"RecordType": "Bounce", "Type": kind, "Email": JO})) == expected

	def test_an_automatic_answer(self):
		payload = {"RecordType": "Bounce", "Type": "AutoResponder", "Email": JO}
		assert the_only("postmark", payload).kind is Kind.AUTOMATIC

	@pytest.mark.parametrize(
		("values", "expected"),
		[
			({"Origin": "Recipient", "SuppressionReason": "ManualSuppression"}, (Kind.OPT_OUT, None)),
			({"Origin": "Customer", "SuppressionReason": "ManualSuppression"}, (Kind.BOUNCE, BLOCKED)),
			({"Origin": "Recipient", "SuppressionReason": "HardBounce"}, (Kind.BOUNCE, HARD)),
			({"Origin": "Recipient", "SuppressionReason": "SpamComplaint"}, (Kind.COMPLAINT, None)),
		],
	)
	def test_changes_of_a_subscription(self, values, expected):
		payload = {"RecordType": "SubscriptionChange", "Recipient": JO, "SuppressSending": True, **values}
		assert outcome(the_only("postmark", payload)) == expected

	@pytest.mark.parametrize(
		("record", "expected"), [("Delivery", Kind.DELIVERY), ("SpamComplaint", Kind.COMPLAINT)]
	)
	def test_other_events(self, record, expected):
		assert outcome(the_only("postmark", {"RecordType": record, "Email": JO}))[0] is expected

	@pytest.mark.parametrize("record", ["Open", "Click", "Inbound", "SubscriptionChange"])
	def test_what_nobody_has_to_know(self, record):
		assert findings("postmark", calls.with_secret({"RecordType": record, "Email": JO})) == []

	def test_the_returned_mail_is_not_stored(self):
		(event,) = checked("postmark", bounce_call("postmark"))
		assert "Content" not in event.payload


@pytest.mark.parametrize(
	("event", "expected"),
	[
		("hard_bounce", (Kind.BOUNCE, HARD)),
		("soft_bounce", (Kind.BOUNCE, SOFT)),
		("blocked", (Kind.BOUNCE, BLOCKED)),
		("invalid_email", (Kind.BOUNCE, HARD)),
		("error", (Kind.BOUNCE, BLOCKED)),
		("deferred", (Kind.DELAY, None)),
		("delivered", (Kind.DELIVERY, None)),
		("spam", (Kind.COMPLAINT, None)),
		("unsubscribed", (Kind.OPT_OUT, None)),
	],
)
def test_events_of_brevo(event, expected):
	assert outcome(the_only("brevo", {"event": event, "email": JO})) == expected


def test_events_of_brevo_in_one_call():
	payload = [{"event": name, "email": JO} for name in ("opened", "delivered", "click", "spam", "request")]
	kinds = [finding.kind for finding in findings("brevo", calls.with_secret(payload))]
	assert kinds == [Kind.DELIVERY, Kind.COMPLAINT]


@pytest.mark.parametrize(
	("values", "expected"),
	[
		({"event": "bounce", "error": "user unknown", "hard_bounce": False}, (Kind.BOUNCE, SOFT)),
		({"event": "bounce", "error": "quota exceeded", "hard_bounce": True}, (Kind.BOUNCE, SOFT)),
		({"event": "bounce", "error": "greylisted", "hard_bounce": False}, (Kind.DELAY, None)),
		({"event": "bounce", "error": "content blocked", "hard_bounce": True}, (Kind.BOUNCE, BLOCKED)),
		({"event": "bounce", "error": "new error", "hard_bounce": True}, (Kind.BOUNCE, HARD)),
		({"event": "blocked", "error": "preblocked"}, (Kind.BOUNCE, BLOCKED)),
		({"event": "blocked", "error": "spam reporter"}, (Kind.COMPLAINT, None)),
		({"event": "spam", "source": "JMRPP"}, (Kind.COMPLAINT, None)),
		({"event": "unsub"}, (Kind.OPT_OUT, None)),
		({"event": "sent", "smtp_reply": "sent (250 2.0.0 OK)"}, (Kind.DELIVERY, None)),
	],
)
def test_events_of_mailjet(values, expected):
	assert outcome(the_only("mailjet", {"email": JO, **values})) == expected


JSON = st.recursive(
	st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
	lambda children: (
		st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=4)
	),
	max_leaves=8,
)
FIELDS = st.sampled_from(
	[
		*("event", "email", "type", "reason", "error", "RecordType", "Type", "Metadata", "Payload"),
		*("eventType", "mail", "bounce", "details", "recipient", "headers", "message", "delivery-status"),
		*("event-data", "Message", "MessageID", "message-id", "status", "hard_bounce", "user-variables"),
	]
)


@pytest.mark.parametrize("slug", PROVIDERS)
@given(payload=st.dictionaries(FIELDS, JSON | st.sampled_from(["bounce", "Bounce", "failed"]), max_size=6))
def test_whatever_an_event_has_nothing_is_raised(slug, payload):
	finding = finding_of(slug, payload)
	finding.sender.encode()
	provider = PROVIDERS[slug]
	assert all(provider.read(event.payload) for event in provider.events(payload))


def test_an_unknown_provider_and_what_is_no_event():
	assert finding_of("nobody", {}).kind is Kind.OTHER
	assert finding_of("ses", [1]).kind is Kind.OTHER


@pytest.mark.parametrize("words", ["550 5.0.0 message expired", "554 5.4.6 too many hops"])
def test_words_mean_in_an_event_what_they_mean_in_a_report(words):
	event = {**calls.SENDGRID_BOUNCE, "status": "", "reason": words, "response": words}
	assert outcome(the_only("sendgrid", [event])) == (Kind.BOUNCE, SOFT)
