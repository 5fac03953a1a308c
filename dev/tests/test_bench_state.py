"""What a bench remembers survives interruptions."""

from concurrent.futures import ThreadPoolExecutor

from benchlib.core.state import Marks, State, fingerprint


def test_values_are_kept_changed_and_forgotten(tmp_path):
	state = State(tmp_path / "deep" / "state.json")
	assert state.get("ports", {}) == {}
	state.put("ports", {"web": 1})
	state.put("python", "/usr/bin/python3")
	state.put("python", None)
	assert State(state.path).read() == {"ports": {"web": 1}}
	assert state.path.stat().st_mode & 0o077 == 0


def test_a_damaged_file_counts_as_empty(tmp_path):
	(tmp_path / "state.json").write_text('{"ports": {')
	assert State(tmp_path / "state.json").read() == {}


def test_threads_do_not_lose_each_others_values(tmp_path):
	state = State(tmp_path / "state.json")
	with ThreadPoolExecutor(8) as pool:
		list(pool.map(lambda number: state.put(f"key{number}", number), range(40)))
	assert len(state.read()) == 40


def test_a_mark_holds_for_its_inputs_only(tmp_path):
	marks = Marks(tmp_path / "marks")
	assert not marks.done("step", "a")
	marks.set("step", "a")
	assert marks.done("step", "a")
	assert not marks.done("step", "b")
	marks.clear("step")
	marks.clear("step")
	assert not marks.done("step", "a")


def test_fingerprints_tell_parts_apart(tmp_path):
	file = tmp_path / "x"
	file.write_text("ab")
	assert fingerprint("ab", "c") != fingerprint("a", "bc")
	assert fingerprint(file) == fingerprint("ab")
