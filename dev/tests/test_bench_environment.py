"""Apps that the bench's Python finds in the folders of their checkouts."""

import subprocess
import sys

from benchlib.source.environment import Installer


def _checkout(folder, package, words):
	(folder / package).mkdir(parents=True)
	(folder / package / "__init__.py").write_text(f'words = "{words}"\n')
	return folder


def test_checkouts_whose_folders_have_the_same_name_are_both_found(tmp_path):
	env = tmp_path / "env"
	subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
	Installer.expose(env, _checkout(tmp_path / "mine" / "app", "desk", "mine"), "desk")
	Installer.expose(env, _checkout(tmp_path / "yours" / "app", "crm", "yours"), "crm")
	assert _words(env) == "mine yours"
	Installer.expose(env, _checkout(tmp_path / "another", "crm", "another"), "crm")
	assert _words(env) == "mine another"


def _words(env):
	code = "import crm, desk; print(desk.words, crm.words)"
	return subprocess.check_output([env / "bin" / "python", "-c", code], text=True, cwd=env).strip()
