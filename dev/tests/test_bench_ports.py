"""Ports are chosen free, remembered, and given up for others when another program has taken them."""

import socket
from contextlib import ExitStack
from threading import Event, Thread

import pytest
from benchlib.bench import Bench
from benchlib.core import ports
from benchlib.core.processes import Process
from benchlib.core.state import State


@pytest.fixture
def state(tmp_path):
	return State(tmp_path / "state.json")


@pytest.fixture
def listen():
	"""`listen(port)` lets another program listen there, on any port by default; gives the number."""
	with ExitStack() as servers:
		yield lambda port=0: servers.enter_context(socket.create_server(("127.0.0.1", port))).getsockname()[1]


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


def test_a_busy_port_is_passed_over(monkeypatch, listen):
	busy = listen()
	monkeypatch.setitem(ports.FIRST, "web", busy)
	assert ports.choose("web") > busy
	assert ports.answers(busy)
	assert not ports.is_free(busy)


def test_further_servers_of_a_kind_have_ports_of_its_range(state):
	chosen = ports.remembered(state, "test_web1", "test_web2")
	assert len(set(chosen.values())) == len(ports.FIRST) + 2
	assert chosen["test_web2"] in range(ports.FIRST["test_web"], ports.FIRST["test_web"] + ports.SPAN)
	assert ports.remembered(state) == chosen


def test_all_busy_ports_are_replaced_at_once_and_the_others_stay(state, listen, capsys):
	before = ports.remembered(state)
	taken = {name: listen() for name in ("web", "mariadb", "redis_queue")}
	state.put("ports", {**before, **taken})
	ports.replace_busy(state, list(before))
	after = ports.remembered(state)
	assert all(ports.is_free(port) for port in after.values())
	assert {name for name in before if after[name] != {**before, **taken}[name]} == set(taken)
	said = capsys.readouterr().err
	assert f"Port {taken['mariadb']} is in use by another program: mariadb takes {after['mariadb']}." in said
	assert said.count("takes") == len(taken)


def test_a_bench_gives_up_no_port_that_it_listens_on_itself(tmp_path, listen):
	bench = Bench(tmp_path)
	bench.paths.make()
	own = listen()
	bench.state.put("ports", {**ports.remembered(bench.state), "web": own})
	assert "web" in bench.names_of_stopped()
	Process(bench.paths, "web").start(["sleep", "60"])
	try:
		assert sorted(bench.names_of_stopped()) == sorted(set(ports.FIRST) - {"web"})
	finally:
		Process(bench.paths, "web").stop(seconds=1)


def test_benches_choose_one_after_the_other(monkeypatch, tmp_path):
	monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
	chosen = Event()

	def choose():
		with ports.choosing():
			chosen.set()

	with ports.choosing():
		other = Thread(target=choose)
		other.start()
		assert not chosen.wait(0.2)
	other.join(10)
	assert chosen.is_set()
