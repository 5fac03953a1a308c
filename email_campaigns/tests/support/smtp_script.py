"""The words of a script for the SMTP server of the tests; smtp_server.py explains them."""

import email
import email.policy
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from typing import NamedTuple


class Act(NamedTuple):
	"""An end of the talk;

	`in_body` comes before the body is read, `keep` stores the mail first, `reply` is said.
	"""

	kind: str
	in_body: bool = False
	keep: bool = False
	reply: str = ""


class Slow(NamedTuple):
	"""Another answer, sent some seconds later."""

	seconds: float
	answer: object = None


ACCEPT = None
DROP, RESET, HANG = Act("drop"), Act("reset"), Act("hang")
DROP_IN_BODY, RESET_IN_BODY, HANG_IN_BODY = (Act(kind, in_body=True) for kind in ("drop", "reset", "hang"))
KEEP_AND_DROP, KEEP_AND_RESET, KEEP_AND_HANG = (Act(kind, keep=True) for kind in ("drop", "reset", "hang"))


def drop_in_body(reply: str) -> Act:
	"""Return the act: send `reply` after the first bytes of the body, then close without reading on."""
	return DROP_IN_BODY._replace(reply=reply)


@dataclass
class Received:
	"""One accepted mail: envelope, and content as it was before dot-stuffing, with CRLF line ends."""

	sender: str
	recipients: tuple[str, ...]
	content: bytes

	@cached_property
	def parsed(self) -> EmailMessage:
		"""The content as the standard library reads it."""
		return email.message_from_bytes(self.content, policy=email.policy.SMTP)


class Script:
	"""Answers by stage; lists in it are used up. Thread-safe."""

	def __init__(self, script: dict[str, object]):
		self._answers = {stage: _consumable(answers) for stage, answers in script.items()}
		self._lock = threading.Lock()

	def __contains__(self, stage: str) -> bool:
		return stage in self._answers

	def answer(self, stage: str, keys: Iterable[object] = ()) -> object:
		"""Return the answer at a stage to a mail with some keys; the first key that the script has wins."""
		answers = self._answers.get(stage)
		if isinstance(answers, dict):
			answers = next((answers[key] for key in keys if key in answers), ACCEPT)
		if not isinstance(answers, deque):
			return answers
		with self._lock:
			return answers.popleft() if answers else ACCEPT


def _consumable(answers: object) -> object:
	if isinstance(answers, dict):
		return {key: _consumable(answer) for key, answer in answers.items()}
	return deque(answers) if isinstance(answers, list) else answers
