"""What is sent, as one value: a Mass Email, or one step of a drip sequence.

mailing.py          Mailing and its parts: texts, A/B test, CC fields, stream. Pure
authors_store.py    who answers for what a mailing shows, so whose rights its mails are made with
mailing_store.py    loads a Mailing from its documents, and says whether its mails may leave now

`version` is the A/B version of a mail in the ledger ("A", "Rest B"), `label` is A to D, and `edition` names
the text that a mail is made from: "" for everybody, a language, or a label.
"""
