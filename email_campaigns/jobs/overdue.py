"""What happens where one mail of a job takes too long to be made: its mailing is paused, with the reason.

The job's process has been ended by then (delivery/sending/watchdog.py). Its claimed mails are free again when
their lease has ended; this one had not left.
"""

from __future__ import annotations

import json
import sys

import frappe

from email_campaigns.jobs import queues
from email_campaigns.text import Sentence, _lt

MAIL_SECONDS = 10  # of the processor, for one mail; one of a large newsletter takes a thousandth of it
_TOO_LONG = _lt(
	"One mail took more than {0} seconds to be made, so sending was stopped. Simplify the template, and look"
	" for long loops in it."
)


def pause_command(queue: queues.Queue) -> list[str]:
	"""Return the program that pauses a queue from outside of its job."""
	local = frappe.local
	arguments = json.dumps([local.site, local.sites_path, local.lang, queue.arguments])
	return [sys.executable, "-m", "email_campaigns.jobs.overdue", arguments]


def pause(site: str, sites_path: str, language: str, arguments: dict) -> None:
	"""Stop the mails of a queue, with the reason on its form."""
	frappe.init(site, sites_path=sites_path)
	frappe.connect()
	frappe.local.lang = language
	try:
		queues.make_queue(**{"mailing": "", **arguments}).halt(Sentence(_TOO_LONG, MAIL_SECONDS))
		frappe.db.commit()
	finally:
		frappe.destroy()


if __name__ == "__main__":
	pause(*json.loads(sys.argv[1]))
