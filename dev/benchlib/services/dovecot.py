"""Dovecot, unpacked from its packages: IMAP and POP3 without TLS for the mailboxes of a bench."""

import os
import tempfile
from pathlib import Path

from ..core.ports import answers
from ..core.processes import Process
from ..core.state import fingerprint, write_atomically
from .system_packages import library_path

CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/run
libexec_dir = {programs}
mail_plugin_dir = {programs}/modules
import_environment = TZ LD_LIBRARY_PATH={libraries}
log_path = {log}
protocols = imap pop3
listen = 127.0.0.1
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = daemon
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{mails}/%n
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={mails}/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""
# Where Debian's library looks for its modules, whatever the configuration says
MODULES = b"/usr/lib/dovecot/modules\0"


class Dovecot:
	"""The server of `mailboxes`, a Mailboxes."""

	def __init__(self, mailboxes):
		self.mailboxes = mailboxes
		self.folder = mailboxes.folder / "dovecot"
		self.root = mailboxes.paths.debian / "dovecot"
		self.programs = self.root / "usr/lib/dovecot"
		self.process = Process(mailboxes.paths, f"dovecot{mailboxes.number}")

	def start(self):
		"""Start the server, and wait until it answers for both protocols; raises BenchError."""
		self._join_packages(self._short_modules())
		(self.folder / "run").mkdir(parents=True)
		config = self._configure()
		# It would look for doveconf in /usr/bin: doveconf starts it with what it has read.
		command = [self.root / "usr/bin/doveconf", "-f", "service=master", "-c", config, "-m", "master", "-e"]
		command += [self.root / "usr/sbin/dovecot", "-F", "-c", config]
		env = {**os.environ, "LD_LIBRARY_PATH": self._libraries()}
		ports = [self.mailboxes.port(name) for name in ("imap", "pop")]
		self.process.start(command, env=env, ready=lambda: all(map(answers, ports)))

	def _configure(self):
		boxes = self.mailboxes
		users = "".join(f"{box}@{boxes.domain}:{{PLAIN}}{boxes.password}\n" for box in boxes.boxes)
		write_atomically(self.folder / "users", users)
		values = {"folder": self.folder, "programs": self.programs, "libraries": self._libraries()}
		values |= {"log": self.process.log, "mails": boxes.mails}
		values |= {"imap": boxes.port("imap"), "pop": boxes.port("pop")}
		write_atomically(self.folder / "dovecot.conf", CONFIG.format(**values))
		return self.folder / "dovecot.conf"

	def _libraries(self):
		return library_path(f"{self.programs}:{self.programs}/modules/old-stats", self.mailboxes.paths.debian)

	def _join_packages(self, modules):
		"""Put three packages into one folder, as an installation does; the library looks in `modules`."""
		if self.root.exists():
			return
		half = self.root.with_name("dovecot.half")
		for package in ("dovecot-core", "dovecot-imapd", "dovecot-pop3d"):
			_copy_links(self.mailboxes.paths.debian / package, half)
		library = half / "usr/lib/dovecot/libdovecot.so.0.0.0"
		data = library.read_bytes()
		library.unlink()
		library.write_bytes(data.replace(MODULES, os.fsencode(modules).ljust(len(MODULES), b"\0")))
		half.rename(self.root)

	def _short_modules(self):
		"""A name of the folder of modules that is no longer than the one it replaces."""
		link = Path(tempfile.gettempdir()) / f"ec-{fingerprint(str(self.programs))[:12]}"
		link.unlink(missing_ok=True)
		link.symlink_to(self.programs / "modules")
		return link


def _copy_links(source, target):
	"""Copy a tree, its files as hard links."""
	for path in source.rglob("*"):
		copy = target / path.relative_to(source)
		if path.is_dir() and not path.is_symlink():
			copy.mkdir(parents=True, exist_ok=True)
		elif not copy.exists() and not copy.is_symlink() and path.suffix != ".deb":
			copy.parent.mkdir(parents=True, exist_ok=True)
			os.link(path, copy, follow_symlinks=False)
