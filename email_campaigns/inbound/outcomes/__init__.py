"""What follows from a finding about a mail of ours.

outcomes_store  the one entrance, and what answers bring about
effects         the functions of other rooms that a job hands over. Pure
proof           whether a report is about the very address that a mail went to. Pure
bounces_store   stamps, log and suppressions of reports
guard           the shares at which a mailing pauses by itself, pure; guard_store has its figures
harmless        what strangers wrote, without tags of HTML. Pure
providers       the domains of one provider. Pure
ledger_store    the mail in the ledger, and its stamps; events_store the Inbound Event that is judged
"""
