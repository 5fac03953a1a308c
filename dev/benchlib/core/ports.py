"""TCP ports of a bench: chosen free at setup, then remembered."""

import errno
import socket

from .errors import BenchError

# Clear of Frappe's own 3306, 8000, 9000, 11000 and 13000, so that a user's bench is not disturbed.
FIRST = {"web": 8460, "test_web": 8660, "mariadb": 33460, "redis_cache": 13460, "redis_queue": 11460}
SPAN = 200


def is_free(port):
	"""Whether this machine's loopback port can be listened on."""
	with socket.socket() as probe:
		probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		try:
			probe.bind(("127.0.0.1", port))
		except OSError as error:
			if error.errno not in (errno.EADDRINUSE, errno.EACCES):
				raise
			return False
		return True


def answers(port):
	"""Whether something listens on this machine's loopback port."""
	with socket.socket() as probe:
		probe.settimeout(1)
		return probe.connect_ex(("127.0.0.1", port)) == 0


def choose(name, taken=()):
	"""The first free port of the range that belongs to `name`; raises BenchError when there is none."""
	first = FIRST[name]
	for port in range(first, first + SPAN):
		if port not in taken and is_free(port):
			return port
	raise BenchError(f"No port from {first} to {first + SPAN - 1} is free for {name}.")


def remembered(state):
	"""The bench's ports by name; chooses those that are not known yet."""
	ports = state.get("ports", {})
	for name in FIRST:
		if name not in ports:
			ports[name] = choose(name, ports.values())
	if ports != state.get("ports"):
		state.put("ports", ports)
	return ports


def require_free(state, name):
	"""Raises BenchError when another program holds our port, and lets the next run choose another."""
	ports = remembered(state)
	port = ports[name]
	if is_free(port):
		return
	del ports[name]
	state.put("ports", ports)
	raise BenchError(
		f"Port {port}, kept for {name}, is in use by another program. "
		"Run the same command again: it will take another port."
	)
