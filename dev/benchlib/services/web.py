"""What answers users and does the work: web server, background workers, scheduler."""

from ..core.ports import answers, remembered, require_free
from ..core.processes import Process
from ..site.frappe_command import command_line, environment

WEB = "web"
QUEUES = {"worker_short": "short,default", "worker_long": "long,default"}


def url(bench, host="localhost"):
	"""Address of the web server; `localhost` is the demo site, `127.0.0.1` the test site."""
	return f"http://{host}:{remembered(bench.state)['web']}"


def start(bench):
	"""Start web server, workers and scheduler, those that do not run; raises BenchError."""
	start_web(bench)
	for name, queues in QUEUES.items():
		_start_frappe(bench, name, "worker", "--queue", queues)
	_start_frappe(bench, "scheduler", "schedule")


def start_web(bench):
	"""Start the web server alone, unless it runs."""
	process = Process(bench.paths, WEB)
	if process.pid():
		return
	require_free(bench.state, WEB)
	port = remembered(bench.state)["web"]
	command = [
		bench.paths.python, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4",
		"--timeout", "120", "--graceful-timeout", "5", "--pythonpath", bench.paths.dev / "in_site", "wsgi:application",
	]
	process.start(command, cwd=bench.paths.sites, env=environment(bench.paths), ready=lambda: answers(port))


def _start_frappe(bench, name, *arguments):
	command = command_line(bench.paths, *arguments)
	Process(bench.paths, name).start(command, cwd=bench.paths.sites, env=environment(bench.paths))


def stop(bench):
	"""Stop web server, workers and scheduler; the data services go on."""
	for name in (WEB, *QUEUES, "scheduler"):
		Process(bench.paths, name).stop(seconds=20)
