"""Readers for the demo: they fetch what is in mails that were really received, over HTTP, as people and bots do.

What the product then counts is read from its results, and compared with what was done.
"""

from __future__ import annotations

import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from html import unescape

import frappe

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
SCANNER = "BarracudaCentral (scan)"
COLLEAGUE = "colleague@gardens.example.org"
PASSWORD = "a-Long-passphrase-27"
# How many mails are opened, opened and clicked, opened and clicked by a scanner, opened on a colleague's device
OPENED, CLICKED, SCANNED, INTERNAL = 10, 6, 8, 4
SAMPLE = OPENED + CLICKED + SCANNED + INTERNAL


class _Stay(urllib.request.HTTPRedirectHandler):
	"""Where a link leads is the recipient's affair: the demo asks no other site for anything."""

	def redirect_request(self, *arguments):
		return None


def read(mailing: str, mails: list, url: str) -> dict[str, int]:
	"""Open and click through SAMPLE received mails; return what was done, named as `counted` names it."""
	_wait_until_people_could_read(mailing)
	cookie, mails = _own_device(url), iter(mails)
	for count, agent, own, clicks in (
		(OPENED, BROWSER, "", False),
		(CLICKED, BROWSER, "", True),
		(SCANNED, SCANNER, "", True),
		(INTERNAL, BROWSER, cookie, False),
	):
		for _mail in range(count):
			html = next(mails).get_body(("html",)).get_content()
			_fetch(_address(html, "o"), agent, own)
			if clicks:
				_fetch(_address(html, "c"), agent, own)
	return {"opened": OPENED + CLICKED, "clicked": CLICKED, "machine": SCANNED, "internal": INTERNAL}


def _wait_until_people_could_read(mailing: str) -> None:
	"""Whatever is opened within a few seconds of sending is taken for a bot's."""
	seconds = frappe.get_doc("Email Campaign Settings").machine_seconds or 0
	last = frappe.db.sql("SELECT MAX(sent_epoch) FROM `tabCampaign Message` WHERE source = %s", mailing)[0][0]
	time.sleep(max(0, last + seconds + 1 - time.time()))


def _own_device(url: str) -> str:
	"""Sign a colleague in, and return the cookie by which that browser is known, without the session's."""
	form = urllib.parse.urlencode({"usr": COLLEAGUE, "pwd": PASSWORD}).encode()
	with urllib.request.urlopen(f"{url}/api/method/login", data=form, timeout=30) as answer:
		cookies = answer.headers.get_all("Set-Cookie") or []
	found = [cookie.partition(";")[0] for cookie in cookies if cookie.startswith("ec_internal=")]
	return (
		found[0]
		if found
		else sys.exit("The demo failed: a colleague who signed in got no cookie of the device.")
	)


def _address(html: str, kind: str) -> str:
	return unescape(re.search(rf'(?:href|src)="([^"]*/ec/{kind}/[^"]*)"', html)[1])


def _fetch(url: str, agent: str, cookie: str) -> None:
	headers = {"User-Agent": agent, **({"Cookie": cookie} if cookie else {})}
	try:
		urllib.request.build_opener(_Stay).open(
			urllib.request.Request(url, headers=headers), timeout=30
		).close()
	except urllib.error.HTTPError as answer:
		if answer.code != 302:
			sys.exit(f"The demo failed: {url[:60]}… answered {answer.code}.")


def counted(mailing: str) -> dict[str, int]:
	"""Return the figures of the product: people who opened and clicked, those whose mail only bots opened, and mails
	that were opened on a device of our own."""
	from email_campaigns.results import store

	frappe.db.rollback()
	found = store.counts(mailing)
	internal = frappe.db.sql(
		"SELECT COUNT(DISTINCT message) FROM `tabCampaign Log` WHERE source = %s AND verdict = 'internal'",
		mailing,
	)[0][0]
	return {
		"opened": found.opened,
		"clicked": found.clicked,
		"machine": found.machine_opened,
		"internal": internal,
	}


def check(done: dict[str, int], figures: dict) -> None:
	"""End with a sentence where the product has counted anything else than what was done."""
	for kind, number in done.items():
		if figures[kind] != number:
			sys.exit(
				f"The demo failed: {number} mails were read as “{kind}”, and the results show {figures[kind]}."
			)


def show(mailing: str) -> None:
	"""Print the results as the form shows them."""
	from email_campaigns.api.desk import results

	print(f"\n  {'results':14} {'people':>8} {'rate':>8}  {'of':18} {'with bots':>13}")
	for rate in results.summary(mailing)["rates"]:
		name, base = rate["name"].removesuffix("_rate").replace("_", " "), f"{rate['of']} {rate['base']}"
		print(
			f"  {name:14} {rate['count']:>8} {_percent(rate['human']):>8}  {base:18} {rate['raw_count']:>13}"
		)


def _percent(share: float | None) -> str:
	return "–" if share is None else f"{100 * share:.2f} %"
