"""Every command exists, and every failure ends as one sentence and exit code 1."""

import errno

import pytest
from benchlib import cli, commands
from benchlib.core.errors import BenchError


@pytest.mark.parametrize(
	"name",
	["setup", "demo", "test", "faults", "guards", "hosts", "start", "stop", "benchmark", "frappe", "destroy"],
)
def test_each_command_is_known_and_helps(name):
	assert callable(getattr(commands, name))
	assert name in cli.parser().format_help()


@pytest.mark.parametrize(
	("error", "sentence"),
	[
		(BenchError("The moon is full."), "dev/bench: The moon is full."),
		(OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
		(KeyboardInterrupt(), "goes on from here"),
	],
)
def test_failures_are_sentences(monkeypatch, capsys, error, sentence):
	def fail(bench):
		raise error

	monkeypatch.setattr(commands, "stop", fail)
	assert cli.main(["stop"]) == 1
	assert sentence in capsys.readouterr().err


def test_frappe_gets_its_arguments_untouched(monkeypatch):
	monkeypatch.setattr(
		commands, "frappe", lambda bench, arguments: arguments == ["--site", "x", "migrate", "--help"]
	)
	assert cli.main(["frappe", "--site", "x", "migrate", "--help"]) is True


def test_an_unknown_benchmark_names_the_known_ones(capsys):
	assert cli.main(["benchmark", "no-such-thing"]) == 1
	assert "There is no benchmark named no-such-thing" in capsys.readouterr().err
