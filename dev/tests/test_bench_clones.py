"""The number of processes of a run of the tests, each with a site that has its own address and queues."""

import pytest
from benchlib import testing
from benchlib.core.paths import Paths
from benchlib.core.state import State
from benchlib.site import config


@pytest.mark.parametrize(
	("options", "named", "expected"),
	[
		([], False, (2, [])),
		(["-x", "-k", "cc"], False, (2, ["-x", "-k", "cc"])),
		(["-x", "-n", "3", "-v"], False, (3, ["-x", "-v"])),
		(["-n", "0"], False, (0, [])),
		(["-n3", "-v"], False, (3, ["-v"])),
		(["--numprocesses=99"], False, (testing.MOST, [])),
		(["tests/test_cc.py", "-n", "auto"], True, (2, ["tests/test_cc.py"])),
		(["tests/test_cc.py"], True, (1, ["tests/test_cc.py"])),
		(["tests/test_cc.py", "-n", "4"], True, (4, ["tests/test_cc.py"])),
		(["--pdb"], False, (1, ["--pdb"])),
	],
)
def test_the_number_of_processes(options, named, expected):
	assert testing.processes(options, named, cores=2) == expected


def test_it_has_a_limit():
	assert testing.processes([], cores=64) == (testing.MOST, [])


@pytest.fixture
def paths(tmp_path):
	paths = Paths(tmp_path)
	paths.sites.mkdir(parents=True)
	config.write_common(paths, State(tmp_path / "state.json"))
	return paths


def test_every_site_has_a_server_and_queues_of_its_own(paths):
	sites = [config.DEMO_SITE, *config.sites_for_tests(3)]
	assert sites[1:] == ["test.localhost", "test1.localhost", "test2.localhost"]
	assert [config.server_of(site) for site in sites] == ["web", "test_web", "test_web1", "test_web2"]
	queues = [config.queue_of(paths, site) for site in sites]
	assert [queue.rpartition("/")[2] for queue in queues] == ["0", "1", "2", "3"]
	assert {queue.rpartition("/")[0] for queue in queues} == {config.common_config(paths)["redis_queue"]}


def test_a_clones_address_is_that_of_its_own_server(paths):
	state = State(paths.root / "state.json")
	for site in config.sites_for_tests(2):
		(paths.sites / site).mkdir()
		config.update_site_config(paths, site, db_name=site)
		config.write_host_names(paths, state, [site])
	ports = state.get("ports")
	addresses = [config.site_config(paths, site)["host_name"] for site in config.sites_for_tests(2)]
	assert addresses == [f"http://127.0.0.1:{ports[server]}" for server in ("test_web", "test_web1")]
