"""Calls of providers' webhooks, /ec/h/<provider>: checked and stored here, judged by a job.

Of a call that is refused nothing is stored but that it was. The caller commits.
"""

from __future__ import annotations

import json
import time

from werkzeug.wrappers import Request, Response

from email_campaigns.api.public.page import plain_answer
from email_campaigns.inbound import arrivals_store
from email_campaigns.inbound.webhooks import amazon_ses, sources_store
from email_campaigns.inbound.webhooks.request import (
	LARGEST_BODY,
	Forbidden,
	HookRequest,
	Malformed,
	Unavailable,
)
from email_campaigns.inbound.webhooks.sources_store import Source
from email_campaigns.requests_store import count_request
from email_campaigns.text import SentenceError

HOOK = "h"  # the route under /ec/
# (refused calls, seconds) of one network address. What proves to come from a provider has no limit: it may
# call once for each mail, and from few addresses.
REFUSALS = (60, 60)


def take_call(slug: str, request: Request, visitor: str) -> Response:
	"""Answer a call; `visitor` is what visitor_address returns."""
	source = sources_store.read_source(slug, time.time())
	if not source:
		return plain_answer("Not found", 404)
	body = request.get_data()
	if len(body) > LARGEST_BODY:
		return plain_answer("Too large", 413)
	headers = {name.lower(): value for name, value in request.headers.items()}
	try:
		_take(source, HookRequest(headers, body))
	except (Forbidden, Malformed) as error:
		return _refuse(source, error, visitor)
	except Unavailable as error:
		return later(str(error))
	return plain_answer("OK")


def _take(source: Source, request: HookRequest) -> None:
	payload = source.provider.check(request, source.credentials, time.time())
	if asked := amazon_ses.confirmation(payload):
		sources_store.note_confirmation(source.row, *asked, time.time())
	name, events = source.provider.name, source.provider.wanted(payload)
	if events:
		packed = [(event.digest(name), json.dumps(event.payload)) for event in events]
		arrivals_store.add_events(name, packed)
	sources_store.note_event(source.row)


def _refuse(source: Source, error: SentenceError, visitor: str) -> Response:
	if not count_request(f"webhook\n{visitor}", REFUSALS):
		return later("Too many calls were refused", 429)
	sources_store.note_refusal(source.row, str(error))
	return plain_answer(str(error), 403 if isinstance(error, Forbidden) else 400)


def later(text: str = "Try again later", status: int = 503) -> Response:
	"""Ask a provider to repeat its call."""
	response = plain_answer(text, status)
	response.headers["Retry-After"] = "60"
	return response
