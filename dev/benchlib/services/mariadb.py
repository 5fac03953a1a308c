"""A MariaDB server of the bench's own: data below .bench/db, own port, durable as by default."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..core.paths import Paths
from ..core.ports import answers, remembered
from ..core.processes import Process
from ..core.shell import run
from ..core.state import fingerprint, write_atomically
from .system_packages import find

CONFIG = """\
[mysqld]
datadir = {data}
socket = {socket}
pid-file = {folder}/mariadbd.pid
port = {port}
bind-address = 127.0.0.1
{user}
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
character-set-client-handshake = FALSE
innodb_buffer_pool_size = 512M
max_allowed_packet = 256M
skip-log-bin
# MariaDB's default since 11.6.2, so that older servers show what it does ("loose" where they do not know it)
loose-innodb_snapshot_isolation = ON

[client]
port = {port}
socket = {socket}
default-character-set = utf8mb4
"""

INIT = """\
ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
DROP USER IF EXISTS ''@'localhost';
DROP USER IF EXISTS ''@'{host}';
"""


class MariaDB:
	"""A database server of the bench; root's password is random and kept in the bench's state.

	A `name` with a number, such as mariadb1, makes a further one with a folder and a port of its own.
	"""

	def __init__(self, paths: Paths, state, name="mariadb"):
		self.paths = paths
		self.state = state
		self.name = name
		self.folder = paths.db if name == "mariadb" else paths.bench / name
		self.data = self.folder / "data"
		self.config = self.folder / "my.cnf"
		self.process = Process(paths, name)

	@property
	def port(self):
		"""The port that it listens on."""
		return remembered(self.state, self.name)[self.name]

	@property
	def socket(self):
		"""Path of its Unix socket, short enough for the system's limit of about 100 bytes."""
		path = self.folder / "mariadb.sock"
		if len(os.fsencode(path)) < 100:
			return path
		return Path(tempfile.gettempdir()) / f"ec-{fingerprint(path)[:12]}.sock"

	@property
	def password(self):
		"""Root's password."""
		if not self.state.get("db_root_password"):
			self.state.put("db_root_password", secrets.token_hex(12))
		return self.state.get("db_root_password")

	def user(self):
		"""The account that the server runs as: None is the invoking one."""
		if os.geteuid() != 0:
			return None
		return "mysql" if self._mysql_can_reach() else "root"

	def _mysql_can_reach(self):
		try:
			pwd.getpwnam("mysql")
		except KeyError:
			return False
		return all(folder.stat().st_mode & 0o001 for folder in self.folder.resolve().parents)

	def install(self):
		"""Make the data folder, whole or not at all; does nothing when it is there."""
		self.folder.mkdir(parents=True, exist_ok=True)
		self._configure()
		if self.data.exists():
			return
		half = self.folder / "data.half"
		shutil.rmtree(half, ignore_errors=True)
		command = [
			find("mariadb-install-db"),
			"--no-defaults",
			f"--datadir={half}",
			"--skip-test-db",
			"--auth-root-authentication-method=normal",
			"--skip-name-resolve",
			*([f"--user={self.user()}"] if self.user() else []),
		]
		run(command, self.process.log, "Making the database folder")
		half.rename(self.data)

	def _configure(self):
		user = self.user()
		values = {"folder": self.folder, "data": self.data, "socket": self.socket, "port": self.port}
		text = CONFIG.format(user=f"user = {user}" if user else "", **values)
		write_atomically(self.config, text)
		init = self.folder / "init.sql"
		write_atomically(init, INIT.format(password=self.password, host=os.uname().nodename), mode=0o600)
		if user == "mysql":
			for path in (self.folder, init):
				shutil.chown(path, "mysql")

	def start(self):
		"""Start the server on its port, which is free, and wait until it answers; raises BenchError."""
		if self.process.pid():
			return
		self.install()
		command = [
			find("mariadbd"),
			f"--defaults-file={self.config}",
			f"--init-file={self.folder / 'init.sql'}",
		]
		self.process.start(command, ready=self.answers)

	def answers(self):
		"""Whether the server takes root's password."""
		if not answers(self.port):
			return False
		return subprocess.run(self.client("-e", "select 1"), capture_output=True).returncode == 0

	def client(self, *arguments, program="mariadb"):
		"""The command line of a MariaDB client program that is signed in as root."""
		login = ["--host=127.0.0.1", f"--port={self.port}", "--user=root", f"--password={self.password}"]
		return [find(program), f"--defaults-file={self.config}", *login, *arguments]

	def stop(self):
		"""Stop the server cleanly; True when it was running."""
		return self.process.stop(seconds=60)
