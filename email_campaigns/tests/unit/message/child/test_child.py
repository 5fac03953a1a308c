"""The process that reads templates does the same as its parent would, and nothing of it lasts too long."""

import os
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from email_campaigns.message.child import apart, keeper
from email_campaigns.message.child.keeper import KEEPER, ROOT, Ended
from email_campaigns.message.compile import (
	Footer,
	RenderError,
	TemplateError,
	compile_message,
	compile_source,
)
from email_campaigns.message.sandbox.values import Missing

FOOTER = Footer(sender_line="Shop & Co", postal_address="Street 1\nTown", view_text="View")
HTML = """<style>p{color:red}</style><p>Dear {{ doc.name }}, {{ doc.blank }}{{ doc.gone }}</p>
{% for row in doc.rows %}<p>{{ row.n }} {{ row.when|format_date("%d.%m.%Y") }}</p>{% endfor %}
<a href="https://e.com/?a=1&amp;b=ü">é</a><a href="https://own.example/x">own</a>{{ tracking_url("named") }}
{{ tracking_url(doc.chosen) }} {{ format_number(doc.sum, 2) }} {{ doc.at }} {{ doc.took }} {{ doc.yes }}"""
VALUES = {
	"doc": {
		"name": "Ada <&> \ud83d\ude00 Ünal".encode("utf-16", "surrogatepass").decode("utf-16"),
		"blank": Missing(name="doc.blank"),
		"rows": [{"n": 1, "when": date(2026, 1, 2)}, {"n": Decimal("2.50"), "when": datetime(2026, 3, 4, 5)}],
		"sum": Decimal("1234.5"),
		"at": time(12, 30),
		"took": timedelta(hours=1),
		"yes": True,
		"chosen": "computed",
		"raw": b"\x00\xff",
		"none": None,
	},
	"campaign": {"name": "Spring"},
	"mass_email": {"name": "M", "title": "T"},
	"unsubscribe_url": "https://own.example/u?a=1&b=2",
	"view_url": "https://own.example/v",
	"open_url": "https://own.example/o",
	"tracking_url": {
		name: f"https://own.example/c/{number}"
		for number, name in enumerate(["named", "computed", "https://e.com/?a=1&b=ü"])
	}.__getitem__,
}


def is_foreign(url):
	return not url.startswith("https://own.example")


@pytest.fixture(autouse=True, scope="module")
def end_child():
	yield
	KEEPER.close()


def child():
	"""Return the pid of the child, which is started if there is none."""
	apart.compile_message("s", "<p>x</p>")
	return KEEPER._process.pid


def test_a_mail_is_the_same_as_one_made_here():
	options = {"footer": FOOTER, "prefix": "[TEST]", "tracks": is_foreign, "open_pixel": True}
	there, here = (
		make("Hi {{ doc.name }}", HTML, **options) for make in (apart.compile_message, compile_message)
	)
	for fact in (
		*("source", "record_fields", "uses_whole_record", "uses_unsubscribe"),
		*("tracking_links", "uses_any_link", "automatic_links"),
	):
		assert getattr(there, fact) == getattr(here, fact), fact
	made, expected = there.render(VALUES), here.render(VALUES)
	assert (made.subject, made.html, made.text) == (expected.subject, expected.html, expected.text)
	assert list(map(str, made.warnings)) == list(map(str, expected.warnings))
	assert [warning.text for warning in made.warnings] == [warning.text for warning in expected.warnings]
	assert "doc.blank has no value" in map(str, made.warnings)


def test_a_stored_text_is_read_the_same():
	source = compile_message("s", HTML, footer=FOOTER).source
	there, here = apart.compile_source(source), compile_source(source)
	assert there.tracking_links == here.tracking_links
	assert there.render(VALUES).html == here.render(VALUES).html


@pytest.mark.parametrize(
	("subject", "html"),
	[("", "x"), ("s", ""), ("s", "\n{{ a"), ("s", "x{{ '&#" + "9" * 5000 + ";' }}"), ("s", "x\ud800")],
)
def test_a_fault_has_the_same_sentence(subject, html):
	errors = []
	for make in (apart.compile_message, compile_message):
		with pytest.raises(TemplateError) as caught:
			make(subject, html)
		errors.append((str(caught.value), caught.value.part, caught.value.line, str(caught.value.fault)))
	assert errors[0] == errors[1]


@pytest.mark.parametrize("html", ["x{{ tracking_url('gone') }}", "x{{ 1 / 0 }}", "x{{ tracking_url(5) }}"])
def test_a_failed_mail_has_the_same_sentence(html):
	sentences = []
	for make in (apart.compile_message, compile_message):
		with pytest.raises(RenderError) as caught:
			make("s", html).render(VALUES)
		sentences.append((str(caught.value), caught.value.sentence.text, caught.value.part))
	assert sentences[0] == sentences[1]


def test_it_is_kept_for_the_next_order():
	assert child() == child()


@pytest.mark.parametrize(
	("ending", "sentence", "traced"),
	[
		(signal.SIGXCPU, "it takes more than 5 seconds", False),
		(signal.SIGKILL, "it takes too much memory, or stops the program", True),
	],
)
def test_one_that_ends_is_a_sentence_and_the_next_is_another(ending, sentence, traced):
	first = child()

	def end(url):
		os.kill(first, ending)
		return True

	with pytest.raises(TemplateError, match=f"The template can't be read: {sentence}") as caught:
		apart.compile_message("s", "<a href='https://e.com'>x</a>", tracks=end)
	assert bool(caught.value.trace) == traced
	assert child() != first
	assert not Path(f"/proc/{first}").exists()


def test_one_that_ends_in_a_rendering_fails_that_mail():
	message = apart.compile_message("s", "<p>{{ tracking_url(doc.name) }}</p>")

	def end(name):
		os.kill(KEEPER._process.pid, signal.SIGXCPU)
		return ""

	with pytest.raises(RenderError, match="it takes more than 5 seconds"):
		message.render({**VALUES, "tracking_url": end})
	assert message.render(VALUES | {"tracking_url": str}).subject == "s"


def test_one_that_was_ended_between_two_orders_is_replaced():
	first = child()
	os.kill(first, signal.SIGKILL)
	wait_for_end(first)
	assert child() != first


def test_one_that_is_late_is_ended():
	KEEPER.close()
	with pytest.raises(Ended, match="it takes more than 15 seconds"):
		KEEPER.order({"order": "read", "source": {"subject": "s", "html": "x"}}, {}, seconds=0)
	assert KEEPER._process is None
	assert child()


def test_an_error_of_the_parent_is_raised_and_leaves_no_half_an_answer():
	def fail(url):
		raise OSError("no database")

	with pytest.raises(OSError, match="no database"):
		apart.compile_message("s", "<a href='https://e.com'>x</a>", tracks=fail)
	assert apart.compile_message("s", "<p>x</p>").source.subject == "s"


def test_it_inherits_no_secret_and_no_open_file(monkeypatch, tmp_path):
	monkeypatch.setenv("DATABASE_PASSWORD", "secret")
	with open(tmp_path / "file", "w") as file:
		os.set_inheritable(file.fileno(), True)
		KEEPER.close()
		process = child()
	assert b"secret" not in Path(f"/proc/{process}/environ").read_bytes()
	files = [os.readlink(f"/proc/{process}/fd/{name}") for name in os.listdir(f"/proc/{process}/fd")]
	assert not [name for name in files if str(tmp_path) in name or "socket" in name]
	assert len(files) == 3


def test_threads_share_it():
	with ThreadPoolExecutor(4) as pool:
		subjects = list(
			pool.map(lambda number: apart.compile_message(f"s{number}", "<p>x").source.subject, range(20))
		)
	assert subjects == [f"s{number}" for number in range(20)]


def test_a_forked_process_has_its_own():
	"""Also one that is forked while another thread waits for an answer."""
	first = child()
	with KEEPER._lock:
		process = os.fork()
		if not process:
			inherited = KEEPER._process
			os._exit(0 if inherited is None and child() != first else 1)
	assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
	assert child() == first


def test_it_ends_when_nobody_needs_it():
	first = child()
	KEEPER.close()
	assert not Path(f"/proc/{first}").exists()
	timer = KEEPER._timer
	child()
	assert KEEPER._timer is not timer
	assert KEEPER._timer.interval == keeper.IDLE_SECONDS


def wait_for_end(process, seconds=20):
	waiting = select.poll()
	try:
		number = os.pidfd_open(process)
	except ProcessLookupError:
		return
	waiting.register(number, select.POLLIN)
	assert waiting.poll(seconds * 1000), "it is still there"
	os.close(number)


def run(code):
	"""Run Python code in a process of its own."""
	return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_it_ends_with_its_parent():
	ended = run(
		"import os\n"
		"from email_campaigns.message.child import apart, keeper\n"
		"apart.compile_message('s', 'x')\n"
		"print(keeper.KEEPER._process.pid, flush=True)\n"
		"os.kill(os.getpid(), 9)\n"
	)
	assert ended.returncode == -signal.SIGKILL
	wait_for_end(int(ended.stdout))


LIMITED = "import os\nfrom email_campaigns.message.child import bounds\n"


def test_the_system_ends_what_takes_too_long():
	code = LIMITED + "bounds.CPU_SECONDS = 0\nbounds.allow_time()\nwhile True: pass"
	assert run(code).returncode == -signal.SIGXCPU


def test_the_system_gives_no_more_memory():
	assert "MemoryError" in run(LIMITED + f"bounds.restrict()\nx = bytearray({400 * 2**20})").stderr


def test_the_system_lets_it_write_no_file(tmp_path):
	name = str(tmp_path / "file")
	code = f"bounds.restrict()\nos.write(os.open({name!r}, os.O_CREAT | os.O_WRONLY), b'x')"
	assert "File too large" in run(LIMITED + code).stderr
