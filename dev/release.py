#!/usr/bin/env python3
"""Check of a release; it prints the release's section of the changelog: `dev/release.py v0.1.0`.

The tag has to be "v" and the app's version, and CHANGELOG.md has to have a dated section of that version.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.M)
HEADING = re.compile(r"^## \[([^\]]+)\](?: - (\S+))?$", re.M)
LINKS = re.compile(r"^\[[^\]]+\]: \S+$", re.M)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class ReleaseError(Exception):
	"""A release that cannot be made, with the reason."""


def app_version(source):
	"""Return the version that the source text of the package's __init__.py names; raises ReleaseError."""
	match = VERSION.search(source)
	if not match:
		raise ReleaseError("email_campaigns/__init__.py names no __version__")
	return match[1]


def notes(changelog, version):
	"""Return the section of one version in a changelog's text, without its heading; raises ReleaseError."""
	headings = list(HEADING.finditer(changelog))
	for heading, following in zip(headings, [*headings[1:], None], strict=True):
		if heading[1] == version:
			_check_date(version, heading[2])
			body = changelog[heading.end() : following.start() if following else None]
			return LINKS.sub("", body).strip()
	raise ReleaseError(f"CHANGELOG.md has no section [{version}]")


def _check_date(version, date):
	if not DATE.fullmatch(date or ""):
		raise ReleaseError(f"CHANGELOG.md has no date for {version}: write it as ## [{version}] - YYYY-MM-DD")


def release_notes(tag, source, changelog):
	"""Return the changelog's section for a tag; raises ReleaseError where they don't match."""
	version = app_version(source)
	if tag != f"v{version}":
		raise ReleaseError(
			f"The tag is {tag}, but the app's version is {version}: the tag has to be v{version}"
		)
	return notes(changelog, version)


def main(arguments):
	"""Print the notes of the tag that the arguments name; returns an exit code."""
	if len(arguments) != 1:
		print(__doc__, file=sys.stderr)
		return 2
	source, changelog = ROOT / "email_campaigns" / "__init__.py", ROOT / "CHANGELOG.md"
	try:
		print(release_notes(arguments[0], source.read_text(), changelog.read_text()))
	except ReleaseError as error:
		print(f"dev/release.py: {error}", file=sys.stderr)
		return 1
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
