"""Every entry point of the scheduler and of the queue, and, but for api/public/routes.py, the only place that commits.

Any of them may run twice, be killed, or find that there is nothing left to do: the truth is in the ledger,
Redis only says what to look at next.
"""
