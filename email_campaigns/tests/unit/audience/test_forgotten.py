"""The hash that remains of a forgotten address, and that needs the site's key."""

from email_campaigns.audience.decide import FORGOTTEN, Candidate, exclusion
from email_campaigns.audience.suppression.forgotten import derive_key, fingerprint

KEY = derive_key(b"the site's secret")


def test_the_hash_is_of_the_address_in_any_case_of_its_letters():
	assert fingerprint(KEY, "Jo@example.com") == fingerprint(KEY, "jo@example.com")
	assert len(fingerprint(KEY, "jo@example.com")) == 64


def test_accents_and_neighbours_are_others():
	prints = {fingerprint(KEY, email) for email in ("josé@example.com", "jose@example.com", "jo@example.com")}
	assert len(prints) == 3


def test_another_site_has_another_hash():
	assert fingerprint(derive_key(b"another secret"), "jo@example.com") != fingerprint(KEY, "jo@example.com")


def test_who_was_forgotten_gets_not_even_informational_mail():
	candidate = Candidate(1, "List", "@jo", "", "Contact", "Jo", suppressed=FORGOTTEN)
	assert exclusion(candidate, informational=True) == FORGOTTEN
