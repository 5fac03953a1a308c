"""Ports are chosen free, remembered, and given up when another program has taken them."""

import socket

import pytest
from benchlib.core import ports
from benchlib.core.errors import BenchError
from benchlib.core.state import State


@pytest.fixture
def state(tmp_path):
	return State(tmp_path / "state.json")


@pytest.fixture
def busy():
	"""Listens on a port of the range; gives its number."""
	with socket.create_server(("127.0.0.1", 0)) as server:
		yield server.getsockname()[1]


def test_ports_are_distinct_and_remembered(state):
	chosen = ports.remembered(state)
	assert set(chosen) == set(ports.FIRST)
	assert len(set(chosen.values())) == len(chosen)
	assert ports.remembered(state) == chosen


def test_none_is_a_default_of_frappes():
	spans = [range(first, first + ports.SPAN) for first in ports.FIRST.values()]
	assert not any(
		port in span for span in spans for port in (3306, 6379, 8000, 9000, 11000, 11311, 12000, 13000, 13311)
	)


def test_a_busy_port_is_passed_over(monkeypatch, busy):
	monkeypatch.setitem(ports.FIRST, "web", busy)
	assert ports.choose("web") > busy
	assert ports.answers(busy) and not ports.is_free(busy)


def test_a_port_taken_meanwhile_is_a_sentence_and_then_another(state, busy):
	state.put("ports", {**ports.remembered(state), "web": busy})
	with pytest.raises(BenchError, match=f"Port {busy}, kept for web, is in use"):
		ports.require_free(state, "web")
	assert ports.remembered(state)["web"] != busy
	ports.require_free(state, "web")
