"""Virtual environments and the packages in them: with uv where it is available, else with pip."""

import os
import shutil

from ..core.errors import BenchError
from ..core.say import say, step
from ..core.shell import run


class Installer:
	"""Makes venvs and installs packages into them; output goes to `log`."""

	def __init__(self, paths, python, log):
		self.tools = paths.tools
		self.python = python
		self.log = log
		self.tool_python = self.tools / "bin" / "python"
		self.uv = self.tools / "bin" / "uv"
		self.ready = self.tools / "ready"

	@property
	def has_uv(self):
		"""Whether uv was installed whole."""
		return self.ready.exists() and self.uv.exists()

	def prepare(self):
		"""Make the tool venv with pip and, if possible, uv; does nothing when it is there."""
		if self.ready.exists():
			return
		with step("Preparing the package installer"):
			run([self.python, "-m", "venv", "--clear", self.tools], self.log, "Making a virtual environment")
			try:
				run([self.tool_python, "-m", "pip", "install", "uv"], self.log, "Installing uv")
			except BenchError as error:
				self._without_uv(error)
			self.ready.touch()

	def _without_uv(self, error):
		if "disk is full" in str(error):
			raise error
		say("    uv cannot be installed here; pip is used, which takes longer.")
		self.uv.unlink(missing_ok=True)

	def venv(self, folder, python=None):
		"""Make a virtual environment with nothing but pip at `folder`, replacing what is there."""
		python = python or self.python
		if self.has_uv:
			shutil.rmtree(folder, ignore_errors=True)
			command = [self.uv, "venv", "--seed", "--python", python, folder]
		else:
			command = [python, "-m", "venv", "--clear", folder]
		run(command, self.log, "Making a virtual environment", env=self._environment())

	def install(self, folder, arguments, what, for_pip=None):
		"""Install into the venv at `folder` with uv, or with pip where uv fails, then with `for_pip`."""
		python = folder / "bin" / "python"
		if self.has_uv:
			try:
				command = [self.uv, "pip", "install", "--python", python, *arguments]
				run(command, self.log, what, env=self._environment())
				return
			except BenchError as error:
				if "disk is full" in str(error):
					raise
				say(f"    {what}: uv did not succeed, trying pip")
		run([python, "-m", "pip", "install", *(for_pip or arguments)], self.log, what)

	def install_project(self, folder, project, package, what):
		"""Make `package` importable from the folder `project`, and install the project's dependencies."""
		arguments = ["--requirement", f"{project}/pyproject.toml"]
		self.install(folder, arguments, what, for_pip=["--editable", project])
		self.expose(folder, project, package)

	@staticmethod
	def expose(folder, project, package):
		"""Let the venv at `folder` import `package` from the folder `project`, and from no earlier one."""
		site_packages = next((folder / "lib").glob("python3*/site-packages"))
		(site_packages / f"bench-{package}.pth").write_text(f"{project}\n")

	@staticmethod
	def _environment():
		return {**os.environ, "UV_NO_PROGRESS": "1"}
