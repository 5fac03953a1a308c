"""The sites' names and numbers, and their configuration: that of each site, and that of the whole bench."""

import json

from ..core.ports import remembered
from ..core.state import write_atomically

DEMO_SITE = "campaigns.localhost"
TEST_SITE = "test.localhost"


def sites_for_tests(number):
	"""The names of so many sites for tests; all but the first are clones of it, made anew for each run."""
	return [TEST_SITE, *(f"test{more}.localhost" for more in range(1, number))]


def server_of(site):
	"""The name of a site's web server, by which its port and its process are known."""
	return "web" if site == DEMO_SITE else site.partition(".")[0].replace("test", "test_web")


def queue_of(paths, site):
	"""Address of a site's queues: a Redis database, so that no worker takes jobs of another site's tests."""
	database = 0 if site == DEMO_SITE else 1 + int("0" + site.partition(".")[0].removeprefix("test"))
	return f"{common_config(paths)['redis_queue']}/{database}"


def write_common(paths, state):
	"""Write sites/common_site_config.json for the bench's present ports."""
	ports = remembered(state)
	queue = f"redis://127.0.0.1:{ports['redis_queue']}"
	config = {
		"default_site": DEMO_SITE,
		"db_host": "127.0.0.1",
		"db_port": ports["mariadb"],
		"redis_cache": f"redis://127.0.0.1:{ports['redis_cache']}",
		"redis_queue": queue,
		"redis_socketio": queue,
		"webserver_port": ports["web"],
		"developer_mode": 0,
		"server_script_enabled": 0,
		"live_reload": False,
		# By default workers give way to everything else, and on a busy machine do nothing for minutes.
		"background_process_niceness": 0,
	}
	file, text = paths.sites / "common_site_config.json", json.dumps(config, indent=1)
	if not file.exists() or file.read_text() != text:
		write_atomically(file, text)


def write_host_names(paths, state, sites=(DEMO_SITE, TEST_SITE)):
	"""Write each site's own address into its configuration, for the links in mails.

	The browser looks for socket.io there too: it must not find that of another bench on this machine.
	"""
	for site in sites:
		if site_config(paths, site):
			port = remembered(state, server_of(site))[server_of(site)]
			update_site_config(paths, site, host_name=f"http://127.0.0.1:{port}", socketio_port=port)


def common_config(paths):
	"""What every site shares, as written at setup."""
	return json.loads((paths.sites / "common_site_config.json").read_text())


def site_config(paths, site):
	"""The site's own configuration; empty when the site does not exist."""
	try:
		return json.loads((paths.sites / site / "site_config.json").read_text())
	except (FileNotFoundError, ValueError):
		return {}


def update_site_config(paths, site, **values):
	"""Change some values of a site's configuration; an unchanged one is not written."""
	present = site_config(paths, site)
	config = {**present, **values}
	if config != present:
		write_site_config(paths, site, config)


def write_site_config(paths, site, config):
	"""Make `config` all of a site's configuration, for its owner's eyes alone."""
	write_atomically(paths.sites / site / "site_config.json", json.dumps(config, indent=1), mode=0o600)


def list_apps_in_order(paths, apps):
	"""Write sites/apps.txt: the apps that sites may install; returns whether it has changed."""
	file, text = paths.sites / "apps.txt", "\n".join(apps) + "\n"
	if file.exists() and file.read_text() == text:
		return False
	write_atomically(file, text)
	return True
