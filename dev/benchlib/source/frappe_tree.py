"""The Frappe tree at `.bench/apps/frappe`: from PyPI, from a folder, or from a git branch."""

import re
import shutil
from pathlib import Path

from ..core.errors import BenchError
from ..core.shell import run
from ..core.state import fingerprint
from .download import wheel
from .interpreter import REQUIRED_BY_PYPI_TREE
from .rename import convert

PACKAGE = "criscostack"
VERSION = "1.0.0"
SHA256 = "dc58aaf29c59b7666edc953596e5b31f77d7286b2ed6b14c6a205b217c210349"
# One module of that tree imports pkg_resources, which later setuptools no longer have.
EXTRA_REQUIREMENTS = ["setuptools<81"]
# Replacements of git dependencies in Frappe's own checkouts; all are on PyPI.
GIT_SUBSTITUTES = {"gunicorn": "gunicorn>=22,<26", "pypika": "PyPika>=0.48.9"}


def parse(spec):
	"""('pypi', None, None), ('path', Path, None) or ('git', url, branch) of a --frappe argument."""
	if not spec or spec == "pypi":
		return "pypi", None, None
	if Path(spec).is_dir():
		return "path", Path(spec).resolve(), None
	url, at, branch = spec.rpartition("@")
	if at and ("://" in url or ":" in url or Path(url).is_dir()):
		return "git", url, branch
	raise BenchError(f"--frappe wants a folder or GIT_URL@BRANCH; {spec} is neither.")


def required_python(paths, spec):
	"""The `requires-python` of the chosen Frappe; a branch that is not cloned yet allows all."""
	kind, where, _ = parse(spec)
	if kind == "pypi":
		return REQUIRED_BY_PYPI_TREE
	project = (where if kind == "path" else paths.frappe) / "pyproject.toml"
	text = project.read_text(encoding="utf-8") if project.exists() else ""
	match = re.search(r'^requires-python\s*=\s*"([^"]+)"', text, re.M)
	return match.group(1) if match else ">=3.10"


def place(paths, spec, python, log):
	"""Make apps/frappe whole for `spec`, replacing a half-made one."""
	kind, where, branch = parse(spec)
	_remove(paths.frappe)
	if kind == "path":
		_check(where)
		paths.frappe.symlink_to(where)
	elif kind == "git":
		clone = ["git", "clone", "--depth", "1", "--branch", branch, where, paths.frappe]
		run(clone, log, f"Cloning Frappe's branch {branch}")
		_check(paths.frappe)
	else:
		_from_pypi(paths, python, log)


def _check(folder):
	if not (folder / "frappe" / "hooks.py").exists():
		raise BenchError(f"{folder} is no checkout of Frappe: it has no frappe/hooks.py.")


def _remove(path):
	if path.is_symlink():
		path.unlink()
	shutil.rmtree(path, ignore_errors=True)


def _from_pypi(paths, python, log):
	archive = wheel(PACKAGE, VERSION, SHA256, python, log)
	half = paths.apps / ".frappe.half"
	_remove(half)
	requirements = convert(archive, half) + EXTRA_REQUIREMENTS
	(half / "requirements.txt").write_text("\n".join(requirements) + "\n")
	half.rename(paths.frappe)


def install_dependencies(paths, installer):
	"""Install Frappe's dependencies into the bench's Python, and make its package importable."""
	project = paths.frappe / "pyproject.toml"
	if project.exists():
		overrides = paths.bench / "overrides.txt"
		overrides.write_text("\n".join(substitutes(project.read_text(encoding="utf-8"))) + "\n")
		arguments = ["--editable", paths.frappe, *EXTRA_REQUIREMENTS]
		with_uv = [*arguments, "--overrides", overrides]
	else:
		arguments = with_uv = ["--requirement", paths.frappe / "requirements.txt"]
	installer.install(paths.env, with_uv, "Installing Frappe's dependencies", for_pip=arguments)
	installer.expose(paths.env, paths.frappe, "frappe")


def substitutes(project):
	"""The replacements of the git dependencies that a pyproject.toml names; its other pins stay."""
	named = {name.lower() for name in re.findall(r'"([\w.-]+)\s*@\s*git\+', project)}
	return [requirement for name, requirement in GIT_SUBSTITUTES.items() if name in named]


def dependencies_fingerprint(paths):
	"""Changes when Frappe's list of dependencies does."""
	files = [paths.frappe / name for name in ("requirements.txt", "pyproject.toml")]
	return fingerprint(paths.python.resolve(), *(path for path in files if path.exists()))
