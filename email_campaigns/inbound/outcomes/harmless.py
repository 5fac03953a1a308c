"""What strangers wrote, so that no list or report of the Desk takes it for HTML. Pure."""

from __future__ import annotations

from dataclasses import replace

from email_campaigns.characters import without_tags
from email_campaigns.inbound.values import Finding, Report


def harmless(finding: Finding) -> Finding:
	"""Return a finding in whose texts no tag of HTML begins; its clues, which nobody is shown, stay."""
	return replace(
		finding,
		sender=without_tags(finding.sender),
		subject=without_tags(finding.subject),
		text=without_tags(finding.text),
		reports=tuple(map(_harmless, finding.reports)),
	)


def _harmless(report: Report) -> Report:
	return replace(
		report,
		address=without_tags(report.address),
		original_address=without_tags(report.original_address),
		enhanced=without_tags(report.enhanced),
		text=without_tags(report.text),
		reporter=without_tags(report.reporter),
	)
