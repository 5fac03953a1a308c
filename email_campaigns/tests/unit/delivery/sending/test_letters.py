"""Letters that are made before their turn, while the database works."""

import pytest

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.sending.letters import LettersAhead

LETTERS = [Letter(number, f"reader{number}@example.com") for number in range(5)]


def test_letters_come_in_their_order_however_many_were_made_ahead():
	letters = LettersAhead(iter(LETTERS))
	letters.make(2)
	assert [next(letters), next(letters), next(letters)] == LETTERS[:3]
	letters.make(9)
	assert list(letters) == LETTERS[3:]


def test_making_ahead_makes_no_more_than_is_missing():
	source = iter(LETTERS)
	letters = LettersAhead(source)
	letters.make(2)
	letters.make(2)
	assert list(source) == LETTERS[2:]


def test_an_error_waits_for_its_turn_and_stays():
	def failing():
		yield from LETTERS[:2]
		raise RuntimeError("no more paper")

	letters = LettersAhead(failing())
	letters.make(4)
	assert [next(letters), next(letters)] == LETTERS[:2]
	for _attempt in range(2):
		with pytest.raises(RuntimeError, match="no more paper"):
			next(letters)
