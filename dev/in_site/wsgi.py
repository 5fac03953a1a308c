"""The bench's web application: Frappe with its static files, for gunicorn in the sites folder.

Every name of this machine leads to a site, so that links work without an entry in /etc/hosts:
`localhost` to the demo site, `127.0.0.1` to the test site, and `NAME.localhost` to the site of that name.
"""

import os

import frappe.app
from werkzeug.middleware.shared_data import SharedDataMiddleware

SITES = {"localhost": "campaigns.localhost", "127.0.0.1": "test.localhost"}


def with_static_files(site):
	"""Frappe, with the assets of all sites and the public files of one."""
	folders = {"/assets": os.path.abspath("assets"), "/files": os.path.abspath(f"{site}/public/files")}
	return SharedDataMiddleware(frappe.app.application, folders, cache_timeout=3600)


class Sites:
	"""The WSGI application that hands each request to its site, named by the Host header."""

	def __init__(self):
		self.by_site = {}

	def __call__(self, environ, start_response):
		host = environ.get("HTTP_HOST", "localhost").rpartition(":")[0] or environ.get("HTTP_HOST", "")
		site = SITES.get(host, host)
		if site not in self.by_site and os.path.isfile(f"{site}/site_config.json"):
			self.by_site[site] = with_static_files(site)
		environ["HTTP_X_FRAPPE_SITE_NAME"] = site
		return self.by_site.get(site, frappe.app.application)(environ, start_response)


application = Sites()
