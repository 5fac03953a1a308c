"""Two Redis servers of the bench's own: one caches, one holds the queues."""

import socket

from ..core.ports import remembered
from ..core.processes import Process
from ..core.state import write_atomically
from .system_packages import find

CONFIG = """\
bind 127.0.0.1
port {port}
dir {folder}
daemonize no
appendonly no
save ""
{more}
"""
MORE = {"cache": "maxmemory 256mb\nmaxmemory-policy allkeys-lru", "queue": "maxmemory-policy noeviction"}


class Redis:
	"""One Redis server; `kind` is 'cache' or 'queue'."""

	def __init__(self, paths, state, kind):
		self.name = f"redis_{kind}"
		self.kind = kind
		self.paths = paths
		self.state = state
		self.process = Process(paths, self.name)

	@property
	def port(self):
		"""The port that it listens on."""
		return remembered(self.state)[self.name]

	@property
	def url(self):
		"""Its address as Frappe's configuration wants it."""
		return f"redis://127.0.0.1:{self.port}"

	def start(self):
		"""Start the server on its port, which is free, and wait until it answers; raises BenchError."""
		if self.process.pid():
			return
		self.paths.redis.mkdir(parents=True, exist_ok=True)
		config = self.paths.redis / f"{self.kind}.conf"
		write_atomically(config, CONFIG.format(port=self.port, folder=self.paths.redis, more=MORE[self.kind]))
		self.process.start([self._program(), config], ready=self.answers)

	def _program(self):
		"""The server under its own name: it acts as what it is called."""
		link = self.paths.bin / "redis-server"
		link.unlink(missing_ok=True)
		link.symlink_to(find("redis-server"))
		return link

	def answers(self):
		"""Whether the server answers PING."""
		try:
			with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
				connection.sendall(b"PING\r\n")
				return connection.recv(16).startswith(b"+PONG")
		except OSError:
			return False

	def stop(self):
		"""Stop the server; True when it was running."""
		return self.process.stop()


def flush(redis):
	"""Empty one of the servers when it runs, so that nothing read from files before stays in use."""
	if redis.answers():
		with socket.create_connection(("127.0.0.1", redis.port), timeout=5) as connection:
			connection.sendall(b"FLUSHALL\r\n")
			connection.recv(16)
