"""The check list of a mailing before it goes: what is found, as sentences. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from email_campaigns.message.compile import CompiledMessage, RenderError
from email_campaigns.message.hrefs import hrefs, leads_inside, leads_nowhere
from email_campaigns.message.values import Missing

ERROR, WARNING, OK = LEVELS = ("error", "warning", "ok")
SHOWN = 5  # examples in one sentence
LARGE = 3  # times the largest mailing before
MANY = 0.1  # the share of the members that makes a language worth a version


@dataclass(frozen=True, slots=True)
class Finding:
	"""One line of the check list. `values` stand in the places {0}, {1} … of `text`, so that it can be translated."""

	level: str
	text: str
	values: tuple = ()


@dataclass(slots=True)
class RenderedSample:
	"""What rendering the mail for some recipients showed: counts of recipients by sentence, and all links."""

	size: int = 0
	missing: Counter = field(default_factory=Counter)
	faults: Counter = field(default_factory=Counter)
	hrefs: dict[str, None] = field(default_factory=dict)


def render_sample(letters: Iterable[tuple[CompiledMessage, Mapping, Mapping]]) -> RenderedSample:
	"""Render (message, record, other values) for each of some recipients."""
	found = RenderedSample()
	for message, record, values in letters:
		found.size += 1
		try:
			content = message.render({**values, "doc": _without_blanks(record)})
		except RenderError as error:
			found.faults[str(error)] += 1
			continue
		found.missing.update(content.warnings)
		found.hrefs |= dict.fromkeys(hrefs(content.html))
	return found


def _without_blanks(record: Mapping) -> dict:
	"""An empty field is as good as none to who reads “Dear ,”; the template warns only of those that it prints."""
	return {
		name: Missing(name=f"doc.{name}") if value in (None, "") else value for name, value in record.items()
	}


def placeholder_findings(found: RenderedSample) -> Iterator[Finding]:
	for sentence, number in found.missing.most_common():
		yield Finding(WARNING, "{0} for {1} of {2} recipients.", (sentence, number, found.size))
	for sentence, number in found.faults.most_common():
		level = ERROR if number == found.size else WARNING
		yield Finding(level, "For {0} of {1} recipients: {2}", (number, found.size, sentence))
	if found.size and not (found.missing or found.faults):
		yield Finding(OK, "Every placeholder has a value, for each of {0} recipients.", (found.size,))


def link_findings(links: Collection[str], own: str) -> Iterator[Finding]:
	"""`own` is the beginning of all links that the app itself makes, which are good by nature."""
	others = [href for href in links if not href.startswith(own)]
	nowhere = [href for href in others if leads_nowhere(href)]
	inside = [href for href in others if href not in nowhere and leads_inside(href)]
	if nowhere:
		yield Finding(ERROR, "Links that lead nowhere: {0}", (_listed(nowhere),))
	if inside:
		text = "Links that only your own network can reach: {0}"
		yield Finding(WARNING, text, (_listed(inside),))
	if others and not nowhere and not inside:
		yield Finding(OK, "All links lead to web pages, mail addresses or telephones: {0}.", (len(others),))
	if leads_inside(own):
		text = "The site's own address is {0}, which recipients outside cannot reach: no link to unsubscribe will work."
		yield Finding(WARNING, text, (own,))


def _listed(hrefs: Sequence[str]) -> str:
	shown = [f"“{href:.80}”" for href in hrefs[:SHOWN]]
	return ", ".join(shown) + (f" + {len(hrefs) - SHOWN}" if len(hrefs) > SHOWN else "")


def unsubscribe_findings(informational: bool, added: bool, lacking: Sequence[str]) -> Iterator[Finding]:
	"""`added`: the settings add the link to each mail; `lacking`: languages of the versions that have none."""
	if informational:
		yield Finding(OK, "Informational mail: it has no unsubscribe link, and opt-outs do not count.")
	elif added or not lacking:
		yield Finding(OK, "Every mail has an unsubscribe link.")
	elif lacking == [""]:
		yield Finding(ERROR, "No unsubscribe link: the template has none, and the settings add none.")
	else:
		text = "No unsubscribe link in these versions, and the settings add none: {0}"
		yield Finding(ERROR, text, (", ".join(language or "–" for language in lacking),))


def identity_findings(informational: bool, sender_line: str, postal_address: str) -> Iterator[Finding]:
	"""CAN-SPAM (16 CFR 316) and CASL (SOR/2013-221, 2) want both in commercial mail."""
	if informational:
		return
	for value, text in (
		(sender_line, "The settings have no company line for the footer."),
		(postal_address, "The settings have no postal address for the footer; CAN-SPAM and CASL ask for it."),
	):
		if not value.strip():
			yield Finding(WARNING, text)
	if sender_line.strip() and postal_address.strip():
		yield Finding(OK, "The footer says who sends the mail, and from where.")


def audience_findings(planned: int, earlier: int) -> Iterator[Finding]:
	"""`earlier` is the number of mails of the largest mailing before, 0 where there is none to compare with."""
	if not planned:
		yield Finding(ERROR, "Nobody on the target lists would get this mailing.")
	elif is_surprisingly_large(planned, earlier):
		text = "{0} recipients are surprisingly many: the largest mailing before had {1}."
		yield Finding(WARNING, text, (planned, earlier))
	else:
		yield Finding(OK, "Recipients: {0}.", (planned,))


def is_surprisingly_large(planned: int, earlier: int) -> bool:
	return 0 < earlier * LARGE < planned


def language_findings(
	members: Mapping[str, int], version_for: Callable[[str], str], home: str
) -> Iterator[Finding]:
	"""`members` by their own language; `home` is the site's, which the version for everybody is taken to be in."""
	total = sum(members.values())
	for language, number in sorted(members.items(), key=lambda item: -item[1]):
		if language and not version_for(language) and not _same(language, home) and number >= MANY * total:
			text = "{0} of {1} members read {2}, and there is no version in it."
			yield Finding(WARNING, text, (number, total, language))


def _same(one: str, other: str) -> bool:
	first, second = (language.lower().replace("_", "-").partition("-")[0] for language in (one, other))
	return first == second


def deadline_findings(late: int, planned: int) -> Iterator[Finding]:
	"""`late` is the estimated number of mails that the limits keep from leaving by the deadline."""
	if late:
		text = "At the present limits about {0} of {1} mails would not leave before the deadline, and expire."
		yield Finding(WARNING, text, (late, planned))
	else:
		yield Finding(OK, "The limits let all mails leave before the deadline.")


def count_late(ends: Callable[[int], float], planned: int, deadline: int) -> int:
	"""Return how many of `planned` mails leave after `deadline`; `ends(n)` says when the n-th leaves, growing with n."""
	return planned - bisect_right(range(1, planned + 1), deadline, key=ends)
