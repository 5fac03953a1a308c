"""The site's own address: what its configuration says, and what Frappe gives to a job."""

import pytest

from email_campaigns.site_address import is_configured, site_address

NAMED = {"host_name": "http://mail.example", "webserver_port": 8000}


@pytest.mark.parametrize(
	("config", "address"),
	[
		({"host_name": "https://mail.example"}, "https://mail.example"),
		({"host_name": "https://mail.example/"}, "https://mail.example"),
		({"hostname": "mail.example"}, "http://mail.example"),
		({**NAMED, "host_name": "http://127.0.0.1:8001"}, "http://127.0.0.1:8001"),
		(NAMED, "http://mail.example:8000"),
		({**NAMED, "http_port": 80}, "http://mail.example:80"),
		({**NAMED, "restart_supervisor_on_update": 1}, "http://mail.example"),
		({}, "http://one.localhost"),
		({"webserver_port": 8000}, "http://one.localhost:8000"),
		({"webserver_port": 8000, "restart_systemd_on_update": True}, "http://one.localhost"),
		({"ssl_certificate": "/etc/one.pem"}, "https://one.localhost"),
		({"wildcard": {"domain": ".localhost", "ssl_certificate": "/etc/all.pem"}}, "https://one.localhost"),
		({"wildcard": {"domain": ".other", "ssl_certificate": "/etc/all.pem"}}, "http://one.localhost"),
		({"wildcard": {"domain": ".localhost"}}, "http://one.localhost"),
	],
)
def test_it_is_what_the_configuration_says(config, address):
	assert site_address(config, "one.localhost") == address
	assert is_configured(config) == ("host_name" in config or "hostname" in config)
