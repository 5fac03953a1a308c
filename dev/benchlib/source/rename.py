"""The conversion of the PyPI package `criscostack` into Frappe's own tree, name by name.

The package is Frappe (MIT) with its names replaced; this is the inverse, and deterministic.
"""

import os
import re
import zipfile
from pathlib import Path, PurePosixPath

# In this order: the longer names first, so that none is cut in half by a shorter one.
NAMES = (
	("criscoerp", "erpnext"),
	("Criscoerp", "ERPNext"),
	("CriscoERP", "ERPNext"),
	("CRISCOERP", "ERPNEXT"),
	("criscostack", "frappe"),
	("Criscostack", "Frappe"),
	("CriscoStack", "Frappe"),
	("CRISCOSTACK", "FRAPPE"),
	("crisco", "frappe"),
	("Crisco", "Frappe"),
	("CRISCO", "FRAPPE"),
)
# A word of its own or the start of an identifier: "rubrik" and "Fabrik" are words of other languages.
BRIK = re.compile(r"(?<![^\W_])brik(?![^\W_])")
BINARY_SUFFIXES = {
	".png",
	".jpg",
	".jpeg",
	".gif",
	".ico",
	".woff",
	".woff2",
	".ttf",
	".eot",
	".otf",
	".mp3",
	".wav",
	".pdf",
	".zip",
	".gz",
	".xlsx",
	".xls",
	".msg",
	".webp",
	".mo",
}


def rename(text):
	"""The text with every replaced name put back."""
	for package_name, frappe_name in NAMES:
		text = text.replace(package_name, frappe_name)
	return BRIK.sub("bench", text)


def rename_content(name, data):
	"""A file's bytes with its names put back; bytes that are not text stay as they are."""
	if PurePosixPath(name).suffix.lower() in BINARY_SUFFIXES:
		return data
	try:
		return rename(data.decode("utf-8")).encode("utf-8")
	except UnicodeDecodeError:
		return data


def is_wanted(name):
	"""Whether a member of the archive belongs to the tree."""
	return not name.endswith("/") and PurePosixPath(name).name != ".DS_Store"


def convert(wheel, target):
	"""Unpack the wheel into the folder `target` under Frappe's names; returns its dependencies."""
	requirements = []
	with zipfile.ZipFile(wheel) as archive:
		for name in filter(is_wanted, archive.namelist()):
			if ".dist-info/" in name:
				requirements += _requirements(name, archive)
				continue
			path = Path(target) / rename(name)
			path.parent.mkdir(parents=True, exist_ok=True)
			path.write_bytes(rename_content(name, archive.read(name)))
			if (archive.getinfo(name).external_attr >> 16) & 0o111:
				os.chmod(path, 0o755)
	return requirements


def _requirements(name, archive):
	if not name.endswith("/METADATA"):
		return []
	lines = archive.read(name).decode("utf-8").splitlines()
	return [line.partition(":")[2].strip() for line in lines if line.startswith("Requires-Dist:")]
