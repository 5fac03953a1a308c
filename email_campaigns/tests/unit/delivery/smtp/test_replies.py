"""Replies as values, and the errors that carry them."""

import pickle

import pytest

from email_campaigns.delivery.smtp.replies import (
	ConnectionLost,
	Refused,
	Reply,
	backoff,
	parse_reply,
	queue_id,
)


@pytest.mark.parametrize(
	("lines", "reply"),
	[
		([b"250 2.1.0 Ok\r\n"], Reply(250, "2.1.0", "Ok")),
		([b"250\r\n"], Reply(250, "", "")),
		([b"550-5.1.1 No such\r\n", b"550 5.1.1 user\r\n"], Reply(550, "5.1.1", "No such user")),
		([b"550 #5.1.0 Address rejected.\n"], Reply(550, "5.1.0", "Address rejected.")),
		([b"550 5.1.1\r\n"], Reply(550, "5.1.1", "")),
		([b"550 5.1.1: gone\r\n"], Reply(550, "5.1.1", "gone")),
		([b"550 192.0.2.1 is not welcome"], Reply(550, "", "192.0.2.1 is not welcome")),
		([b"550 5.1.1.7 is no code"], Reply(550, "", "5.1.1.7 is no code")),
		([b"550 a\x1b[31m\x00b\tc\xff"], Reply(550, "", "a [31m b c\ufffd")),
		([b"550 caf\xc3\xa9 closed"], Reply(550, "", "café closed")),
		([b"550 " + b"x" * 5000], Reply(550, "", "x" * 300)),
	],
)
def test_parse(lines, reply):
	assert parse_reply(lines) == reply


@pytest.mark.parametrize(
	"lines",
	[
		[b""],
		[b"hello"],
		[b"25"],
		[b"999 x"],
		[b"150 x"],
		[b"\xb2\xb5\xb0 x"],
		[b"250-a", b"550 b"],
		[b"250354 Go"],
	],
)
def test_parse_refuses_what_is_not_smtp(lines):
	with pytest.raises(ValueError, match="not SMTP"):
		parse_reply(lines)


def test_backoff_grows_and_is_deterministic():
	delays = [backoff(attempt) for attempt in range(1, 8)]
	assert delays == [300, 900, 2700, 7200, 21600, 21600, 21600]
	assert backoff(0) == backoff(1)


def test_exceptions_survive_pickling():
	"""A job queue stores exceptions."""
	refused = pickle.loads(pickle.dumps(Refused("rcpt", Reply(550, "5.1.1", "No"))))
	assert (refused.stage, refused.reply) == ("rcpt", Reply(550, "5.1.1", "No"))
	lost = pickle.loads(pickle.dumps(ConnectionLost("content", True, "the server closed the connection")))
	assert lost.maybe_accepted
	assert (
		str(lost)
		== "The connection to the mail server was lost at content: the server closed the connection."
	)


@pytest.mark.parametrize(
	("line", "known_as"),
	[
		(b"250 Ok 0100018f8c9b3c5d-2b4f1c3e-1111-2222-3333-444455556666-000000\r\n", "0100018f8c9b3c5d"),
		(b"250 2.0.0 Ok: queued as 4XyZ1234567\r\n", "4XyZ1234567"),
		(
			b"250 2.0.0 Queued as <202405061234.551671@relay.example>.\r\n",
			"202405061234.551671@relay.example",
		),
		(b"250 OK id=1rT9x2-0000Ab-1C\r\n", "1rT9x2-0000Ab-1C"),
		(
			b"250 2.0.0 OK  1708000000 ffacd0b85a97d-33e2dd6si123.45 - gsmtp\r\n",
			"ffacd0b85a97d-33e2dd6si123.45",
		),
		(b"250 2.0.0 44A1b2cd012345 Message accepted for delivery\r\n", "44A1b2cd012345"),
		(b"250 Great success\r\n", ""),
		(b"250 2.0.0 Ok\r\n", ""),
		(b"250\r\n", ""),
		(b"250 queued as ", ""),
		(b"250 Ok: queued as \xff\xff\xff\xff\xff\xff\xff1\r\n", "\ufffd" * 7 + "1"),
		(b"250 Ok " + b"1" * 5000 + b"\r\n", "1" * 140),
	],
)
def test_the_id_of_an_accepted_mail(line, known_as):
	found = queue_id(line)
	assert found.startswith(known_as)
	assert bool(found) == bool(known_as)
