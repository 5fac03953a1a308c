"""A download is used only when it has the expected hash."""

import hashlib

import pytest
from benchlib.core.errors import BenchError
from benchlib.source import download

GOOD = b"the wheel"
SHA256 = hashlib.sha256(GOOD).hexdigest()


@pytest.fixture
def fetch(monkeypatch, tmp_path):
	"""`fetch(first, second, …)` gets the wheel while the registry serves these bytes, one a request."""

	def get(*served):
		served = list(served)
		monkeypatch.setattr(download, "_download", lambda name, target, *_: write(target, served.pop(0)))
		return download.wheel("thing", "1.0", SHA256, "python", tmp_path / "log", cache=tmp_path)

	return get


def write(target, data):
	target.parent.mkdir(exist_ok=True)
	target.write_bytes(data)


def test_a_good_one_is_kept(fetch):
	assert fetch(GOOD).read_bytes() == GOOD
	assert fetch().read_bytes() == GOOD, "the second time nothing is downloaded"


def test_a_damaged_one_is_fetched_again(fetch):
	assert fetch(b"half of", GOOD).read_bytes() == GOOD


def test_one_damaged_in_the_cache_is_fetched_again(fetch, tmp_path):
	write(tmp_path / "wheels" / "thing-1.0.whl", b"rotten")
	assert fetch(GOOD).read_bytes() == GOOD


def test_one_that_stays_wrong_is_deleted_and_said(fetch, tmp_path):
	with pytest.raises(BenchError, match="does not have the expected SHA-256"):
		fetch(b"forged", b"forged")
	assert not list(tmp_path.glob("wheels/*.whl"))
	assert fetch(GOOD).read_bytes() == GOOD, "the next run recovers"
