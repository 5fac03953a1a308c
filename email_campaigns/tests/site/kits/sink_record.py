"""What a mail server took, by its own record: the judge of a fault run."""

from __future__ import annotations

import email
import email.policy
import json
import time
from collections import Counter
from itertools import takewhile
from pathlib import Path
from threading import Condition
from typing import NamedTuple

from email_campaigns.tests.support.smtp_script import Received


class TakenMail(NamedTuple):
	"""One accepted mail; `at` is in Unix seconds by this machine's clock."""

	recipient: str
	message_id: str
	at: float


class SinkRecord:
	"""Notes each mail before the server's 250 leaves. Thread-safe.

	It lies in the test's own process, which no fault hits, and in `file`, a line of JSON a mail, for whoever
	looks into a failure.
	"""

	def __init__(self, file: Path):
		self.mails: list[TakenMail] = []
		self._file = file.open("wb", buffering=0)
		self._grown = Condition()

	def add(self, mail: Received) -> None:
		"""Note a mail; a ScriptedServer's `deliver`."""
		headers = email.message_from_bytes(mail.content.partition(b"\r\n\r\n")[0], policy=email.policy.SMTP)
		taken = TakenMail(mail.recipients[0], str(headers["Message-ID"]).strip("<>"), time.time())
		with self._grown:
			self._file.write(json.dumps(taken).encode() + b"\n")
			self.mails.append(taken)
			self._grown.notify_all()

	def close(self) -> None:
		"""Close the file."""
		self._file.close()

	def wait_for(self, number: int, seconds: float = 180) -> None:
		"""Wait until so many mails were taken. Raises AssertionError when `seconds` are over."""
		with self._grown:
			enough = self._grown.wait_for(lambda: len(self.mails) >= number, seconds)
			assert enough, f"after {seconds} s the server has {len(self.mails)} mails, not {number}"

	def twice(self) -> list[str]:
		"""Return the recipients of more than one mail."""
		return sorted(name for name, n in Counter(mail.recipient for mail in self.mails).items() if n > 1)

	def age(self, seconds: int) -> None:
		"""Make every mail taken so far older by some seconds."""
		with self._grown:
			self.mails = [mail._replace(at=mail.at - seconds) for mail in self.mails]

	def most_within(self, seconds: int) -> int:
		"""Return the largest number of mails that were taken within any `seconds`."""
		times = sorted(mail.at for mail in self.mails)
		return max(
			(
				sum(1 for _ in takewhile(lambda at, end=begin + seconds: at < end, times[first:]))
				for first, begin in enumerate(times)
			),
			default=0,
		)
