"""Every stage of a hand-over fails in every way: the error, the session after it, and where the mail is."""

import smtplib
import time

import pytest

from email_campaigns.delivery.smtp.replies import ConnectionLost, Refused
from email_campaigns.delivery.smtp.session import Session, explain
from email_campaigns.tests.support.smtp_server import (
	DROP,
	DROP_IN_BODY,
	HANG,
	HANG_IN_BODY,
	KEEP_AND_DROP,
	KEEP_AND_HANG,
	KEEP_AND_RESET,
	RESET,
	RESET_IN_BODY,
	ScriptedServer,
	Slow,
	drop_in_body,
)
from email_campaigns.tests.unit.delivery.smtp.smtp_kit import (
	CONTENT,
	FEATURES,
	NEXT,
	TIMEOUT,
	hand_over,
	open_session,
	received,
)

STAGES = ("mail", "rcpt", "data", "content")
LARGE = b"Subject: large\r\n\r\n" + b"x" * 70 * 1024 * 1024  # more than the buffers of two sockets hold


@FEATURES
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("reply", ["450 4.2.0 Later", "550 5.7.1 Never"])
def test_refused_then_the_next_goes_through(stage, reply, features):
	with ScriptedServer({stage: {1: reply}}, features) as server:
		session = open_session(server)
		assert hand_over(session, "first@example.com") == ("refused", stage, reply)
		assert session.alive
		assert hand_over(session, "second@example.com")[0] == "taken"
		session.close()
		assert received(server) == ["second@example.com"]
		assert server.connections == 1
		assert not server.violations


@FEATURES
@pytest.mark.parametrize("stage", STAGES)
def test_421_ends_the_session(stage, features):
	with ScriptedServer({stage: "421 4.3.2 Shutting down"}, features) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com") == ("refused", stage, "421 4.3.2 Shutting down")
		assert not session.alive
		assert hand_over(session, "b@example.com") == ("lost", "mail", False)
		assert received(server) == []


@FEATURES
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("act", [DROP, RESET, HANG], ids=["drop", "reset", "hang"])
def test_lost(stage, act, features):
	with ScriptedServer({stage: act}, features) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com") == ("lost", stage, stage == "content")
		assert not session.alive
		assert received(server) == []


@pytest.mark.parametrize("act", [KEEP_AND_DROP, KEEP_AND_RESET, KEEP_AND_HANG], ids=["drop", "reset", "hang"])
def test_accepted_but_the_answer_is_lost(act):
	with ScriptedServer({"content": act}) as server:
		assert hand_over(open_session(server), "a@example.com") == ("lost", "content", True)
		assert received(server) == ["a@example.com"]


@pytest.mark.parametrize("act", [DROP_IN_BODY, RESET_IN_BODY, HANG_IN_BODY], ids=["drop", "reset", "hang"])
@pytest.mark.parametrize("following", [None, NEXT], ids=["alone", "announcing"])
def test_lost_in_the_body(act, following):
	with ScriptedServer({"content": act}) as server:
		session = open_session(server)
		outcome = hand_over(session, "a@example.com", LARGE, following=following)
		assert outcome == ("lost", "content", False)
		assert not session.alive
		assert received(server) == []


def test_reason_given_in_the_body_is_heard():
	with ScriptedServer({"content": drop_in_body("552 5.3.4 Too large")}) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com", LARGE) == ("refused", "content", "552 5.3.4 Too large")
		assert not session.alive
		assert received(server) == []


@pytest.mark.parametrize("following", [None, NEXT], ids=["alone", "announcing"])
def test_421_between_two_mails(following):
	with ScriptedServer({"content": b"250 2.0.0 Taken\r\n421 4.4.2 Idle for too long\r\n"}) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com", following=following)[0] == "taken"
		time.sleep(0.05)
		assert hand_over(session, "b@example.com") == ("refused", "mail", "421 4.4.2 Idle for too long")
		assert not session.alive
		assert received(server) == ["a@example.com"]


@pytest.mark.parametrize("stray", [b"250 2.0.0 Queued\r\n", b"550 5.1.1 No such user\r\n", b"250-"])
def test_a_reply_too_many_is_never_taken_for_the_next_mail(stray):
	with ScriptedServer({"content": b"250 2.0.0 Taken\r\n" + stray}) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com")[0] == "taken"
		assert hand_over(session, "b@example.com") == ("lost", "mail", False)
		assert received(server) == ["a@example.com"]


@FEATURES
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_drop_after_a_refusal_keeps_the_refusal(stage, features):
	script = {stage: "550 5.1.1 No", "rset": DROP, "rcpt" if stage == "mail" else "data": "550 5.1.1 No"}
	with ScriptedServer(script, features) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com") == ("refused", stage, "550 5.1.1 No")
		assert not session.alive


@pytest.mark.parametrize("act", [DROP, RESET, HANG], ids=["drop", "reset", "hang"])
def test_connection_lost_behind_a_refusal(act):
	with ScriptedServer({"rcpt": "550 5.1.1 No", "data": act}) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com") == ("refused", "rcpt", "550 5.1.1 No")
		assert not session.alive


def test_slow_answers_within_the_timeout_are_awaited():
	late = Slow(TIMEOUT / 2)
	with ScriptedServer(dict.fromkeys(STAGES, late)) as server:
		assert hand_over(open_session(server, TIMEOUT * 4), "a@example.com")[0] == "taken"
		assert received(server) == ["a@example.com"]


def test_too_slow_an_answer_leaves_the_mail_in_doubt():
	with ScriptedServer({"content": Slow(TIMEOUT * 2)}) as server:
		assert hand_over(open_session(server), "a@example.com") == ("lost", "content", True)
		assert received(server) == ["a@example.com"]


@pytest.mark.parametrize(
	("script", "raised", "text"),
	[
		({"banner": "421 4.3.2 Busy"}, Refused, "421 4.3.2 Busy (at connect)"),
		({"banner": "554 5.7.1 Go away"}, Refused, "554 5.7.1 Go away (at connect)"),
		({"banner": DROP}, ConnectionLost, "at connect"),
		({"banner": HANG}, ConnectionLost, "did not answer"),
		({"ehlo": "550 5.7.1 Not you"}, Refused, "550 5.7.1 Not you (at connect)"),
		({"ehlo": DROP}, ConnectionLost, "at connect"),
		({"ehlo": HANG}, ConnectionLost, "did not answer"),
	],
)
def test_opening(script, raised, text):
	def open_directly(server):
		try:
			smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
		except (OSError, smtplib.SMTPException) as error:
			raise explain(error) from error
		return Session(smtp)

	with ScriptedServer(script) as server, pytest.raises(raised) as caught:
		open_directly(server)
	assert text in str(caught.value)


def test_login():
	with ScriptedServer(logins={"shop": "secret"}) as server:
		assert hand_over(open_session(server), "a@example.com")[:2] == ("refused", "mail")
		smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
		with pytest.raises(smtplib.SMTPAuthenticationError) as caught:
			smtp.login("shop", "wrong")
		assert str(explain(caught.value)) == "535 5.7.8 Authentication failed (at login)"
		smtp.login("shop", "secret")
		assert hand_over(Session(smtp), "a@example.com", CONTENT)[0] == "taken"


def test_nobody_listens():
	with ScriptedServer() as server:
		pass
	with pytest.raises(ConnectionRefusedError) as caught:
		smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
	assert isinstance(explain(caught.value), ConnectionLost)
