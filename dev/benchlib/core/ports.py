"""TCP ports of a bench: chosen free, remembered, and replaced where another program has taken them."""

import errno
import fcntl
import socket
from contextlib import contextmanager

from .errors import BenchError
from .paths import cache_dir
from .say import say

# Clear of Frappe's own 3306, 8000, 9000, 11000 and 13000, so that a user's bench is not disturbed.
FIRST = {
	"web": 8460,
	"test_web": 8660,
	"mariadb": 33460,
	"redis_cache": 13460,
	"redis_queue": 11460,
	"smtp": 25460,
	"imap": 14460,
	"pop": 11660,
}
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
	"""The first free port of the range that belongs to `name`; raises BenchError when there is none.

	A number at the end of a name makes a further one of its kind: test_web1 has the range of test_web.
	"""
	first = FIRST[name.rstrip("0123456789")]
	for port in range(first, first + SPAN):
		if port not in taken and is_free(port):
			return port
	raise BenchError(f"No port from {first} to {first + SPAN - 1} is free for {name}.")


def remembered(state, *names):
	"""The bench's ports by name; chooses those that are not known yet, of `names` too."""
	ports = state.get("ports", {})
	for name in (*FIRST, *names):
		if name not in ports:
			ports[name] = choose(name, ports.values())
	if ports != state.get("ports"):
		state.put("ports", ports)
	return ports


def replace_busy(state, names):
	"""Give each of `names` whose port is in use another one, remember it and say so.

	Call it for services that don't run: another program listens on a busy port.
	"""
	ports = remembered(state, *names)
	for name in names:
		port = ports[name]
		if not is_free(port):
			ports[name] = choose(name, ports.values())
			say(f"    Port {port} is in use by another program: {name} takes {ports[name]}.")
	state.put("ports", ports)


@contextmanager
def choosing():
	"""Lock out this user's other benches from the check of a port until its service listens."""
	with open(cache_dir() / "ports.lock", "w") as handle:
		fcntl.flock(handle, fcntl.LOCK_EX)
		yield
