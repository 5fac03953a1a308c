"""The sites that tests run on: the test site, and clones of it for further processes."""

from contextlib import contextmanager

from .core.processes import Process
from .core.say import step
from .services import faketime, system_packages, web
from .site.config import TEST_SITE, queue_of, server_of, sites_for_tests
from .site.create import clone


@contextmanager
def running(bench, number):
	"""Run so many sites with a web server each; yields the environment variables of each site's tests.

	The test site's own server goes on afterwards where it ran before.
	"""
	sites = sites_for_tests(number)
	began = [site for site in sites if site != TEST_SITE or not Process(bench.paths, server_of(site)).pid()]
	web.stop(bench, [server_of(site) for site in began])
	if number > 1:
		with step(f"Cloning {TEST_SITE} for {number} processes"):
			for site in sites[1:]:
				clone(bench.paths, bench.mariadb, TEST_SITE, site)
	try:
		for site in sites:
			web.start_web(bench, site)
		yield [_environment(bench, site) for site in sites]
	finally:
		web.stop(bench, [server_of(site) for site in began])


def _environment(bench, site):
	return {
		"BENCH_SITE": site,
		"FRAPPE_REDIS_QUEUE": queue_of(bench.paths, site),
		"BENCH_SITES": str(bench.paths.sites),
		"BENCH_NEW_SITE": str(bench.paths.new_site),
		"BENCH_URL": web.url(bench, site),
		"BENCH_DB_ROOT_PASSWORD": bench.mariadb.password,
		"BENCH_FAKETIME": faketime.library(bench),
		"BENCH_SCREENSHOTS": str(bench.paths.bench / "screenshots"),
		"BENCH_CHROMIUM": system_packages.find("chromium") or "",
	}
