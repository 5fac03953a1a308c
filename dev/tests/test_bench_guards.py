"""`dev/bench guards` takes the guards out one by one, and wants to see their tests fail."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from benchlib import guards
from benchlib.core.errors import BenchError

ROOT = Path(__file__).resolve().parents[2]
ENTRY = """[[guard]]
name = "nobody passes"
file = "door.py"
code = "check()"
without = "pass"
tests = ["app/tests/unit/test_door.py"]
"""

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is in Python since 3.11")


@pytest.fixture
def house(tmp_path, monkeypatch):
	"""A bench whose door has one guard, and the texts of the door at each run of the tests."""
	(tmp_path / "guards").mkdir()
	(tmp_path / "guards" / "door.toml").write_text(ENTRY)
	(tmp_path / "door.py").write_text("def enter():\n\tcheck()\n")
	bench = SimpleNamespace(paths=SimpleNamespace(dev=tmp_path, root=tmp_path), texts=[], codes=[0, 1])

	def test(_bench, _arguments):
		bench.texts.append((tmp_path / "door.py").read_text())
		return bench.codes[len(bench.texts) - 1]

	monkeypatch.setattr(guards.testing, "test", test)
	return bench


def test_a_guard_is_out_while_its_tests_run_and_back_afterwards(house):
	assert guards.run(house) == 0
	assert house.texts == ["def enter():\n\tcheck()\n", "def enter():\n\tpass\n"]
	assert (house.paths.root / "door.py").read_text() == "def enter():\n\tcheck()\n"


@pytest.mark.parametrize("code", [0, 2, 4])
def test_a_guard_whose_tests_do_not_fail_is_named(house, capsys, code):
	house.codes = [0, code]
	assert guards.run(house) == 1
	assert "NOT MISSED: door: nobody passes" in capsys.readouterr().err


def test_nothing_is_taken_out_while_tests_fail(house):
	house.codes = [1]
	assert guards.run(house) == 1
	assert len(house.texts) == 1


def test_an_unknown_area_is_a_sentence(house):
	with pytest.raises(BenchError, match="no guards of window"):
		guards.run(house, ["window"])


def test_every_guard_is_once_in_its_file_and_names_tests_that_exist():
	for guard in guards.load(ROOT / "dev" / "guards"):
		text = (ROOT / guard.file).read_text(encoding="utf-8")
		assert text.count(guard.code) == 1, f"{guard.area}: {guard.name}"
		assert guard.without != guard.code
		for name in guard.tests:
			path, *parts = name.split("::")
			assert all(part.partition("[")[0] in (ROOT / path).read_text() for part in parts), name
