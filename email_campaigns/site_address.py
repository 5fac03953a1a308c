"""The address at which the site's links begin, from its configuration alone. Pure.

A request says in its Host header, and in others, by what name it reached the site. Whoever sends the request
writes them, so a link that is made of them leads wherever a stranger wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCHEMES = ("http://", "https://")


def is_configured(config: Mapping[str, Any]) -> bool:
	"""Tell whether a site's configuration says by what address the site is reached."""
	return bool(_host_name(config))


def site_address(config: Mapping[str, Any], site: str) -> str:
	"""Return the address of the site named `site`, with scheme and port, without a slash at the end.

	`config` is the site's configuration with that of its bench. Without `host_name` the site's own name
	stands for it. Scheme and port are what frappe.utils.get_url gives to a job, which has no request.
	"""
	address = _host_name(config) or f"{_scheme(config, site)}{site}"
	if not address.startswith(SCHEMES):
		address = f"http://{address}"
	port = config.get("http_port") or config.get("webserver_port")
	if port and not _has_web_server(config) and address.count(":") < 2:
		address = f"{address}:{port}"
	return address.rstrip("/")


def _host_name(config: Mapping[str, Any]) -> str:
	return str(config.get("host_name") or config.get("hostname") or "")


def _scheme(config: Mapping[str, Any], site: str) -> str:
	wildcard = config.get("wildcard") or {}
	domain = wildcard.get("domain") if wildcard.get("ssl_certificate") else ""
	encrypted = config.get("ssl_certificate") or (domain and site.endswith(domain))
	return "https://" if encrypted else "http://"


def _has_web_server(config: Mapping[str, Any]) -> bool:
	"""Tell whether bench runs the site behind nginx, which listens to the ports of http and https."""
	return bool(config.get("restart_supervisor_on_update") or config.get("restart_systemd_on_update"))
