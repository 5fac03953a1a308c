"""The entry points of the scheduler and of the queue; with api/public/routes.py the only place that commits.

Any of them may run twice, be killed, or have nothing left to do: the truth is in the ledger, and Redis only
says what to look at next.

sending.py      the regular tick, and the jobs of a mailing: freeze, resend_missing, send_batch
queues.py       the two queues of send_batch: of a Mass Email, and of a stream of drip sequences
ab_winner.py    the winners of A/B tests
drip.py         enrolments and due steps of Email Campaigns
lists.py        imports, copies and feeds of Target Lists
upkeep.py       the nightly work
"""
