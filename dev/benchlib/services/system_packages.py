"""Debian packages that a bench needs: found, installed as root, or asked for by name."""

import importlib.util
import os
import shutil
from pathlib import Path

from ..core.errors import BenchError
from ..core.say import step
from ..core.shell import output_of, run

SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
# Packages without a system service are chosen, so that installing them starts none.
PACKAGES = {
	"mariadbd": "mariadb-server-core",
	"mariadb-install-db": "mariadb-server-core",
	"mariadb": "mariadb-client",
	"mariadb-dump": "mariadb-client",
	"redis-server": "redis-tools",
	"node": "nodejs",
	"npm": "npm",
	"git": "git",
	"chromium": "chromium",
}
FOR_SETUP = (
	"mariadbd",
	"mariadb-install-db",
	"mariadb",
	"mariadb-dump",
	"redis-server",
	"node",
	"npm",
	"git",
)
FOR_BROWSER = ("chromium",)
LIBRARIES = "-libraries"  # the end of the names of folders beside the unpacked packages


def find(program):
	"""Path of an installed program, /usr/sbin included; None when it is missing."""
	path = f"{os.environ.get('PATH', '')}:{SBIN}"
	if program == "redis-server":
		# Debian's redis-tools holds the server's binary under the name of its checker.
		return shutil.which(program, path=path) or shutil.which("redis-check-rdb", path=path)
	return shutil.which(program, path=path)


def missing(programs):
	"""The Debian packages of the programs that are missing."""
	names = {PACKAGES[program] for program in programs if not find(program)}
	if "node" in programs and importlib.util.find_spec("ensurepip") is None:
		names.add("python3-venv")
	return sorted(names)


def ensure(programs, log):
	"""Install what is missing when this is root on Debian; else raises BenchError with the command."""
	packages = missing(programs)
	if not packages:
		return
	command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
	if os.geteuid() != 0 or not shutil.which("apt-get"):
		raise BenchError(
			f"Some system packages are missing. Install them, then run this again:\n  sudo sh -c '{command}'"
		)
	with step(f"Installing Debian packages: {', '.join(packages)}"):
		_apt_install(packages, log)
	still = missing(programs)
	if still:
		raise BenchError(f"apt-get installed no working {', '.join(still)}. See {log}.")


def _apt_install(packages, log):
	env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
	run(["apt-get", "update"], log, "Updating apt's package lists", env=env)
	command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
	run(command, log, "Installing Debian packages", env=env)


def lacking(packages):
	"""The names of packages that this system lacks, of these and what they need, in the order to install."""
	command = ["apt-get", "install", "--simulate", "--no-install-recommends", *packages]
	lines = output_of(command, f"Looking up what {packages[0]} needs").splitlines()
	return [line.split()[1] for line in lines if line.startswith("Inst ")]


def unpack_libraries(packages, folder, log):
	"""Unpack the libraries that packages need and this system lacks, once."""
	target = Path(folder) / f"{packages[0]}{LIBRARIES}"
	if target.exists():
		return
	half = target.with_name(f"{target.name}.half")
	half.mkdir(parents=True, exist_ok=True)
	if names := [name for name in lacking(packages) if name.startswith("lib") and name not in packages]:
		run(["apt-get", "download", *names], log, f"Downloading {', '.join(names)}", cwd=half)
		for archive in half.glob("*.deb"):
			run(["dpkg", "-x", archive, half], log, f"Unpacking {archive.name}")
	half.rename(target)


def library_path(own, folder):
	"""LD_LIBRARY_PATH of a program: its `own` folder, then what unpack_libraries has put into `folder`."""
	return ":".join(map(str, (own, *Path(folder).glob(f"*{LIBRARIES}/**/*-linux-gnu"))))


def unpacked(package, program, folder, log):
	"""A program of a Debian package, unpacked into `folder` without installing or starting anything."""
	return find(program) or str(unpack(package, f"usr/*bin/{program}", folder, log))


def unpack(package, pattern, folder, log):
	"""Path of a file of a Debian package, unpacked into `folder`; raises BenchError."""
	target = Path(folder) / package
	if not list(target.glob(pattern)):
		target.mkdir(parents=True, exist_ok=True)
		run(["apt-get", "download", package], log, f"Downloading {package}", cwd=target)
		run(["dpkg", "-x", next(target.glob("*.deb")), target], log, f"Unpacking {package}")
	return next(target.glob(pattern))
