"""The key of a refusal: one for all replies that differ in addresses, hosts, numbers and ids alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.delivery.smtp.refusal_key import KEY_LENGTH, key_of_reason, refusal_key
from email_campaigns.delivery.smtp.replies import Reply, make_reply

STAGES = ("connect", "login", "mail", "rcpt", "data", "content")
# A server's sentence with places for what differs from mail to mail.
FRAMES = (
	"<{address}>: Recipient address rejected: User unknown in virtual mailbox table",
	"Too many messages from {ip}, try again in {number} seconds",
	"Domain {host} has exceeded the max emails per hour ({number}/{number} ({number}%)) allowed. {id}",
	"{id} Message would take you over your relay quota of {number} Current quota used: {number}",
	"host {host}[{ip}] said: 550 Rate limit exceeded (in reply to RCPT TO command), see {url}",
	"permanent failure for one or more recipients ({address}:blocked) {id} - gsmtp",
	'unknown user: "{address}"',
	"delivery error: dd Not a valid recipient - {host}",
	"[{ip}] {url} {id}",
)
letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)
labels = st.from_regex("[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
hosts = st.builds(".".join, st.lists(labels, min_size=2, max_size=5))
locals_ = st.one_of(
	st.from_regex(r"[A-Za-z0-9!#$%&*+/=?^_`{|}~'.-]{1,20}", fullmatch=True),
	st.from_regex(r'"[a-z .]{1,9}"', fullmatch=True),
)
postfix_id = st.text("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz", min_size=10, max_size=15)
exim_id = st.builds("1{}-{:06d}-{}".format, letters, st.integers(0, 999999), letters)
VALUES = {
	"address": st.builds("{}@{}".format, locals_, hosts),
	"ip": st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str),
	"number": st.integers(0, 10**9).map(str),
	"host": hosts,
	"id": st.one_of(postfix_id, exim_id, st.from_regex("[A-F0-9]{9}[0-9]", fullmatch=True)),
	"url": st.builds("https://{}/{}?q={}".format, hosts, letters, letters),
}


@given(st.data(), st.sampled_from(FRAMES), st.sampled_from(STAGES), st.integers(400, 599))
def test_the_key_is_the_same_whatever_differs_from_mail_to_mail(data, frame, stage, code):
	values = st.fixed_dictionaries(VALUES)
	one, other = (make_reply(code, frame.format_map(data.draw(values)).encode()) for _ in range(2))
	assert refusal_key(stage, one) == refusal_key(stage, other)


@given(st.sampled_from(STAGES), st.integers(400, 599), st.text(max_size=400))
def test_any_text_has_a_key_of_bounded_length_without_an_address(stage, code, text):
	key = refusal_key(stage, make_reply(code, text.encode()))
	assert key.startswith(f"{stage} {code // 100}")
	assert len(key) <= KEY_LENGTH
	assert "@" not in key
	assert key == key.strip()


@pytest.mark.parametrize(
	("stage", "reply", "key"),
	[
		("rcpt", Reply(550, "5.1.1", "<a@example.com>: User unknown"), "rcpt 5 5.1.1 user unknown"),
		(
			"rcpt",
			Reply(550, "", "Too many messages, try again later"),
			"rcpt 5 too many messages try again later",
		),
		("connect", Reply(421, "4.7.0", ""), "connect 4 4.7.0"),
		(
			"content",
			Reply(554, "5.2.0", "STOREDRV.Submission.Exception:SubmissionQuotaExceededException"),
			"content 5 5.2.0 storedrv submission exception submissionquotaexceededexception",
		),
		("content", Reply(451, "", "BBBBBBBBBY: queued elsewhere"), "content 4 queued elsewhere"),
		("rcpt", Reply(550, "", "用户不存在 user@example.com"), "rcpt 5 用户不存在"),
	],
)
def test_keys_read_as_the_server_said_it(stage, reply, key):
	assert refusal_key(stage, reply) == key


def test_different_words_stage_or_class_make_another_key():
	unknown, full = Reply(550, "", "User unknown"), Reply(550, "", "Mailbox full")
	assert refusal_key("rcpt", unknown) != refusal_key("rcpt", full)
	assert refusal_key("rcpt", unknown) != refusal_key("content", unknown)
	assert refusal_key("rcpt", unknown) != refusal_key("rcpt", Reply(450, "", "User unknown"))


@pytest.mark.parametrize(
	("reason", "key"),
	[
		("The server refused the address: 550 5.1.1 User unknown", "5 5.1.1 user unknown"),
		("MM-2026-0001: Der Server hat die Adresse abgelehnt: 550 Nope: 551 no", "5 nope no"),
		("MM-2026-0001: The server refused the address: 550", "5"),
		("An earlier mailing", ""),
		("", ""),
	],
)
def test_a_stored_reason_has_the_key_of_the_reply_it_quotes(reason, key):
	assert key_of_reason(reason) == key
