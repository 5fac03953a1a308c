"""Mailboxes of a bench: a Postfix that delivers into them and a Dovecot that serves them, both on loopback.

Their packages are unpacked, never installed. Postfix has to run as root.
"""

import os
import shutil
from pathlib import Path

from ..core.errors import BenchError
from ..core.ports import choosing, remembered, replace_busy
from ..core.say import step
from . import dovecot, postfix
from .system_packages import unpack, unpack_libraries

POSTFIX = "postfix"
PACKAGES = {
	POSTFIX: "usr/lib/postfix/sbin",
	"dovecot-core": "usr/sbin/dovecot",
	"dovecot-imapd": "usr/lib/dovecot/imap",
	"dovecot-pop3d": "usr/lib/dovecot/pop3",
}
PORTS = ("smtp", "imap", "pop")
OWNER = "mail"  # a user of every Debian system, which owns the mails and Postfix's queue


class Mailboxes:
	"""Both servers, with everything of theirs in one folder; `boxes` are names of mailboxes in `domain`.

	`password` is that of each. Mail to another address of the domain bounces. A `number` makes further
	servers with ports of their own.
	"""

	password = "mailbox"

	def __init__(self, bench, boxes, domain="mail.example", number=0):
		self.paths, self.state = bench.paths, bench.state
		self.boxes, self.domain, self.number = boxes, domain, number or ""
		self.log = bench.setup_log
		self.folder = self.paths.bench / f"mailboxes{self.number}"
		self.mails = self.folder / "mails"
		self.servers = [server(self) for server in (dovecot.Dovecot, postfix.Postfix)]

	def port(self, name):
		"""The port of smtp, imap or pop."""
		return remembered(self.state, name + str(self.number))[name + str(self.number)]

	def ensure(self):
		"""Unpack the packages, each once; raises BenchError."""
		if os.geteuid() != 0 or not shutil.which("apt-get"):
			raise BenchError("Postfix and Dovecot for tests need Debian's apt-get, and root.")
		missing = [name for name in PACKAGES if not (self.paths.debian / name).exists()]
		if missing:
			with step(f"Fetching {', '.join(missing)}"):
				for name in missing:
					unpack(name, PACKAGES[name], self.paths.debian, self.log)
		for packages in ((POSTFIX,), tuple(name for name in PACKAGES if name != POSTFIX)):
			unpack_libraries(packages, self.paths.debian, self.log)

	def unpacked(self, package, path):
		"""Where a file or folder of a package lies."""
		return self.paths.debian / package / path

	def start(self):
		"""Start both servers with empty mailboxes, and wait until they answer; raises BenchError."""
		self.ensure()
		self.stop()
		self.mails.mkdir(parents=True)
		shutil.chown(self.mails, OWNER, OWNER)
		with choosing():
			replace_busy(self.state, [name + str(self.number) for name in PORTS])
			for server in self.servers:
				server.start()

	def files(self, box):
		"""The files of the mails in a mailbox that nobody has fetched yet, in no order."""
		return [path for path in Path(self.mails / box).glob("new/*") if path.is_file()]

	def stop(self):
		"""Stop both servers and remove everything of theirs."""
		for server in self.servers:
			server.process.stop()
		shutil.rmtree(self.folder, ignore_errors=True)
