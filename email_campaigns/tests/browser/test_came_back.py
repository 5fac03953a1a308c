"""What came back, on the forms: answers, bounces, a wish to leave, a wait, and a mail that is looked at."""

import ast
import subprocess

import pytest

from email_campaigns.tests.browser.clerk import Clerk

SCENE = "email_campaigns.tests.site.kits.came_back_scene"
NARROW = {"width": 390, "height": 844}
WIDE = {"width": 1400, "height": 900}
STILL = """() => !document.getAnimations().some(({ playState, effect }) =>
	playState === "running" && effect.getTiming().iterations !== Infinity)"""
# What this room shows; the form around it is not its own.
FITS = """() => [...document.querySelectorAll(".modal.show .modal-body, .ec-sources")]
	.every(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth + 1)"""


def run(bench, function):
	command = bench.command("--site", bench.site, "execute", f"{SCENE}.{function}")
	done = subprocess.run(command, cwd=bench.sites, capture_output=True, text=True, timeout=300)
	assert not done.returncode, f"{function} of the scene failed: {done.stdout[-2000:]}{done.stderr[-2000:]}"
	return done.stdout.strip().splitlines()


@pytest.fixture(scope="module")
def scene(bench):
	yield ast.literal_eval(run(bench, "make")[-1])
	run(bench, "clear")


@pytest.fixture
def clerk(desk):
	return Clerk(desk)


@pytest.fixture
def pictures(clerk, screenshot):
	"""`pictures(name)` takes one of a wide and one of a narrow window."""

	def take(name):
		for label, size in (("", WIDE), ("-narrow", NARROW)):
			clerk.page.set_viewport_size(size)
			clerk.settle()
			# The framework's sidebar slides away.
			clerk.page.wait_for_function(STILL)
			assert clerk.page.evaluate(FITS), f"{name}{label} is wider than its frame"
			screenshot(name + label)
		clerk.page.set_viewport_size(WIDE)

	return take


def test_answers_and_bounces_of_a_mailing(clerk, scene, pictures):
	clerk.go(f"mass-email/{scene['mailing']}")
	clerk.choose("View", "Replies")
	clerk.dialog.locator(".ec-came-back").first.wait_for()
	text = clerk.dialog.inner_text()
	assert "Could you call me on Thursday?" in text
	assert "Asks to get no more mails" in text
	assert "Automatic Answer" in text
	pictures("inbound-replies")
	clerk.dismiss()
	clerk.choose("View", "Bounces")
	clerk.dialog.locator(".ec-came-back").first.wait_for()
	text = clerk.dialog.inner_text()
	assert "5.1.1 user unknown, reported by mx.example" in text
	assert "Bounce: Blocked" in text
	assert "It reports on somebody@else.example" in text
	pictures("inbound-bounces")
	assert not clerk.page.errors


def test_one_click_unsubscribes_who_asks_for_it(clerk, scene, pictures):
	clerk.go(f"inbound-event/{scene['event']}")
	clerk.view.get_by_text("These words ask for no more mail").wait_for()
	pictures("inbound-event")
	clerk.press("Unsubscribe Them")
	clerk.page.get_by_text("They were unsubscribed.").first.wait_for()
	assert not clerk.page.errors


def test_a_sequence_says_until_when_it_waits(clerk, scene, pictures):
	clerk.go(f"email-campaign/{scene['enrolment']}")
	clerk.view.get_by_text("The steps wait until").wait_for()
	pictures("inbound-hold")
	clerk.press("Go On Now")
	clerk.view.get_by_text("The steps wait until").wait_for(state="hidden")
	assert not clerk.page.errors


def test_the_timeline_of_a_record_tells_its_story(clerk, scene, pictures):
	clerk.go(f"contact/{scene['contact']}")
	story = clerk.view.get_by_text("Could you call me on Thursday?").first
	story.wait_for()
	story.scroll_into_view_if_needed()
	pictures("inbound-timeline")


def test_the_settings_show_sources_and_look_at_a_mail(clerk, scene, pictures):
	clerk.go("email-campaign-settings")
	clerk.view.get_by_role("tab", name="What Comes Back").click()
	clerk.view.locator(".ec-sources").wait_for()
	assert "Sending Inbox" in clerk.view.locator(".ec-sources").inner_text()
	pictures("inbound-settings")
	clerk.view.get_by_text("Look at a Mail…").click()
	mail = "From: dora@sending.example\nSubject: Re: Spring news\n"
	mail += f"In-Reply-To: <{scene['message_id']}>\n\nThank you!"
	clerk.fill("mail", mail, clerk.dialog)
	clerk.dialog.locator(".btn-modal-primary:visible").click()
	clerk.dialog.locator(".ec-looked").wait_for()
	text = clerk.dialog.inner_text()
	assert "Reply" in text
	assert "dora@sending.example" in text
	pictures("inbound-look")
	assert not clerk.page.errors
