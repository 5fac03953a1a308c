"""Creation of sites, new ones and clones: a clone takes seconds, a new site most of a minute."""

import secrets
import shutil

from ..core.shell import run
from .config import site_config, write_site_config
from .frappe_command import environment, frappe

ADMIN_PASSWORD = "admin"


def new_site(paths, mariadb, site):
	"""Make the site, in place of one of that name."""
	shutil.rmtree(paths.sites / site, ignore_errors=True)
	arguments = [
		"new-site",
		site,
		"--force",
		"--db-name",
		database_of(site),
		"--db-password",
		secrets.token_hex(12),
		"--admin-password",
		ADMIN_PASSWORD,
		"--db-root-username",
		"root",
		"--db-root-password",
		mariadb.password,
		*_host_scope(paths),
	]
	frappe(paths, *arguments, what=f"Making the site {site}", log=f"new-site-{site}")


def database_of(site):
	"""The name of the site's database."""
	return "ec_" + site.partition(".")[0]


def _host_scope(paths):
	"""The option that lets the site's database user sign in over TCP; its name changed over time."""
	text = (paths.frappe / "frappe" / "commands" / "site.py").read_text(encoding="utf-8")
	if "--mariadb-user-host-login-scope" in text:
		return ["--mariadb-user-host-login-scope=%"]
	return ["--no-mariadb-socket"]


def finish_setup(paths, site):
	"""Answer the setup wizard, so that the Desk opens on the workspaces."""
	script = paths.dev / "in_site" / "finish_setup.py"
	run(
		[paths.python, script, site],
		paths.logs / f"new-site-{site}.log",
		f"Finishing the setup of {site}",
		cwd=paths.sites,
		env=environment(paths),
	)


def clone(paths, mariadb, source, target, server=None):
	"""Make `target` a copy of the site `source`: its database and its folder.

	The copy of the database is in `server`, where it is another than that of `source`.
	"""
	own_port = {"db_port": server.port} if server else {}
	server = server or mariadb
	database, password = database_of(target), secrets.token_hex(12)
	shutil.rmtree(paths.sites / target, ignore_errors=True)
	log = paths.logs / f"new-site-{target}.log"
	file = paths.db / f"{database}.sql"
	dump(paths, mariadb, source, file)
	run(server.client("-e", _grants(database, password)), log, f"Making a database for {target}")
	with open(file, "rb") as sql:
		run(server.client(database), log, f"Filling the database of {target}", stdin=sql)
	file.unlink()
	shutil.copytree(
		paths.sites / source, paths.sites / target, ignore=shutil.ignore_patterns("logs", "locks")
	)
	for folder in ("logs", "locks"):
		(paths.sites / target / folder).mkdir(exist_ok=True)
	config = site_config(paths, source)
	# The port of the bench's own server is that of all sites (write_common), since it may change.
	for name in ("host_name", "db_port"):
		config.pop(name, None)
	# Frappe 16 names the user of the database beside its name
	login = {"db_name": database, "db_user": database, "db_password": password, **own_port}
	write_site_config(paths, target, {**config, **login})


# Options for other engines than InnoDB, and for a database in use, would make reading it take four times as
# long.
DUMP = (
	"--single-transaction",
	"--skip-lock-tables",
	"--skip-add-locks",
	"--skip-disable-keys",
	"--skip-add-drop-table",
)


def dump(paths, mariadb, site, file):
	"""Write the database of a site as SQL for an empty database."""
	command = mariadb.client(*DUMP, "--result-file", file, database_of(site), program="mariadb-dump")
	run(command, paths.logs / f"new-site-{site}.log", f"Copying the database of {site}")


def _grants(database, password):
	return (
		f"DROP DATABASE IF EXISTS `{database}`; CREATE DATABASE `{database}` "
		"CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; "
		f"CREATE OR REPLACE USER '{database}'@'%' IDENTIFIED BY '{password}'; "
		f"GRANT ALL PRIVILEGES ON `{database}`.* TO '{database}'@'%'; FLUSH PRIVILEGES;"
	)
