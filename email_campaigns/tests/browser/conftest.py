"""Drives Debian's Chromium on the test site; pictures go to .bench/screenshots."""

import os

import pytest

from email_campaigns.tests.support.bench_kit import TestBench

playwright = pytest.importorskip("playwright.sync_api")

from email_campaigns.tests.browser.clerk import (
	PASSWORD,
	USER,
	Clerk,
	an_office,
)

# A number field of Frappe's selects its text a moment after it was entered, also where it was left since.
OF_FRAPPE = ("document.activeElement.select is not a function",)


@pytest.fixture(scope="session")
def bench():
	"""The bench under test; skips where pytest was not started by `dev/bench test`."""
	if not os.environ.get("BENCH_CHROMIUM"):
		pytest.skip("these tests need a site and Chromium: run dev/bench test browser")
	return TestBench()


@pytest.fixture(scope="session")
def chromium(bench):
	"""One browser for the whole run."""
	with playwright.sync_playwright() as driver:
		sandbox = [] if os.geteuid() else ["--no-sandbox"]
		browser = driver.chromium.launch(executable_path=bench.chromium, args=sandbox)
		yield browser
		browser.close()


@pytest.fixture(scope="module", autouse=True)
def worker(bench):
	"""A background worker, which does the jobs of a page; other tests run their jobs themselves."""
	with bench.worker() as process:
		yield process


@pytest.fixture
def guest(bench, chromium):
	"""A page of somebody who is not signed in. `page.errors` lists what scripts on it threw."""
	context = chromium.new_context(
		base_url=bench.url, viewport={"width": 1400, "height": 900}, locale="en-US"
	)
	context.set_default_timeout(90_000)  # a busy machine takes its time
	page = context.new_page()
	page.errors = []
	page.on("pageerror", lambda error: str(error) in OF_FRAPPE or page.errors.append(str(error)))
	yield page
	context.close()


@pytest.fixture
def sign_in(guest):
	"""`sign_in(user, password)` gives a page on which that user is signed in to the Desk."""

	def signed_in(user="Administrator", password="admin"):
		answer = guest.context.request.post("/api/method/login", form={"usr": user, "pwd": password})
		assert answer.ok, f"{user} could not sign in: {answer.text()[:200]}"
		return guest

	return signed_in


@pytest.fixture
def desk(sign_in):
	"""A page on which Administrator is signed in."""
	return sign_in()


@pytest.fixture(scope="module")
def office(bench, chromium):
	"""The test site with a campaign user and a mail server; a module with more to prepare has its own."""
	with an_office(bench, chromium) as office:
		yield office


@pytest.fixture
def clerk(office, sign_in):
	"""The Desk of the office's campaign user."""
	return Clerk(sign_in(USER, PASSWORD))


@pytest.fixture
def screenshot(bench, guest):
	"""`screenshot(name)` waits until the page is quiet and writes .bench/screenshots/NAME.png."""

	def take(name, **options):
		bench.screenshots.mkdir(parents=True, exist_ok=True)
		guest.wait_for_load_state("networkidle")
		guest.screenshot(path=bench.screenshots / f"{name}.png", **options)

	return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
	"""Keep a picture of the page on which a test failed, as .bench/screenshots/failed-TEST.png."""
	report = yield
	page = item.funcargs.get("guest") if call.when == "call" and report.failed else None
	if page:
		folder = item.funcargs["bench"].screenshots
		folder.mkdir(parents=True, exist_ok=True)
		page.screenshot(path=folder / f"failed-{item.name}.png")
	return report
