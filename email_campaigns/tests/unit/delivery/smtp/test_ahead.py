"""The envelope of the next mail, sent behind the content of this one: neither harms the other."""

import socket

import pytest

from email_campaigns.delivery.smtp.replies import Refused
from email_campaigns.delivery.smtp.session import Session
from email_campaigns.tests.support.smtp_server import DROP, HANG, KEEP_AND_DROP, RESET, ScriptedServer
from email_campaigns.tests.unit.delivery.smtp.smtp_kit import (
	CONTENT,
	FEATURES,
	NEXT,
	SENDER,
	Wire,
	hand_over,
	open_session,
	received,
)


def test_next_envelope_leaves_in_one_segment_with_the_content():
	"""RFC 2920 §3.1: a body may be the first command of a group."""
	wire = Wire(kind=socket.SOCK_SEQPACKET)  # keeps what was written at once apart from the rest
	wire.session.propose("a@example.org", "b@example.com")
	wire.read()
	wire.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
	wire.session.confirm()
	wire.say(b"250 2.0.0 Queued as 1\r\n")
	wire.session.transmit(b"Hello\r\n", ("a@example.org", "c@example.com"))
	envelope = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n"
	assert wire.read() == b"Hello\r\n.\r\n" + envelope
	assert wire.session.under_way == "c@example.com"
	wire.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
	wire.session.confirm()
	assert wire.session.under_way is None
	wire.say(b"250 2.0.0 Queued as 2\r\n")
	wire.session.transmit(b"Bye\r\n")
	assert wire.read() == b"Bye\r\n.\r\n"


def test_answers_to_content_and_next_envelope_may_come_together():
	wire = Wire()
	wire.session.propose("a@example.org", "b@example.com")
	wire.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
	wire.session.confirm()
	wire.say(b"250 taken\r\n250 ok\r\n550 5.1.1 No\r\n554 No recipients\r\n250 reset\r\n")
	wire.session.transmit(CONTENT, ("a@example.org", "c@example.com"))
	with pytest.raises(Refused) as caught:
		wire.session.confirm()
	assert (caught.value.stage, str(caught.value.reply)) == ("rcpt", "550 5.1.1 No")


def test_without_pipelining_nothing_is_announced():
	with ScriptedServer(features=()) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com", following=NEXT)[0] == "taken"
		assert session.under_way is None
		assert hand_over(session, "b@example.com")[0] == "taken"
		assert received(server) == ["a@example.com", "b@example.com"]
		assert not server.violations


@pytest.mark.parametrize("address", ["nobody", "a b@example.com", "b@example.com\r\nDATA"])
def test_following_address_that_cannot_be_written_fails_alone(address):
	with ScriptedServer() as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com", following=(SENDER, address))[0] == "taken"
		assert session.under_way is None
		assert hand_over(session, address)[:2] == ("refused", "rcpt")
		assert hand_over(session, "c@example.com")[0] == "taken"
		assert received(server) == ["a@example.com", "c@example.com"]


@pytest.mark.parametrize("end", [Session.abandon, Session.close])
def test_announced_mail_without_a_body_is_not_delivered(end):
	with ScriptedServer() as server:
		session = open_session(server)
		hand_over(session, "a@example.com", following=NEXT)
		end(session)
		assert session.under_way is None
		assert not session.alive
		assert received(server) == ["a@example.com"]
		assert "QUIT" not in server.commands


@FEATURES
@pytest.mark.parametrize("reply", ["450 4.2.0 Later", "550 5.7.1 Never"])
def test_refused_content_does_not_lose_the_announced_mail(reply, features):
	with ScriptedServer({"content": {1: reply}}, features) as server:
		session = open_session(server)
		first = hand_over(session, "a@example.com", following=NEXT)
		assert first == ("refused", "content", reply)
		assert hand_over(session, "b@example.com")[0] == "taken"
		session.close()
		assert received(server) == ["b@example.com"]
		assert (server.connections, len([line for line in server.commands if "MAIL" in line])) == (1, 2)


@pytest.mark.parametrize(
	("answer", "outcome"),
	[
		("421 4.3.2 Bye", ("refused", "content", "421 4.3.2 Bye")),
		(DROP, ("lost", "content", True)),
		(RESET, ("lost", "content", True)),
		(HANG, ("lost", "content", True)),
		(KEEP_AND_DROP, ("lost", "content", True)),
	],
)
def test_connection_that_ends_with_the_content_forgets_the_announced_mail(answer, outcome):
	with ScriptedServer({"content": {"a@example.com": answer}}) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com", following=NEXT) == outcome
		assert not session.alive
		assert session.under_way is None
		assert hand_over(open_session(server), "b@example.com")[0] == "taken"
		assert received(server)[-1] == "b@example.com"


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("reply", ["450 4.2.0 Later", "550 5.7.1 Never"])
def test_refused_announced_mail_leaves_the_one_before_it_taken(stage, reply):
	with ScriptedServer({stage: {2: reply}}) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com", following=NEXT)[0] == "taken"
		refused = hand_over(session, "b@example.com", following=(SENDER, "c@example.com"))
		assert refused == ("refused", stage, reply)
		assert hand_over(session, "c@example.com")[0] == "taken"
		assert received(server) == ["a@example.com", "c@example.com"]


@pytest.mark.parametrize("stray", [b"250 2.0.0 Queued\r\n", b"550 5.1.1 No such user\r\n", b"250-"])
def test_a_reply_too_many_is_never_taken_for_the_announced_mail(stray):
	with ScriptedServer({"content": {1: b"250 2.0.0 Taken\r\n" + stray}}) as server:
		session = open_session(server)
		assert hand_over(session, "a@example.com", following=NEXT)[0] == "taken"
		outcome = hand_over(session, "b@example.com")
		assert outcome[0] == "lost"
		assert outcome[2] is False
		assert received(server) == ["a@example.com"]
