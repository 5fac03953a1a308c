"""Which settings of the database are reported, with what can happen and the line that prevents it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.delivery.ledger.durability import VARIABLES, durability_problems

SAFE = {
	"innodb_flush_log_at_trx_commit": "1",
	"innodb_doublewrite": "ON",
	"log_bin": "OFF",
	"sync_binlog": "0",
	"wsrep_on": "OFF",
}
DURABLE_LOG = "innodb_flush_log_at_trx_commit = 1"


def texts(**variables):
	return [str(sentence) for sentence in durability_problems({**SAFE, **variables})]


def test_safe_settings_have_no_problem():
	assert texts() == []
	assert texts(innodb_flush_log_at_trx_commit="3", innodb_doublewrite="fast") == []
	assert texts(log_bin="ON", sync_binlog="1") == []


def test_unknown_variables_are_taken_for_safe():
	assert list(durability_problems({})) == []


@pytest.mark.parametrize(
	("variables", "happens", "line"),
	[
		({"innodb_flush_log_at_trx_commit": "0"}, "If MariaDB is killed", DURABLE_LOG),
		({"innodb_flush_log_at_trx_commit": "2"}, "machine crashes or loses its power", DURABLE_LOG),
		({"innodb_doublewrite": "OFF"}, "half written", "innodb_doublewrite = ON"),
		({"log_bin": "ON", "sync_binlog": "0"}, "a replica or a restored backup", "sync_binlog = 1"),
		({"log_bin": "ON", "sync_binlog": "100"}, "sent again", "sync_binlog = 1"),
		({"wsrep_on": "ON"}, "Galera", "db_host"),
	],
)
def test_a_setting_is_reported_with_its_line(variables, happens, line):
	(text,) = texts(**variables)
	assert happens in text
	assert line in text


@given(
	st.dictionaries(
		st.sampled_from(VARIABLES), st.sampled_from(["0", "1", "2", "3", "ON", "OFF", "fast", ""])
	)
)
def test_any_values_give_a_sentence_each_at_most(variables):
	assert len(list(durability_problems(variables))) <= len(variables)
