"""The PyPI tree's names are put back whole, and nothing else in it changes."""

import zipfile

import pytest
from benchlib.source.rename import convert, rename, rename_content


@pytest.mark.parametrize(
	("renamed", "original"),
	[
		("import criscostack", "import frappe"),
		("CriscoTestCase(CriscoClient)", "FrappeTestCase(FrappeClient)"),
		("CRISCOSTACK_SITE", "FRAPPE_SITE"),
		("X-Crisco-CSRF-Token", "X-Frappe-CSRF-Token"),
		("criscoerp.com and Criscoerp", "erpnext.com and ERPNext"),
		("Criscostack Technologies", "Frappe Technologies"),
		("criscostack/utils/brik_helper.py", "frappe/utils/bench_helper.py"),
		("get_brik_path", "get_bench_path"),
		("brik new-site", "bench new-site"),
	],
)
def test_names_are_put_back(renamed, original):
	assert rename(renamed) == original


@pytest.mark.parametrize("word", ["Rubrik", "rubrikas", "Fabrik", "fabrikë", "ümbrik", "Bloggrubrik"])
def test_words_of_other_languages_stay(word):
	assert rename(word) == word


def test_bytes_that_are_no_text_stay():
	assert rename_content("a/logo.png", b"criscostack") == b"criscostack"
	assert rename_content("a/data.bin", b"\xff\xfecriscostack") == b"\xff\xfecriscostack"
	assert rename_content("a/x.py", "é criscostack".encode()) == "é frappe".encode()


@pytest.fixture
def wheel(tmp_path):
	"""A small wheel with one of everything that the conversion treats."""
	path = tmp_path / "criscostack-1.0.0.whl"
	with zipfile.ZipFile(path, "w") as archive:
		archive.writestr("criscostack/__init__.py", "name = 'criscostack'")
		archive.writestr("criscostack/utils/brik_helper.py", "import criscostack")
		archive.writestr("criscostack/public/js/criscostack/.DS_Store", "x")
		archive.writestr("criscostack/public/js/criscostack/ui.js", "criscostack.ui")
		archive.writestr(
			"criscostack-1.0.0.dist-info/METADATA", "Name: x\nRequires-Dist: Click~=8.1\nRequires-Dist: rq\n"
		)
	return path


def test_a_wheel_becomes_a_tree_and_its_dependencies(wheel, tmp_path):
	assert convert(wheel, tmp_path / "tree") == ["Click~=8.1", "rq"]
	files = {
		str(path.relative_to(tmp_path / "tree")) for path in (tmp_path / "tree").rglob("*") if path.is_file()
	}
	assert files == {"frappe/__init__.py", "frappe/utils/bench_helper.py", "frappe/public/js/frappe/ui.js"}
	assert (tmp_path / "tree/frappe/__init__.py").read_text() == "name = 'frappe'"


def test_the_conversion_gives_the_same_bytes_each_time(wheel, tmp_path):
	trees = []
	for name in ("one", "two"):
		convert(wheel, tmp_path / name)
		trees.append({p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")})
	assert trees[0] == trees[1]
