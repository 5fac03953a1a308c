"""What pytest knows in every part of the tests: the site of each process, and the order of the files."""

import importlib.util

import hypothesis

from email_campaigns.tests.support.bench_kit import take_own_site

# Without Frappe (the unit tests' own environment) there is no site and no page to look at.
collect_ignore = [] if importlib.util.find_spec("frappe") else ["site", "browser"]

# A site does one file at a time. Long files come first, and short ones fill the gaps at the end.
ORDER = ("/site/test_erpnext.py", "/browser/", "/site/", "")


def pytest_configure():
	"""Let each process of pytest-xdist work on a site of its own."""
	take_own_site()


def pytest_collection_modifyitems(items):
	"""Put the files of the tests into the order in which the processes take them."""
	items.sort(key=lambda item: next(place for place, part in enumerate(ORDER) if part in str(item.path)))


# A machine that is busy with other things is slow, which is no fault of the code under test.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")
