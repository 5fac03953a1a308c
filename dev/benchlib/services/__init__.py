"""The programs that a bench runs: MariaDB, Redis, web server, workers, scheduler."""
