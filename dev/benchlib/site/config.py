"""The bench's common configuration: what every site on it shares."""

import json

from ..core.ports import remembered
from ..core.state import write_atomically

DEMO_SITE = "campaigns.localhost"
TEST_SITE = "test.localhost"


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
	}
	file, text = paths.sites / "common_site_config.json", json.dumps(config, indent=1)
	if not file.exists() or file.read_text() != text:
		write_atomically(file, text)


def write_host_names(paths, state):
	"""Write each site's own address into its configuration, for the links in mails.

	The browser looks for socket.io there too: it must not find that of another bench on this machine.
	"""
	for site, server in ((DEMO_SITE, "web"), (TEST_SITE, "test_web")):
		if site_config(paths, site):
			port = remembered(state)[server]
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
	"""Change some values of a site's configuration; an unchanged one is left alone."""
	present = site_config(paths, site)
	config = {**present, **values}
	if config == present:
		return
	write_atomically(paths.sites / site / "site_config.json", json.dumps(config, indent=1), mode=0o600)


def list_apps_in_order(paths, apps):
	"""Write sites/apps.txt: the apps that sites may install."""
	write_atomically(paths.sites / "apps.txt", "\n".join(apps) + "\n")
