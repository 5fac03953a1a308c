"""Warnings of the check list that a person has overruled: who, and when. Pure.

A decision holds for one warning of a mailing as it is. Its key is made of the mailing's fingerprint, to which
an approval is bound too, so a changed text or audience asks again. Only keys are stored: the sentence of a
warning may quote what is in a recipient's record.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import TypedDict

from email_campaigns.mass_mailing.prepare.checks import Finding
from email_campaigns.message.html.foreign_tags import PLACEHOLDER


class Decision(TypedDict):
	"""Who overruled a warning, a User's name, and when, a time of the site's clock."""

	by: str
	on: str


def key_of(finding: Finding, fingerprint: str) -> str:
	"""Return the key of a warning that asks, "" for any other finding.

	Of what the warning quotes, only what is fixed by the content is part of it, not the figures of a sample.
	"""
	if not finding.asks:
		return ""
	sentence = finding.sentence
	quoted = [str(value) for value in sentence.values] if sentence.text == PLACEHOLDER else []
	return sha256("\n".join((fingerprint, sentence.text, *quoted)).encode()).hexdigest()[:32]


def read_decisions(stored: str | None) -> dict[str, Decision]:
	"""Return {key: decision} of what a Mass Email has stored."""
	return json.loads(stored) if stored else {}


def with_decisions(
	stored: str | None, keys: Iterable[str], overruled: Collection[str], decision: Decision
) -> str:
	"""Return what a Mass Email stores after a person has decided.

	`keys` are those of the warnings that it has now, and `overruled` those that the person overrules. What
	was decided on warnings that it has no more is dropped; the first decision on a warning stays.
	"""
	earlier: Mapping[str, Decision] = read_decisions(stored)
	decisions = {key: earlier.get(key, decision) for key in keys if key in earlier or key in overruled}
	return json.dumps(decisions, sort_keys=True) if decisions else ""
