"""Benchmark of webhooks: a call with one event beside Frappe's ping, and a call with 500 events."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import frappe
from _results import run_on_site

from email_campaigns.tests.site.kits.visitor import Visitor
from email_campaigns.tests.support import webhook_calls as calls

SETTINGS, EVENT = "Email Campaign Settings", "Inbound Event"
CALLS, EVENTS = 150, 500


class Site:
	"""The site's web application, in this process, and the calls that it gets."""

	def __init__(self) -> None:
		self.visitor = Visitor()

	def ping(self, _number: int) -> None:
		self._send("/api/method/ping", b"{}", {})

	def poster(self, events: int, times: int) -> Callable[[int], None]:
		"""Return what sends one of so many calls, made and signed before, each with so many new events."""
		made = [_new_call(events) for _time in range(times)]
		return lambda number: self._send("/ec/h/sendgrid", made[number].body, made[number].headers)

	def _send(self, path: str, body: bytes, headers: dict[str, str]) -> None:
		headers = {"X-Frappe-Site-Name": self.visitor.site, **headers}
		answer = self.visitor.client.post(path, data=body, content_type="application/json", headers=headers)
		if answer.status_code != 200:
			raise RuntimeError(f"{path}: {answer.status_code} {answer.get_data(as_text=True)}")


def _new_call(events: int) -> calls.Call:
	stamp = time.monotonic_ns()
	payload = [{**calls.SENDGRID_BOUNCE, "sg_event_id": f"{stamp}-{number}"} for number in range(events)]
	return calls.sendgrid(payload, now=time.time())


def prepare() -> None:
	"""Let SendGrid report, by the key of the tests."""
	settings = frappe.get_doc(SETTINGS)
	settings.webhook_sources = []
	settings.append(
		"webhook_sources", {"provider": "SendGrid", "enabled": 1, "secret": calls.sendgrid_secret()}
	)
	settings.save()
	frappe.db.commit()


def clean() -> None:
	"""Remove what `prepare` and the calls have made."""
	settings = frappe.get_doc(SETTINGS)
	settings.webhook_sources = []
	settings.save()
	frappe.db.delete(EVENT, {"source": "SendGrid"})
	frappe.db.commit()


def milliseconds(action: Callable[[int], None], number: int) -> float:
	"""Return how long an action takes."""
	start = time.perf_counter()
	action(number)
	return (time.perf_counter() - start) * 1000


def measure() -> list[dict]:
	"""Return the rows of the results. The actions take turns, so that a busy machine is busy for all."""
	site = Site()
	actions = (site.ping, site.poster(1, CALLS), site.poster(EVENTS, CALLS))
	times = [[milliseconds(action, number) for action in actions] for number in range(CALLS)]
	# The first of each loads modules.
	ping, single, batch = map(median, zip(*times[1:], strict=True))
	return [
		{"name": "ping", "value": round(ping, 2), "unit": "ms", "met": True},
		{"name": "webhook call", "value": round(single, 2), "unit": "ms", "met": True},
		{
			"name": "its rate : ping's",
			"value": round(ping / single, 2),
			"unit": "",
			"met": ping / single >= 0.8,
		},
		{"name": f"call of {EVENTS} events", "value": round(batch, 1), "unit": "ms", "met": True},
		{
			"name": "it : call of one",
			"value": round(batch / single, 1),
			"unit": "",
			"met": batch / single <= 20,
		},
	]


if __name__ == "__main__":
	run_on_site(__doc__, lambda _options: measure(), prepare=prepare, clean=clean)
