"""From a row of the ledger to a whole message, for sending, for a preview and for reading it again.

sent_text.py        all that a mail is made of but its recipient, as a value and as canonical JSON. Pure
personal_links.py   the links of one recipient's mail. Pure
composer.py         a text and one recipient's record become a Letter. Pure
compose_store.py    compiles the texts of a mailing with this site's links and footer
sent_store.py       stores the texts, and the fields that each mail shows
rights_store.py     the fields of a doctype that some users may all read
records_store.py    the fields of recipients' records that a template uses and its authors may read
shown_store.py      the records and the fields that a user may look at
links_store.py      the tracked links of a mailing, and each recipient's own
preview_store.py    a mail as one recipient would get it, shown or sent as a test
timeline_store.py   sent mails as Communications
"""
