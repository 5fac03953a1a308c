"""Postfix, unpacked from its package: it takes mail on a port, delivers it into mailboxes, and bounces it."""

import os
import pwd
import shutil

from ..core.ports import answers
from ..core.processes import Process
from ..core.state import write_atomically
from .system_packages import library_path

MAIN = """\
compatibility_level = 3.6
mail_owner = mail
setgid_group = staff
default_privs = nobody
config_directory = {folder}/etc
daemon_directory = {programs}/usr/lib/postfix/sbin
command_directory = {programs}/usr/sbin
queue_directory = {folder}/queue
data_directory = {folder}/data
shlib_directory = {programs}/usr/lib/postfix
meta_directory = {programs}/etc/postfix
maillog_file = {log}
maillog_file_prefixes = {log_folder}
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LD_LIBRARY_PATH={libraries}
myhostname = mx.{domain}
myorigin = {domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
# Taken first, so that it bounces: a refusal would need no mail
smtpd_reject_unlisted_recipient = no
recipient_delimiter = +
alias_maps =
alias_database =
local_recipient_maps =
default_transport = error:5.4.4 this server delivers nothing elsewhere
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {mails}
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_uid_maps = static:{owner}
virtual_gid_maps = static:{owner}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
message_size_limit = 60000000
"""
MASTER = """\
127.0.0.1:{smtp} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
PRIVATE = (
	"active",
	"bounce",
	"corrupt",
	"defer",
	"deferred",
	"flush",
	"hold",
	"incoming",
	"private",
	"trace",
)


class Postfix:
	"""The server of `mailboxes`, a Mailboxes."""

	def __init__(self, mailboxes):
		self.mailboxes = mailboxes
		self.folder = mailboxes.folder / "postfix"
		self.programs = mailboxes.paths.debian / "postfix"
		self.process = Process(mailboxes.paths, f"postfix{mailboxes.number}")

	def start(self):
		"""Start the server, and wait until it answers; raises BenchError."""
		self._make_queue()
		self._configure()
		command = [self.programs / "usr/lib/postfix/sbin/master", "-d", "-c", self.folder / "etc"]
		env = {
			**os.environ,
			"LD_LIBRARY_PATH": self._libraries(),
			"MAIL_CONFIG": str(self.folder / "etc"),
		}
		self.process.start(command, env=env, ready=lambda: answers(self.mailboxes.port("smtp")))

	def _libraries(self):
		return library_path(self.programs / "usr/lib/postfix", self.mailboxes.paths.debian)

	def _configure(self):
		boxes = self.mailboxes
		owner = pwd.getpwnam("mail").pw_uid
		values = {"folder": self.folder, "programs": self.programs, "mails": boxes.mails, "owner": owner}
		values |= {
			"libraries": self._libraries(),
			"log": self.process.log,
			"log_folder": self.process.log.parent,
			"domain": boxes.domain,
		}
		write_atomically(self.folder / "etc/main.cf", MAIN.format(**values))
		write_atomically(self.folder / "etc/master.cf", MASTER.format(smtp=boxes.port("smtp")))
		maps = "".join(f"{box}@{boxes.domain} {box}/\n" for box in boxes.boxes)
		write_atomically(self.folder / "etc/mailboxes", maps)

	def _make_queue(self):
		"""Make the folders that the package's own installation would make, with their owners."""
		queue = self.folder / "queue"
		for name in ("etc", "queue/pid", *(f"queue/{name}" for name in PRIVATE)):
			(self.folder / name).mkdir(parents=True)
		for name in PRIVATE:
			(queue / name).chmod(0o700)
			shutil.chown(queue / name, "mail")
		for name, mode in (("maildrop", 0o730), ("public", 0o710)):
			(queue / name).mkdir()
			shutil.chown(queue / name, "mail", "staff")
			(queue / name).chmod(mode)
		(self.folder / "data").mkdir()
		shutil.chown(self.folder / "data", "mail")
