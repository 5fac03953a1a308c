"""Writing to a channel: the bytes are handed to the network, or an error is raised."""

import pytest

from email_campaigns.delivery.smtp.channel import Channel


class Pipe:
	"""A socket that takes `room` bytes, at most `room` at once, and breaks at the next."""

	def __init__(self, room: int):
		self.room, self.taken, self.writes = room, b"", 0

	def gettimeout(self):
		return 1.0

	def settimeout(self, seconds):
		pass

	def setsockopt(self, *option):
		pass

	def send(self, data):
		self.writes += 1
		if len(self.taken) == self.room:
			raise ConnectionResetError
		piece = data[: self.room - len(self.taken)]
		self.taken += piece
		return len(piece)

	def sendall(self, data):
		while data:
			data = data[self.send(data) :]


def test_both_leave_at_once():
	pipe = Pipe(9)
	Channel(pipe, None).write(b"body", b"ahead")
	assert (pipe.taken, pipe.writes) == (b"bodyahead", 1)


@pytest.mark.parametrize("room", [4, 6, 8])
def test_a_body_that_left_whole_is_no_failure_even_where_what_follows_could_not_leave(room):
	pipe = Pipe(room)
	Channel(pipe, None).write(b"body", b"ahead")
	assert pipe.taken == b"bodyahead"[:room]


@pytest.mark.parametrize("room", [0, 3])
@pytest.mark.parametrize("ahead", [b"", b"ahead"])
def test_a_body_that_left_in_part_is_one(room, ahead):
	with pytest.raises(ConnectionResetError):
		Channel(Pipe(room), None).write(b"body", ahead)


def test_the_rest_of_both_follows_where_the_network_takes_a_piece():
	class Narrow(Pipe):
		def send(self, data):
			return super().send(data[:3])

	pipe = Narrow(9)
	Channel(pipe, None).write(b"body", b"ahead")
	assert pipe.taken == b"bodyahead"
