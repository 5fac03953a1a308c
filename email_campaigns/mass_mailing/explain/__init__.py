"""Why somebody got a mailing, or did not, in sentences for whoever asks.

sentences        the sentences, from facts that are passed in. Pure
explain_store    the facts of one mailing: its ledger, its lists, the suppressed addresses
recipient_store  all mails of one recipient, and which of them can be sent again
"""
