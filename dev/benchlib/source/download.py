"""The download of one pinned wheel from PyPI, checked by its hash."""

import hashlib
import tempfile
from pathlib import Path

from ..core.errors import BenchError
from ..core.paths import cache_dir
from ..core.say import say
from ..core.shell import run


def sha256_of(path):
	"""SHA-256 of a file as hex."""
	return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def wheel(name, version, sha256, python, log, cache=None):  # noqa: PLR0913, the pin, the tools and the place
	"""Path of the cached wheel; downloads it when missing or damaged, twice at most; raises BenchError."""
	folder = (cache or cache_dir()) / "wheels"
	target = folder / f"{name}-{version}.whl"
	for attempt in (1, 2):
		if not target.exists():
			_download(f"{name}=={version}", target, python, log)
		if sha256_of(target) == sha256:
			return target
		target.unlink()
		if attempt == 1:
			say(f"The copy of {name} {version} was damaged and is fetched again.")
	raise BenchError(
		f"The download of {name} {version} does not have the expected SHA-256 {sha256}; "
		"it was deleted. Check the network and run the command again."
	)


def _download(requirement, target, python, log):
	target.parent.mkdir(parents=True, exist_ok=True)
	with tempfile.TemporaryDirectory(dir=target.parent) as folder:
		command = [python, "-m", "pip", "download", "--no-deps", "--dest", folder, requirement]
		run(command, log, f"Downloading {requirement} from PyPI")
		next(Path(folder).glob("*.whl")).replace(target)
