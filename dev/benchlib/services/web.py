"""The web servers, background workers and scheduler of a bench."""

from ..core.ports import answers, choosing, remembered, replace_busy
from ..core.processes import Process
from ..site.config import DEMO_SITE, server_of, write_common, write_host_names
from ..site.frappe_command import command_line, environment

QUEUES = {"worker_short": "short,default", "worker_long": "long,default"}
DEMO_PROCESSES = (server_of(DEMO_SITE), *QUEUES, "scheduler")


def url(bench, site=DEMO_SITE):
	"""Address of a site's web server."""
	server = server_of(site)
	return f"http://127.0.0.1:{remembered(bench.state, server)[server]}"


def start(bench):
	"""Start the demo site's web server, workers and scheduler, those that do not run; raises BenchError."""
	start_web(bench, DEMO_SITE)
	for name, queues in QUEUES.items():
		_start_frappe(bench, name, "worker", "--queue", queues)
	_start_frappe(bench, "scheduler", "schedule")


def start_web(bench, site):
	"""Start the web server of a site, unless it runs; raises BenchError.

	Each site has its own, so that the tests' ones use the tests' queues.
	"""
	server = server_of(site)
	process = Process(bench.paths, server)
	if process.pid():
		return
	with choosing():
		replace_busy(bench.state, [server])
		write_common(bench.paths, bench.state)
		write_host_names(bench.paths, bench.state, [site])
		port = remembered(bench.state)[server]
		env = environment(bench.paths, site)
		process.start(_gunicorn(bench, port), cwd=bench.paths.sites, env=env, ready=lambda: answers(port))


def _gunicorn(bench, port):
	return [
		bench.paths.python,
		"-m",
		"gunicorn",
		"--bind",
		f"127.0.0.1:{port}",
		"--workers",
		"2",
		"--threads",
		"4",
		"--timeout",
		"120",
		"--graceful-timeout",
		"5",
		"--pythonpath",
		bench.paths.dev / "in_site",
		"wsgi:application",
	]


def _start_frappe(bench, name, *arguments):
	command = command_line(bench.paths, *arguments)
	Process(bench.paths, name).start(command, cwd=bench.paths.sites, env=environment(bench.paths))


def running(bench):
	"""The names of those of the demo site's processes that run."""
	return [name for name in DEMO_PROCESSES if Process(bench.paths, name).pid()]


def stop(bench, names=DEMO_PROCESSES):
	"""Stop the named processes; the data services go on."""
	for name in names:
		Process(bench.paths, name).stop(seconds=20)
