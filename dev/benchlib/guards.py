"""The guards of the app, taken out one by one: without a guard its tests must fail.

dev/guards/*.toml has the guards by area. Each says what it promises (`name`), where it stands (`file`,
`code`, which is in the file once), what stands there `without` it, and the `tests` that must fail then.
"""

from dataclasses import dataclass
from pathlib import Path

from . import testing
from .core.errors import BenchError
from .core.say import say

try:
	import tomllib
except ModuleNotFoundError:  # Python 3.10 and older
	tomllib = None

FAILED = 1  # pytest's exit code where tests ran and failed; others are for tests that did not run


@dataclass(frozen=True)
class Guard:
	"""One guard. `file` is its path in the repository, `tests` are pytest's names of its tests."""

	area: str
	name: str
	file: str
	code: str
	without: str
	tests: tuple


def run(bench, areas=()):
	"""Take each guard of some areas out, by default of all; returns 0 where its tests fail each time."""
	guards = [guard for guard in load(bench.paths.dev / "guards") if not areas or guard.area in areas]
	if not guards:
		raise BenchError(f"There are no guards of {', '.join(areas) or 'any area'}.")
	if code := _test(bench, sorted({test for guard in guards for test in guard.tests})):
		say("The tests of the guards must pass before any is taken out.")
		return code
	useless = [guard for guard in guards if not is_missed(bench, guard)]
	for guard in useless:
		say(f"NOT MISSED: {guard.area}: {guard.name}")
	say(f"{len(guards) - len(useless)} of {len(guards)} guards are missed by their tests.")
	return int(bool(useless))


def load(folder):
	"""Return the guards of the files in a folder. Raises BenchError on a Python without a reader of TOML."""
	if tomllib is None:
		raise BenchError("The guards need Python 3.11 or later.")
	return [
		Guard(path.stem, row["name"], row["file"], row["code"], row["without"], tuple(row["tests"]))
		for path in sorted(Path(folder).glob("*.toml"))
		for row in tomllib.loads(path.read_text(encoding="utf-8"))["guard"]
	]


def is_missed(bench, guard):
	"""Take a guard out, run its tests, put it back; tells whether the tests failed."""
	path = bench.paths.root / guard.file
	whole = path.read_text(encoding="utf-8")
	if whole.count(guard.code) != 1:
		raise BenchError(f"The code of the guard “{guard.name}” is not once in {guard.file}.")
	try:
		path.write_text(whole.replace(guard.code, guard.without), encoding="utf-8")
		code = _test(bench, guard.tests)
	finally:
		path.write_text(whole, encoding="utf-8")
	say(f"{'missed' if code == FAILED else f'exit code {code}'}: {guard.area}: {guard.name}")
	return code == FAILED


def _test(bench, tests):
	"""Run tests, those without a site first; returns the first exit code that is not 0."""
	parts = {"unit": [], "site": []}
	for name in tests:
		parts["unit" if "/tests/unit/" in name else "site"].append(name)
	for part, names in parts.items():
		if names and (code := testing.test(bench, [part, "-q", "--no-header", "--tb=line", *names])):
			return code
	return 0
