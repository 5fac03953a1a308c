"""The entry points of the scheduler and of the queue. Only they and api/public/routes.py commit.

Any of them may run twice, be killed, or have nothing left to do: the truth is in the ledger, and Redis only
says what to look at next.

sending.py      tick, top_up, and the jobs of a mailing: freeze, resend_missing, send_batch
isolation.py    an error in the work on one mailing, which stops no other
endings.py      cancelled mailings, and those past their deadline
counts.py       counts of lists and mailings, without long locks
queues.py       the two queues of send_batch: of a Mass Email, and of a stream of drip sequences
inbound.py      what comes back: taken in where it is fetched, and judged
opt_outs.py     opt-outs that could not be carried out when they came
ab_winner.py    the winners of A/B tests
drip.py         enrolments and due steps of Email Campaigns
lists.py        imports, copies and feeds of Target Lists
renames.py      the keys of members and mails after renamings
suppression.py  lifting what one refusal of a server has suppressed
upkeep.py       hourly and nightly work: statuses by dates, counts, digests, hits judged again
"""
