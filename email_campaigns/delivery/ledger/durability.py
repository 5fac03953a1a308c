"""Settings of the database with which it may forget that a mail has left, which then leaves again. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from email_campaigns.text import Sentence, _lt

# The variables that `durability_problems` reads.
VARIABLES = (
	"innodb_flush_log_at_trx_commit",
	"innodb_doublewrite",
	"log_bin",
	"sync_binlog",
	"wsrep_on",
)
_KILLED = _lt(
	"If MariaDB is killed, it forgets up to a second of what it has stored, and mails that have left in that"
	" second are sent again. Set this in my.cnf: {0}"
)
_CRASHED = _lt(
	"If the database's machine crashes or loses its power, MariaDB forgets up to a second of what it has"
	" stored, and mails that have left in that second are sent again. Set this in my.cnf: {0}"
)
_TORN = _lt(
	"If the database's machine loses its power, pages may be half written and the database damaged, unless"
	" its file system writes them whole, as ZFS does. Set this in my.cnf: {0}"
)
_BINARY_LOG = _lt(
	"The binary log is not written with each transaction. If the database's machine crashes, the log's end is"
	" lost: mails that have left are sent again, by this server, a replica or a restored backup. Set this in"
	" my.cnf: {0}"
)
_CLUSTER = _lt(
	"The database is a Galera cluster, whose locks hold on one node alone. Let all workers and web servers of"
	" this site use the same node ({0}), or mails beyond the limits may leave."
)


def durability_problems(variables: Mapping[str, str]) -> Iterator[Sentence]:
	"""Yield what can happen with the server's `variables` ({name: value}), and the line that prevents it.

	A variable that the server does not know is taken for safe. Sources: the MariaDB manual on
	innodb_flush_log_at_trx_commit (0 writes and syncs once a second, 2 writes at once and syncs once a
	second, 1 and 3 sync with each commit), on sync_binlog, on innodb_doublewrite and on Galera's GET_LOCK.
	"""
	values = {name: str(value).upper() for name, value in variables.items()}
	flush = values.get("innodb_flush_log_at_trx_commit", "1")
	if flush in ("0", "2"):
		text = _KILLED if flush == "0" else _CRASHED
		yield Sentence(text, "innodb_flush_log_at_trx_commit = 1")
	if values.get("innodb_doublewrite") in ("OFF", "0"):
		yield Sentence(_TORN, "innodb_doublewrite = ON")
	if values.get("log_bin") in ("ON", "1") and values.get("sync_binlog", "1") != "1":
		yield Sentence(_BINARY_LOG, "sync_binlog = 1")
	if values.get("wsrep_on") in ("ON", "1"):
		yield Sentence(_CLUSTER, "db_host")
