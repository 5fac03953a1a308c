"""A bench's web application: Frappe with its static files, for gunicorn in the sites folder.

BENCH_SITE is the site that answers under any name of this machine, so that links to localhost work
without an entry in /etc/hosts; a request for `NAME.localhost` reaches the site of that name.
"""

import os

import frappe.app
from werkzeug.middleware.shared_data import SharedDataMiddleware

DEFAULT = os.environ["BENCH_SITE"]


def with_static_files(site):
	"""Frappe, with the assets of all sites and the public files of one."""
	folders = {"/assets": os.path.abspath("assets"), "/files": os.path.abspath(f"{site}/public/files")}
	return SharedDataMiddleware(frappe.app.application, folders, cache_timeout=3600)


def no_realtime(start_response):
	"""A bench without a socket.io server says so at once; the Desk gives up after three tries."""
	start_response("404 NOT FOUND", [("Content-Type", "text/plain")])
	return [b"This bench has no realtime server."]


class Sites:
	"""The WSGI application that hands each request to its site."""

	def __init__(self):
		self.by_site = {DEFAULT: with_static_files(DEFAULT)}

	def __call__(self, environ, start_response):
		if environ.get("PATH_INFO", "").startswith("/socket.io"):
			return no_realtime(start_response)
		site = self.site_of(environ.get("HTTP_HOST", ""))
		environ["HTTP_X_FRAPPE_SITE_NAME"] = site
		return self.by_site[site](environ, start_response)

	def site_of(self, host):
		"""The site that a Host header names, else the default one."""
		name = host.partition(":")[0]
		if not name.endswith(".localhost") or "/" in name or not os.path.isfile(f"{name}/site_config.json"):
			return DEFAULT
		if name not in self.by_site:
			self.by_site[name] = with_static_files(name)
		return name


application = Sites()
