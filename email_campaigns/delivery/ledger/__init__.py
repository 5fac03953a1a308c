"""The ledger, tabCampaign Message: one row a mail, from Queued to its end.

row.py             a row as the engine passes it on, and the queues of mails that leave together. Pure
claims_store.py    claims of a batch and their leases, settling and recovery
counts_store.py    the mails of a mailing by status, and the figures on its form
ends_store.py      the end of Queued mails: cancelled, expired, skipped or forgotten
arrivals_store.py  Uncertain mails that arrived after all
durability.py      settings with which the database may forget a mail; durability_store.py reads them
twins.py           mails of a step to one address from several enrolments, pure; twins_store.py finds them
log_store.py       the entries of Campaign Log for mails that have ended

A row of a living lease belongs to one batch. The unique key (source, step, dedupe key) stops a second mail.
"""
