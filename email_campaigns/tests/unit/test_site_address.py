"""The site's own address: what its configuration says, and what Frappe gives to a job."""

import pytest

from email_campaigns.site_address import host_name, site_address

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
	assert host_name(config) == config.get("host_name", config.get("hostname", ""))


@pytest.mark.parametrize("more", [{}, {"webserver_port": 8000}, {"http_port": 8080}])
@pytest.mark.parametrize(
	("written", "address"),
	[
		("https://mail.example/", "https://mail.example{port}"),
		("https://mail.example//", "https://mail.example{port}"),
		(" https://mail.example ", "https://mail.example{port}"),
		("https://mail.example/crm/", "https://mail.example{port}/crm"),
		("https://mail.example/crm:8", "https://mail.example{port}/crm:8"),
		("https://mail.example/?x=1#y", "https://mail.example{port}"),
		("HTTPS://mail.example", "https://mail.example{port}"),
		("https://mail.example:8443/", "https://mail.example:8443"),
		("https://[2001:db8::1]/", "https://[2001:db8::1]{port}"),
		("mail.example/", "http://mail.example{port}"),
		("//mail.example", "http://mail.example{port}"),
		("/", "http://one.localhost{port}"),
	],
)
def test_the_port_stands_behind_the_host_and_no_slash_at_the_end(written, address, more):
	port = "".join(f":{number}" for number in more.values())
	assert site_address({"host_name": written, **more}, "one.localhost") == address.format(port=port)


def test_a_name_without_scheme_is_encrypted_where_the_site_has_a_certificate():
	config = {"host_name": "mail.example", "ssl_certificate": "/etc/one.pem"}
	assert site_address(config, "one.localhost") == "https://mail.example"


@pytest.mark.parametrize("written", ["https://", "https://mail.example:80x0", "https://[::1"])
def test_what_is_no_address_comes_back_for_the_check_list(written):
	assert site_address({"host_name": written}, "one.localhost") == written.rstrip("/")
