"""The check list's findings on links, and on placeholders of other systems. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from email_campaigns.mass_mailing.prepare.checks import ERROR, OK, WARNING, Finding
from email_campaigns.message.html.foreign_tags import repair_warnings, tag_warnings
from email_campaigns.message.links.hrefs import (
	EMPTY,
	INSIDE,
	NOWHERE,
	UNFILLED,
	UNUSUAL,
	fault_of_link,
	leads_inside,
)
from email_campaigns.text import Sentence, _lt

SHOWN = 5  # examples in one sentence
LINK_FAULTS = {
	NOWHERE: _lt("Links of single recipients lead nowhere, because a field of theirs holds no address: {0}"),
	EMPTY: _lt("Links without a destination: {0}"),
	UNFILLED: _lt("Links with braces, as of a placeholder that nothing fills: {0}"),
	UNUSUAL: _lt("Links that only some devices can follow: {0}"),
	INSIDE: _lt("Links that only your own network can reach: {0}"),
}


def link_findings(
	links: Collection[str], own: str, fixed: Collection[str] | None = None
) -> Iterator[Finding]:
	"""Yield findings on where links lead.

	`own` is the beginning of the links that the app itself makes; `fixed` are those that are the same for
	everybody, None for all.
	"""
	others = [href for href in links if not href.startswith(own)]
	faults: dict[str, list[str]] = defaultdict(list)
	for href in others:
		faults[fault_of_link(href)].append(href)
	faults.pop("", None)
	certain = [href for href in faults[NOWHERE] if fixed is None or href in fixed]
	faults[NOWHERE] = [href for href in faults[NOWHERE] if href not in certain]
	if certain:
		yield Finding(ERROR, Sentence(_lt("Links that lead nowhere: {0}"), listed(certain)))
	for fault, text in LINK_FAULTS.items():
		if faults[fault]:
			yield Finding(WARNING, Sentence(text, listed(faults[fault])), asks=True)
	if others and not certain and not any(faults.values()):
		text = _lt("All links lead to web pages, mail addresses, telephones or apps: {0}.")
		yield Finding(OK, Sentence(text, len(others)))
	if leads_inside(own):
		text = _lt(
			"The site's own address is {0}, which recipients outside cannot reach:"
			" no link to unsubscribe will work."
		)
		yield Finding(WARNING, Sentence(text, own))


def text_findings(subject: str, html: str) -> Iterator[Finding]:
	"""Yield findings on what a text as a user wrote it has of other systems, or an editor has put into it."""
	for sentence in tag_warnings(subject, html):
		yield Finding(WARNING, sentence, asks=True)
	for sentence in repair_warnings(html):
		yield Finding(WARNING, sentence)


def listed(hrefs: Sequence[str]) -> str:
	"""Return the first addresses or names, quoted, and how many more there are."""
	shown = [f"“{href:.80}”" for href in hrefs[:SHOWN]]
	return ", ".join(shown) + (f" + {len(hrefs) - SHOWN}" if len(hrefs) > SHOWN else "")
