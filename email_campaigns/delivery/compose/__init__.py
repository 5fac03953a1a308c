"""From a row of the ledger to a whole message, for sending, for a preview and for reading it again.

composer.py         one mailing's text and one recipient's record become a Letter. Pure
compose_store.py    compiles the texts of a mailing with this site's links and footer
records_store.py    the fields of recipients' records that a template uses, as far as the sender may read them
links_store.py      the tracked links of a mailing, and each recipient's own
preview_store.py    a mail as one recipient would get it, shown or sent as a test
view_store.py       a sent mail, rendered again for the browser
timeline_store.py   sent mails as Communications
"""
