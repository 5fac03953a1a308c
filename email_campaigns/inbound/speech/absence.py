"""The last day of absence that an automatic answer names. Pure; never raises.

Babel has the names of months and days in all languages (CLDR), and Frappe has Babel. dateparser, which reads
whole dates, takes “05.12.” for a time and “may” for a date, so what stands around a name is read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from babel.dates import get_day_names, get_month_names

from email_campaigns.inbound.speech.absence_words import (
	BACK,
	FROM,
	LOCALES,
	OTHER,
	TO,
	UNTIL,
	UNTIL_AFTER,
)
from email_campaigns.inbound.speech.automatic import says_absent

TEXT = 3000  # characters in which an answer names its dates
LONGEST = timedelta(days=730)
WITHOUT_YEAR = timedelta(days=200)  # “until 5 March” of a March that is farther away is that of last time
SAME_ABSENCE = timedelta(days=7)  # “until Friday, back on Monday”
_LEADING = 12  # characters between “hasta” and “el”, “med den” and “torsdag den”
_AROUND = 60  # characters between a word and its date

_SENTENCE = re.compile(r"(?<=[^\d.]\.)\s+(?=\W*[^\W\d_])|(?<=[!?])\s+|\n")
_DASH = "[-–—‒−]"


@dataclass(frozen=True, slots=True)
class Place:
	"""Where a mail comes from: the day it was sent, and whether its writer puts the month first.

	`month_first` is None where nobody can tell.
	"""

	sent: date
	month_first: bool | None = None


def last_day_of_absence(text: str, place: Place) -> date | None:
	"""Return the last day that a text names as one of absence, None where it is unclear or has passed."""
	absent = False
	ends: list[date] = []
	spans: list[tuple[date, date]] = []
	for sentence in _SENTENCE.split(text[:TEXT].replace("’", "'").lower()):
		absent = absent or says_absent(sentence)
		if _OTHER.search(sentence):
			continue
		for end, begin in _ends(sentence, place, absent=absent):
			ends.append(end)
			spans += [(begin, end)] if begin else []
	return _clear_end(ends, spans, place.sent)


def _clear_end(ends: list[date], spans: list[tuple[date, date]], sent: date) -> date | None:
	current = {end for begin, end in spans if begin <= sent <= end}
	ahead = sorted({end for end in ends if sent - timedelta(days=1) <= end <= sent + LONGEST})
	if len(current) == 1 and len(ahead) > 1:
		ahead = [end for end in ahead if abs(end - next(iter(current))) <= SAME_ABSENCE]
	if not ahead or ahead[-1] - ahead[0] > SAME_ABSENCE:
		return None
	return ahead[-1]


def _ends(sentence: str, place: Place, *, absent: bool) -> list[tuple[date, date | None]]:
	"""Return the last days in a sentence, each with the first day where it is known."""
	absences: list[tuple[date, date | None]] = []
	previous: tuple[int, date | None] = (0, None)
	for match in _DATES.finditer(sentence):
		day = _day(match, place)
		before = sentence[max(0, match.start() - _AROUND) : match.start()]
		after = sentence[match.end() : match.end() + _AROUND]
		gap = sentence[previous[0] : match.start()] if previous[1] else ""
		first = match["first"] or match["first4"]
		begin = previous[1] if gap and _ONLY_TO.fullmatch(gap) else _same_month(day, first)
		is_range = bool(begin or first)
		previous = (match.end(), day)
		if day and (end := _end(day, before, after, is_range=is_range, absent=absent)):
			absences.append((end, begin))
	return absences


def _same_month(day: date | None, first: str | None) -> date | None:
	"""Return the first day of “1.-15. December”."""
	return day.replace(day=int(first)) if day and first and 1 <= int(first) <= day.day else None


def _end(day: date, before: str, after: str, *, is_range: bool, absent: bool) -> date | None:
	"""Return the last day of absence by the words around a date, None where they do not say."""
	to = _ONLY_TO.match(after)
	if to and _DATES.match(after, to.end()):
		return None  # the beginning of a range
	if is_range:
		return day if absent else None
	cue = _last_cue(before)
	if cue == "back" or (cue == "from" and _BACK.search(after)):
		return day - timedelta(days=1)
	if absent and (cue == "until" or _UNTIL_AFTER.match(after)):
		return day
	return None


def _last_cue(before: str) -> str:
	cue, end = "", 0
	for match in _CUES.finditer(before):
		kind = match.lastgroup or ""
		# “back in the office on”, “hasta el”: the last word only leads to the date
		if kind != "from" or not (cue == "back" or (cue and match.start() - end <= _LEADING)):
			cue = kind
		end = match.end()
	return cue


def _words(alternatives: tuple[str, ...]) -> str:
	longest_first = sorted(alternatives, key=len, reverse=True)
	return rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)"


_ONLY_TO = re.compile(
	rf"\s*[(,]?\s*(?:{'|'.join((*UNTIL, *TO))})\s*"
	r"(?:(?:and )?including|einschließlich|einschl\.|inkl\.|zum|le|el|il)?\s*",
)
_CUES = re.compile(rf"(?P<until>{_words(UNTIL)})|(?P<back>{_words(BACK)})|(?P<from>{_words(FROM)})")
_BACK = re.compile(_words(BACK))
_UNTIL_AFTER = re.compile(rf"\s*{_words(UNTIL_AFTER)}")
_OTHER = re.compile("|".join(OTHER))


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
	names: dict[str, int] = {}
	for locale in LOCALES:
		for width in ("wide", "abbreviated"):
			for context in ("format", "stand-alone"):
				for month, name in get_month_names(width, context, locale).items():
					names.setdefault(name.lower().rstrip("."), month)
	return names


@lru_cache(maxsize=1)
def _weekdays() -> dict[str, int]:
	names = {
		name.lower(): day
		for locale in LOCALES
		for day, name in get_day_names("wide", "format", locale).items()
	}
	# Polish and Czech after “until” and “on”
	return names | {
		"środę": 2,
		"środy": 2,
		"sobotę": 5,
		"niedzielę": 6,
		"piątku": 4,
		"poniedziałku": 0,
		"středu": 2,
	}


def _alternatives(names: dict[str, int]) -> str:
	return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_MONTH, _YEAR = rf"(?:{_alternatives(_months())})", r"(?:19|20)\d\d"
_ORDINAL = r"(?:st|nd|rd|th|er|º|°|ª|\.|e|de|:?a|:?e)?"
_TO_DAY = rf"\s*(?:{_DASH}|to|until|bis(?: zum)?|au|al|a|à|t/m|tot|till?|do|až)\s*"
_DATES = re.compile(
	rf"(?<![\w/])(?:(?<!\d-)|(?<=[./]{_YEAR}-))(?:"
	rf"(?P<iso>(?P<y1>{_YEAR})-(?P<m1>\d\d)-(?P<d1>\d\d))(?!\d)"
	rf"|(?:(?P<first>\d\d?){_ORDINAL}{_TO_DAY})?"
	rf"(?:(?P<d2>\d\d?){_ORDINAL}\s*(?:of |de |d')?(?P<m2>{_MONTH})\b\.?"
	rf"(?:,?\s*(?:de |del )?(?P<y2>{_YEAR}))?"
	rf"|(?P<d3>\d\d?)\.\s?(?P<m3>\d\d?)\.?(?:\s?(?<=[. ])(?P<y3>{_YEAR}|\d\d(?!\d)))?(?![\d:]))"
	rf"|(?P<m4>{_MONTH})\.?\s+(?:(?P<first4>\d\d?)\s*{_DASH}\s*)?(?P<d4>\d\d?)(?:st|nd|rd|th)?\b"
	rf"(?:,?\s+(?P<y4>{_YEAR}))?(?!\d|:\d)"
	rf"|(?P<a5>\d\d?)(?P<sep>[/-])(?P<b5>\d\d?)(?:(?P=sep)(?P<y5>{_YEAR}|\d\d))?(?![\d/])(?!-\d+(?![\d./]))"
	rf"|(?P<weekday>(?:{_alternatives(_weekdays())})\b)(?!,?\s*(?:\w{{1,4}} )?(?:\d|{_MONTH}\b))"
	rf")",
)


def _day(match: re.Match[str], place: Place) -> date | None:
	if match["weekday"]:
		return _next_weekday(_weekdays()[match["weekday"]], place.sent)
	if match["iso"]:
		return _date(match["y1"], match["m1"], match["d1"], place.sent)
	if match["m2"]:
		return _date(match["y2"], _months()[match["m2"]], match["d2"], place.sent)
	if match["m3"]:
		return _date(match["y3"], match["m3"], match["d3"], place.sent)
	if match["m4"]:
		return _date(match["y4"], _months()[match["m4"]], match["d4"], place.sent)
	return _by_order(match["y5"], match["a5"], match["b5"], place)


def _next_weekday(weekday: int, sent: date) -> date:
	"""Return the next such day; a weekday that is today's own name is that of next week."""
	return sent + timedelta(days=(weekday - sent.weekday() - 1) % 7 + 1)


def _by_order(year: str | None, a: str, b: str, place: Place) -> date | None:
	"""Return the date of 3/12, where only one reading lies ahead, or else by the place."""
	day_first, month_first = _date(year, b, a, place.sent), _date(year, a, b, place.sent)
	possible = {day for day in (day_first, month_first) if day and place.sent <= day <= place.sent + LONGEST}
	if len(possible) == 1:
		return possible.pop()
	if place.month_first is None:
		return None
	return month_first if place.month_first else day_first


def _date(year: str | None, month: str | int, day: str, sent: date) -> date | None:
	if year:
		return _existing(int(year) + (2000 if len(year) == 2 else 0), month, day)
	near = filter(None, (_existing(sent.year + shift, month, day) for shift in (0, 1)))
	return next((each for each in near if sent - timedelta(days=31) <= each <= sent + WITHOUT_YEAR), None)


def _existing(year: int, month: str | int, day: str) -> date | None:
	try:
		return date(year, int(month), int(day))
	except ValueError:  # 31 February, or 29 February of a year that has none
		return None
