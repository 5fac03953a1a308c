"""What happens to a mail after it has left: signed links, opens and clicks, and who is behind them.

verdict.py       one hit judged: a person, a machine or an own device; agents.py names user agents
events.py        the hits of one mail judged together
events_store.py  hits in the database: one row of the log each, the first human one a stamp on the ledger

tokens.py        signed tokens, and Message-IDs and addresses that lead back to the ledger
addresses.py     signed addresses of a mailbox for bounces and opt-outs
links.py         addresses of the pages that recipients reach from a mail
target.py        the addresses that a tracked link may lead to, and their UTM parameters
link_store.py    Tracking Links in the database

store.py         the site's keys, the mail that a token names, stamps of replies and opt-outs
log_store.py     the only place that inserts into Campaign Log
"""
