"""A mailing after it went: mails that are sent again, under the mailing's lock. Nothing here commits.

resend            the rules: which mail may be sent again, and why the others may not. Pure
requeue_store     queues rows of the ledger again, with their copies (CC) and the mailing's figures
resend_store      one mail, or all that failed
missing_store     members of the lists who got nothing
uncertain_store   mails of which nobody knows whether they arrived: a person decides
"""
