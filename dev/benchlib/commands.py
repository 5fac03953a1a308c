"""The commands of `dev/bench`, each in terms of the other parts."""

import shutil
import subprocess
from pathlib import Path

from . import setup as steps
from . import testing
from .core.errors import BenchError
from .core.processes import Process
from .core.say import say
from .faults import repeat as repeat_faults
from .guards import run as run_guards
from .hosts import walk as walk_hosts
from .services import smtp_sink, web
from .site.config import DEMO_SITE, TEST_SITE
from .site.frappe_command import environment, frappe_in_terminal

DATA_SERVICES = ("mariadb", "redis_cache", "redis_queue")


def setup(bench, frappe=None, app=None, python=None):
	"""Make the bench whole, and say where it is."""
	steps.setup(bench, frappe=frappe, python=python, app=app)
	say(f"The bench is ready in {bench.paths.bench}. Its site is {DEMO_SITE}; dev/bench start serves it.")


def frappe(bench, arguments):
	"""Run one of Frappe's own commands on this bench; returns its exit code."""
	if not steps.is_usable(bench):
		steps.setup(bench)
	bench.start_data_services()
	if "run-tests" in arguments:
		testing.install_packages(bench)
	return frappe_in_terminal(bench.paths, arguments)


def start(bench):
	"""Start what a person needs to work on the site in a browser, and say where it is."""
	steps.setup(bench)
	web.start(bench)
	say(f"{DEMO_SITE} is at {web.url(bench)}. Sign in as Administrator, password admin.")
	say("dev/bench stop ends it.")


def stop(bench):
	"""Stop everything that this bench has started, the data services last."""
	names = sorted(path.name for path in bench.paths.pids.glob("*") if not path.name.startswith("."))
	for name in sorted(names, key=lambda name: name in DATA_SERVICES):
		if Process(bench.paths, name).stop():
			say(f"Stopped {name}.")


def destroy(bench):
	"""Stop everything and delete the bench with its databases."""
	stop(bench)
	shutil.rmtree(bench.paths.bench, ignore_errors=True)
	say(f"Deleted {bench.paths.bench}.")


def translations(bench):
	"""Write the template of all translations; returns the exit code."""
	command = [testing.unit_environment(bench), bench.paths.root / "dev" / "translations.py"]
	return subprocess.run(command, check=False).returncode


def test(bench, arguments):
	"""Run tests; returns pytest's exit code."""
	return testing.test(bench, arguments)


def faults(bench, seed=None, minutes=None):
	"""Run the fault runs with ever new seeds, or with one seed; returns the exit code."""
	return repeat_faults(bench, seed, minutes)


def guards(bench, areas=()):
	"""Take the guards of some areas out, one by one; returns 0 where each is missed by its tests."""
	return run_guards(bench, areas)


def hosts(bench, hosts, python=None, upgrade_from=None):
	"""Walk through hosts with other apps; returns 0 where every step of each went well."""
	return walk_hosts(bench, hosts, python, upgrade_from)


def benchmark(bench, name, json=None):
	"""Run one of the programs in benchmarks/, on the test site if it takes one; returns its exit code."""
	program = bench.paths.root / "benchmarks" / f"{name}.py"
	if not program.exists():
		known = ", ".join(sorted(path.stem for path in program.parent.glob("[!_]*.py"))) or "none yet"
		raise BenchError(f"There is no benchmark named {name}. There are: {known}.")
	steps.setup(bench)
	smtp_sink.ensure(bench)
	return _run(bench, TEST_SITE, program, *_json(json))


def demo(bench, recipients=None, json=None, serve=False):
	"""Show a whole campaign from import to its results on the demo site; returns the exit code."""
	steps.setup(bench)
	before = web.running(bench)
	web.start(bench)
	options = ["--url", web.url(bench), *_json(json)]
	if recipients:
		options += ["--recipients", str(recipients)]
	try:
		code = _run(bench, DEMO_SITE, bench.paths.dev / "demo.py", *options)
	finally:
		if not serve:
			web.stop(bench, [name for name in web.DEMO_PROCESSES if name not in before])
	say(
		f"Look at it: {web.url(bench)}, Administrator, password admin."
		if serve
		else "See it with dev/bench start."
	)
	say("dev/bench stop ends all that still runs, MariaDB and Redis included.")
	return code


def _json(file):
	return ["--json", str(Path(file).resolve())] if file else []


def _run(bench, site, program, *options):
	"""Run one of our programs with the bench's Python in the sites folder; returns its exit code."""
	site_option = ["--site", site] if '"--site"' in program.read_text(encoding="utf-8") else []
	command = [bench.paths.python, program, *site_option, *options]
	return subprocess.run(command, cwd=bench.paths.sites, env=environment(bench.paths, site)).returncode
