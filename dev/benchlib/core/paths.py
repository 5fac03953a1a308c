"""Where everything of a bench lies."""

import os
from pathlib import Path

APP = "email_campaigns"


def cache_dir():
	"""The user's download cache for this project; made when missing."""
	base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
	path = Path(base) / APP
	path.mkdir(parents=True, exist_ok=True)
	return path


class Paths:
	"""Every path of the bench that belongs to the checkout at `root`; it lies in `bench` or in .bench."""

	def __init__(self, root, bench=None):
		self.root = Path(root).resolve()
		self.bench = Path(bench).resolve() if bench else self.root / ".bench"
		self.dev = self.root / "dev"
		self.apps = self.bench / "apps"
		self.frappe = self.apps / "frappe"
		self.sites = self.bench / "sites"
		self.assets = self.sites / "assets"
		self.logs = self.bench / "logs"
		self.pids = self.bench / "pids"
		self.marks = self.bench / "marks"
		self.db = self.bench / "db"
		self.new_site = self.db / "new_site.sql"  # a site's database with nothing but Frappe in it
		self.redis = self.bench / "redis"
		self.tools = self.bench / "tools"
		self.debian = self.bench / "debian"  # apart from the tools, whose environment is sometimes made anew
		self.env = self.bench / "env"
		self.unit_env = self.bench / "unit-env"
		self.bin = self.bench / "bin"

	@property
	def python(self):
		"""The bench's own Python interpreter."""
		return self.env / "bin" / "python"

	def make(self):
		"""Make the folders that every command expects."""
		for path in (self.apps, self.sites, self.logs, self.pids, self.marks, self.bin):
			path.mkdir(parents=True, exist_ok=True)
