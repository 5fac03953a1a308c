"""A message between two processes: its length in four bytes, then JSON in UTF-8. Nothing in it is code."""

import json
from struct import Struct
from typing import Any, BinaryIO

LENGTH = Struct(">I")
Message = dict[str, Any]


def pack(message: Message) -> bytes:
	"""Return a message as it goes through a pipe."""
	data = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
	return LENGTH.pack(len(data)) + data


def unpack(data: bytes) -> Message:
	"""Return the message of what follows its length."""
	message: Message = json.loads(data.decode("utf-8", "surrogatepass"))
	return message


def read(pipe: BinaryIO) -> Message | None:
	"""Return the next message of a pipe, None where it has ended."""
	head = pipe.read(LENGTH.size)
	if len(head) < LENGTH.size:
		return None
	(length,) = LENGTH.unpack(head)
	data = pipe.read(length)
	return unpack(data) if len(data) == length else None
