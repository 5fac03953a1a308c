"""The engine: from a planned mail to a settled one, for a Mass Email and for a drip sequence alike.

mailing/            what is sent, as one value
smtp/               one mail over one SMTP session
ledger/             rows of mails: claims, ends, counts, and the log
copies/             copies (CC) of a mail
compose/            from a row of the ledger to a whole message
sending/            the send loop over a batch, its journal and its limits
enqueue_store.py    writes the mails of a slice and their copies into the ledger
recompose_store.py  a mail that was sent, made again
renames_store.py    mails follow their record when it is renamed or merged
send_store.py       one job: claim, compose, send, settle; and the recovery of dead jobs

Nothing here commits but the journal's own statements; jobs/ calls this room and commits.
"""
