"""Sessions to a scripted server, and the outcome of a hand-over as a value that tests can compare."""

import smtplib
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Session
from email_campaigns.tests.support.smtp_server import ScriptedServer

SENDER = "news@example.org"
CONTENT = b"Subject: Hello\r\n\r\n.dots\r\nand more\r\n"
NEXT = (SENDER, "b@example.com")
TIMEOUT = 0.25  # seconds; long for a server on this machine, short for a test that waits it out
FEATURES = pytest.mark.parametrize("features", [("PIPELINING",), ()], ids=["pipelined", "in turn"])


def open_session(server: ScriptedServer, timeout: float = TIMEOUT) -> Session:
	smtp = smtplib.SMTP(server.host, server.port, timeout=10)  # a busy machine may greet late
	smtp.sock.settimeout(timeout)
	return Session(smtp)


def hand_over(
	session: Session,
	recipient: str,
	content: bytes = CONTENT,
	sender: str = SENDER,
	following: tuple[str, str] | None = None,
) -> tuple:
	"""Return ("taken",), ("refused", stage, reply) or ("lost", stage, maybe_accepted)."""
	try:
		if session.under_way != recipient:
			session.propose(sender, recipient)
		session.confirm()
		session.transmit(content, following)
		return ("taken",)
	except Refused as refusal:
		return "refused", refusal.stage, str(refusal.reply)
	except ConnectionLost as loss:
		return "lost", loss.stage, loss.maybe_accepted


class Wire:
	"""A session whose server is the test: `read` returns what the session wrote, `say` answers it."""

	def __init__(self, features: str = "pipelining", kind: int = socket.SOCK_STREAM):
		near, self.far = socket.socketpair(type=kind)
		near.settimeout(TIMEOUT)
		smtp = smtplib.SMTP(timeout=TIMEOUT)
		smtp.sock, smtp.does_esmtp, smtp.ehlo_resp = near, True, b"hello"
		smtp.esmtp_features = dict.fromkeys(features.split(), "")
		self.session = Session(smtp)

	def say(self, replies: bytes) -> None:
		self.far.sendall(replies)

	def read(self) -> bytes:
		return self.far.recv(1 << 20)


def received(server: ScriptedServer) -> list[str]:
	"""Stop the server and return the recipients of the mails that it accepted."""
	server.stop()
	return [recipient for mail in server.messages for recipient in mail.recipients]


def tls_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
	"""Return the contexts of a server and a client for a new certificate. Needs the openssl program."""
	key, certificate = folder / "key.pem", folder / "certificate.pem"
	command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
	names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
	subprocess.run([*command.split(), *names], check=True, capture_output=True)
	server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	server.load_cert_chain(certificate, key)
	return server, ssl.create_default_context(cafile=str(certificate))
