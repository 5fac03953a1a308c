"""What answers users and does the work: web servers, background workers, scheduler."""

from ..core.ports import answers, remembered, require_free
from ..core.processes import Process
from ..site.config import DEMO_SITE, TEST_SITE
from ..site.frappe_command import command_line, environment

# Each site has its own server, so that the tests' one can use the tests' queues.
SERVERS = {"web": DEMO_SITE, "test_web": TEST_SITE}
QUEUES = {"worker_short": "short,default", "worker_long": "long,default"}
DEMO_PROCESSES = ("web", *QUEUES, "scheduler")


def url(bench, server="web"):
	"""Address of one of the web servers."""
	return f"http://127.0.0.1:{remembered(bench.state)[server]}"


def start(bench):
	"""Start the demo site's web server, workers and scheduler, those that do not run; raises BenchError."""
	start_web(bench, "web")
	for name, queues in QUEUES.items():
		_start_frappe(bench, name, "worker", "--queue", queues)
	_start_frappe(bench, "scheduler", "schedule")


def start_web(bench, server):
	"""Start one web server, unless it runs; raises BenchError."""
	process = Process(bench.paths, server)
	if process.pid():
		return
	require_free(bench.state, server)
	port = remembered(bench.state)[server]
	command = [
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
	env = environment(bench.paths, SERVERS[server])
	process.start(command, cwd=bench.paths.sites, env=env, ready=lambda: answers(port))


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
