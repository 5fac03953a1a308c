"""Benchmark of one mail's rendering and assembly, against Jinja's sandbox with the library's EmailMessage.

Pure: needs neither a site nor a network.  python benchmarks/message.py [--json FILE]
"""

import sys
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _results import run_alone
from jinja2.sandbox import ImmutableSandboxedEnvironment

from email_campaigns.message.compile import compile_message
from email_campaigns.message.html.footer import Footer
from email_campaigns.message.mime.assembly import Skeleton
from email_campaigns.message.mime.headers import encode_address, unsubscribe_headers

SUBJECT = "{{ doc.first_name }}, news from {{ doc.company }}"
LINKS = 20
LINK = "https://crm.example.com/ec/c/eyJhbGciOiJIUzI1NiJ9.Zm9vYmFyYmF6cXV4cXV1eA.1234567890abcdef?"
BUDGET_MS = 0.25
ROUNDS = 7


def template(tracked: bool) -> str:
	"""Return 15 KB of HTML with 20 links and 6 fields of the recipient, as a designed newsletter has it."""
	words = "Autumn brings new courses, and you can see them before anyone else does. "

	def link(number: int) -> str:
		if tracked:
			return f"{{{{ tracking_url('offer {number}') }}}}"
		return f"https://example.com/offers/{number}?utm_source=mail&amp;utm_medium=email"

	rows = "".join(
		f'<tr><td class="cell"><h2>Offer {n}</h2><p>{words * 8}</p>'
		f'<p><a class="button" href="{link(n)}">'
		f"See offer {n}</a></p></td></tr>"
		for n in range(LINKS)
	)
	return (
		"<style>.cell{padding:12px} .button{color:#fff;background:#06c} p{margin:0 0 8px}</style>"
		"<p>Dear {{ doc.salutation }} {{ doc.last_name }},</p>"
		f"<p>{{{{ doc.company }}}} in {{{{ doc.city }}}} is on our list.</p><table>{rows}</table>"
		"<p>Yours, {{ doc.owner_name }}</p>"
	)


def values(number: int) -> dict[str, object]:
	"""Return the values for the mail of one recipient."""
	doc = {
		"first_name": f"Zoë {number}",
		"last_name": f"O'Hara {number}",
		"salutation": "Ms",
		"company": f"Kümmel & Söhne {number}",
		"city": f"Łódź {number}",
		"owner_name": "Ana",
	}
	return {
		"doc": doc,
		"unsubscribe_url": f"https://crm.example.com/ec/u/{number:040d}",
		"view_url": "",
		"tracking_url": LINK.__add__,
	}


def app_maker(tracked: bool) -> Callable[[int], bytes]:
	"""Return a function that makes one recipient's mail as the app does."""
	compiled = compile_message(
		SUBJECT, template(tracked), footer=Footer("Example Ltd", "1 High Street\nTown")
	)
	skeleton = Skeleton(sender=encode_address("Example", "news@example.com"), reply_to="help@example.com")

	def make(number: int) -> bytes:
		names = values(number)
		content = compiled.render(names)
		return skeleton.assemble(
			to=encode_address("Zoë O'Hara", f"zoe{number}@example.net"),
			subject=content.subject,
			html=content.html_part,
			text=content.text_part,
			message_id=f"<{number}@example.com>",
			date="Thu, 02 Oct 2025 09:00:00 +0000",
			headers=unsubscribe_headers(names["unsubscribe_url"]),
		)

	return make


def library_maker(tracked: bool) -> Callable[[int], bytes]:
	"""Return a function that makes it with EmailMessage, from an inlined template with its text part."""
	from email_campaigns.message.html.footer import as_document
	from email_campaigns.message.html.inline import inline_styles
	from email_campaigns.message.html.plaintext import text_template

	html_source = inline_styles(as_document(template(tracked)))
	html, text, subject = (
		ImmutableSandboxedEnvironment(autoescape=escaped).from_string(source)
		for source, escaped in ((html_source, True), (text_template(html_source), False), (SUBJECT, False))
	)

	def make(number: int) -> bytes:
		names = values(number)
		message = EmailMessage(SMTP)
		message["From"] = "Example <news@example.com>"
		message["Reply-To"] = "help@example.com"
		message["To"] = f"Zoë O'Hara <zoe{number}@example.net>"
		message["Subject"] = subject.render(names)
		message["Message-ID"] = f"<{number}@example.com>"
		message["Date"] = "Thu, 02 Oct 2025 09:00:00 +0000"
		for name, value in unsubscribe_headers(names["unsubscribe_url"]).items():
			message[name] = value
		message.set_content(text.render(names))
		message.add_alternative(html.render(names), subtype="html")
		return message.as_bytes()

	return make


def milliseconds(make: Callable[[int], bytes], mails: int) -> float:
	"""Return the processor time for one mail in the best round; the first round warms up."""
	best = float("inf")
	for _ in range(ROUNDS):
		begin = time.process_time()
		for number in range(mails):
			make(number)
		best = min(best, (time.process_time() - begin) * 1000 / mails)
	return best


def measure(tracked: bool) -> dict[str, object]:
	"""Return a row of the results: the app's time and the library's."""
	app, library = milliseconds(app_maker(tracked), 500), milliseconds(library_maker(tracked), 30)
	size, kind = len(template(tracked)) // 1000, "tracked" if tracked else "plain"
	return {
		"name": f"render and assemble a mail of {size} KB with {LINKS} {kind} links",
		"value": round(app, 4),
		"unit": "ms",
		"compared_with": f"jinja2 sandbox + EmailMessage: {library:.3f} ms",
		"ratio": round(library / app, 1),
		"goal": f"at most {BUDGET_MS} ms",
		"met": app <= BUDGET_MS,
	}


if __name__ == "__main__":
	run_alone(__doc__, lambda: [measure(tracked) for tracked in (False, True)])
