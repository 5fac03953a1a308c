"""Recipients: who can receive a mailing, who must not, and the lists that they stand on.

address.py           one spelling of an address for storing, one key for comparing
decide.py            one decision for each candidate: a mail, or the reason for none
chance.py            draws by address: the hold-out group, and the shares of an A/B test
sources_store.py     the doctypes whose records can be recipients
conditions_store.py  which conditions a user may choose recipients by
recipients_store.py  the present facts about recipients that a ledger or a list names
suppression/         addresses that must not be mailed, or not be known any more
lists/               members of target lists: adding, importing, copying, reading
feeds/               filters and reports that keep a list in step
signup/              joining a list by a form and a confirmed link

The files are the lowest floor: files < suppression < lists < feeds, signup. Each imports lower floors only.
"""
