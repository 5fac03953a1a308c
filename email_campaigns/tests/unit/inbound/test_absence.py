"""The last day of absence is read from what people write, or it is None."""

from datetime import date, timedelta
from time import process_time

import pytest
from babel.dates import format_date
from hypothesis import example, given
from hypothesis import strategies as st

from email_campaigns.inbound.speech.absence import LONGEST, Place, last_day_of_absence
from email_campaigns.inbound.speech.absence_words import LOCALES

SUNDAY = date(2026, 11, 29)
UNTIL = {
	"en": "I am out of the office until {}.",
	"fr": "Je suis absente jusqu’au {} inclus.",
	"de": "Ich bin bis einschließlich {} nicht im Büro.",
	"es": "Estoy fuera de la oficina hasta el {}.",
	"it": "Sono in ferie fino al {}.",
	"nl": "Ik ben afwezig tot en met {}.",
	"pt": "Estou de férias até {}.",
	"pl": "Jestem na urlopie do {}.",
	"sv": "Jag är på semester till och med den {}.",
	"da": "Jeg holder ferie til og med den {}.",
	"nb": "Jeg er på ferie til og med {}.",
	"fi": "Olen lomalla {} asti.",
	"cs": "Jsem na dovolené do {}.",
}
BACK = {
	"en": "I will be back in the office on {}.",
	"fr": "Je serai de retour le {}.",
	"de": "Ab dem {} bin ich wieder erreichbar.",
	"es": "Vuelvo el {}.",
	"it": "Rientro il {}.",
	"nl": "Ik ben terug op {}.",
	"pt": "Estarei de volta em {}.",
	"pl": "Wracam {}.",
	"sv": "Jag är tillbaka den {}.",
	"da": "Jeg er tilbage den {}.",
	"nb": "Jeg er tilbake {}.",
	"fi": "Palaan {}.",
	"cs": "Vrátím se {}.",
}
DAYS_AHEAD = st.integers(1, 190)
SENT = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def read(text, sent=SUNDAY, month_first=None):
	return last_day_of_absence(text, Place(sent, month_first))


def test_all_languages_are_tried():
	assert set(UNTIL) == set(BACK) == set(LOCALES)


@pytest.mark.parametrize("locale", LOCALES)
@given(sent=SENT, days=DAYS_AHEAD)
def test_until_a_date_in_words_is_its_day(locale, sent, days):
	day = sent + timedelta(days=days)
	for words in ("long", "full"):
		assert read(UNTIL[locale].format(format_date(day, words, locale)), sent) == day


@pytest.mark.parametrize("locale", LOCALES)
@given(sent=SENT, days=DAYS_AHEAD)
def test_back_on_a_date_in_words_is_the_day_before(locale, sent, days):
	day = sent + timedelta(days=days)
	for words in ("long", "full"):
		text = BACK[locale].format(format_date(day, words, locale))
		assert read(text, sent) == day - timedelta(days=1)


@pytest.mark.parametrize("locale", LOCALES)
@given(sent=SENT, days=DAYS_AHEAD)
def test_digits_are_read_as_the_language_writes_them(locale, sent, days):
	day = sent + timedelta(days=days)
	for digits in ("%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d"):
		assert read(UNTIL[locale].format(day.strftime(digits)), sent, False) in (day, _swapped(day, sent))
	assert read(UNTIL[locale].format(day.strftime("%m/%d/%Y")), sent, True) in (day, _swapped(day, sent))


def _swapped(day, sent):
	"""The other reading of 3/12/2027, where it alone lies ahead."""
	return date(day.year, day.day, day.month) if day.day <= 12 else None


@given(sent=SENT, days=DAYS_AHEAD)
@example(sent=date(2024, 2, 1), days=28)
def test_a_year_is_the_one_ahead(sent, days):
	day = sent + timedelta(days=days)
	assert read(f"Ich bin im Urlaub bis {day.day}.{day.month}.", sent) == day


@given(sent=SENT, length=st.integers(1, 25), start=st.integers(-20, 20))
def test_a_span_ends_with_its_last_day(sent, length, start):
	begin = sent + timedelta(days=start)
	end = begin + timedelta(days=length)
	if end <= sent:
		return
	for text in (
		f"I am on leave from {begin:%Y-%m-%d} to {end:%Y-%m-%d}.",
		f"Ich bin vom {begin.day}.{begin.month}. bis {end.day}.{end.month}.{end.year} im Urlaub.",
		f"Urlaub {begin:%d.%m.%Y}-{end:%d.%m.%Y}",
	):
		assert read(f"Im Urlaub. {text}", sent) == end


@given(st.text(max_size=300), SENT)
def test_any_text_is_read_without_an_error(text, sent):
	day = read(f"I am away until {text}", sent)
	assert day is None or sent - timedelta(days=1) <= day <= sent + LONGEST


SENTENCES = [
	("Je suis absent du 1er au 15 décembre.", date(2026, 12, 15)),
	("I'm away December 1-15.", date(2026, 12, 15)),
	("I'm out of the office 1.12.-4.12.", date(2026, 12, 4)),
	("I am out of the office and will not return until December 7th.", date(2026, 12, 6)),
	("I am out of office until Friday, back on Monday.", date(2026, 12, 4)),
	("I will be back after 5 December.", None),
	("I am away and will be back after 5 December.", date(2026, 12, 5)),
	("I am out of the office until Wednesday, December 2nd, 2026 at 9:00.", date(2026, 12, 2)),
	("Ich bin von Montag, 30. November, bis Freitag, 4. Dezember, nicht im Büro.", date(2026, 12, 4)),
	("Zurück am 05.12.2026", date(2026, 12, 4)),
	("I am away until 31 February.", None),
	("I am away until 29 February 2028.", date(2028, 2, 29)),
	("I am away until 5 November.", None),
	("I am away until 5 November 2026.", None),
	("I am away until 2099-01-01.", None),
	("I am away until the end of the year.", None),
	("I am away. Call 030 12.12.", None),
	("Register until 5 December. I am away.", None),
	("You can reach me until 5 December.", None),
	("I am on leave 7-9 December and 21-31 December.", None),
	("I am on leave 25-30 November and 21-31 December.", date(2026, 11, 30)),
	("I am away, at 12:30 until 15:30.", None),
	("", None),
]


@pytest.mark.parametrize(("text", "day"), SENTENCES)
def test_a_sentence_of_an_answer(text, day):
	assert read(text) == day


def test_the_order_of_digits_is_that_of_the_place_unless_one_order_alone_lies_ahead():
	assert read("I am away until 12/05/2026.") == date(2026, 12, 5)
	assert read("I am away until 05/12/2026.") == date(2026, 12, 5)
	assert read("I am away until 12/24/2026.", month_first=False) == date(2026, 12, 24)
	assert read("I am away until 03/01/2027.") is None
	assert read("I am away until 03/01/2027.", month_first=True) == date(2027, 3, 1)
	assert read("I am away until 03/01/2027.", month_first=False) == date(2027, 1, 3)


@pytest.mark.parametrize(
	"text", ["1.1.", "1/1 ", "until ", "monday ", "1-", "back on 5 May. ", "1 to 1 to ", "\0"]
)
def test_a_hostile_text_is_read_in_linear_time(text):
	read("I am away " + text)
	started = process_time()
	read("I am away " + text * (1_000_000 // len(text)))
	assert process_time() - started < 1
