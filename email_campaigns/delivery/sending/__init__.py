"""Sending a batch of claimed mails: the loop, its journal and its limits.

judge_store.py       “may this mail leave now?”, asked of a claimed batch by the facts of this moment
conditions_store.py  the same question in SQL, for the journal's statement
send_loop.py         one session sends mails of a batch, in an order that lets no mail leave twice
journal.py           the ledger as that loop sees it, and the tally of a batch
letters.py           the letters of a batch, of which the loop looks at the next before its turn
breaker.py           counts refusals in a row, so that one odd server does not ruin a list
runs.py              refusals and losses in a row of an account, and how long it waits for them
session_pool.py      several of these loops in one thread, which take turns while they wait for their servers
journal_store.py     the ledger during sending: each mail is marked and durable before its content leaves
hold_store.py        the accounts whose servers refuse mail after mail, and until when each waits
limits_store.py      the mails of the last hour, counted from the ledger, as limits for the next claim

The modules without _store are pure: journal, connection and clock are passed in.
"""
