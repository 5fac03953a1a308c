"""Read by the `bench` command before it runs a command of any app.

A pull that somebody starts on a console, or by `bench execute`, passes no hook of Frappe before it fetches.
"""

import sys

CONSOLES = {"console", "execute", "jupyter", "run-tests", "trigger-scheduler-event"}
commands: list[object] = []

if CONSOLES & set(sys.argv):
	from email_campaigns.compat import tap_incoming_mail

	tap_incoming_mail()
