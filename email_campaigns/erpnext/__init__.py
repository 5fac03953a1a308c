"""Sites with ERPNext: the take-over of its three campaign doctypes with their data, and the way back.

names.py              the names that ERPNext uses
takeover_store.py     the take-over: checks before it, what happens once, what every migration repeats
history_store.py      mails that ERPNext has sent become rows of the ledger
evidence_store.py     what a site knows of steps: Communications, the ledger, Comments
match.py              finds the step of each (pure)
owner_store.py        the definitions of the doctypes that are in force: ERPNext's or ours
permissions_store.py  the roles that work with them
jobs_store.py         ERPNext's scheduled jobs, stopped and started again
utm_store.py          the UTM Campaign that ERPNext 16 keeps for each Campaign
giveback_store.py     the way back, at uninstallation
"""
