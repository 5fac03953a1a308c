"""What --frappe may name, what is missing on a system, and what stands in for git dependencies."""

import json

import pytest
from benchlib.core.errors import BenchError
from benchlib.core.paths import Paths
from benchlib.frontend.packages import adapted, dependencies_of, with_others
from benchlib.services import system_packages
from benchlib.site import config
from benchlib.site.create import database_of
from benchlib.source import frappe_tree


def test_parse(tmp_path):
	assert frappe_tree.parse(None) == frappe_tree.parse("pypi") == ("pypi", None, None)
	assert frappe_tree.parse(str(tmp_path)) == ("path", tmp_path.resolve(), None)
	url = "https://example.com/frappe/frappe.git"
	assert frappe_tree.parse(f"{url}@version-15") == ("git", url, "version-15")
	assert frappe_tree.parse("git@example.com:frappe/frappe@version-16") == (
		"git",
		"git@example.com:frappe/frappe",
		"version-16",
	)


@pytest.mark.parametrize("spec", ["/no/such/folder", "version-15", "https://example.com/frappe"])
def test_anything_else_is_a_sentence(spec):
	with pytest.raises(BenchError, match="is neither"):
		frappe_tree.parse(spec)


def test_a_checkout_names_its_python(tmp_path):
	(tmp_path / "pyproject.toml").write_text('[project]\nname = "frappe"\nrequires-python = ">=3.14,<3.15"\n')
	assert frappe_tree.required_python(Paths(tmp_path), str(tmp_path)) == ">=3.14,<3.15"
	assert frappe_tree.required_python(Paths(tmp_path), "pypi") == ">=3.10,<3.12"


def test_only_git_dependencies_are_replaced():
	git = (
		'"PyPika @ git+https://example.com/pypika@1f2e",\n"gunicorn @ git+https://example.com/gunicorn@3d4c",'
	)
	assert frappe_tree.substitutes(git) == ["gunicorn>=22,<26", "PyPika>=0.48.9"]
	assert frappe_tree.substitutes('"PyPika~=0.48.9",\n"gunicorn~=23.0",') == []


def test_git_dependencies_of_the_front_end_are_replaced():
	package = adapted(
		{"dependencies": {"air-datepicker": "github:frappe/air-datepicker", "vue": "^3.3.0", "postcss": "8"}}
	)
	assert package["dependencies"]["air-datepicker"] == "2.2.3"
	assert package["dependencies"]["vue"] == "^3.3.0"
	assert package["dependencies"]["postcss"] == "8"
	assert "rtlcss" in package["dependencies"]


def test_versions_are_those_of_a_checkouts_lock():
	lock = (
		'plyr@^3.7.8:\n  version "3.7.8"\n\n'
		'postcss@8, postcss@^8.4.21:\n  version "8.4.31"\n\n'
		'"@vue/x@^1.0":\n  version "1.2.0"\n'
	)
	package = adapted(
		{"dependencies": {"plyr": "^3.7.8", "postcss": "8", "@vue/x": "^1.0", "new": "^2.0"}}, lock
	)
	names = ("plyr", "postcss", "@vue/x", "new")
	assert [package["dependencies"][name] for name in names] == ["3.7.8", "8.4.31", "1.2.0", "^2.0"]


def test_packages_of_further_apps_come_too(tmp_path):
	(tmp_path / "with").mkdir()
	(tmp_path / "with" / "package.json").write_text('{"dependencies": {"scanner": "^1.5", "vue": "2"}}')
	others = dependencies_of([tmp_path / "with", tmp_path / "without"])
	assert others == {"scanner": "^1.5", "vue": "2"}
	package = json.loads(with_others({"name": "x", "dependencies": {"vue": "3"}}, others))
	assert package == {"name": "x", "dependencies": {"scanner": "^1.5", "vue": "3"}}


def test_missing_packages_are_named_once(monkeypatch):
	monkeypatch.setattr(system_packages, "find", lambda program: None)
	assert system_packages.missing(["mariadbd", "mariadb-install-db", "node"])[:2] == [
		"mariadb-server-core",
		"nodejs",
	]


def test_without_root_the_command_is_said(monkeypatch, tmp_path):
	monkeypatch.setattr(system_packages, "find", lambda program: None)
	monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
	with pytest.raises(BenchError, match="apt-get install -y --no-install-recommends chromium"):
		system_packages.ensure(["chromium"], tmp_path / "log")


def test_site_configuration(tmp_path):
	paths = Paths(tmp_path)
	(paths.sites / "a.localhost").mkdir(parents=True)
	assert config.site_config(paths, "a.localhost") == {}
	config.update_site_config(paths, "a.localhost", db_name="x")
	config.update_site_config(paths, "a.localhost", allow_tests=True)
	assert config.site_config(paths, "a.localhost") == {"db_name": "x", "allow_tests": True}
	assert database_of("test.localhost") == "ec_test"
