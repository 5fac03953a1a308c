"""The command line: `dev/bench COMMAND`; every failure ends as one sentence and exit code 1."""

import argparse
import errno
from pathlib import Path

from . import commands
from .bench import Bench
from .core.errors import BenchError
from .core.say import say
from .hosts import Host

ROOT = Path(__file__).resolve().parents[2]


class _AddHost(argparse.Action):
	def __call__(self, parser, namespace, value, option=None):
		namespace.hosts = [*(namespace.hosts or []), Host(str(Path(value).resolve()))]


class _AddApp(argparse.Action):
	def __call__(self, parser, namespace, value, option=None):
		if not namespace.hosts:
			parser.error("--app follows the --frappe of its host.")
		namespace.hosts[-1].apps.append(str(Path(value).resolve()))


def parser():
	"""The argument parser of `dev/bench`."""
	top = argparse.ArgumentParser(
		prog="dev/bench", description="A private Frappe bench in .bench/ for this app."
	)
	subs = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
	setup = subs.add_parser("setup", help="make the bench, or what is missing of it")
	setup.add_argument("--frappe", metavar="PATH|GIT_URL@BRANCH", help="a Frappe of yours instead of PyPI's")
	setup.add_argument("--app", metavar="PATH", help="another Frappe app to install beside this one")
	setup.add_argument("--python", metavar="EXE", help="the Python that the bench runs on")
	demo = subs.add_parser("demo", help="send a campaign to thousands, from import to unsubscription")
	demo.add_argument("--recipients", type=int, metavar="N", help="how many contacts to import")
	demo.add_argument("--json", metavar="FILE", help="write the counts to this file")
	demo.add_argument("--serve", action="store_true", help="keep the site running afterwards")
	subs.add_parser("test", help="run the tests: test [unit|site|browser] [pytest's options]", add_help=False)
	faults = subs.add_parser("faults", help="break workers, databases, clocks and servers in mid-send")
	faults.add_argument("--seed", type=int, metavar="N", help="repeat the round of this seed")
	faults.add_argument("--minutes", type=float, metavar="M", help="begin no further round after so long")
	guards = subs.add_parser("guards", help="take the app's guards out one by one and see their tests fail")
	guards.add_argument("areas", nargs="*", metavar="AREA", help="the name of a file in dev/guards")
	hosts = subs.add_parser(
		"hosts",
		help="install, migrate, send and uninstall beside other apps, and print what held",
	)
	hosts.add_argument(
		"--frappe", metavar="PATH", dest="hosts", action=_AddHost, required=True, help="a host: its Frappe"
	)
	hosts.add_argument(
		"--app", metavar="PATH", dest="hosts", action=_AddApp, help="an app of the host that was named last"
	)
	hosts.add_argument("--python", metavar="EXE", help="the Python that the hosts run on")
	hosts.add_argument("--upgrade-from", metavar="COMMIT", help="also install that version, and upgrade it")
	benchmark = subs.add_parser("benchmark", help="run one of the programs in benchmarks/")
	benchmark.add_argument("name", metavar="NAME")
	benchmark.add_argument("--json", metavar="FILE", help="write the results to this file")
	subs.add_parser(
		"translations", help="write email_campaigns/locale/main.pot, which has all texts to translate"
	)
	subs.add_parser("frappe", help="any command of Frappe's: frappe --site SITE migrate", add_help=False)
	subs.add_parser("start", help="start web server, workers and scheduler")
	subs.add_parser("stop", help="stop everything that this bench has started")
	subs.add_parser("destroy", help="stop, and delete .bench with its databases")
	return top


def main(arguments):
	"""Run one command; returns the exit code."""
	try:
		bench = Bench(ROOT)
		if arguments[:1] in (["frappe"], ["test"]):
			return getattr(commands, arguments[0])(bench, arguments[1:])
		options = vars(parser().parse_args(arguments))
		return getattr(commands, options.pop("command"))(bench, **options) or 0
	except BenchError as error:
		say(f"dev/bench: {error}")
	except OSError as error:
		if error.errno != errno.ENOSPC:
			raise
		say("dev/bench: the disk is full. Free some space and run the command again.")
	except KeyboardInterrupt:
		say("dev/bench: stopped; the same command goes on from here.")
	return 1
