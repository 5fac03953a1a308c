"""What each command of `dev/bench` does, in terms of the parts."""

import shutil

from . import setup as steps
from .core.processes import Process
from .core.say import say
from .services import web
from .site.config import DEMO_SITE
from .site.frappe_command import frappe_in_terminal


def setup(bench, frappe=None, app=None, python=None):
	"""Make the bench whole, and say where it is."""
	steps.setup(bench, frappe=frappe, python=python, app=app)
	say(f"The bench is ready in {bench.paths.bench}. Its site is {DEMO_SITE}; sign in as Administrator, password admin.")


def ensure(bench):
	"""Set up what is missing, and have the data services running."""
	if not steps.is_usable(bench):
		steps.setup(bench)
	bench.start_data_services()


def frappe(bench, arguments):
	"""Run one of Frappe's own commands on this bench."""
	ensure(bench)
	return frappe_in_terminal(bench.paths, arguments)


def start(bench):
	"""Start what a person needs to work on the site in a browser, and say where it is."""
	steps.setup(bench)
	web.start(bench)
	say(f"{DEMO_SITE} is at {web.url(bench)}. Sign in as Administrator, password admin. dev/bench stop ends it.")


def stop(bench):
	"""Stop everything that this bench has started, the data services last."""
	names = sorted(path.name for path in bench.paths.pids.glob("*") if not path.name.startswith("."))
	last = {"mariadb": 1, "redis_cache": 1, "redis_queue": 1}
	for name in sorted(names, key=lambda name: (last.get(name, 0), name)):
		if Process(bench.paths, name).stop():
			say(f"Stopped {name}.")


def destroy(bench):
	"""Stop everything and delete the bench with its databases."""
	stop(bench)
	shutil.rmtree(bench.paths.bench, ignore_errors=True)
	say(f"Deleted {bench.paths.bench}.")
