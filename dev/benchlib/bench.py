"""One bench: its paths, its state and its services, made once for a command."""

from .core.errors import BenchError
from .core.paths import APP, Paths
from .core.ports import choosing, remembered, replace_busy
from .core.processes import Process
from .core.say import step
from .core.state import Marks, State
from .services.mariadb import MariaDB
from .services.redis import Redis
from .site.config import write_common, write_host_names
from .source.environment import Installer


class Bench:
	"""Everything a command needs to know about the bench of the checkout at `root`, in `folder` or .bench."""

	def __init__(self, root, folder=None):
		self.paths = Paths(root, folder)
		self.state = State(self.paths.bench / "state.json")
		self.marks = Marks(self.paths.marks)
		self.mariadb = MariaDB(self.paths, self.state)
		self.caches = [Redis(self.paths, self.state, kind) for kind in ("cache", "queue")]

	@property
	def setup_log(self):
		"""Where the output of setup's programs goes."""
		return self.paths.logs / "setup.log"

	@property
	def installer(self):
		"""The maker of virtual environments; raises BenchError before a Python is chosen."""
		python = self.state.get("python")
		if not python:
			raise BenchError("This bench is not set up yet: run dev/bench setup.")
		return Installer(self.paths, python, self.setup_log)

	@property
	def has_app(self):
		"""Whether this checkout holds the app already."""
		return (self.paths.root / APP / "hooks.py").exists()

	@property
	def other_apps(self):
		"""Further Frappe apps on this bench, by name: the folder that each lies in."""
		return self.state.get("apps", {})

	def start_data_services(self):
		"""Start those of MariaDB and both Redis servers that do not run; write their ports for the sites."""
		stopped = [service for service in (self.mariadb, *self.caches) if not service.process.pid()]
		if stopped:
			with step("Starting MariaDB and Redis"):
				self.mariadb.install()
				with choosing():
					replace_busy(self.state, self.names_of_stopped())
					for service in stopped:
						service.start()
		write_common(self.paths, self.state)
		write_host_names(self.paths, self.state)

	def names_of_stopped(self):
		"""The names of all ports that none of this bench's own processes listens on."""
		return [name for name in remembered(self.state) if not Process(self.paths, name).pid()]
