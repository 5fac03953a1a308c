"""The check list of a mailing before it goes: its findings, as sentences. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from email_campaigns.message.compile import CompiledMessage, RenderError
from email_campaigns.message.errors import Refused
from email_campaigns.message.links.hrefs import hrefs, shows
from email_campaigns.message.links.pictures import pictures
from email_campaigns.message.sandbox.values import Missing
from email_campaigns.text import Sentence, _lt

ERROR, WARNING, OK = LEVELS = ("error", "warning", "ok")
LARGE = 3  # times the largest mailing before
MANY = 0.1  # the share of the members that makes a language worth a version


@dataclass(frozen=True, slots=True)
class Finding:
	"""One line of the check list: `level` is one of LEVELS.

	An error is certain: the mailing could not be sent, or would reach nobody, whatever a person knows of it.
	A warning that `asks` holds the mailing up until a person has overruled it (overrule.py).
	"""

	level: str
	sentence: Sentence
	asks: bool = False


@dataclass(slots=True)
class RenderedSample:
	"""A mail rendered for some recipients: how many met each warning or fault, all links and pictures.

	`lacking` are the messages of which a mail shows no unsubscribe link. `fixed` are the links that stand in
	the templates as they are, for everybody.
	"""

	size: int = 0
	missing: Counter[Sentence] = field(default_factory=Counter)
	faults: Counter[Sentence] = field(default_factory=Counter)
	hrefs: dict[str, None] = field(default_factory=dict)
	lacking: list[CompiledMessage] = field(default_factory=list)
	pictures: dict[str, None] = field(default_factory=dict)
	fixed: set[str] = field(default_factory=set)


def render_sample(
	letters: Iterable[tuple[CompiledMessage, Mapping[str, Any], Mapping[str, Any]]],
) -> RenderedSample:
	"""Render (message, record, other values) for each of some recipients."""
	sample = RenderedSample()
	seen: set[int] = set()
	for message, record, values in letters:
		sample.size += 1
		if id(message) not in seen:
			seen.add(id(message))
			sample.fixed.update(_fixed_links(message))
		try:
			content = message.render({**values, "doc": _without_blanks(record)})
		except RenderError as error:
			sample.faults[error.sentence] += 1
			continue
		sample.missing.update(content.warnings)
		sample.pictures |= dict.fromkeys(pictures(content.html))
		try:
			sample.hrefs |= dict.fromkeys(hrefs(content.html))
			if message not in sample.lacking and not shows(content.html, values["unsubscribe_url"]):
				sample.lacking.append(message)
		except Refused as refusal:
			sample.missing[Sentence(_lt("Its links can't be checked ({0})"), refusal.sentence)] += 1
	return sample


def _fixed_links(message: CompiledMessage) -> list[str]:
	try:
		return hrefs(message.source.html)
	except Refused:
		return []


def _without_blanks(record: Mapping[str, Any]) -> dict[str, Any]:
	"""Replace empty fields by Missing: to the reader of “Dear ,” an empty field is none.

	The template warns only of those that it prints.
	"""
	return {
		name: Missing(name=f"doc.{name}") if value in (None, "") else value for name, value in record.items()
	}


def placeholder_findings(sample: RenderedSample) -> Iterator[Finding]:
	"""Yield a finding for each placeholder without a value, and for each fault of rendering."""
	for sentence, number in sample.missing.most_common():
		text = _lt("{0} for {1} of {2} recipients.")
		yield Finding(WARNING, Sentence(text, sentence, number, sample.size))
	for sentence, number in sample.faults.most_common():
		# Others, outside of the sample, may have what these lack.
		text = _lt("For {0} of {1} recipients: {2}")
		yield Finding(WARNING, Sentence(text, number, sample.size, sentence), asks=number == sample.size)
	if sample.size and not (sample.missing or sample.faults):
		text = _lt("Every placeholder has a value, for each of {0} recipients.")
		yield Finding(OK, Sentence(text, sample.size))


def author_findings(
	authors: Sequence[str], problem: str, hidden: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
	"""Yield findings on those who answer for a mailing, by their names, and what they may not read.

	`problem` says why one of them can't answer for it, "" where all can; `hidden` is {doctype: labels of
	fields that the texts use and that not all of them may read}.
	"""
	if problem:
		yield Finding(ERROR, Sentence("{0}", problem))
	for doctype, labels in hidden.items():
		text = _lt(
			"Not everybody with whose rights it is sent may read these fields of {0}, so they stay empty: {1}"
		)
		yield Finding(WARNING, Sentence(text, doctype, ", ".join(labels)))
	text = _lt("Sent with the rights of {0}: a mail shows only fields that all of them may read.")
	yield Finding(OK, Sentence(text, ", ".join(authors)))


def unseen_finding(sample: int) -> Finding:
	"""Return the finding that the user may read none of `sample` recipients, so that no mail was tried."""
	text = _lt(
		"You may read none of {0} recipients, so their mails were not tried for placeholders without a value."
	)
	return Finding(WARNING, Sentence(text, sample))


def unsubscribe_findings(
	informational: bool, added: bool, lacking: Sequence[str], unsure: Collection[str] = ()
) -> Iterator[Finding]:
	"""Yield the finding on unsubscribe links.

	`added` says that the settings add the link to each mail; `lacking` are the editions of which a mail shows
	none, or may show none, and `unsure` those of them that name it, such as within a condition.
	"""
	if informational:
		text = _lt("Informational mail: it has no unsubscribe link, and opt-outs do not count.")
		yield Finding(OK, Sentence(text))
	elif not lacking:
		yield Finding(OK, Sentence(_lt("Every mail has an unsubscribe link.")))
	elif added:
		text = _lt("The unsubscribe link is in a part of the template that is hidden: nobody would see it.")
		yield Finding(ERROR, Sentence(text))
	elif set(lacking) <= set(unsure):
		text = _lt("Not every mail is sure to have an unsubscribe link: it depends on a condition.")
		yield Finding(WARNING, Sentence(text), asks=True)
	elif lacking == [""]:
		text = _lt("No unsubscribe link: the template has none, and the settings add none.")
		yield Finding(ERROR, Sentence(text))
	else:
		text = _lt("No unsubscribe link in these versions, and the settings add none: {0}")
		yield Finding(ERROR, Sentence(text, ", ".join(edition or "–" for edition in lacking)))


def identity_findings(informational: bool, sender_line: str, postal_address: str) -> Iterator[Finding]:
	"""Yield findings on the two parts of the footer.

	CAN-SPAM (16 CFR 316) and CASL (SOR/2013-221, 2) want both in commercial mail.
	"""
	if informational:
		return
	if not sender_line.strip():
		yield Finding(WARNING, Sentence(_lt("The settings have no company line for the footer.")))
	if not postal_address.strip():
		text = _lt("The settings have no postal address for the footer; CAN-SPAM and CASL ask for it.")
		yield Finding(WARNING, Sentence(text))
	if sender_line.strip() and postal_address.strip():
		yield Finding(OK, Sentence(_lt("The footer says who sends the mail, and from where.")))


def address_findings(host_name: str, address: str) -> Iterator[Finding]:
	"""Yield findings on the site's own `address`, from the `host_name` of its configuration, "" for none."""
	if not host_name:
		text = _lt(
			"Links in the mail begin with {0}, which is the site's name: its configuration has no host_name."
			" Set it: bench set-config host_name https://…"
		)
		yield Finding(WARNING, Sentence(text, address))
	elif not _is_web_address(address):
		text = _lt(
			"No link in the mail works: the host_name “{0}” in the site's configuration is no web address."
			" Set it: bench set-config host_name https://…"
		)
		yield Finding(ERROR, Sentence(text, host_name))
	elif "://" not in host_name:
		text = _lt("Links in the mail begin with {0}, because the host_name of the site names no https://.")
		yield Finding(WARNING, Sentence(text, address))
	elif urlsplit(address).path:
		text = _lt(
			"Links in the mail begin with {0}. Its path works only if the web server takes it off before it"
			" asks Frappe; otherwise set host_name without it."
		)
		yield Finding(WARNING, Sentence(text, address))


def _is_web_address(address: str) -> bool:
	try:
		parts = urlsplit(address)
		has_host = bool(parts.hostname) and parts.port != 0
	except ValueError:
		return False
	return parts.scheme in ("http", "https") and has_host and not re.search(r"[\s<>\"{}\\^`|]", address)


def durability_findings(problems: Collection[Sentence]) -> Iterator[Finding]:
	"""Yield the findings on the database: its `problems` are those of durability.durability_problems."""
	for problem in problems:
		yield Finding(WARNING, problem)
	if not problems:
		yield Finding(OK, Sentence(_lt("The database keeps what has left, also if it is killed.")))


def audience_findings(planned: int, earlier: int, later: bool = False) -> Iterator[Finding]:
	"""Yield the finding on the number of `planned` mails.

	`earlier` is the number of mails of the largest mailing before, 0 where there is none to compare with;
	`later` says that the mailing starts later, when the lists may have other members.
	"""
	if not planned and later:
		text = _lt("Nobody on the target lists would get this mailing, as they are now.")
		yield Finding(WARNING, Sentence(text), asks=True)
	elif not planned:
		yield Finding(ERROR, Sentence(_lt("Nobody on the target lists would get this mailing.")))
	elif is_surprisingly_large(planned, earlier):
		text = _lt("{0} recipients are surprisingly many: the largest mailing before had {1}.")
		yield Finding(WARNING, Sentence(text, planned, earlier))
	else:
		yield Finding(OK, Sentence(_lt("Recipients: {0}."), planned))


def is_surprisingly_large(planned: int, earlier: int) -> bool:
	"""Return whether a mailing has over LARGE times the mails of the largest before, 0 for none."""
	return 0 < earlier * LARGE < planned


def language_findings(
	members: Mapping[str, int], version_for: Callable[[str], str], home: str
) -> Iterator[Finding]:
	"""Yield a finding for each language that many members read and that has no version.

	`members` are counted by their own language; `version_for` gives the language of the version that a reader
	of a language gets, "" for everybody's; `home` is the site's language, in which everybody's is taken to
	be.
	"""
	total = sum(members.values())
	for language, number in sorted(members.items(), key=lambda item: -item[1]):
		has_version = version_for(language) or _is_same_language(language, home)
		if language and not has_version and number >= MANY * total:
			text = _lt("{0} of {1} members read {2}, and there is no version in it.")
			yield Finding(WARNING, Sentence(text, number, total, language))


def _is_same_language(language: str, other: str) -> bool:
	first, second = (code.lower().replace("_", "-").partition("-")[0] for code in (language, other))
	return first == second


def deadline_findings(late: int, planned: int) -> Iterator[Finding]:
	"""Yield the finding on the deadline; `late` is the estimated number of mails that leave too late."""
	if late:
		text = _lt(
			"At the present limits about {0} of {1} mails would not leave before the deadline, and expire."
		)
		yield Finding(WARNING, Sentence(text, late, planned))
	else:
		yield Finding(OK, Sentence(_lt("The limits let all mails leave before the deadline.")))


def count_late(ends: Callable[[int], float], planned: int, deadline: int) -> int:
	"""Return how many of `planned` mails leave after `deadline` (Unix seconds).

	`ends(n)` is when the n-th mail leaves, and grows with n.
	"""
	return planned - bisect_right(range(1, planned + 1), float(deadline), key=ends)
