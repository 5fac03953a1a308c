"""The state of a bench between commands: state.json and the done-marks of its setup steps."""

import hashlib
import json
import os
import threading
from pathlib import Path

_lock = threading.Lock()


def write_atomically(path, text, mode=0o644):
	"""Replace a file whole or not at all."""
	path = Path(path)
	temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
	temporary.touch(mode=mode)
	temporary.write_text(text, encoding="utf-8")
	os.replace(temporary, path)


def fingerprint(*parts):
	"""One short hash of any number of strings, bytes, or files (given as Path)."""
	digest = hashlib.sha256()
	for part in parts:
		data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
		digest.update(len(data).to_bytes(8, "big") + data)
	return digest.hexdigest()[:20]


class State:
	"""`.bench/state.json`: ports, secrets and choices. Every write is whole and immediate."""

	def __init__(self, path):
		self.path = Path(path)

	def read(self):
		"""The whole state as a dict; an unreadable file counts as empty."""
		try:
			return json.loads(self.path.read_text(encoding="utf-8"))
		except (FileNotFoundError, ValueError):
			return {}

	def get(self, key, default=None):
		"""One remembered value."""
		return self.read().get(key, default)

	def put(self, key, value):
		"""Remember one value; None forgets it."""
		with _lock:
			state = self.read()
			state[key] = value
			if value is None:
				del state[key]
			self.path.parent.mkdir(parents=True, exist_ok=True)
			write_atomically(self.path, json.dumps(state, indent=1, sort_keys=True), mode=0o600)


class Marks:
	"""Done-marks: a step is done when its mark holds the fingerprint of its present inputs."""

	def __init__(self, folder):
		self.folder = Path(folder)

	def done(self, name, value="done"):
		"""Whether this step was finished with these inputs."""
		try:
			return (self.folder / name).read_text() == value
		except FileNotFoundError:
			return False

	def set(self, name, value="done"):
		"""Write the mark, as the last act of a step."""
		self.folder.mkdir(parents=True, exist_ok=True)
		write_atomically(self.folder / name, value)

	def clear(self, name):
		"""Forget that a step was done."""
		(self.folder / name).unlink(missing_ok=True)
