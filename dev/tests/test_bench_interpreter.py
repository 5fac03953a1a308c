"""The right Python is chosen, and its absence is a sentence."""

import sys

import pytest
from benchlib.core.errors import BenchError
from benchlib.source import interpreter


@pytest.mark.parametrize(
	("required", "version", "allowed"),
	[
		(">=3.10,<3.12", (3, 10), True),
		(">=3.10,<3.12", (3, 11), True),
		(">=3.10,<3.12", (3, 12), False),
		(">=3.10,<3.12", (3, 9), False),
		(">=3.14,<3.15", (3, 14), True),
		(">=3.10", (3, 14), True),
		("~=3.10", (3, 13), True),
		("==3.11", (3, 10), False),
		("!=3.11,>=3.10", (3, 11), False),
	],
)
def test_allows(required, version, allowed):
	assert interpreter.allows(required, version) is allowed


def test_this_python_is_found_and_asked_for():
	here = ".".join(map(str, sys.version_info[:2]))
	assert interpreter.version_of(interpreter.find(f"=={here}")) == sys.version_info[:2]
	assert interpreter.find(">=3.9", sys.executable) == sys.executable


def test_no_python_of_that_version_is_a_sentence():
	with pytest.raises(BenchError, match=r"needs Python >=4\.0.*--python"):
		interpreter.find(">=4.0")


def test_an_unsuitable_one_that_was_asked_for_is_a_sentence():
	with pytest.raises(BenchError, match=r"needs Python >=4\.0"):
		interpreter.find(">=4.0", sys.executable)
	with pytest.raises(BenchError, match="no Python that runs"):
		interpreter.find(">=3.9", "/no/such/python")
