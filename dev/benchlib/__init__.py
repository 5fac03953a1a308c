"""A Frappe bench made from package registries alone, and run; standard library only.

cli.py       the command line; commands.py has its commands
bench.py     one bench: its paths, state and services
setup.py     the steps from nothing to a bench with sites
testing.py   runs of the tests; clones.py makes their sites
core/        paths, state, messages, child processes, ports
source/      Frappe, its Python and its dependencies
services/    MariaDB, Redis, web server, workers, scheduler
site/        sites, their configuration and their apps
frontend/    the browser code, built with npm packages
"""
