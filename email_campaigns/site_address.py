"""The address at which the site's links begin, from its configuration alone. Pure.

A request says in its Host header, and in others, by what name it reached the site. Whoever sends the request
writes them, so a link that is made of them leads wherever a stranger wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def site_address(config: Mapping[str, Any], site: str) -> str:
	"""Return the address of the site named `site`, with scheme and port, without a slash at the end.

	`config` is the site's configuration with that of its bench. Without `host_name` the site's own name
	stands for it. Scheme and port are what frappe.utils.get_url gives to a job, which has no request; but a
	`host_name` without a scheme begins with https:// where the site has a certificate, and the port never
	goes behind a path or a slash. A `host_name` that is no address comes back as it is.
	"""
	address = host_name(config)
	if "://" not in address:
		address = f"{_scheme(config, site)}{address.lstrip('/') or site}"
	try:
		parts = urlsplit(address)
		has_port = parts.port is not None
	except ValueError:
		return address.rstrip("/")
	port = config.get("http_port") or config.get("webserver_port")
	own_port = f":{port}" if port and not has_port and not _has_web_server(config) else ""
	return f"{parts.scheme}://{parts.netloc.rstrip(':')}{own_port}{parts.path}".rstrip("/")


def host_name(config: Mapping[str, Any]) -> str:
	"""Return what a site's configuration says of its address, "" for nothing."""
	return str(config.get("host_name") or config.get("hostname") or "").strip()


def _scheme(config: Mapping[str, Any], site: str) -> str:
	wildcard = config.get("wildcard") or {}
	domain = wildcard.get("domain") if wildcard.get("ssl_certificate") else ""
	encrypted = config.get("ssl_certificate") or (domain and site.endswith(domain))
	return "https://" if encrypted else "http://"


def _has_web_server(config: Mapping[str, Any]) -> bool:
	"""Tell whether bench runs the site behind nginx, which listens to the ports of http and https."""
	return bool(config.get("restart_supervisor_on_update") or config.get("restart_systemd_on_update"))
