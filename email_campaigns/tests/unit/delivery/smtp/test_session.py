"""The dialogue of a session: what goes over the wire and when, over TLS too, and how a session ends."""

import contextlib
import shutil
import smtplib
import socket
import threading
import time

import pytest

from email_campaigns.delivery.smtp.replies import ConnectionLost, Refused
from email_campaigns.delivery.smtp.session import Session
from email_campaigns.tests.support.smtp_server import HANG, ScriptedServer, Slow
from email_campaigns.tests.unit.delivery.smtp.smtp_kit import (
	CONTENT,
	NEXT,
	SENDER,
	TIMEOUT,
	Wire,
	hand_over,
	open_session,
	received,
	tls_contexts,
)


def test_envelope_leaves_in_one_segment_before_any_answer():
	wire = Wire()
	wire.session.propose("a@example.org", "b@example.com")
	assert wire.read() == b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
	wire.say(b"250 ok\r\n250 ok\r\n354 go\r\n")
	wire.session.confirm()
	wire.say(b"250-2.0.0 Thank you\r\n250 2.0.0 Queued as 4XyZ1234567\r\n")
	assert wire.session.transmit(b"Subject: x\r\n\r\n.y\r\n") == "4XyZ1234567"
	assert wire.read() == b"Subject: x\r\n\r\n..y\r\n.\r\n"


def test_without_pipelining_only_mail_from_leaves():
	wire = Wire("8bitmime")
	wire.session.propose("", "b@example.com")
	assert wire.read() == b"MAIL FROM:<> BODY=8BITMIME\r\n"


def test_data_accepted_after_a_refused_recipient_is_ended_without_a_mail():
	"""RFC 2920 §3.1; such servers are old but real."""
	with ScriptedServer({"rcpt": {1: "550 5.1.1 No"}, "data": {1: "354 Go ahead"}}) as server:
		session = open_session(server)
		assert hand_over(session, "bad@example.com") == ("refused", "rcpt", "550 5.1.1 No")
		assert session.alive
		assert hand_over(session, "good@example.com")[0] == "taken"
		assert received(server) == ["good@example.com"]


def test_body_awaited_for_another_envelope_closes_the_connection():
	wire = Wire()
	wire.session.propose("a@example.org", "b@example.com")
	wire.read()
	wire.say(b"550 5.1.0 No\r\n250 ok\r\n354 go\r\n")
	with pytest.raises(Refused):
		wire.session.confirm()
	assert not wire.session.alive
	assert wire.read() == b""


@pytest.mark.parametrize(
	"answers",
	[
		b"250 ok\r\n250 ok\r\n250 ok\r\n",
		b"354 go\r\n250 ok\r\n354 go\r\n",
		b"250 ok\r\n250",
		b"250 ok\r\nHTTP/1.1 400 Bad Request\r\n",
		b"250-ok\r\n" * 20_000,
		b"250 " + b"x" * 100_000,
	],
	ids=["no 354", "354 too early", "half a reply", "not SMTP", "endless lines", "endless line"],
)
def test_answers_that_make_no_sense(answers):
	wire = Wire()
	wire.session.propose("a@example.org", "b@example.com")
	writer = threading.Thread(target=lambda: _ignore_errors(wire.say, answers))
	writer.start()
	with pytest.raises(ConnectionLost) as caught:
		wire.session.confirm()
	writer.join()
	assert not caught.value.maybe_accepted
	assert not wire.session.alive


def test_nonsense_after_the_body_leaves_the_mail_in_doubt():
	for answer in ("354 go on", b"nonsense\r\n"):
		with ScriptedServer({"content": answer}) as server:
			assert hand_over(open_session(server), "a@example.com") == ("lost", "content", True)


def test_trickling_server_cannot_stretch_the_timeout():
	wire = Wire()
	wire.session.propose("a@example.org", "b@example.com")
	enough = threading.Event()

	def trickle():
		while not enough.wait(TIMEOUT / 3):
			_ignore_errors(wire.say, b"2")

	writer = threading.Thread(target=trickle)
	writer.start()
	began = time.monotonic()
	with pytest.raises(ConnectionLost):
		wire.session.confirm()
	enough.set()
	writer.join()
	assert time.monotonic() - began < 10 * TIMEOUT


@pytest.mark.parametrize("confirmed", [True, False])
def test_abandoned_mail_is_not_delivered(confirmed):
	with ScriptedServer() as server:
		session = open_session(server)
		session.propose(SENDER, "a@example.com")
		if confirmed:
			session.confirm()
		session.abandon()
		session.abandon()
		session.close()
		assert not session.alive
		assert received(server) == []


def test_close_in_the_middle_of_a_mail_does_not_write_into_it():
	with ScriptedServer() as server:
		session = open_session(server)
		session.propose(SENDER, "a@example.com")
		session.confirm()
		session.close()
		assert received(server) == []
		assert "QUIT" not in server.commands


def test_close_says_quit_and_does_not_wait_for_ever():
	with ScriptedServer({"quit": HANG}) as server:
		session = open_session(server)
		hand_over(session, "a@example.com")
		began = time.monotonic()
		session.close()
		assert time.monotonic() - began < 10 * TIMEOUT
		assert server.commands[-1] == "QUIT"


@pytest.mark.parametrize("stage", ["confirm", "transmit"])
def test_interrupted_session_is_closed(stage, monkeypatch):
	"""A job's time limit is an exception out of nowhere; a half-read session must not serve the next mail."""
	with ScriptedServer({"rcpt" if stage == "confirm" else "content": Slow(TIMEOUT)}) as server:
		session = open_session(server, 5)
		session.propose(SENDER, "a@example.com")
		if stage == "transmit":
			session.confirm()

		def read1(_size):
			raise KeyboardInterrupt

		session._channel._file = type("File", (), {"read1": staticmethod(read1)})
		with pytest.raises(KeyboardInterrupt):
			session.confirm() if stage == "confirm" else session.transmit(CONTENT)
		assert not session.alive


def test_calls_out_of_turn():
	with ScriptedServer() as server:
		session = open_session(server)
		with pytest.raises(RuntimeError):
			session.confirm()
		with pytest.raises(RuntimeError):
			session.transmit(CONTENT)
		session.propose(SENDER, "a@example.com")
		with pytest.raises(RuntimeError):
			session.propose(SENDER, "b@example.com")
		hand_over(session, "a@example.com", following=NEXT)
		with pytest.raises(RuntimeError):
			session.propose(SENDER, "c@example.com")
		with pytest.raises(RuntimeError):
			session.transmit(CONTENT)


def test_message_larger_than_the_server_takes():
	with ScriptedServer(features=("PIPELINING", "SIZE 100")) as server:
		session = open_session(server)
		assert session.max_size == 100
		outcome = hand_over(session, "a@example.com", b"x" * 101)
		assert outcome == ("refused", "content", "552 5.3.4 The message has 101 bytes, the server takes 100")
		assert received(server) == []


def test_socket_options():
	with ScriptedServer() as server:
		smtp = smtplib.SMTP(server.host, server.port)
		assert smtp.sock.gettimeout() is None
		session = Session(smtp)
		assert smtp.sock.gettimeout() == 120
		assert smtp.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
		session.close()


def test_helo_only_server():
	with ScriptedServer({"ehlo": ["502 5.5.1 Not implemented", "250 old.example"]}, features=()) as server:
		session = open_session(server)
		assert not session.pipelining
		assert hand_over(session, "a@example.com")[0] == "taken"


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
@pytest.mark.parametrize("implicit", [True, False], ids=["TLS", "STARTTLS"])
def test_tls(implicit, tmp_path):
	theirs, ours = tls_contexts(tmp_path)
	script = {"rcpt": {"bad@example.com": "550 5.1.1 No"}}
	with ScriptedServer(script, **{"tls" if implicit else "starttls": theirs}) as server:
		if implicit:
			smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=2, context=ours)
		else:
			smtp = smtplib.SMTP(server.host, server.port, timeout=2)
			smtp.starttls(context=ours)
		session = Session(smtp)
		large = CONTENT + b"x" * 1_000_000
		assert hand_over(session, "a@example.com", large, following=(SENDER, "bad@example.com"))[0] == "taken"
		assert hand_over(session, "bad@example.com")[0] == "refused"
		assert hand_over(session, "b@example.com")[0] == "taken"
		session.close()
		assert received(server) == ["a@example.com", "b@example.com"]


def _ignore_errors(function, *arguments):
	with contextlib.suppress(OSError):
		function(*arguments)
