"""What is released has its version in the tag and in the changelog."""

import pytest
import release

SOURCE = '__version__ = "1.2.0"\n'
CHANGELOG = """\
# Changelog

## [Unreleased]

## [1.2.0] - 2026-12-01

### Added

- A thing.

## [1.1.0] - 2026-11-01

- An older thing.

[1.2.0]: https://example.com/v1.2.0
"""


def test_the_notes_are_the_section_of_the_version_alone():
	assert release.release_notes("v1.2.0", SOURCE, CHANGELOG) == "### Added\n\n- A thing."


def test_the_last_section_ends_before_the_links():
	assert release.notes(CHANGELOG, "1.1.0") == "- An older thing."


@pytest.mark.parametrize("tag", ["v1.1.0", "1.2.0", "v1.2.0-rc.1"])
def test_a_tag_of_another_version_is_refused(tag):
	with pytest.raises(release.ReleaseError, match=r"has to be v1\.2\.0"):
		release.release_notes(tag, SOURCE, CHANGELOG)


@pytest.mark.parametrize("date", ["", " - Unreleased"])
def test_a_section_without_a_date_is_refused(date):
	with pytest.raises(release.ReleaseError, match="no date"):
		release.release_notes("v1.2.0", SOURCE, CHANGELOG.replace(" - 2026-12-01", date))


def test_a_version_that_the_changelog_does_not_know_is_refused():
	with pytest.raises(release.ReleaseError, match=r"no section \[1\.3\.0\]"):
		release.notes(CHANGELOG, "1.3.0")


def test_this_version_has_a_section():
	source = (release.ROOT / "email_campaigns" / "__init__.py").read_text()
	changelog = (release.ROOT / "CHANGELOG.md").read_text()
	assert f"\n## [{release.app_version(source)}]" in changelog


def test_the_script_says_what_is_wrong(capsys):
	assert release.main(["v0.0.0"]) == 1
	assert "has to be v" in capsys.readouterr().err
