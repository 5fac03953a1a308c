"""Connects pytest to the test site, as Frappe's own test runner does, and undoes what a test class left."""

import os

import frappe
import pytest

from email_campaigns.tests.support.bench_kit import TestBench


@pytest.fixture(scope="session")
def bench():
	"""The bench under test; skips where pytest was not started by `dev/bench test`."""
	if "BENCH_SITES" not in os.environ:
		pytest.skip("these tests need a site: run dev/bench test site")
	return TestBench()


@pytest.fixture(scope="session")
def clean_cache(bench):
	"""Nothing of an earlier run is in the site's cache."""
	here = os.getcwd()
	os.chdir(bench.sites)
	frappe.init(site=bench.site)
	frappe.connect()
	frappe.clear_cache()
	frappe.destroy()
	os.chdir(here)


@pytest.fixture(scope="module", autouse=True)
def site(bench, clean_cache):
	"""A connection to the test site for each file, as Administrator, in the sites folder.

	What a process remembers of a site ends with it: tests in the browser may change the site between files.
	"""
	here = os.getcwd()
	os.chdir(bench.sites)
	frappe.init(site=bench.site)
	frappe.connect()
	mark_as_test()
	yield bench.site
	frappe.db.rollback()
	frappe.destroy()
	os.chdir(here)


def mark_as_test():
	"""Tell Frappe 15 and 16 alike that this is a test: it then sends no mail of its own accord."""
	frappe.local.flags.in_test = True
	if hasattr(frappe, "in_test"):
		frappe.in_test = True


@pytest.fixture(scope="class", autouse=True)
def rolled_back(site):
	"""What a test class, or a test function outside of one, did not commit is undone after it."""
	yield
	frappe.db.rollback()
	frappe.set_user("Administrator")
	mark_as_test()


@pytest.fixture
def smtp_server():
	"""Starts scripted SMTP servers: `smtp_server(**settings)`; all are stopped after the test."""
	from email_campaigns.tests.support.smtp_server import ScriptedServer

	servers = []

	def start(*arguments, **settings):
		servers.append(ScriptedServer(*arguments, **settings).start())
		return servers[-1]

	yield start
	for server in servers:
		server.stop()
