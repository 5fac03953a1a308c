"""The scripted server by itself: with plain smtplib clients, and as a program that fills a Maildir."""

import mailbox
import os
import signal
import smtplib
import subprocess
import sys
import time

import pytest

from email_campaigns.tests.support.smtp_server import DROP, ScriptedServer
from email_campaigns.tests.unit.delivery.smtp.smtp_kit import hand_over, open_session

MAIL = "Subject: Grüße\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n.Hallo\r\n".encode()


def test_plain_client_is_served():
	with ScriptedServer() as server, smtplib.SMTP(server.host, server.port, timeout=2) as smtp:
		smtp.sendmail("a@example.org", ["b@example.com", "c@example.com"], MAIL, ["BODY=8BITMIME"])
		(mail,) = server.messages
		assert (mail.sender, mail.recipients) == ("a@example.org", ("b@example.com", "c@example.com"))
		assert mail.content == MAIL
		assert mail.parsed.get_content().strip() == ".Hallo"


def test_answers_are_chosen_by_recipient_by_number_and_in_turn():
	script = {"rcpt": {"b@example.com": ["450 Later", "550 Never"], 4: "551 Fourth"}}
	with ScriptedServer(script) as server:
		session = open_session(server)
		replies = [hand_over(session, "b@example.com")[-1] for _ in range(3)]
		assert replies == ["450 Later", "550 Never", "taken"]
		assert hand_over(session, "c@example.com")[-1] == "551 Fourth"


def test_commands_out_of_order_are_refused():
	with ScriptedServer() as server, smtplib.SMTP(server.host, server.port, timeout=2) as smtp:
		smtp.ehlo()
		assert smtp.docmd("RCPT TO:<b@example.com>")[0] == 503
		assert smtp.docmd("DATA")[0] == 554
		assert smtp.docmd("MAIL FROM:<a@example.org>")[0] == 250
		assert smtp.docmd("MAIL FROM:<a@example.org>")[0] == 503
		assert smtp.docmd("MAIL", "nonsense")[0] == 503
		assert smtp.docmd("BANANA")[0] == 500
		assert smtp.rset()[0] == 250


def test_pipelining_without_leave_is_noticed():
	with ScriptedServer(features=()) as server:
		session = open_session(server)
		session.pipelining = True
		hand_over(session, "a@example.com")
		assert server.violations


def test_mail_that_cannot_be_stored_is_refused():
	def full(_mail):
		raise OSError("disk full")

	with ScriptedServer(deliver=full) as server:
		assert hand_over(open_session(server), "a@example.com")[:2] == ("refused", "content")


def test_stops_while_clients_wait():
	with ScriptedServer({"quit": DROP}) as server:
		sessions = [open_session(server, 5) for _ in range(3)]
		began = time.monotonic()
	assert time.monotonic() - began < 4
	for session in sessions:
		session.abandon()


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_program_fills_a_maildir(tmp_path):
	command = [
		sys.executable,
		"-m",
		"email_campaigns.tests.support.smtp_server",
		"--maildir",
		str(tmp_path / "mail"),
	]
	with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
		try:
			port = int(program.stdout.readline().rpartition(":")[2])
			with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
				for number in range(20):
					smtp.sendmail("a@example.org", [f"r{number}@example.com"], MAIL)
			second = subprocess.run(
				[*command, "--port", str(port)], capture_output=True, text=True, timeout=10
			)
			assert second.returncode == 1
			assert "Cannot listen" in second.stderr
		finally:
			program.send_signal(signal.SIGTERM)
			assert program.wait(5) == 0
	mails = list(mailbox.Maildir(tmp_path / "mail", create=False))
	assert sorted(mail["Delivered-To"] for mail in mails) == sorted(f"r{n}@example.com" for n in range(20))
	assert {mail["Return-Path"] for mail in mails} == {"<a@example.org>"}
	assert not os.listdir(tmp_path / "mail" / "tmp")
