"""Benchmark of compiling a newsletter of 100 KB, made of blocks of tests/corpus; compares checkouts in turn.

Pure: needs neither a site nor a network.  python benchmarks/newsletter.py [CHECKOUT …]

Each round compiles once in a process of each checkout, so that a busy machine is busy for all of them. The
first checkout, this one where none is named, is what the others are compared with.
"""

import re
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parents[1]
CORPUS = HERE / "email_campaigns" / "tests" / "corpus"
# Exports with many tables whose style sheets are inlined
BLOCKS = ("mjml/columns", "mjml/hero", "mjml/social", "mailchimp/dark", "mailchimp/hebrew")
LENGTH = 100_000  # characters
ROUNDS = 7
SHEET = re.compile(r"<style.*?</style>", re.DOTALL)
BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL)
# What runs in a checkout: the best of three, for the first one loads modules; milliseconds of the processor
COMPILE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from email_campaigns.message.compile import compile_message
from email_campaigns.message.html.footer import Footer
html, best = sys.stdin.buffer.read().decode(), float("inf")
for _ in range(3):
	begin = time.process_time()
	compile_message("News", html, footer=Footer("Example Ltd"), tracks=lambda url: True, open_pixel=True)
	best = min(best, (time.process_time() - begin) * 1000)
print(best)
"""


def newsletter(length: int = LENGTH) -> str:
	"""Return a document of at least so many characters: the blocks over and over, under all their sheets."""
	sources = [(CORPUS / f"{name}.html").read_text(encoding="utf-8") for name in BLOCKS]
	sheets = "".join(sheet for source in sources for sheet in SHEET.findall(source))
	bodies = [body[1] for body in map(BODY.search, sources) if body]
	rows, number = "", 0
	while len(sheets) + len(rows) < length:
		rows, number = rows + bodies[number % len(bodies)], number + 1
	return f"<!doctype html><html><head><title>News</title>{sheets}</head><body>{rows}</body></html>"


def milliseconds(checkout: Path, html: str) -> float:
	"""Return the processor time of compiling with the app of a checkout."""
	command = [sys.executable, "-c", COMPILE, str(checkout)]
	return float(subprocess.run(command, input=html.encode(), stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
	"""Measure the checkouts in turn and print the median of each, and its ratio to the first."""
	checkouts = [Path(argument).resolve() for argument in sys.argv[1:]] or [HERE]
	html = newsletter()
	rounds = [[milliseconds(checkout, html) for checkout in checkouts] for _ in range(ROUNDS)]
	times = [median(column) for column in zip(*rounds, strict=True)]
	for checkout, time in zip(checkouts, times, strict=True):
		print(f"compile {len(html) // 1000} KB: {time:7.1f} ms, ratio {time / times[0]:.2f}  {checkout}")


if __name__ == "__main__":
	main()
